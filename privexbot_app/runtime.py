"""What `bootstrap` builds and the doors use. The one process-wide value, set once at start-up."""

from dataclasses import dataclass

from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.crypto import KeyRing


@dataclass(frozen=True)
class Runtime:
    """One process of an installation.

    browser_url: the address that people type, without a slash at the end.
    max_upload_bytes: size of the largest file.
    """

    works: Workshop
    keys: KeyRing
    browser_url: str
    max_upload_bytes: int
    version: str
    is_production: bool

    @property
    def has_https(self) -> bool:
        """Whether browsers reach us by https, so that cookies may insist on it."""
        return self.browser_url.startswith("https://")

    async def close(self) -> None:
        """Let go of connections."""
        await self.works.plugins.close()
        await self.works.redis.aclose()
        await self.works.sessions.kw["bind"].dispose()


_current: list[Runtime] = []


def install(runtime: Runtime) -> None:
    """Make `runtime` the process's own."""
    _current[:] = [runtime]


def current() -> Runtime:
    """The process's runtime. Raises RuntimeError before `install`."""
    if not _current:
        raise RuntimeError("no runtime is installed; an entry point calls bootstrap first")
    return _current[0]
