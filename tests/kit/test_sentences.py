"""Sentence spans: boundaries in several scripts, and that nothing is lost."""

import pytest

from privexbot_app.kit.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        (
            "Mr. Smith met J. K. Rowling, e.g. in Rome. They ate.",
            ["Mr. Smith met J. K. Rowling, e.g. in Rome.", "They ate."],
        ),
        ("It costs 3.50 a day. Version 2.0.1 is out.", ["It costs 3.50 a day.", "Version 2.0.1 is out."]),
        ("He said “Go.” Then he left.", ["He said “Go.”", "Then he left."]),
        ("A fact.[12] Another fact.[3]", ["A fact.[12]", "Another fact.[3]"]),
        ("退款需要三十天。请联系客服！好吗？", ["退款需要三十天。", "请联系客服！", "好吗？"]),
        ("متى يفتح المتجر؟ يفتح في التاسعة.", ["متى يفتح المتجر؟", "يفتح في التاسعة."]),
        ("¿Dónde está? Está aquí.", ["¿Dónde está?", "Está aquí."]),
        ("Visit www.example.com today. Bye.", ["Visit www.example.com today.", "Bye."]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_punctuation_ends_sentences_and_abbreviations_do_not(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_list_lines_and_their_numbers_stay_together() -> None:
    assert sentences("Steps:\n1. Open the app.\n2. Sign in.\n- or call us") == [
        "Steps:",
        "1. Open the app.",
        "2. Sign in.",
        "- or call us",
    ]


def test_a_table_row_is_one_sentence() -> None:
    assert sentences("| Plan | Price |\n| Pro. Max | 9 |") == ["| Plan | Price |", "| Pro. Max | 9 |"]
    assert sentences("Plan | Price\npro. Max | 9\n\nEnd.") == ["Plan | Price", "pro. Max | 9", "End."]


def test_a_wrapped_line_goes_on_and_a_heading_does_not() -> None:
    assert sentences("Refunds are paid\nwithin ten days.") == ["Refunds are paid\nwithin ten days."]
    assert sentences("Refund policy\nWe pay back.") == ["Refund policy", "We pay back."]
    assert sentences("a list of words\n\nof two paragraphs") == ["a list of words", "of two paragraphs"]


def test_spans_cover_every_visible_character_once_and_in_order() -> None:
    text = "  Ünïcode! \r\n\r\n* item. more\x0cnext page… 日本語。ok\u2028line " * 20
    spans = split_sentences(text)
    outside = list(text)
    last = 0
    for start, end in spans:
        assert last <= start < end
        outside[start:end] = [""] * (end - start)
        last = end
    assert "".join(outside).strip() == ""


def test_a_megabyte_without_a_boundary_is_split_in_linear_work() -> None:
    assert split_sentences("a" * 1_000_000) == [(0, 1_000_000)]
    assert len(split_sentences("No. 5 " * 50_000)) == 1
