"""Personal data leaves a text and comes back: every kind, and through any cut of a stream."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privexbot_app.kit.redaction import Redactor, Restorer

HIDDEN = {
    "EMAIL": ["ann@example.com", "a.b+c@mail.example.co.uk", "ünï@bücher.example"],
    "PHONE": ["+49 30 901820", "+1 (212) 555-0142"],
    "IBAN": ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"],
    "CARD": ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"],
    "IP": ["203.0.113.7", "2001:db8::8a2e:370:7334"],
    "LOGIN": ["https://me:secret@example.com/path", "postgresql://app:pw@db.example.com:5432/x"],
}
LEFT_ALONE = [
    "Order 4111 1111 1111 1112 is on its way",  # fails Luhn's check
    "DE89 3704 0044 0532 0130 01",  # fails the check of IBANs
    "Version 1.2.3, chapter 10.2.3.4.5",
    "Room 12, from 8:30 to 17:00",
    "See https://example.com/a@b and [1], [2]",
    "0000 0000 0000 0000",
    "std::vector and a::b",
]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in HIDDEN.items() for value in values])
def test_personal_data_is_hidden_and_restored(kind: str, value: str):
    redactor = Redactor()
    text = f"Please note {value} for me"
    hidden = redactor.hide(text)
    assert hidden == f"Please note [{kind}_1] for me"
    assert redactor.restore(hidden) == text


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_like_it_stays(text: str):
    assert Redactor().hide(text) == text


def test_numbers_without_a_country_code_are_known_in_their_country():
    assert Redactor().hide("Call 030 901820") == "Call 030 901820"
    assert Redactor(region="DE").hide("Call 030 901820") == "Call [PHONE_1]"


def test_the_same_value_has_the_same_placeholder_in_all_texts_of_a_question():
    redactor = Redactor()
    assert redactor.hide("ann@example.com or bob@example.com") == "[EMAIL_1] or [EMAIL_2]"
    assert redactor.hide("bob@example.com") == "[EMAIL_2]"


def test_a_placeholder_that_somebody_typed_does_not_fetch_anothers_data():
    redactor = Redactor()
    redactor.hide("ann@example.com")
    assert redactor.restore(redactor.hide("What is [EMAIL_1]?")) == "What is [EMAIL_1]?"
    assert redactor.restore("[EMAIL_7] is unknown") == "[EMAIL_7] is unknown"


@given(st.lists(st.integers(0, 60), max_size=8))
def test_a_stream_cut_anywhere_says_the_same(cuts: list[int]):
    redactor = Redactor()
    text = redactor.hide("Mail ann@example.com [1], call +49 30 901820 [EMAIL or [")
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    restorer = Restorer(redactor)
    pieces = [restorer.feed(text[start:end]) for start, end in pairwise(places)]
    assert "".join(pieces) + restorer.finish() == redactor.restore(text)
    assert "EMAIL_" not in "".join(pieces)


@given(st.text(alphabet="[]EMAIL_1@example.com+4930 :/.", max_size=80))
def test_any_text_comes_back_as_it_was(text: str):
    redactor = Redactor()
    assert redactor.restore(redactor.hide(text)) == text
