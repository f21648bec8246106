"""A vector store in memory that compares with every vector: what an index approximates, without its noise."""

from collections.abc import Collection, Sequence
from uuid import UUID

import numpy as np
from pydantic import BaseModel

from privexbot_app.integrations.vector_stores.base import VectorHit, VectorRecord
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.scope import Namespace


class ExactVectorStore:
    """Vectors of each space in one matrix, built when it is searched."""

    class Config(BaseModel):
        """Nothing to choose."""

    def __init__(self, config: Config | None = None, http: HttpClient | None = None) -> None:
        self._spaces: dict[Namespace, dict[UUID, VectorRecord]] = {}
        self._matrices: dict[Namespace, tuple[list[VectorRecord], np.ndarray]] = {}

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """See `VectorStore.upsert`."""
        self._changing(space).update({record.chunk_id: record for record in records})

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """See `VectorStore.query`."""
        if not self._spaces.get(space):
            return []
        records, matrix = self._matrix(space)
        cosines = matrix @ np.asarray(vector, np.float32)
        wanted = None if document_ids is None else set(document_ids)
        hits = []
        for row in np.argsort(-cosines, kind="stable"):
            record = records[row]
            if wanted is None or record.document_id in wanted:
                hits.append(VectorHit(record.chunk_id, record.document_id, float(cosines[row])))
            if len(hits) >= limit:
                break
        return hits

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """See `VectorStore.fetch_vectors`."""
        held = self._spaces.get(space, {})
        return {id: held[id].vector for id in chunk_ids if id in held}

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_documents`."""
        held = self._changing(space)
        gone = set(document_ids)
        for id in [id for id, record in held.items() if record.document_id in gone]:
            del held[id]

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_chunks`."""
        held = self._changing(space)
        for id in chunk_ids:
            held.pop(id, None)

    async def delete_space(self, space: Namespace) -> None:
        """See `VectorStore.delete_space`."""
        self._changing(space).clear()

    async def count(self, space: Namespace) -> int:
        """See `VectorStore.count`."""
        return len(self._spaces.get(space, {}))

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        """See `VectorStore.list_chunk_ids`."""
        return set(self._spaces.get(space, {}))

    async def check(self) -> None:
        """See `VectorStore.check`."""

    async def close(self) -> None:
        """See `VectorStore.close`."""

    def _changing(self, space: Namespace) -> dict[UUID, VectorRecord]:
        self._matrices.pop(space, None)
        return self._spaces.setdefault(space, {})

    def _matrix(self, space: Namespace) -> tuple[list[VectorRecord], np.ndarray]:
        if space not in self._matrices:
            records = list(self._spaces[space].values())
            self._matrices[space] = records, np.asarray([record.vector for record in records], np.float32)
        return self._matrices[space]
