"""Stand-ins for real plug-ins. Each passes the contract suite of its kind, like the real ones."""

import asyncio
import hashlib
import math
import re
from collections.abc import AsyncIterator, Collection, Sequence
from uuid import UUID

from pydantic import BaseModel

from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.integrations.llms.base import ChatRequest, TokenDelta, TokenUsage
from privexbot_app.integrations.vector_stores.base import VectorHit, VectorRecord, VectorRejectedError
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.scope import Namespace


class HashEmbedder:
    """Counts hashed words: texts that share words are near each other, and every run gives the same numbers."""

    class Config(BaseModel):
        """Nothing to choose."""

    model_id = "hash/64"
    dimensions = 64
    max_tokens = 256
    languages = None

    def __init__(self, config: Config | None = None, http: HttpClient | None = None) -> None:
        self.config = config or self.Config()
        self.embedded_texts: list[str] = []

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> list[list[float]]:
        self.embedded_texts.extend(texts)
        return [self._vector(text) for text in texts]

    def count_tokens(self, text: str) -> int:
        return len(_words(text))

    async def close(self) -> None:
        return None

    def _vector(self, text: str) -> list[float]:
        counts = [0.0] * self.dimensions
        for word in _words(text)[: self.max_tokens] or [""]:
            digest = hashlib.sha256(word.encode()).digest()
            counts[digest[0] % self.dimensions] += 1.0 if digest[1] % 2 else -1.0
        # Two words may cancel each other out; every text has a direction nevertheless.
        counts[0] += 0.0 if any(counts) else 1.0
        length = math.hypot(*counts)
        return [count / length for count in counts]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


class InMemoryVectorStore:
    """Exact search over a dictionary. failures: raised by the next upserts, one each."""

    class Config(BaseModel):
        """Nothing to choose."""

    def __init__(self, config: Config | None = None, http: HttpClient | None = None) -> None:
        self.config = config or self.Config()
        self._spaces: dict[Namespace, dict[UUID, VectorRecord]] = {}
        self.failures: list[Exception] = []

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        held = self._spaces.setdefault(space, {})
        lengths = {len(record.vector) for record in [*held.values(), *records]}
        if len(lengths) > 1:
            raise VectorRejectedError(f"lengths {sorted(lengths)}")
        held.update({record.chunk_id: record for record in records})

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        hits = [
            VectorHit(record.chunk_id, record.document_id, _cosine(record.vector, vector))
            for record in self._spaces.get(space, {}).values()
            if document_ids is None or record.document_id in document_ids
        ]
        return sorted(hits, key=lambda hit: -hit.cosine_similarity)[: max(limit, 0)]

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        held = self._spaces.get(space, {})
        return {chunk_id: held[chunk_id].vector for chunk_id in chunk_ids if chunk_id in held}

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        held = self._spaces.get(space, {})
        for record in [record for record in held.values() if record.document_id in document_ids]:
            del held[record.chunk_id]

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        for chunk_id in chunk_ids:
            self._spaces.get(space, {}).pop(chunk_id, None)

    async def delete_space(self, space: Namespace) -> None:
        self._spaces.pop(space, None)

    async def count(self, space: Namespace) -> int:
        return len(self._spaces.get(space, {}))

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        return set(self._spaces.get(space, {}))

    async def check(self) -> None:
        return None

    async def close(self) -> None:
        return None


class ScriptedModel:
    """A language model that says what it is told to.

    script: strings are said, exceptions raised, events waited for. requests: what it was asked. was_stopped: whether
    its stream was closed before its end.
    """

    class Config(BaseModel):
        """Nothing to choose."""

    label = "Scripted"
    is_language_model = True

    def __init__(self, config: Config | None = None, http: HttpClient | None = None) -> None:
        self.config = config or self.Config()
        self.script: list[str | Exception | asyncio.Event] = ["Yes."]
        self.requests: list[ChatRequest] = []
        self.was_stopped = False

    async def stream(self, request: ChatRequest) -> AsyncIterator[TokenDelta | TokenUsage]:
        self.requests.append(request)
        self.was_stopped = True
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif step:
                yield TokenDelta(step)
        yield TokenUsage(7, 3)
        self.was_stopped = False

    async def list_models(self) -> list[str]:
        return ["scripted"]

    async def check(self) -> None:
        return None

    async def close(self) -> None:
        return None


def _cosine(left: Sequence[float], right: Sequence[float]) -> float:
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return product / (math.hypot(*left) * math.hypot(*right))
