"""Pinecone over its HTTP API: one namespace per workspace and namespace, in an index that the operator has made.

Spoken to through `kit.http`, not Pinecone's library: seven requests are all it takes, they need no thread, the limits
on time and bytes are the product's own, and a test can stand in for the service. The index must be serverless, dense,
with the cosine metric; it fixes the length of vectors, so all knowledge bases in one index share an embedding.

Pinecone is eventually consistent: what was written is found some seconds later, and counts lag as well.
"""

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.vector_stores.base import (
    VECTOR_STORES,
    VectorHit,
    VectorRecord,
    VectorRejectedError,
    VectorStoreUnavailableError,
)
from privexbot_app.kit.errors import UpstreamFailedError
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.http.services import JsonAnswer, JsonService
from privexbot_app.kit.scope import Namespace

API_VERSION = "2025-10"
_PAGE = 100  # the most that a list may hold
_MOST_IN_ADDRESS = 50  # ids in an address, which must not get too long
_MOST_DELETED = 1000
_MOST_BYTES = 1_500_000  # of vectors in a request; the service takes 2 MB
_BYTES_A_NUMBER = 22
_REFUSED = 400
_ABSENT = 404


@VECTOR_STORES.register("pinecone")
class PineconeStore:
    """The workspace's id is in the namespace's name, in every record and in every filter."""

    class Config(BaseModel):
        """Which index."""

        host: HttpUrl = Field(description="Address of the index, as Pinecone's console shows it.")
        api_key: SecretStr = Field(description="Key of the project.")
        timeout_seconds: float = Field(30.0, gt=0, description="Longest wait for one request, in seconds.")

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._service = JsonService(
            http,
            str(config.host),
            headers={"Api-Key": config.api_key.get_secret_value(), "X-Pinecone-Api-Version": API_VERSION},
            timeout_seconds=config.timeout_seconds,
        )

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """See `VectorStore.upsert`."""
        size = max((len(record.vector) for record in records), default=1)
        batch = max(1, min(1000, _MOST_BYTES // (size * _BYTES_A_NUMBER)))
        for start in range(0, len(records), batch):
            vectors = [
                {
                    "id": str(record.chunk_id),
                    "values": [float(number) for number in record.vector],
                    "metadata": {"document_id": str(record.document_id), "workspace_id": space.tenant},
                }
                for record in records[start : start + batch]
            ]
            await self._ask("POST", "/vectors/upsert", {"namespace": space.full_name, "vectors": vectors})

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """See `VectorStore.query`."""
        if limit < 1 or (document_ids is not None and not document_ids):
            return []
        body = {
            "namespace": space.full_name,
            "vector": [float(number) for number in vector],
            "topK": limit,
            "filter": _filter(space, document_ids),
            "includeMetadata": True,
        }
        answer = await self._ask("POST", "/query", body)
        return [
            VectorHit(UUID(match["id"]), UUID(match["metadata"]["document_id"]), match["score"])
            for match in answer.get("matches", [])
        ]

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """See `VectorStore.fetch_vectors`."""
        names = [str(chunk_id) for chunk_id in chunk_ids]
        vectors: dict[UUID, Sequence[float]] = {}
        for start in range(0, len(names), _MOST_IN_ADDRESS):
            pairs = [
                ("namespace", space.full_name),
                *(("ids", name) for name in names[start : start + _MOST_IN_ADDRESS]),
            ]
            answer = await self._ask("GET", f"/vectors/fetch?{urlencode(pairs)}")
            vectors |= {UUID(name): found["values"] for name, found in answer.get("vectors", {}).items()}
        return vectors

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_documents`."""
        if document_ids:
            await self._delete(space, filter=_filter(space, document_ids))

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_chunks`."""
        names = [str(chunk_id) for chunk_id in chunk_ids]
        for start in range(0, len(names), _MOST_DELETED):
            await self._delete(space, ids=names[start : start + _MOST_DELETED])

    async def delete_space(self, space: Namespace) -> None:
        """See `VectorStore.delete_space`."""
        await self._ask("DELETE", f"/namespaces/{quote(space.full_name)}")

    async def count(self, space: Namespace) -> int:
        """See `VectorStore.count`."""
        answer = await self._ask("GET", f"/namespaces/{quote(space.full_name)}")
        return int(answer.get("record_count", 0))

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        """See `VectorStore.list_chunk_ids`."""
        ids: set[UUID] = set()
        page = {"namespace": space.full_name, "limit": str(_PAGE)}
        while True:
            answer = await self._ask("GET", f"/vectors/list?{urlencode(page)}")
            ids |= {UUID(vector["id"]) for vector in answer.get("vectors", [])}
            token = (answer.get("pagination") or {}).get("next")
            if not token:
                return ids
            page["paginationToken"] = token

    async def check(self) -> None:
        """See `VectorStore.check`."""
        await self._ask("POST", "/describe_index_stats", {})

    async def close(self) -> None:
        """See `VectorStore.close`; the connections belong to whoever gave the client."""

    async def _delete(self, space: Namespace, **chosen: Any) -> None:
        await self._ask("POST", "/vectors/delete", {"namespace": space.full_name, **chosen})

    async def _ask(self, method: str, path: str, body: object | None = None) -> dict[str, Any]:
        """The answer's body; empty for a namespace that does not exist."""
        try:
            answer = await self._service.ask(method, path, body)
        except UpstreamFailedError as error:
            raise VectorStoreUnavailableError(reason=error.message) from error
        if answer.is_good:
            return answer.body or {}
        if answer.status == _ABSENT:
            return _absent(answer)
        if answer.status == _REFUSED:
            raise VectorRejectedError(str(answer))
        raise VectorStoreUnavailableError(reason=str(answer))


def _absent(answer: JsonAnswer) -> dict[str, Any]:
    """Nothing, for a namespace that does not exist; a wrong address answers with the same status and other words."""
    if "namespace" not in str(answer.body).lower():
        raise VectorStoreUnavailableError(reason=str(answer))
    return {}


def _filter(space: Namespace, document_ids: Collection[UUID] | None) -> dict[str, Any]:
    conditions: dict[str, Any] = {"workspace_id": {"$eq": space.tenant}}
    if document_ids is not None:
        conditions["document_id"] = {"$in": [str(document_id) for document_id in document_ids]}
    return conditions
