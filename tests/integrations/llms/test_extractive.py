"""The model that quotes: what it picks, how it cites, and what it says when nothing fits."""

import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from privexbot_app.integrations.llms.base import ChatRequest, TokenDelta, TokenUsage
from privexbot_app.integrations.llms.extractive import (
    MAX_SENTENCES,
    NO_MODEL_NOTICE,
    NOTHING_FOUND,
    ExtractiveModel,
    choose_statements,
)
from privexbot_app.kit.text import Passage
from tests.contract.language_model_contract import LanguageModelContract

XQUAD = Path(__file__).parents[4] / "shared" / "data" / "retrieval" / "xquad"

RETURNS = (
    "Acme sells tools. Customers may return unused items within 30 days of delivery. "
    "The refund is paid to the original card. Our office is in Lisbon."
)


class TestContract(LanguageModelContract):
    @asynccontextmanager
    async def model(self) -> AsyncIterator[ExtractiveModel]:
        yield ExtractiveModel(ExtractiveModel.Config())


def passages(*texts: str) -> tuple[Passage, ...]:
    return tuple(Passage(index, f"doc {index}", text, 0, len(text)) for index, text in enumerate(texts, start=1))


async def answer(question: str, *texts: str) -> str:
    request = ChatRequest((), question, passages(*texts))
    parts = [part async for part in ExtractiveModel(ExtractiveModel.Config()).stream(request)]
    assert isinstance(parts[-1], TokenUsage)
    deltas = [part.text for part in parts if isinstance(part, TokenDelta)]
    assert all(deltas)
    return "".join(deltas)


async def test_the_answer_is_the_supporting_sentence_with_its_citation() -> None:
    said = await answer("How many days do I have to return an item?", "We ship worldwide.", RETURNS)
    assert said == f"Customers may return unused items within 30 days of delivery. [2]\n\n{NO_MODEL_NOTICE}"


@pytest.mark.parametrize("question", ["Who won the chess championship in Reykjavik?", "???", ""])
async def test_nothing_relevant_is_said_plainly(question: str) -> None:
    assert await answer(question, RETURNS) == f"{NOTHING_FOUND}\n\n{NO_MODEL_NOTICE}"


async def test_no_passages_mean_no_answer() -> None:
    assert await answer("What is the refund policy?") == f"{NOTHING_FOUND}\n\n{NO_MODEL_NOTICE}"


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("¿Cuántos días hay para la devolución?", "Hola. La devolución dura 14 días. Adiós.", "dura 14 días. [1]"),
        ("Wie lange gilt die Garantie?", "Wir liefern. Die Garantie gilt 24 Monate. Danke.", "gilt 24 Monate. [1]"),
        ("退款需要多少天？", "我们销售家具。退款需要三十天。请联系客服。", "退款需要三十天。 [1]"),
        ("كم يوما مدة الإرجاع؟", "نحن نبيع الأثاث. مدة الإرجاع ٣٠ يوما. شكرا.", "مدة الإرجاع ٣٠ يوما. [1]"),
    ],
)  # fmt: skip
async def test_it_answers_in_several_languages(question: str, text: str, expected: str) -> None:
    said = await answer(question, text)
    assert said.split("\n\n")[0].endswith(expected)
    assert NO_MODEL_NOTICE not in said


@pytest.mark.parametrize(
    "pair",
    [
        "Q: Do you ship to Norway? A: Yes, within five days.",
        "Q: Do you ship to Norway?\nA: Yes, within five days.",
        "Question: Do you ship to Norway?\n\nAnswer: Yes, within five days.",
    ],
)
async def test_of_a_question_and_answer_pair_the_answer_is_said(pair: str) -> None:
    said = await answer("Can you ship to Norway?", f"{pair}\n\nQ: Is it free? A: No.")
    assert said.startswith("Yes, within five days. [1]\n")


@pytest.mark.parametrize(
    "table",
    [
        "| Plan | Price |\n|---|---|\n| Basic | 9 EUR |\n| Team | 49 EUR |",
        "Plan | Price\nBasic | 9 EUR\nTeam | 49 EUR",
        "Our prices.\n\nPlan | Price\nTeam | 49 EUR\n\nAsk us. We answer.",
    ],
)
async def test_a_table_row_is_said_with_its_column_names(table: str) -> None:
    assert (await answer("What is the price of the Team plan?", table)).startswith("Plan: Team; Price: 49 EUR [1]")


async def test_a_row_without_a_header_is_said_cell_by_cell() -> None:
    assert (await answer("What is the Team price?", "Team price | 49 EUR")).startswith("Team price — 49 EUR [1]")


async def test_repeated_sentences_are_said_once() -> None:
    sentence = "The refund takes ten days."
    said = await answer("How long does the refund take?", sentence, sentence, f"- {sentence}")
    assert said.count("ten days") == 1


async def test_marks_inside_a_document_are_not_taken_for_citations() -> None:
    said = await answer("How long does the refund take?", "The refund takes ten days.[7] See [8, 9].")
    assert said.startswith("The refund takes ten days. [1]")


async def test_an_endless_sentence_is_shortened_around_the_words_asked_for() -> None:
    said = await answer(
        "What is the warranty period?", "word " * 300 + "the warranty period is two years " + "more " * 300
    )
    assert "warranty period is two years" in said
    assert len(said) < 700


async def test_sentences_of_one_passage_keep_their_order() -> None:
    text = (
        "Refund step one is to write to us. Then refund step two is to send the parcel. Refund step three is to wait."
    )
    chosen = await choose_statements("What are the refund steps?", passages(text))
    places = [text.index(sentence) for _, sentence in chosen]
    assert 1 < len(chosen) <= MAX_SENTENCES
    assert places == sorted(places)


async def test_meaning_finds_what_words_do_not() -> None:
    async def embed(texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, 0.0] if "cost" in text or "EUR" in text else [0.0, 1.0] for text in texts]

    found = passages("Delivery within Lisbon is 5 EUR. Trees are tall.")
    assert await choose_statements("What are the costs?", found) == []
    assert await choose_statements("What are the costs?", found, embed=embed) == [
        (1, "Delivery within Lisbon is 5 EUR.")
    ]


async def test_the_stand_in_says_that_it_is_no_language_model() -> None:
    model = ExtractiveModel(ExtractiveModel.Config())
    assert not model.is_language_model
    assert await model.list_models() == []
    await model.check()
    await model.close()


@pytest.mark.skipif(not XQUAD.exists(), reason="needs the shared test data")
@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_evidence_is_in_most_answers(language: str) -> None:
    """Measured on all 632 questions, own paragraph among four others: English .91, Spanish .89."""
    texts = {path.name: path.read_text("utf-8") for path in (XQUAD / f"docs_{language}").glob("*.txt")}
    rows = [json.loads(line) for line in (XQUAD / f"questions_{language}.jsonl").read_text("utf-8").splitlines()]
    places = sorted({(row["evidence"][0]["doc"], *row["paragraph"]) for row in rows})
    pick = random.Random(7)
    hits = 0
    sample = rows[::4]
    for row in sample:
        own = (row["evidence"][0]["doc"], *row["paragraph"])
        near = [place for place in places if place[0] == own[0] and place != own][:2]
        far = pick.sample([place for place in places if place[0] != own[0]], 4 - len(near))
        shuffled = [own, *near, *far]
        pick.shuffle(shuffled)
        chosen = await choose_statements(row["question"], passages(*(texts[doc][a:b] for doc, a, b in shuffled)))
        evidence = " ".join(row["evidence"][0]["text"].split())
        hits += any(evidence in sentence for _, sentence in chosen)
    assert hits / len(sample) >= 0.85
