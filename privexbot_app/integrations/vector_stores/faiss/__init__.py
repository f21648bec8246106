"""FAISS on files of this machine: one exact index per workspace and namespace, no server.

For installations on one machine whose knowledge bases hold up to some 50,000 chunks each: a search looks at every
vector, and the knowledge bases that were asked last stay in memory. FAISS itself knows neither documents nor saving a
part. So the truth is a log of its own (`log`), and the index (`index`: flat inner product under own labels) follows it.
Several processes may share the folder, since each follows the log's end before it answers; one at a time writes, under
a lock. The folder must be on a local disk.
"""

import fcntl
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from privexbot_app.integrations.vector_stores.base import (
    VECTOR_STORES,
    VectorHit,
    VectorRecord,
    VectorStoreUnavailableError,
)
from privexbot_app.kit.blocking import BlockingClient
from privexbot_app.kit.extras import import_extra
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.scope import Namespace

if TYPE_CHECKING:
    from privexbot_app.integrations.vector_stores.faiss.index import LoggedIndex

Result = TypeVar("Result")
_BATCH = 2000
_PAUSE_SECONDS = 0.01
_LOCKED = "Another process is writing to the FAISS folder and does not finish. Stop it, or try again later."


@VECTOR_STORES.register("faiss")
class FaissStore:
    """The workspace is a folder, the namespace a file in it; a search can only ever see one of them."""

    class Config(BaseModel):
        """Where the files are."""

        path: Path = Field(description="Folder of the indexes, on a local disk that all processes share.")
        open_indexes: int = Field(32, ge=1, description="How many indexes a process keeps in memory.")
        lock_timeout_seconds: float = Field(10.0, gt=0, description="Longest wait for another process to finish.")
        timeout_seconds: float = Field(60.0, gt=0, description="Longest wait for one call, in seconds.")

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config
        self._client: BlockingClient[_Folder] = BlockingClient(
            partial(_Folder, config), lambda folder: None, threads=1, timeout_seconds=config.timeout_seconds
        )

    async def upsert(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """See `VectorStore.upsert`."""
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            await self._run(partial(_Folder.add, space=space, records=batch))

    async def query(
        self, space: Namespace, vector: Sequence[float], *, limit: int, document_ids: Collection[UUID] | None = None
    ) -> list[VectorHit]:
        """See `VectorStore.query`."""
        if limit < 1 or (document_ids is not None and not document_ids):
            return []
        return await self._read(space, lambda index: index.search(vector, limit, document_ids), [])

    async def fetch_vectors(self, space: Namespace, chunk_ids: Collection[UUID]) -> dict[UUID, Sequence[float]]:
        """See `VectorStore.fetch_vectors`."""
        return await self._read(space, lambda index: index.vectors(chunk_ids), {})

    async def delete_documents(self, space: Namespace, document_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_documents`."""
        if document_ids:
            await self._run(lambda folder: folder.remove(space, document_ids, are_documents=True))

    async def delete_chunks(self, space: Namespace, chunk_ids: Collection[UUID]) -> None:
        """See `VectorStore.delete_chunks`."""
        if chunk_ids:
            await self._run(lambda folder: folder.remove(space, chunk_ids, are_documents=False))

    async def delete_space(self, space: Namespace) -> None:
        """See `VectorStore.delete_space`."""
        await self._run(lambda folder: folder.drop(space))

    async def count(self, space: Namespace) -> int:
        """See `VectorStore.count`."""
        return await self._read(space, len, 0)

    async def list_chunk_ids(self, space: Namespace) -> set[UUID]:
        """See `VectorStore.list_chunk_ids`."""
        return await self._read(space, lambda index: index.chunk_ids(), set())

    async def check(self) -> None:
        """See `VectorStore.check`: the folder can be written to."""
        await self._run(lambda folder: folder.check())

    async def close(self) -> None:
        """See `VectorStore.close`."""
        await self._client.close()

    async def _read(self, space: Namespace, question: "Callable[[LoggedIndex], Result]", if_absent: Result) -> Result:
        def ask(folder: _Folder) -> Result:
            index = folder.current(space)
            return if_absent if index is None else question(index)

        return await self._run(ask)

    async def _run(self, call: "Callable[[_Folder], Result]") -> Result:
        try:
            return await self._client.run(call)
        except TimeoutError as error:
            raise VectorStoreUnavailableError(reason=f"not done in {self.config.timeout_seconds:g} s") from error
        except (OSError, ValueError) as error:
            raise VectorStoreUnavailableError(reason=repr(error)) from error


class _Folder:
    """The indexes of one process; used by one thread."""

    def __init__(self, config: FaissStore.Config) -> None:
        self._faiss = import_extra("faiss", extra="faiss")
        self._config = config
        self._open: OrderedDict[Namespace, LoggedIndex] = OrderedDict()

    def current(self, space: Namespace) -> "LoggedIndex | None":
        """The index of a space, up to the end of its log; None if there is none."""
        index = self._open.pop(space, None)
        entries = index.log.read_new() if index is not None else None
        if index is None or entries is None:
            opened = self._load(space)
            if opened is None:
                return None
            index, entries = opened, opened.log.read_new()
        if entries is not None and len(entries):
            index.follow(entries)
        self._open[space] = index
        if len(self._open) > self._config.open_indexes:
            self._open.popitem(last=False)
        return index

    def add(self, space: Namespace, records: Sequence[VectorRecord]) -> None:
        """Write records down, then follow them."""
        from privexbot_app.integrations.vector_stores.faiss.index import entries_of  # noqa: PLC0415
        from privexbot_app.integrations.vector_stores.faiss.log import write_log  # noqa: PLC0415

        with self._lock():
            index = self.current(space)
            if index is None:
                dimensions = len(records[0].vector)
                self._path(space).parent.mkdir(parents=True, exist_ok=True)
                write_log(self._path(space), dimensions, entries_of(records, dimensions))
                return
            index.log.append(entries_of(records, index.log.dimensions))
            self._tidy(space)

    def remove(self, space: Namespace, ids: Collection[UUID], *, are_documents: bool) -> None:
        """Write down that chunks, or those of documents, are gone."""
        from privexbot_app.integrations.vector_stores.faiss import log  # noqa: PLC0415
        from privexbot_app.integrations.vector_stores.faiss.index import removals  # noqa: PLC0415

        with self._lock():
            index = self.current(space)
            if index is None:
                return
            action = log.REMOVE_DOCUMENT if are_documents else log.REMOVE_CHUNK
            index.log.append(removals(action, ids, index.log.dimensions))
            self._tidy(space)

    def drop(self, space: Namespace) -> None:
        """Remove the file of a space."""
        with self._lock():
            self._open.pop(space, None)
            self._path(space).unlink(missing_ok=True)

    def check(self) -> None:
        """Raise OSError, or VectorStoreUnavailableError, if nothing can be written here."""
        with self._lock():
            return

    def _tidy(self, space: Namespace) -> None:
        from privexbot_app.integrations.vector_stores.faiss.log import write_log  # noqa: PLC0415

        index = self.current(space)
        if index is not None and index.is_untidy:
            write_log(self._path(space), index.log.dimensions, index.as_entries())

    def _load(self, space: Namespace) -> "LoggedIndex | None":
        from privexbot_app.integrations.vector_stores.faiss.index import LoggedIndex  # noqa: PLC0415
        from privexbot_app.integrations.vector_stores.faiss.log import Log  # noqa: PLC0415

        try:
            return LoggedIndex(Log(self._path(space)), self._faiss)
        except FileNotFoundError:
            return None

    def _path(self, space: Namespace) -> Path:
        return self._config.path / space.tenant / f"{space.name}.log"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """The right to write, among processes; given back by the system when its holder dies."""
        self._config.path.mkdir(parents=True, exist_ok=True)
        with (self._config.path / "lock").open("a") as file:
            deadline = monotonic() + self._config.lock_timeout_seconds
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if monotonic() > deadline:
                        raise VectorStoreUnavailableError(_LOCKED, reason="lock") from error
                    sleep(_PAUSE_SECONDS)
            yield
