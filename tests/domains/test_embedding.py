"""Passages that are longer than the embedding model reads."""

from collections.abc import Sequence

import pytest

from privexbot_app.domains.knowledge.embedding import embed_whole
from privexbot_app.integrations.embeddings.base import Purpose


class ShortSighted:
    """Reads five words; a text's vector says whether it saw the word “end” among them."""

    model_id, dimensions, max_tokens, languages = "short", 2, 5, None

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        self.seen.extend(texts)
        return [[0.0, 1.0] if "end" in text.split()[: self.max_tokens] else [1.0, 0.0] for text in texts]

    def count_tokens(self, text: str) -> int:
        return len(text.split()) or len(text) // 40

    async def close(self) -> None: ...


async def test_the_end_of_a_long_passage_is_in_its_vector() -> None:
    embedder = ShortSighted()
    [short, long] = await embed_whole(embedder, ["one two", " ".join(["word"] * 9 + ["end"])])
    assert short == [1.0, 0.0]
    assert long == pytest.approx([2**-0.5, 2**-0.5])


async def test_the_parts_of_a_long_passage_hold_all_its_words() -> None:
    embedder = ShortSighted()
    text = " ".join(f"word{number}" for number in range(23))
    await embed_whole(embedder, [text])
    assert " ".join(" ".join(embedder.seen).split()) == text
    assert len(embedder.seen) == 5


async def test_a_passage_a_little_too_long_is_not_cut_in_two() -> None:
    embedder = ShortSighted()
    embedder.max_tokens = 20
    text = " ".join(["word"] * 22)
    await embed_whole(embedder, [text])
    assert embedder.seen == [text]


async def test_a_long_passage_without_spaces_is_cut_too() -> None:
    embedder = ShortSighted()
    embedder.count_tokens = len  # type: ignore[method-assign]
    await embed_whole(embedder, ["退款政策" * 5])
    assert embedder.seen == ["退款政策退"[:5], "款政策退款", "政策退款政", "策退款政策"]


async def test_no_passages_have_no_vectors() -> None:
    assert await embed_whole(ShortSighted(), []) == []
