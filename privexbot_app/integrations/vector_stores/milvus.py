"""Milvus, a server or a file of this process (Milvus Lite): one collection per workspace and namespace, cosine.

Milvus' own client speaks to both. It blocks and takes seconds to import, so it lives in threads. The file is searched
by brute force and belongs to one process at a time; it is for trials and tests, up to some 10,000 chunks. Reads ask for
the strongest consistency: what was written is found.
"""

import json
import logging
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
_BATCH = 500
_NOT_FOUND = 100
_ID_CHARACTERS = 36
_IN_USE = (
    "The Milvus file cannot be opened. Only one process may have it open: "
    "run a Milvus server and set PRIVEXBOT_VECTOR_STORES__MILVUS__URL."
)


@VECTOR_STORES.register("milvus")
class MilvusStore(BlockingStore["_Connection"]):
    """The workspace's id is in the collection's name, in every record and in every filter."""

    class Config(PlacedConfig):
        """A server's address, or a file."""

        url: HttpUrl | None = Field(None, description="Address of the Milvus server.")
        token: SecretStr | None = Field(None, description="Key, or `user:password`, if the server asks for one.")
        database: str = Field("", description="Database on the server, if not the default one.")
        path: Path | None = Field(None, description="File ending in `.db`, without a server: for small trials.")

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        super().__init__(config, partial(_Connection, config))

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """See `VectorStore.upsert`."""
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            await self._run(partial(_Connection.upsert, space=space, records=batch), None)

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """See `VectorStore.query`."""
        if limit < 1 or (document_ids is not None and not document_ids):
            return []
        return await self._run(lambda connection: connection.search(space, vector, limit, document_ids), [])

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """See `VectorStore.fetch_vectors`."""
        return await self._run(lambda connection: connection.fetch(space, list(chunk_ids)), {})

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_documents`."""
        await self._run(lambda connection: connection.delete(space, "document_id", list(document_ids)), None)

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_chunks`."""
        await self._run(lambda connection: connection.delete(space, "chunk_id", list(chunk_ids)), None)

    async def delete_space(self, space: Namespace) -> None:
        """See `VectorStore.delete_space`."""
        await self._run(lambda connection: connection.drop(space), None)

    async def count(self, space: Namespace) -> int:
        """See `VectorStore.count`."""
        return await self._run(lambda connection: connection.count(space), 0)

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        """See `VectorStore.list_chunk_ids`."""
        return await self._run(lambda connection: connection.list_ids(space), set())

    async def check(self) -> None:
        """See `VectorStore.check`."""
        await self._run(lambda connection: connection.client.list_collections(), None)


class _Connection:
    """Milvus' client, and the vectors' length in the collections that it has seen. For use in threads."""

    def __init__(self, config: MilvusStore.Config) -> None:
        self._sdk = import_extra("pymilvus", extra="milvus")
        self._timeout_seconds = config.timeout_seconds
        self._dimensions: dict[str, int] = {}
        # It writes every failure, with its traceback, to the log by itself; here each is named and raised.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        if config.url is None:
            import_extra("milvus_lite", extra="milvus")
        try:
            self.client: Any = self._sdk.MilvusClient(
                uri=str(config.url or config.path).rstrip("/"),
                token=config.token.get_secret_value() if config.token else "",
                db_name=config.database,
                timeout=config.timeout_seconds,
            )
        except self._sdk.MilvusException as error:
            message = {} if config.url else {"message": _IN_USE}
            raise VectorStoreUnavailableError(reason=str(error), **message) from error

    def named(self, call: Callable[[], Result]) -> Result:
        """Run a call, its failures told apart."""
        try:
            return call()
        except self._sdk.MilvusException as error:
            if error.code == _NOT_FOUND:
                raise SpaceAbsentError from error
            raise VectorStoreUnavailableError(reason=str(error)) from error

    def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """Add or replace; makes the collection if need be."""
        name = _name(space)
        rows = [
            {
                "chunk_id": str(record.chunk_id),
                "document_id": str(record.document_id),
                "workspace_id": space.tenant,
                "vector": [float(number) for number in record.vector],
            }
            for record in records
        ]
        for _ in range(2):
            try:
                self._ensure_collection(name, len(records[0].vector))
                self._check_lengths(name, records)
                self.named(lambda: self.client.upsert(name, rows, timeout=self._timeout_seconds))
                return
            except SpaceAbsentError:
                # Another process has removed what we remember.
                self._dimensions.pop(name, None)
        raise VectorStoreUnavailableError(reason="the collection vanished twice")

    def search(
        self, space: Namespace, vector: Sequence[float], limit: int, document_ids: Collection[UUID] | None
    ) -> list[VectorHit]:
        """The nearest, best first."""
        condition = _of_workspace(space)
        if document_ids is not None:
            condition += f" and {_among('document_id', document_ids)}"
        [found] = self.client.search(
            _name(space),
            data=[[float(number) for number in vector]],
            limit=limit,
            filter=condition,
            output_fields=["document_id"],
            consistency_level="Strong",
            timeout=self._timeout_seconds,
        )
        return [VectorHit(UUID(hit["chunk_id"]), UUID(hit["entity"]["document_id"]), hit["distance"]) for hit in found]

    def fetch(self, space: Namespace, chunk_ids: Sequence[UUID]) -> dict[UUID, Sequence[float]]:
        """Vectors by chunk."""
        vectors: dict[UUID, Sequence[float]] = {}
        for start in range(0, len(chunk_ids), _BATCH):
            condition = f"{_of_workspace(space)} and {_among('chunk_id', chunk_ids[start : start + _BATCH])}"
            rows = self._query(space, condition, ["chunk_id", "vector"])
            vectors |= {UUID(row["chunk_id"]): [float(number) for number in row["vector"]] for row in rows}
        return vectors

    def delete(self, space: Namespace, field: str, ids: Sequence[UUID]) -> None:
        """Remove records by one of their ids."""
        for start in range(0, len(ids), _BATCH):
            condition = f"{_of_workspace(space)} and {_among(field, ids[start : start + _BATCH])}"
            self.client.delete(_name(space), filter=condition, timeout=self._timeout_seconds)

    def drop(self, space: Namespace) -> None:
        """Remove the collection."""
        self._dimensions.pop(_name(space), None)
        self.client.drop_collection(_name(space), timeout=self._timeout_seconds)

    def count(self, space: Namespace) -> int:
        """How many records there are."""
        [row] = self._query(space, _of_workspace(space), ["count(*)"])
        return int(row["count(*)"])

    def list_ids(self, space: Namespace) -> set[UUID]:
        """Every chunk's id, page by page: a server limits how much one answer may hold."""
        pages = self.client.query_iterator(
            _name(space),
            batch_size=_BATCH,
            filter=_of_workspace(space),
            output_fields=["chunk_id"],
            consistency_level="Strong",
            timeout=self._timeout_seconds,
        )
        try:
            ids: set[UUID] = set()
            while page := pages.next():
                ids |= {UUID(row["chunk_id"]) for row in page}
            return ids
        finally:
            pages.close()

    def _query(self, space: Namespace, condition: str, fields: list[str]) -> Any:
        return self.client.query(
            _name(space),
            filter=condition,
            output_fields=fields,
            consistency_level="Strong",
            timeout=self._timeout_seconds,
        )

    def _check_lengths(self, name: str, records: Sequence[VectorRecord]) -> None:
        wrong = {len(record.vector) for record in records} - {self._dimensions[name]}
        if wrong:
            raise VectorRejectedError(f"lengths {sorted(wrong)}, not {self._dimensions[name]}")

    def _ensure_collection(self, name: str, dimensions: int) -> None:
        if name in self._dimensions:
            return
        if not self.client.has_collection(name, timeout=self._timeout_seconds):
            try:
                self._create(name, dimensions)
            except self._sdk.MilvusException:
                # Made by another caller in the meantime, else the reason is told.
                if not self.client.has_collection(name, timeout=self._timeout_seconds):
                    raise
        self.client.load_collection(name, timeout=self._timeout_seconds)
        described = self.client.describe_collection(name, timeout=self._timeout_seconds)
        [held] = [field["params"]["dim"] for field in described["fields"] if field["name"] == "vector"]
        self._dimensions[name] = int(held)

    def _create(self, name: str, dimensions: int) -> None:
        kinds = self._sdk.DataType
        schema = self.client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("chunk_id", kinds.VARCHAR, is_primary=True, max_length=_ID_CHARACTERS)
        schema.add_field("document_id", kinds.VARCHAR, max_length=_ID_CHARACTERS)
        schema.add_field("workspace_id", kinds.VARCHAR, max_length=_ID_CHARACTERS)
        schema.add_field("vector", kinds.FLOAT_VECTOR, dim=dimensions)
        index = self.client.prepare_index_params()
        index.add_index("vector", index_type="AUTOINDEX", metric_type="COSINE")
        self.client.create_collection(
            name, schema=schema, index_params=index, consistency_level="Strong", timeout=self._timeout_seconds
        )


def _name(space: Namespace) -> str:
    """Milvus takes letters, digits and underscores, and no digit in front."""
    return f"ws_{space.full_name}".replace("-", "_")


def _of_workspace(space: Namespace) -> str:
    return f'workspace_id == "{space.tenant}"'


def _among(field: str, ids: Collection[UUID]) -> str:
    return f"{field} in {json.dumps([str(id) for id in ids])}"
