"""Vectors of questions that are asked again."""

from collections.abc import Sequence
from typing import Any

from privexbot_app.domains.knowledge.query_vectors import KEPT_SECONDS, MOST_KEPT, QueryVectors


class CountingEmbedder:
    """Says how often it was asked."""

    calls = 0

    async def embed(self, texts: Sequence[str], *, purpose: Any) -> list[list[float]]:
        self.calls += 1
        return [[float(len(text))] for text in texts]


async def test_a_question_is_embedded_once_a_minute_for_each_embedding():
    now = [0.0]
    vectors, embedder = QueryVectors(None, clock=lambda: now[0]), CountingEmbedder()  # type: ignore[arg-type]
    assert [await vectors.get("a", embedder, "tides") for _ in range(3)] == [[5.0]] * 3  # type: ignore[arg-type]
    assert embedder.calls == 1
    await vectors.get("b", embedder, "tides")  # type: ignore[arg-type]
    assert embedder.calls == 2
    now[0] = KEPT_SECONDS
    await vectors.get("a", embedder, "tides")  # type: ignore[arg-type]
    assert embedder.calls == 3


async def test_only_the_latest_questions_are_kept():
    vectors, embedder = QueryVectors(None), CountingEmbedder()  # type: ignore[arg-type]
    for number in range(MOST_KEPT + 1):
        await vectors.get("a", embedder, str(number))  # type: ignore[arg-type]
    await vectors.get("a", embedder, str(MOST_KEPT))  # type: ignore[arg-type]
    assert embedder.calls == MOST_KEPT + 1
    await vectors.get("a", embedder, "0")  # type: ignore[arg-type]
    assert embedder.calls == MOST_KEPT + 2
