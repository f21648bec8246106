"""Qdrant, a server or a folder of this process: one collection per workspace and namespace, cosine, our own vectors.

Qdrant's own client speaks to both. It blocks and takes a second to import, so it lives in threads. The folder is
searched by brute force and belongs to one process at a time; it is for trials and tests, up to some 10,000 chunks.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from pydantic import Field, HttpUrl, SecretStr

from privexbot_app.integrations.vector_stores.base import (
    VECTOR_STORES,
    VectorHit,
    VectorRecord,
    VectorRejectedError,
    VectorStoreUnavailableError,
)
from privexbot_app.integrations.vector_stores.blocking import BlockingStore, PlacedConfig, SpaceAbsentError
from privexbot_app.kit.extras import import_extra
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.scope import Namespace

Result = TypeVar("Result")
_BATCH = 256
_IN_USE = (
    "The Qdrant folder is in use by another process. Only one may open it: "
    "run a Qdrant server and set PRIVEXBOT_VECTOR_STORES__QDRANT__URL."
)


class _Connection:
    """Qdrant's client, and which collections it has seen."""

    def __init__(self, config: "QdrantStore.Config") -> None:
        sdk = import_extra("qdrant_client", extra="qdrant")
        self.models = sdk.models
        self.seen: set[str] = set()
        self.is_server = config.url is not None
        try:
            self.client: Any = _open(sdk, config)
        except RuntimeError as error:
            raise VectorStoreUnavailableError(_IN_USE, reason=str(error)) from error

    def named(self, call: Callable[[], Result]) -> Result:
        """Run a call, its failures told apart: by status from a server, by words from a folder."""
        from qdrant_client.http.exceptions import ApiException, UnexpectedResponse  # noqa: PLC0415

        try:
            return call()
        except UnexpectedResponse as error:
            if error.status_code == 404:
                raise SpaceAbsentError from error
            if error.status_code in (400, 422):
                raise VectorRejectedError(str(error)) from error
            raise VectorStoreUnavailableError(reason=str(error)) from error
        except (ApiException, OSError) as error:
            raise VectorStoreUnavailableError(reason=str(error)) from error
        except ValueError as error:
            if "not found" in str(error):
                raise SpaceAbsentError from error
            raise VectorRejectedError(str(error)) from error


