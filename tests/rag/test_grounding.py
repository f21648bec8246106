"""Support for an answer: what is let through, what is refused, and how often on real questions."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from privexbot_app.kit.languages import guess_language
from privexbot_app.kit.text import Passage
from privexbot_app.rag.grounding import SupportReason, assess_support, refusal

ROOT = Path(__file__).parents[2]
RETRIEVAL = ROOT.parent / "shared" / "data" / "retrieval"
MODEL = ROOT / ".models" / "minilm"
needs_data = pytest.mark.skipif(not RETRIEVAL.exists(), reason="needs the shared test data")

RETURNS = "Customers may return unused items within 30 days of delivery. The refund is paid to the original card."


def passage(text: str, cosine_similarity: float | None = None) -> Passage:
    return Passage(1, "Terms", text, 0, len(text), cosine_similarity=cosine_similarity)


@pytest.mark.parametrize(
    ("question", "cosine", "reason"),
    [
        ("How many days do I have to return an item?", None, SupportReason.COVERED),
        ("How many days do I have to return an item?", 0.6, SupportReason.COVERED),
        ("May customers return unused items?", 0.05, SupportReason.COVERED),
        ("Can I send it back for money?", 0.5, SupportReason.COVERED),
        ("Who won the chess championship in Reykjavik?", None, SupportReason.UNRELATED),
        ("Who won the chess championship in Reykjavik?", 0.1, SupportReason.UNRELATED),
        ("What is septicemia?", 0.1, SupportReason.UNRELATED),
        ("Hello!", 0.1, SupportReason.TOO_SHORT),
        ("", None, SupportReason.TOO_SHORT),
        ("¿Cuántos días tengo para la devolución?", 0.2, SupportReason.OTHER_LANGUAGE),
        ("退款需要多少天？", None, SupportReason.OTHER_LANGUAGE),
    ],
)
def test_support_has_a_reason(question: str, cosine: float | None, reason: SupportReason) -> None:
    support = assess_support(question, [passage(RETURNS, cosine)])
    assert support.reason is reason
    assert support.is_supported == (reason is not SupportReason.UNRELATED)
    assert (support.score >= 1) == (reason in (SupportReason.COVERED, SupportReason.TOO_SHORT))


def test_no_passages_support_nothing_but_small_talk() -> None:
    assert assess_support("How long is the warranty?", []).reason is SupportReason.NO_PASSAGES
    assert not assess_support("How long is the warranty?", []).is_supported
    assert assess_support("Thanks", []).is_supported


@pytest.mark.parametrize(
    "question", ["How?", "¿Cuánto cuesta?", "Wie lange?", "متى؟", "多久？", "いつですか", "얼마예요?"]
)
def test_the_refusal_speaks_the_language_of_the_question(question: str) -> None:
    assert guess_language(refusal(question)) == guess_language(question)


def questions(language: str) -> list[tuple[str, str]]:
    """(question, its paragraph)."""
    folder = RETRIEVAL / "xquad"
    texts = {path.name: path.read_text("utf-8") for path in (folder / f"docs_{language}").glob("*.txt")}
    rows = [json.loads(line) for line in (folder / f"questions_{language}.jsonl").read_text("utf-8").splitlines()]
    return [(row["question"], texts[row["evidence"][0]["doc"]][slice(*row["paragraph"])]) for row in rows]


def unrelated() -> list[str]:
    folder = RETRIEVAL / "mtragun_mini"
    paths = sorted(folder.glob("passages_*.jsonl"))
    return [json.loads(line)["text"] for path in paths for line in path.read_text("utf-8").splitlines()]


@needs_data
@pytest.mark.parametrize("language", ["en", "es"])
def test_words_alone_seldom_refuse_what_can_be_answered(language: str) -> None:
    rows = questions(language)
    pick = random.Random(5)
    refused = 0
    for question, own in rows:
        texts = [own, *(text for _, text in pick.sample(rows, 4))]
        refused += not assess_support(question, [passage(text) for text in texts]).is_supported
    assert refused / len(rows) <= 0.03


@needs_data
def test_words_alone_refuse_part_of_what_is_unrelated() -> None:
    """Random passages of other collections; far below what similarities reach, as doubts count as support."""
    others = unrelated()
    pick = random.Random(5)
    rows = questions("en")[::3]
    refused = [
        not assess_support(question, [passage(text) for text in pick.sample(others, 5)]).is_supported
        for question, _ in rows
    ]
    assert sum(refused) / len(refused) >= 0.5


@needs_data
@pytest.mark.skipif(not MODEL.exists(), reason="needs the packaged embedding model")
async def test_with_similarities_the_two_are_told_apart() -> None:
    from privexbot_app.integrations.embeddings.base import Purpose
    from privexbot_app.integrations.embeddings.minilm import MiniLmEmbedder

    rows = questions("en")[::16]
    pick = random.Random(5)
    others = [text[:1000] for text in pick.sample(unrelated(), 40)]
    embedder = MiniLmEmbedder(MiniLmEmbedder.Config(model_dir=MODEL))
    texts = [*(question for question, _ in rows), *(own for _, own in rows), *others]
    vectors = np.array(await embedder.embed(texts, purpose=Purpose.DOCUMENT))
    await embedder.close()
    asked, own, foreign = np.split(vectors, [len(rows), 2 * len(rows)])
    false_refusals = right_refusals = 0
    for at, (question, paragraph) in enumerate(rows):
        related = passage(paragraph, float(asked[at] @ own[at]))
        false_refusals += not assess_support(question, [related]).is_supported
        nearest = np.argsort(-(foreign @ asked[at]))[:5]
        found = [passage(others[other], float(foreign[other] @ asked[at])) for other in nearest]
        right_refusals += not assess_support(question, found).is_supported
    assert false_refusals / len(rows) <= 0.05  # of so few; 0.017 of all questions on one passage, 0.011 on five
    assert right_refusals / len(rows) >= 0.85
