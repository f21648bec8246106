"""Vectors of questions, kept for a minute: suggested questions are asked by many visitors in the same words."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from privexbot_app.integrations.embeddings.base import Embedder, Purpose
from privexbot_app.integrations.plugins import Workshop

MOST_KEPT = 1000
KEPT_SECONDS = 60


class QueryVectors:
    """What this process has embedded lately; `works.own(QueryVectors)`. Keeps no words, only their digest."""

    def __init__(self, works: Workshop, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[str, bytes], tuple[float, list[float]]] = OrderedDict()

    async def get(self, name: str, embedder: Embedder, text: str) -> list[float]:
        """The vector of a question. name: of the embedding. Raises what the embedder raises."""
        key = name, hashlib.sha256(text.encode()).digest()
        until, vector = self._kept.get(key, (0.0, []))
        if until > self._clock():
            return vector
        [vector] = await embedder.embed([text], purpose=Purpose.QUERY)
        self._kept[key] = self._clock() + KEPT_SECONDS, vector
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return vector
