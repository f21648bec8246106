"""What every embedder does. A test module subclasses `EmbedderContract` and brings an `embedder` fixture."""

import asyncio
import math

import pytest

from privexbot_app.integrations.embeddings.base import Embedder, Purpose


def cosine(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


class EmbedderContract:
    """The suite."""

    async def test_each_text_gets_a_vector_of_unit_length(self, embedder: Embedder):
        texts = ["How do I get my money back?", "", "x", "word " * 2000, "北京的天气", "🙂\u0000\ufffd"]
        vectors = await embedder.embed(texts, purpose=Purpose.DOCUMENT)
        assert [len(vector) for vector in vectors] == [embedder.dimensions] * len(texts)
        assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1.0] * len(texts), abs=1e-4)

    async def test_vectors_are_plain_numbers(self, embedder: Embedder):
        [vector] = await embedder.embed(["plain"], purpose=Purpose.QUERY)
        assert {type(number) for number in vector} == {float}

    async def test_no_texts_make_no_vectors(self, embedder: Embedder):
        assert await embedder.embed([], purpose=Purpose.DOCUMENT) == []

    async def test_the_order_of_the_texts_is_kept(self, embedder: Embedder):
        texts = [f"{'long ' * (n * 7 % 23)} number {n}" for n in range(40)]
        together = await embedder.embed(texts, purpose=Purpose.DOCUMENT)
        for text, vector in list(zip(texts, together, strict=True))[::9]:
            [alone] = await embedder.embed([text], purpose=Purpose.DOCUMENT)
            assert cosine(alone, vector) > 0.98

    async def test_the_same_text_gives_the_same_vector(self, embedder: Embedder):
        first, second = await asyncio.gather(
            embedder.embed(["again"], purpose=Purpose.QUERY), embedder.embed(["again"], purpose=Purpose.QUERY)
        )
        assert first[0] == pytest.approx(second[0], abs=1e-6)

    async def test_like_texts_are_nearer_than_unlike_ones(self, embedder: Embedder):
        question, answer, other = await embedder.embed(
            ["refund of an order", "the refund of your order takes five days", "tigers live in Asia"],
            purpose=Purpose.DOCUMENT,
        )
        assert cosine(question, answer) > cosine(question, other)

    def test_tokens_are_counted_without_a_cut_off(self, embedder: Embedder):
        assert embedder.count_tokens("") == 0
        assert 0 < embedder.count_tokens("word") < embedder.count_tokens("word and word and word")
        assert embedder.count_tokens("word " * 5 * embedder.max_tokens) > embedder.max_tokens

    def test_the_model_is_named(self, embedder: Embedder):
        assert embedder.model_id