@VECTOR_STORES.register("qdrant")
class QdrantStore(BlockingStore[_Connection]):
    """The workspace's id is in the collection's name, in every record and in every filter."""

    class Config(PlacedConfig):
        """A server's address, or a folder."""

        url: HttpUrl | None = Field(None, description="Address of the Qdrant server.")
        api_key: SecretStr | None = Field(None, description="Key of the server, if it asks for one.")
        path: Path | None = Field(None, description="Folder, without a server: for one process and small trials.")

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        super().__init__(config, partial(_Connection, config))

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """See `VectorStore.upsert`."""
        for start in range(0, len(records), _BATCH):
            await self._run(partial(_upsert, space, records[start : start + _BATCH]), None)

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """See `VectorStore.query`."""
        if limit < 1 or (document_ids is not None and not document_ids):
            return []
        return await self._run(partial(_search, space, list(vector), limit, document_ids), [])

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """See `VectorStore.fetch_vectors`."""
        return await self._run(partial(_fetch, space, list(chunk_ids)), {}) if chunk_ids else {}

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_documents`."""
        if document_ids:
            await self._run(partial(_delete_documents, space, document_ids), None)

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_chunks`."""
        if chunk_ids:
            await self._run(partial(_delete_chunks, space, list(chunk_ids)), None)

    async def delete_space(self, space: Namespace) -> None:
        """See `VectorStore.delete_space`."""
        await self._run(partial(_drop, space), None)

    async def count(self, space: Namespace) -> int:
        """See `VectorStore.count`."""
        return await self._run(partial(_count, space), 0)

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        """See `VectorStore.list_chunk_ids`."""
        return await self._run(partial(_list_ids, space), set())

    async def check(self) -> None:
        """See `VectorStore.check`."""
        await self._run(lambda connection: connection.client.get_collections(), None)


def _open(sdk: Any, config: QdrantStore.Config) -> Any:
    if config.url is None:
        return sdk.QdrantClient(path=str(config.path))
    return sdk.QdrantClient(
        host=config.url.host,
        port=config.url.port,
        https=config.url.scheme == "https",
        prefix=(config.url.path or "").strip("/") or None,
        api_key=config.api_key.get_secret_value() if config.api_key else None,
        timeout=max(1, round(config.timeout_seconds)),
        check_compatibility=False,  # would ask the server while being constructed
    )


def _upsert(space: Namespace, records: Sequence[VectorRecord], connection: _Connection) -> None:
    models = connection.models
    points = [
        models.PointStruct(
            id=str(record.chunk_id),
            vector=[float(number) for number in record.vector],
            payload={"document_id": str(record.document_id), "workspace_id": space.tenant},
        )
        for record in records
    ]
    for is_last in (False, True):
        _ensure_collection(space, len(records[0].vector), connection)
        try:
            connection.named(lambda: connection.client.upsert(space.full_name, points, wait=True))
            return
        except SpaceAbsentError:
            # Another process has removed what we remember.
            connection.seen.discard(space.full_name)
            if is_last:
                raise VectorStoreUnavailableError(reason="the collection vanished twice") from None


def _ensure_collection(space: Namespace, dimensions: int, connection: _Connection) -> None:
    client, models, name = connection.client, connection.models, space.full_name
    if name in connection.seen:
        return
    if not client.collection_exists(name):
        try:
            client.create_collection(
                name, vectors_config=models.VectorParams(size=dimensions, distance=models.Distance.COSINE)
            )
        except Exception:
            # Made by another caller in the meantime, else the reason is told.
            if not client.collection_exists(name):
                raise
    if connection.is_server:
        for key in ("document_id", "workspace_id"):
            client.create_payload_index(name, key, models.PayloadSchemaType.KEYWORD)
    connection.seen.add(name)


def _search(
    space: Namespace,
    vector: list[float],
    limit: int,
    document_ids: Collection[UUID] | None,
    connection: _Connection,
) -> list[VectorHit]:
    found = connection.client.query_points(
        space.full_name,
        query=vector,
        limit=limit,
        query_filter=_filter(space, document_ids, connection),
        with_payload=["document_id"],
    )
    return [VectorHit(UUID(point.id), UUID(point.payload["document_id"]), point.score) for point in found.points]


def _fetch(space: Namespace, chunk_ids: Sequence[UUID], connection: _Connection) -> dict[UUID, Sequence[float]]:
    vectors: dict[UUID, Sequence[float]] = {}
    for start in range(0, len(chunk_ids), _BATCH):
        names = [str(chunk_id) for chunk_id in chunk_ids[start : start + _BATCH]]
        found = connection.client.retrieve(space.full_name, ids=names, with_vectors=True, with_payload=False)
        vectors |= {UUID(point.id): point.vector for point in found}
    return vectors


def _delete_documents(space: Namespace, document_ids: Collection[UUID], connection: _Connection) -> None:
    chosen = connection.models.FilterSelector(filter=_filter(space, document_ids, connection))
    connection.client.delete(space.full_name, points_selector=chosen, wait=True)


def _delete_chunks(space: Namespace, chunk_ids: Sequence[UUID], connection: _Connection) -> None:
    for start in range(0, len(chunk_ids), _BATCH):
        names = [str(chunk_id) for chunk_id in chunk_ids[start : start + _BATCH]]
        chosen = connection.models.PointIdsList(points=names)
        connection.client.delete(space.full_name, points_selector=chosen, wait=True)


def _drop(space: Namespace, connection: _Connection) -> None:
    connection.seen.discard(space.full_name)
    connection.client.delete_collection(space.full_name)


def _count(space: Namespace, connection: _Connection) -> int:
    return int(connection.client.count(space.full_name, exact=True).count)


def _list_ids(space: Namespace, connection: _Connection) -> set[UUID]:
    ids: set[UUID] = set()
    offset = None
    while True:
        page, offset = connection.client.scroll(
            space.full_name, limit=_BATCH * 4, offset=offset, with_payload=False, with_vectors=False
        )
        ids |= {UUID(point.id) for point in page}
        if offset is None:
            return ids


def _filter(space: Namespace, document_ids: Collection[UUID] | None, connection: _Connection) -> Any:
    models = connection.models
    must = [models.FieldCondition(key="workspace_id", match=models.MatchValue(value=space.tenant))]
    if document_ids is not None:
        names = [str(document_id) for document_id in document_ids]
        must.append(models.FieldCondition(key="document_id", match=models.MatchAny(any=names)))
    return models.Filter(must=must)
