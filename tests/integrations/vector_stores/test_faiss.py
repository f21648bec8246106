"""The FAISS store on real files, shared by several processes."""

import asyncio
import fcntl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

pytest.importorskip("faiss")

from privexbot_app.integrations.vector_stores.base import VectorRejectedError, VectorStoreUnavailableError
from privexbot_app.integrations.vector_stores.faiss import FaissStore
from privexbot_app.kit.scope import Namespace
from tests.contract.vector_store_contract import VectorStoreContract, record, unit

WRITER = """
import asyncio, sys
from pathlib import Path
from uuid import UUID, uuid4
from privexbot_app.integrations.vector_stores.base import VectorRecord
from privexbot_app.integrations.vector_stores.faiss import FaissStore
from privexbot_app.kit.scope import Namespace

async def write():
    store = FaissStore(FaissStore.Config(path=Path(sys.argv[1])))
    space = Namespace(UUID(sys.argv[2]), "kb", UUID(sys.argv[2]))
    for n in range(40):
        await store.upsert(space, [VectorRecord(uuid4(), uuid4(), [0.6, 0.8, 0.0]) for _ in range(2)])

asyncio.run(write())
"""


@pytest.fixture
async def store(tmp_path) -> AsyncIterator[FaissStore]:
    store = FaissStore(FaissStore.Config(path=tmp_path))
    yield store
    await store.close()


@pytest.fixture
def space() -> Namespace:
    return Namespace(uuid4(), "kb", uuid4())


def the_log(folder: Path) -> Path:
    [path] = folder.glob("*/*.log")
    return path


class TestFaiss(VectorStoreContract):
    """FAISS passes the suite."""


async def test_what_was_written_is_there_after_a_restart(tmp_path, store, space):
    kept, gone = record(1), record(0, 1)
    await store.upsert(space, [kept, gone])
    await store.delete_chunks(space, [gone.chunk_id])
    again = FaissStore(FaissStore.Config(path=tmp_path))
    assert await again.list_chunk_ids(space) == {kept.chunk_id}
    [hit] = await again.query(space, unit(1), limit=5)
    assert (hit.chunk_id, hit.document_id) == (kept.chunk_id, kept.document_id)
    await again.close()


async def test_what_another_process_writes_rebuilds_and_deletes_is_seen_at_once(tmp_path, store, space):
    other = FaissStore(FaissStore.Config(path=tmp_path))
    await other.upsert(space, [record(1)])
    assert await store.count(space) == 1
    await other.upsert(space, [record(0, 1)])
    assert await store.count(space) == 2
    await other.delete_space(space)
    await other.upsert(space, [record(1), record(1, 1), record(1, 2)])
    assert len(await store.query(space, unit(1), limit=9)) == 3
    await other.delete_space(space)
    assert await store.query(space, unit(1), limit=9) == []
    await other.close()


async def test_processes_that_write_at_the_same_time_lose_nothing(tmp_path, store):
    id = uuid4()
    command = [sys.executable, "-c", WRITER, str(tmp_path), str(id)]
    writers = [await asyncio.create_subprocess_exec(*command) for _ in range(2)]
    space = Namespace(id, "kb", id)
    while any(writer.returncode is None for writer in writers):
        await store.query(space, [0.6, 0.8, 0.0], limit=3)
        await asyncio.wait([asyncio.ensure_future(writer.wait()) for writer in writers], timeout=0.05)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert await store.count(space) == 160
    assert len(await store.fetch_vectors(space, await store.list_chunk_ids(space))) == 160


async def test_an_entry_that_a_crash_cut_off_is_dropped_and_overwritten(tmp_path, store, space):
    first = record(1)
    await store.upsert(space, [first])
    with the_log(tmp_path).open("ab") as file:
        file.write(b"\x01half an entry")
    again = FaissStore(FaissStore.Config(path=tmp_path))
    assert await again.list_chunk_ids(space) == {first.chunk_id}
    second = record(0, 1)
    await again.upsert(space, [second])
    assert await store.list_chunk_ids(space) == {first.chunk_id, second.chunk_id}
    await again.close()


async def test_a_hole_that_a_power_failure_left_is_overwritten(tmp_path, store, space):
    first = record(1)
    await store.upsert(space, [first])
    with the_log(tmp_path).open("ab") as file:
        file.write(bytes(1000))
    again = FaissStore(FaissStore.Config(path=tmp_path))
    await again.upsert(space, [record(0, 1)])
    assert await again.count(space) == 2
    await again.close()


async def test_a_log_of_things_that_are_gone_is_rewritten(tmp_path, store, space):
    kept = record(1)
    await store.upsert(space, [kept, *(record(1, n) for n in range(1500))])
    before = the_log(tmp_path).stat().st_size
    ids = await store.list_chunk_ids(space)
    await store.delete_chunks(space, ids - {kept.chunk_id})
    assert the_log(tmp_path).stat().st_size < before / 100
    again = FaissStore(FaissStore.Config(path=tmp_path))
    for reader in (store, again):
        [hit] = await reader.query(space, unit(1), limit=5)
        assert (hit.chunk_id, hit.document_id) == (kept.chunk_id, kept.document_id)
    await again.close()


async def test_no_more_indexes_than_allowed_stay_in_memory(tmp_path):
    store = FaissStore(FaissStore.Config(path=tmp_path, open_indexes=2))
    spaces = [Namespace(uuid4(), "kb", UUID(int=n)) for n in range(4)]
    for space in spaces:
        await store.upsert(space, [record(1)])
    assert [await store.count(space) for space in spaces] == [1, 1, 1, 1]
    assert len(store._client._held.client._open) == 2
    await store.close()


async def test_a_writer_that_does_not_finish_is_named(tmp_path, space):
    store = FaissStore(FaissStore.Config(path=tmp_path, lock_timeout_seconds=0.05))
    with (tmp_path / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(VectorStoreUnavailableError, match="Another process is writing"):
            await store.upsert(space, [record(1)])
        assert await store.count(space) == 0
    await store.upsert(space, [record(1)])
    await store.close()


async def test_a_question_of_another_length_is_rejected(store, space):
    await store.upsert(space, [record(1)])
    with pytest.raises(VectorRejectedError):
        await store.query(space, [1.0, 0.0], limit=1)


async def test_a_file_that_is_no_log_and_a_folder_that_cannot_be_are_named(tmp_path, store, space):
    await store.upsert(space, [record(1)])
    the_log(tmp_path).write_bytes(b"something else")
    with pytest.raises(VectorStoreUnavailableError):
        await store.count(space)
    (tmp_path / "file").write_text("")
    with pytest.raises(VectorStoreUnavailableError):
        await FaissStore(FaissStore.Config(path=tmp_path / "file")).check()
