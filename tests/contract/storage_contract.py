"""What every storage does. A test module subclasses `StorageContract` and brings a `storage` fixture."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from privexbot_app.integrations.storages.base import FileMissingError, Storage, StoragePathError


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def broken_pieces() -> AsyncIterator[bytes]:
    yield b"new beginning"
    raise ConnectionResetError("the upload broke off")


class StorageContract:
    """The suite."""

    async def test_what_was_written_is_read(self, storage: Storage):
        assert await storage.write("ws/1/a.txt", b"hello") == 5
        assert await storage.read("ws/1/a.txt") == b"hello"
        assert await storage.write("ws/1/b.txt", pieces(b"ab", b"", b"cd")) == 4
        assert await storage.read("ws/1/b.txt") == b"abcd"
        assert await storage.write("ws/1/empty", b"") == 0
        assert await storage.read("ws/1/empty") == b""

    async def test_a_second_write_replaces_the_first(self, storage: Storage):
        await storage.write("ws/1/a", b"a long first version")
        await storage.write("ws/1/a", b"second")
        assert await storage.read("ws/1/a") == b"second"

    async def test_a_write_that_breaks_off_leaves_the_old_file_and_no_other(self, storage: Storage):
        await storage.write("ws/1/a", b"old")
        with pytest.raises(ConnectionResetError):
            await storage.write("ws/1/a", broken_pieces())
        with pytest.raises(ConnectionResetError):
            await storage.write("ws/1/b", broken_pieces())
        assert await storage.read("ws/1/a") == b"old"
        assert await storage.list("ws/1") == ["ws/1/a"]

    async def test_writers_at_the_same_time_leave_one_whole_file(self, storage: Storage):
        bodies = [bytes([letter]) * 50_000 for letter in b"abcdef"]
        await asyncio.gather(*(storage.write("ws/1/a", pieces(body[:9], body[9:])) for body in bodies))
        assert await storage.read("ws/1/a") in bodies

    async def test_a_file_can_be_had_as_a_local_one(self, storage: Storage):
        await storage.write("ws/1/a.pdf", b"hello")
        async with storage.as_file("ws/1/a.pdf") as path:
            assert path.read_bytes() == b"hello"

    async def test_a_missing_file_is_named(self, storage: Storage):
        await storage.write("ws/1/a/b", b"x")
        for path in ("ws/1/none", "ws/1/a", "ws/1/a/b/c"):
            assert not await storage.exists(path)
            with pytest.raises(FileMissingError):
                await storage.read(path)
            with pytest.raises(FileMissingError):
                async with storage.as_file(path):
                    pytest.fail("there is no file")

    async def test_files_are_listed_below_a_prefix(self, storage: Storage):
        for path in ("ws/1/b", "ws/1/a/x", "ws/10/c", "ws/2/d"):
            await storage.write(path, b"")
        assert await storage.list("ws/1") == ["ws/1/a/x", "ws/1/b"]
        assert await storage.list("ws/none") == []

    async def test_deleting_is_idempotent_and_exact(self, storage: Storage):
        for path in ("ws/1/a", "ws/1/b", "ws/1/c/d"):
            await storage.write(path, b"x")
        for _ in range(2):
            await storage.delete("ws/1/a")
            assert await storage.list("ws/1") == ["ws/1/b", "ws/1/c/d"]
        await storage.delete("ws/1/c")
        assert await storage.exists("ws/1/c/d")

    async def test_deleting_a_prefix_removes_everything_below_and_no_neighbour(self, storage: Storage):
        for path in ("ws/1/a", "ws/1/b/c", "ws/10/d"):
            await storage.write(path, b"x")
        for _ in range(2):
            await storage.delete_prefix("ws/1")
        assert await storage.list("ws") == ["ws/10/d"]

    @pytest.mark.parametrize(
        "path", ["", "/", "/etc/passwd", "..", "../x", "ws/../../x", "ws//x", "ws/./x", "ws/x/", "ws\\..\\x", "ws/\0"]
    )
    async def test_a_path_that_could_leave_is_refused_by_every_method(self, storage: Storage, path):
        methods = [storage.read, storage.exists, storage.list, storage.delete, storage.delete_prefix]
        for method in methods:
            with pytest.raises(StoragePathError):
                await method(path)
        with pytest.raises(StoragePathError):
            await storage.write(path, b"x")
        with pytest.raises(StoragePathError):
            async with storage.as_file(path):
                pytest.fail("the path must be refused")

    async def test_unusual_names_are_kept(self, storage: Storage):
        path = "ws/1/Größe – 北京 🙂 ..pdf"
        await storage.write(path, b"x")
        assert await storage.list("ws/1") == [path]

    async def test_a_storage_that_works_passes_its_check(self, storage: Storage):
        await storage.check()
