"""Follow-up questions that stand alone."""

from dataclasses import dataclass

import pytest

from privexbot_app.rag.rewriting import BORROWED_WORDS, stand_alone


@dataclass(frozen=True)
class Turn:
    role: str
    content: str


def asked(*questions: str) -> list[Turn]:
    turns = []
    for question in questions:
        turns += [Turn("user", question), Turn("assistant", "The submarine is yellow.")]
    return turns


def test_a_first_question_stays_as_it_is() -> None:
    assert stand_alone("And in winter?", []) == "And in winter?"


def test_a_question_that_says_enough_stays_as_it_is() -> None:
    question = "Which parking garages near the main station are free at night?"
    assert stand_alone(question, asked("When does the museum open?")) == question


@pytest.mark.parametrize(
    "question",
    [
        "And in winter?",
        "How much does it cost for a family of four children?",
        "What about visitors with large dogs and bicycles?",
        "Why?",
        "¿Y en invierno?",
        "Und im Winter?",
    ],
)
def test_a_follow_up_borrows_what_the_talk_is_about(question: str) -> None:
    searched = stand_alone(question, asked("When does the Harbour Museum open?"))
    assert searched.startswith(question)
    assert "Harbour" in searched
    assert "Museum" in searched


def test_what_was_answered_is_not_borrowed() -> None:
    assert "submarine" not in stand_alone("And in winter?", asked("When does the museum open?"))


def test_words_that_are_there_already_are_not_repeated() -> None:
    assert stand_alone("And the museum?", asked("museum tickets")) == "And the museum? tickets"


def test_few_words_are_borrowed_the_latest_first() -> None:
    searched = stand_alone("Why?", asked("alpha beta gamma delta", "harbour berth crane pilot"))
    assert set(searched.split()[1:]) == {"harbour", "berth", "crane", "pilot"}
    assert len(searched.split()) == 1 + BORROWED_WORDS


def test_a_language_without_spaces_borrows_the_whole_question() -> None:
    assert stand_alone("冬天呢？", asked("港口博物馆几点开门？")) == "港口博物馆几点开门？\n冬天呢？"


@pytest.mark.parametrize("question", ["", "   ", "?!", "😀"])
def test_questions_without_words_do_no_harm(question: str) -> None:
    assert stand_alone(question, asked("When does the museum open?")).startswith(question)
