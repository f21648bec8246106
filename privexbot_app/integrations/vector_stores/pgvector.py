"""pgvector in a PostgreSQL server: one table per workspace and namespace, in a schema of their own.

A table each, since an HNSW index needs one length of vectors and filters only after it has searched: in a shared table
a small knowledge base would drown among large ones. What remains to be filtered, some documents of one base, is met by
iterative scans, which go on until enough rows pass. Tables are made when first needed, outside the migrations.
Searches are approximate once a table is large; `ef_search` trades time for recall. Vectors of more than 2,000 numbers
get no index and are searched exactly. asyncpg of the default installation speaks to the server: the extra adds nothing.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic import BaseModel, Field, SecretStr

from privexbot_app.integrations.vector_stores.base import (
    VECTOR_STORES,
    VectorHit,
    VectorRecord,
    VectorRejectedError,
    VectorStoreUnavailableError,
)
from privexbot_app.kit.extras import import_extra
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.scope import Namespace

if TYPE_CHECKING:
    from asyncpg import Connection, Pool

Result = TypeVar("Result")
_BATCH = 1000
_LONGEST_INDEXED = 2000
_LARGEST_EF = 1000
_NO_EXTENSION = "This PostgreSQL server has no pgvector. Install the extension “vector” and try again."


@VECTOR_STORES.register("pgvector")
class PgVectorStore:
    """The workspace's id is in the table's name, in every row and in every condition."""

    class Config(BaseModel):
        """Which database."""

        url: SecretStr = Field(description="`postgresql://…`; may be the installation's own database.")
        db_schema: str = Field(
            "privexbot_vectors",
            pattern=r"^[a-z_][a-z0-9_]{0,40}$",
            description="Schema of the tables, made if need be.",
        )
        ef_search: int = Field(
            100, ge=10, le=_LARGEST_EF, description="Candidates of a search; more find more, slower."
        )
        connections: int = Field(10, ge=1, le=100, description="Most connections of one process.")
        timeout_seconds: float = Field(30.0, gt=0, description="Longest wait for one call, in seconds.")

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """See `VectorStore.upsert`."""
        for start in range(0, len(records), _BATCH):
            await self._write(space, records[start : start + _BATCH])

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """See `VectorStore.query`."""
        if limit < 1 or (document_ids is not None and not document_ids):
            return []
        question = _written(vector)
        statement = (
            f"SELECT chunk_id, document_id, embedding <=> $1::text::vector AS distance FROM {self._table(space)}"  # noqa: S608
            " WHERE workspace_id = $2 AND ($3::uuid[] IS NULL OR document_id = ANY($3))"
            " ORDER BY distance LIMIT $4"
        )
        candidates = min(max(self.config.ef_search, limit), _LARGEST_EF)

        async def search(connection: "Connection") -> list[VectorHit]:
            async with connection.transaction(readonly=True):
                await connection.execute(
                    "SELECT set_config('hnsw.ef_search', $1, true),"
                    " set_config('hnsw.iterative_scan', 'strict_order', true)",
                    str(candidates),
                )
                rows = await connection.fetch(
                    statement,
                    question,
                    space.workspace_id,
                    None if document_ids is None else list(document_ids),
                    limit,
                )
            return [VectorHit(row["chunk_id"], row["document_id"], 1.0 - row["distance"]) for row in rows]

        return await self._run(search, [])

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """See `VectorStore.fetch_vectors`."""
        if not chunk_ids:
            return {}
        statement = (
            f"SELECT chunk_id, embedding::real[] AS numbers FROM {self._table(space)}"  # noqa: S608
            " WHERE workspace_id = $1 AND chunk_id = ANY($2)"
        )
        rows: list[Any] = await self._run(lambda held: held.fetch(statement, space.workspace_id, list(chunk_ids)), [])
        return {row["chunk_id"]: row["numbers"] for row in rows}

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_documents`."""
        await self._delete(space, "document_id", document_ids)

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_chunks`."""
        await self._delete(space, "chunk_id", chunk_ids)

    async def delete_space(self, space: Namespace) -> None:
        """See `VectorStore.delete_space`."""
        await self._run(lambda held: held.execute(f"DROP TABLE IF EXISTS {self._table(space)}"), None)

    async def count(self, space: Namespace) -> int:
        """See `VectorStore.count`."""
        statement = f"SELECT count(*) FROM {self._table(space)} WHERE workspace_id = $1"  # noqa: S608
        return await self._run(lambda held: held.fetchval(statement, space.workspace_id), 0)

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        """See `VectorStore.list_chunk_ids`."""
        statement = f"SELECT chunk_id FROM {self._table(space)} WHERE workspace_id = $1"  # noqa: S608
        rows: list[Any] = await self._run(lambda held: held.fetch(statement, space.workspace_id), [])
        return {row["chunk_id"] for row in rows}

    async def check(self) -> None:
        """See `VectorStore.check`: the server answers and knows vectors."""
        known = "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
        if await self._run(lambda held: held.fetchval(known), None) is None:
            raise VectorStoreUnavailableError(_NO_EXTENSION)

    async def close(self) -> None:
        """See `VectorStore.close`."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.close()

    async def _write(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        # In one order, lest two writers of the same chunks wait for each other.
        rows = sorted({record.chunk_id: record for record in records}.items())
        values = (
            [chunk_id for chunk_id, _ in rows],
            [record.document_id for _, record in rows],
            [_written(record.vector) for _, record in rows],
        )
        statement = (
            f"INSERT INTO {self._table(space)} (workspace_id, chunk_id, document_id, embedding)"  # noqa: S608
            " SELECT $1, chunk_id, document_id, written::vector FROM unnest($2::uuid[], $3::uuid[], $4::text[])"
            " AS given (chunk_id, document_id, written)"
            " ON CONFLICT (chunk_id) DO UPDATE SET document_id = excluded.document_id, embedding = excluded.embedding"
        )
        for _ in range(2):
            written = await self._run(lambda held: held.execute(statement, space.workspace_id, *values), None)
            if written is not None:
                return
            await self._run(lambda held: self._make_table(held, space, len(records[0].vector)), None)
        raise VectorStoreUnavailableError(reason="the table vanished twice")

    async def _make_table(self, connection: "Connection", space: Namespace, dimensions: int) -> None:
        schema, table = self.config.db_schema, self._table(space)
        async with connection.transaction():
            # “IF NOT EXISTS” does not keep two makers at the same moment apart.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", schema)
            await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            await connection.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (chunk_id uuid PRIMARY KEY, workspace_id uuid NOT NULL,"
                f" document_id uuid NOT NULL, embedding vector({dimensions}) NOT NULL)"
            )
            await connection.execute(f"CREATE INDEX IF NOT EXISTS {_id(space)}_document ON {table} (document_id)")
            if dimensions <= _LONGEST_INDEXED:
                await connection.execute(
                    f"CREATE INDEX IF NOT EXISTS {_id(space)}_nearest ON {table}"
                    " USING hnsw (embedding vector_cosine_ops)"
                )
            await connection.execute(f"COMMENT ON TABLE {table} IS '{space.full_name}'")

    async def _delete(self, space: Namespace, column: str, ids: Collection[UUID]) -> None:
        if not ids:
            return
        statement = f"DELETE FROM {self._table(space)} WHERE workspace_id = $1 AND {column} = ANY($2)"  # noqa: S608
        await self._run(lambda held: held.execute(statement, space.workspace_id, list(ids)), None)

    def _table(self, space: Namespace) -> str:
        return f"{self.config.db_schema}.{_id(space)}"

    async def _run(self, call: "Callable[[Connection], Awaitable[Result]]", if_absent: Result) -> Result:
        """Run statements on a connection, their failures named; a table that is not there holds nothing."""
        asyncpg = import_extra("asyncpg", extra="pgvector")
        errors = asyncpg.exceptions
        try:
            async with asyncio.timeout(self.config.timeout_seconds), self._connection() as connection:
                return await call(connection)
        except (errors.UndefinedTableError, errors.InvalidSchemaNameError):
            return if_absent
        except errors.DataError as error:
            raise VectorRejectedError(str(error)) from error
        except (errors.FeatureNotSupportedError, errors.UndefinedFileError, errors.UndefinedObjectError) as error:
            raise VectorStoreUnavailableError(_NO_EXTENSION, reason=str(error)) from error
        except (OSError, TimeoutError, errors.PostgresError, errors.InterfaceError) as error:
            raise VectorStoreUnavailableError(reason=repr(error)) from error

    @asynccontextmanager
    async def _connection(self) -> "AsyncIterator[Connection]":
        async with (await self._pool()).acquire() as connection:
            yield connection

    async def _pool(self) -> "Pool":
        """The pool of this event loop: neither connections nor locks can move to another one."""
        loop = asyncio.get_running_loop()
        async with self._locks.setdefault(loop, asyncio.Lock()):
            if loop not in self._pools:
                asyncpg = import_extra("asyncpg", extra="pgvector")
                self._pools[loop] = await asyncpg.create_pool(
                    self.config.url.get_secret_value().replace("postgresql+asyncpg://", "postgresql://", 1),
                    min_size=0,
                    max_size=self.config.connections,
                    # Plans of a table that was dropped and made again do not hold, nor do they behind a pooler.
                    statement_cache_size=0,
                )
        return self._pools[loop]


def _id(space: Namespace) -> str:
    """A table's name: the full one is longer than the 63 bytes that PostgreSQL keeps apart."""
    return "v_" + hashlib.sha256(space.full_name.encode()).hexdigest()[:40]


def _written(vector: Sequence[float]) -> str:
    numbers = [repr(float(number)) for number in vector]
    return f"[{','.join(numbers)}]"
