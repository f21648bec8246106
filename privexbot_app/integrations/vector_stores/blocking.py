"""What stores have in common whose library is a blocking client: opening, threads, closing, and naming failures.

The client lives in threads of its own, see `kit.blocking`. A store adds its calls.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from pydantic import BaseModel, Field, HttpUrl, model_validator

from privexbot_app.integrations.vector_stores.base import VectorStoreUnavailableError
from privexbot_app.kit.blocking import BlockingClient

Result = TypeVar("Result")
_THREADS = 4


class SpaceAbsentError(Exception):
    """The collection does not exist."""


class Connection(Protocol):
    """An open client of a library. client: has `close`."""

    client: Any

    def named(self, call: Callable[[], Result]) -> Result:
        """Run a call of the client. Raises SpaceAbsentError, VectorRejectedError, VectorStoreUnavailableError."""
        ...


class PlacedConfig(BaseModel):
    """A server's address, or a place on this machine's disk."""

    url: HttpUrl | None = None
    path: Path | None = None
    timeout_seconds: float = Field(30.0, gt=0, description="Longest wait for one call, in seconds.")

    @model_validator(mode="after")
    def _need_a_place(self) -> Self:
        if self.url is None and self.path is None:
            raise ValueError("url or path is needed")
        return self


ConnectionType = TypeVar("ConnectionType", bound=Connection)


class BlockingStore(Generic[ConnectionType]):
    """Base of such stores: a server is asked by several threads, a place on the disk by one.

    connect: opens the client; called in a thread, at the first call.
    """

    def __init__(self, config: PlacedConfig, connect: Callable[[], ConnectionType]) -> None:
        self._timeout_seconds = config.timeout_seconds
        self._client: BlockingClient[ConnectionType] = BlockingClient(
            connect,
            lambda connection: connection.client.close(),
            threads=_THREADS if config.url else 1,
            timeout_seconds=config.timeout_seconds + 1,
        )

    async def close(self) -> None:
        """See `VectorStore.close`."""
        await self._client.close()

    async def _run(self, call: Callable[[ConnectionType], Result], if_absent: Result) -> Result:
        try:
            return await self._client.run(lambda connection: connection.named(lambda: call(connection)))
        except SpaceAbsentError:
            return if_absent
        except TimeoutError as error:
            raise VectorStoreUnavailableError(reason=f"no answer in {self._timeout_seconds:g} s") from error
