"""Vectors of passages, also of those that are longer than the model reads."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from privexbot_app.integrations.embeddings.base import Embedder, Purpose

# A few tokens over are better cut off than a text cut in two.
TOLERATED_SHARE = 1.15


async def embed_whole(embedder: Embedder, texts: Sequence[str]) -> list[list[float]]:
    """One vector of unit length per text. What exceeds the model is embedded in parts of like length, and their mean
    stands for the whole, so that the end of a long passage is found too."""
    parts = await asyncio.to_thread(lambda: [_parts(text, embedder) for text in texts])
    vectors = await embedder.embed([part for group in parts for part in group], purpose=Purpose.DOCUMENT)
    if len(vectors) == len(texts):
        return vectors
    whole, start = [], 0
    for group in parts:
        whole.append(_mean(vectors[start : start + len(group)]))
        start += len(group)
    return whole


def _parts(text: str, embedder: Embedder) -> list[str]:
    # A token has a character at least, so most texts of a model that reads a lot need no counting.
    if len(text) <= embedder.max_tokens:
        return [text]
    tokens = embedder.count_tokens(text)
    if tokens <= embedder.max_tokens * TOLERATED_SHARE:
        return [text]
    count = -(-tokens // embedder.max_tokens)
    ends = [_word_end(text, len(text) * number // count) for number in range(count)]
    ends.append(len(text))
    return [text[first:last] for first, last in pairwise(ends) if text[first:last].strip()]


def _word_end(text: str, place: int) -> int:
    """The next space, if one is near: not every script has them."""
    space = text.find(" ", place, place + 40) if place else 0
    return place if space < 0 else space


def _mean(vectors: Sequence[Sequence[float]]) -> list[float]:
    if len(vectors) == 1:
        return list(vectors[0])
    mean = np.asarray(vectors, dtype=np.float64).mean(axis=0)
    return (mean / max(float(np.linalg.norm(mean)), 1e-12)).tolist()
