"""Where files are kept: uploads, extracted text, exports. Owns the contract and the registry.

Paths come from `Scope.storage_path`: relative, with forward slashes. A storage knows nothing of tenants; it only
refuses a path that could leave its own ground.
"""

from collections.abc import AsyncIterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from privexbot_app.kit.errors import InternalError, NotFoundError, UnavailableError
from privexbot_app.kit.registry import Registry


class FileMissingError(NotFoundError):
    """There is no file at this path."""

    code = "file_missing"


class StoragePathError(InternalError):
    """The path is not one that a Scope makes: empty, absolute, or with parts such as `..`."""

    code = "storage_path"


class StorageUnavailableError(UnavailableError):
    """The storage cannot be written or read: full, not mounted, or without the right."""

    code = "storage_unavailable"


class Storage(Protocol):
    """One place for files. Built with `Storage(config)`.

    Every method may raise StoragePathError and StorageUnavailableError.
    """

    Config: type[BaseModel]

    async def write(self, path: str, data: bytes | AsyncIterable[bytes]) -> int:
        """Put a file there, in place of one that may be there, and return its size in bytes.

        Readers see the old file or the new one, never a part; when `data` fails, the old one stays.
        """
        ...

    async def read(self, path: str) -> bytes:
        """The whole file. Raises FileMissingError."""
        ...

    def as_file(self, path: str) -> AbstractAsyncContextManager[Path]:
        """The file as a local one, to read only, for as long as the block lasts. Raises FileMissingError."""
        ...

    async def exists(self, path: str) -> bool:
        """Whether there is a file at this path; a prefix of other files is none."""
        ...

    async def list(self, prefix: str) -> list[str]:
        """The paths of all files below the prefix, sorted; a prefix ends at a slash: `a` is not above `ab/c`."""
        ...

    async def delete(self, path: str) -> None:
        """Remove a file; idempotent."""
        ...

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every file below the prefix; idempotent."""
        ...

    async def check(self) -> None:
        """Raise StorageUnavailableError with the reason unless files can be written."""
        ...


STORAGES = Registry("storage", Storage)  # type: ignore[type-abstract]
