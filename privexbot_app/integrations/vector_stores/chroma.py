"""Chroma over HTTP: one collection per workspace and namespace, cosine, our own vectors.

Writing goes through LlamaIndex (`TextNode`, `ChromaVectorStore`). Straight to Chroma's client go: making a collection
(LlamaIndex cannot say cosine), replacing (its `add` leaves an existing id as it was, so `add` is wired to `upsert`),
searching (it makes a node of each hit, which costs every question milliseconds), deleting (its `delete` cannot name the
workspace, nor several documents), counting, listing and fetching (it has none of them for vectors). Both libraries
block and take seconds to import, so both live in a few threads and are imported there.

Only a server is spoken to: several processes on one Chroma folder corrupt it.
"""

import asyncio
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.vector_stores.base import (
    VECTOR_STORES,
    VectorHit,
    VectorRecord,
    VectorRejectedError,
    VectorStoreUnavailableError,
)
from privexbot_app.kit.http import HttpClient, in_thread
from privexbot_app.kit.scope import Namespace

if TYPE_CHECKING:
    from chromadb import Collection as ChromaCollection
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.types import Where

Result = TypeVar("Result")
_BATCH = 1000
_THREADS = 4


@dataclass
class _Connection:
    """What one process holds: neither threads nor sockets survive a fork."""

    pid: int
    threads: ThreadPoolExecutor
    client: "ClientAPI | None" = None
    collections: "dict[str, ChromaCollection]" = field(default_factory=dict)


@VECTOR_STORES.register("chroma")
class ChromaStore:
    """A Chroma server. The workspace's id is in the collection's name and in every record."""

    class Config(BaseModel):
        """Where the server is."""

        url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8001"), description="Address of the Chroma server.")
        token: SecretStr | None = Field(None, description="Bearer token, when a proxy in front of Chroma asks for one.")
        timeout_seconds: float = Field(30.0, gt=0, description="Longest wait for one call, in seconds.")

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config
        self._connection: _Connection | None = None

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """See `VectorStore.upsert`."""
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            await self._run(self._with_collection, space, partial(_add, space, batch), None, is_created=True)

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """See `VectorStore.query`."""
        if limit < 1 or (document_ids is not None and not document_ids):
            return []
        search = partial(_search, space, list(vector), limit, document_ids)
        return await self._run(self._with_collection, space, search, [])

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """See `VectorStore.fetch_vectors`."""
        if not chunk_ids:
            return {}
        return await self._run(self._with_collection, space, partial(_fetch, space, list(chunk_ids)), {})

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_documents`."""
        if document_ids:
            await self._run(self._with_collection, space, partial(_delete, space, document_ids), None)

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_chunks`."""
        if chunk_ids:
            await self._run(self._with_collection, space, partial(_delete_chunks, space, list(chunk_ids)), None)

    async def delete_space(self, space: Namespace) -> None:
        """See `VectorStore.delete_space`."""
        await self._run(self._drop, space)

    async def count(self, space: Namespace) -> int:
        """See `VectorStore.count`."""
        return await self._run(self._with_collection, space, _count, 0)

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        """See `VectorStore.list_chunk_ids`."""
        return await self._run(self._with_collection, space, partial(_list_ids, space), set())

    async def check(self) -> None:
        """See `VectorStore.check`."""
        await self._run(self._beat)

    async def close(self) -> None:
        """See `VectorStore.close`."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.pid == os.getpid():
            connection.threads.shutdown(wait=False)

    async def _run(self, function: Callable[..., Result], *args: Any, **options: Any) -> Result:
        """Run blocking work in this store's threads, with its failures named."""
        call = partial(_named, function, *args, **options)
        try:
            async with asyncio.timeout(self.config.timeout_seconds):
                return await in_thread(self._process_connection().threads, call)
        except TimeoutError as error:
            # Its threads may wait for long yet; the next call starts with fresh ones.
            await self.close()
            raise VectorStoreUnavailableError(reason=f"no answer within {self.config.timeout_seconds:g} s") from error

    def _process_connection(self) -> _Connection:
        if self._connection is None or self._connection.pid != os.getpid():
            self._connection = _Connection(os.getpid(), ThreadPoolExecutor(_THREADS, thread_name_prefix="chroma"))
        return self._connection

    def _client(self) -> "ClientAPI":
        connection = self._process_connection()
        if connection.client is None:
            connection.client = _connect(self.config)
        return connection.client

    def _beat(self) -> None:
        import llama_index.vector_stores.chroma  # noqa: F401, PLC0415

        self._client().heartbeat()

    def _with_collection(
        self,
        space: Namespace,
        operation: "Callable[[ChromaCollection], Result]",
        if_absent: Result,
        *,
        is_created: bool = False,
    ) -> Result:
        """Run `operation` on the space's collection; a collection that is known here may be gone on the server."""
        from chromadb.errors import NotFoundError  # noqa: PLC0415

        known = self._process_connection().collections
        name = space.full_name
        for _ in range(2):
            try:
                if name not in known:
                    known[name] = self._open(name, is_created=is_created)
                return operation(known[name])
            except NotFoundError:
                known.pop(name, None)
        return if_absent

    def _open(self, name: str, *, is_created: bool) -> "ChromaCollection":
        if not is_created:
            return self._client().get_collection(name, embedding_function=None)
        cosine: CreateCollectionConfiguration = {"hnsw": {"space": "cosine"}}
        return self._client().get_or_create_collection(name, embedding_function=None, configuration=cosine)

    def _drop(self, space: Namespace) -> None:
        from chromadb.errors import NotFoundError  # noqa: PLC0415

        self._process_connection().collections.pop(space.full_name, None)
        try:
            self._client().delete_collection(space.full_name)
        except NotFoundError:
            return


