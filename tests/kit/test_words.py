"""The one tokeniser: what is folded together, and what is kept apart."""

import pytest

from privexbot_app.kit.words import informative, tokenize


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Rückgabe", "RUCKGABE"),
        ("Café", "cafe\u0301"),
        ("refunds", "refund"),
        ("policies", "policy"),
        ("１２３ Ｙｅｎ", "123 yen"),
        ("إرجاع المنتجات", "ارجاع المنتجات"),
        ("مكتبة", "مكتبه"),
        ("٣٠ يوم", "30 يوم"),
        ("1,000,000", "1000000"),
        ("shop's", "shop"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_of_the_same_word_are_one_token(left: str, right: str) -> None:
    assert tokenize(left) == tokenize(right)


@pytest.mark.parametrize(
    ("left", "right"), [("bus", "bu"), ("glass", "glas"), ("退款", "款退"), ("3.5", "35"), ("für", "fur s")]
)
def test_different_words_stay_apart(left: str, right: str) -> None:
    assert tokenize(left) != tokenize(right)


def test_scripts_without_spaces_give_pairs() -> None:
    assert tokenize("退款政策") == ["退款", "款政", "政策"]
    assert tokenize("カード決済") == ["カー", "ード", "ド決", "決済"]
    assert tokenize("환불정책") == ["환불", "불정", "정책"]
    assert tokenize("税") == ["税"]


def test_vowel_signs_do_not_cut_words() -> None:
    assert len(tokenize("हिन्दी भाषा")) == 2


def test_ascii_and_unicode_paths_agree() -> None:
    text = "The 3 quick-brown foxes' plan_b: $2,099.00 (v2.0)"
    assert tokenize(text + " ü")[:-1] == tokenize(text)


def test_stop_words_go_unless_nothing_else_is_left() -> None:
    assert informative(tokenize("¿Cuál es la política de devolución?")) == tokenize("politica devolucion")
    assert informative(tokenize("Who are you?")) == ["who", "are", "you"]
    assert informative([]) == []
