"""Files in a folder of this machine. For one machine, or for several that share the folder."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from pydantic import BaseModel, Field

from privexbot_app.integrations.storages.base import (
    STORAGES,
    FileMissingError,
    StoragePathError,
    StorageUnavailableError,
)
from privexbot_app.kit.http import in_thread

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_PARTIAL = ".partial-"


@STORAGES.register("local")
class LocalStorage:
    """One file per path below `root`. A file is written beside its place, flushed to the disk, then moved there."""

    class Config(BaseModel):
        """Which folder."""

        root: Path = Field(Path(".data/files"), description="Folder that holds the files; made on first use.")

    def __init__(self, config: Config) -> None:
        self.config = config
        self._root = config.root.absolute()

    async def write(self, path: str, data: bytes | AsyncIterable[bytes]) -> int:
        """See `Storage.write`."""
        target = self._resolve(path)
        file = await _run(_open_partial, target)
        partial = Path(file.name)
        try:
            size = 0
            async for piece in _pieces(data):
                size += await _run(file.write, piece)
            await _run(_publish, file, partial, target)
        except BaseException:
            # Not through a thread: a cancelled task may not wait any more.
            file.close()
            with suppress(FileNotFoundError):
                os.unlink(partial)
            raise
        return size

    async def read(self, path: str) -> bytes:
        """See `Storage.read`."""
        target = self._resolve(path)
        try:
            return await _run(target.read_bytes)
        except FileMissingError:
            raise FileMissingError("The file is not there any more.", path=path) from None

    @asynccontextmanager
    async def as_file(self, path: str) -> AsyncIterator[Path]:
        """See `Storage.as_file`. It is the file itself, without a copy."""
        if not await self.exists(path):
            raise FileMissingError("The file is not there any more.", path=path)
        yield self._resolve(path)

    async def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        return await _run(self._resolve(path).is_file)

    async def list(self, prefix: str) -> list[str]:
        """See `Storage.list`."""
        folder = self._resolve(prefix)
        found = await _run(_list_files, folder)
        return [path.relative_to(self._root).as_posix() for path in found]

    async def delete(self, path: str) -> None:
        """See `Storage.delete`."""
        await _run(_remove_file, self._resolve(path))

    async def delete_prefix(self, prefix: str) -> None:
        """See `Storage.delete_prefix`."""
        folder = self._resolve(prefix)
        await _run(_remove_folder, folder)

    async def check(self) -> None:
        """See `Storage.check`."""
        await self.write(".check", b"")
        await self.delete(".check")

    def _resolve(self, path: str) -> Path:
        """The place of a path. Symbolic links are followed before the judgement, so that none leads outside."""
        parts = path.split("/")
        if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
            raise StoragePathError("The file cannot be stored under this path.", path=path)
        if parts[-1].startswith(_PARTIAL):
            raise StoragePathError("The file cannot be stored under this path.", path=path)
        place = self._root.joinpath(*parts)
        if not place.resolve().is_relative_to(self._root.resolve()):
            raise StoragePathError("The file cannot be stored under this path.", path=path)
        return place


async def _run(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Blocking file work in a thread, its failures named."""
    try:
        return await in_thread(None, function, *args, **kwargs)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise FileMissingError("The file is not there any more.") from error
    except OSError as error:
        raise StorageUnavailableError("Files cannot be stored at the moment.", reason=str(error)) from error


async def _pieces(data: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    async for piece in data:
        yield piece


def _open_partial(target: Path) -> BinaryIO:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=_PARTIAL, dir=target.parent)
    # By name, so that `file.name` is the path.
    os.close(handle)
    return open(name, "wb")


def _publish(file: BinaryIO, partial: Path, target: Path) -> None:
    with file:
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, target)
    # The move itself is on the disk only when the folder is.
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(_PARTIAL))


def _remove_file(path: Path) -> None:
    if path.is_file():
        path.unlink(missing_ok=True)


def _remove_folder(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder, ignore_errors=False)