class _Upserting:
    """A collection as LlamaIndex sees it, on which adding replaces."""

    def __init__(self, collection: "ChromaCollection") -> None:
        self.add = collection.upsert
        self.query = collection.query


def _connect(config: ChromaStore.Config) -> "ClientAPI":
    import chromadb  # noqa: PLC0415
    from chromadb.config import Settings  # noqa: PLC0415

    token = config.token
    client = chromadb.HttpClient(
        host=config.url.host or "127.0.0.1",
        port=config.url.port or 8000,
        ssl=config.url.scheme == "https",
        headers={"Authorization": f"Bearer {token.get_secret_value()}"} if token else None,
        settings=Settings(anonymized_telemetry=False),
    )
    # Chroma's client waits for ever and has no setting for it; a thread must come back from a server that hangs.
    session = getattr(getattr(client, "_server", None), "_session", None)
    if session is not None:
        session.timeout = config.timeout_seconds
    return client


def _named(function: Callable[..., Result], *args: Any, **options: Any) -> Result:
    import httpx  # noqa: PLC0415
    from chromadb.errors import ChromaError, InvalidArgumentError  # noqa: PLC0415

    try:
        return function(*args, **options)
    except InvalidArgumentError as error:
        raise VectorRejectedError(str(error)) from error
    except (ChromaError, httpx.HTTPError, ValueError) as error:
        # Chroma's client reports a server that it cannot reach while connecting as a ValueError.
        raise VectorStoreUnavailableError(reason=str(error)) from error


def _add(space: Namespace, records: Sequence[VectorRecord], collection: "ChromaCollection") -> None:
    from llama_index.core.schema import BaseNode, NodeRelationship, RelatedNodeInfo, TextNode  # noqa: PLC0415
    from llama_index.vector_stores.chroma import ChromaVectorStore  # noqa: PLC0415

    nodes: list[BaseNode] = [
        TextNode(
            id_=str(record.chunk_id),
            text="",
            embedding=[float(number) for number in record.vector],
            metadata={"workspace_id": space.tenant},
            # LlamaIndex stores this one as the record's `document_id`.
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=str(record.document_id))},
        )
        for record in records
    ]
    ChromaVectorStore(chroma_collection=_Upserting(collection)).add(nodes)


def _search(
    space: Namespace,
    vector: list[float],
    limit: int,
    document_ids: Collection[UUID] | None,
    collection: "ChromaCollection",
) -> list[VectorHit]:
    # Without documents to choose there is no filter: the collection is the workspace's own, and filtering a whole
    # collection by what all of it shares makes Chroma several times slower.
    where = None if document_ids is None else _of_documents(space, document_ids)
    question: Any = [vector]  # typed as arrays, and sent as lists
    found: Any = collection.query(
        query_embeddings=question, n_results=limit, where=where, include=["metadatas", "distances"]
    )
    return [
        VectorHit(UUID(name), UUID(metadata["document_id"]), 1.0 - distance)
        for name, metadata, distance in zip(found["ids"][0], found["metadatas"][0], found["distances"][0], strict=True)
    ]


def _fetch(space: Namespace, chunk_ids: Sequence[UUID], collection: "ChromaCollection") -> dict[UUID, Sequence[float]]:
    vectors: dict[UUID, Sequence[float]] = {}
    for start in range(0, len(chunk_ids), _BATCH):
        names = [str(chunk_id) for chunk_id in chunk_ids[start : start + _BATCH]]
        found = collection.get(ids=names, where=_of_workspace(space), include=["embeddings"])
        embeddings: Any = found["embeddings"]
        vectors |= {UUID(name): vector.tolist() for name, vector in zip(found["ids"], embeddings, strict=True)}
    return vectors


def _delete(space: Namespace, document_ids: Collection[UUID], collection: "ChromaCollection") -> None:
    collection.delete(where=_of_documents(space, document_ids))


def _delete_chunks(space: Namespace, chunk_ids: Sequence[UUID], collection: "ChromaCollection") -> None:
    for start in range(0, len(chunk_ids), _BATCH):
        names = [str(chunk_id) for chunk_id in chunk_ids[start : start + _BATCH]]
        collection.delete(ids=names, where=_of_workspace(space))


def _count(collection: "ChromaCollection") -> int:
    return collection.count()


def _list_ids(space: Namespace, collection: "ChromaCollection") -> set[UUID]:
    return {UUID(name) for page in _pages(space, collection) for name in page}


def _pages(space: Namespace, collection: "ChromaCollection") -> Iterator[list[str]]:
    offset = 0
    while True:
        page = collection.get(where=_of_workspace(space), limit=_BATCH, offset=offset, include=[])["ids"]
        if not page:
            return
        yield page
        offset += len(page)


def _of_documents(space: Namespace, document_ids: Collection[UUID]) -> "Where":
    # Chroma's own type for filters does not know its `$in`.
    of_documents: Any = {"document_id": {"$in": [str(document_id) for document_id in document_ids]}}
    return {"$and": [_of_workspace(space), of_documents]}


def _of_workspace(space: Namespace) -> "Where":
    return {"workspace_id": space.tenant}
