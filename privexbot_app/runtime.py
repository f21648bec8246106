"""What `bootstrap` builds and the doors use. The one process-wide value, set once at start-up."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from sqlalchemy import select

from privexbot_app.domains.analytics.prices import Prices
from privexbot_app.domains.conversations.hub import Capacity
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.logging import get_logger

log = get_logger(__name__)

CHECK_SECONDS = 3
COOKIE = "privexbot_session"


@dataclass(frozen=True)
class Runtime:
    """One process of an installation.

    browser_url: the address that people type, without a slash at the end.
    max_upload_bytes: size of the largest file.
    trusted_proxy_hops: proxies in front of us whose word on a caller's address we take.
    staff_emails: of the operator's people, in lower case (see `domains.tenancy.staff`).
    capacity: answers that are given at once. prices: of models' tokens, for analytics.
    """

    works: Workshop
    keys: KeyRing
    browser_url: str
    max_upload_bytes: int
    version: str
    is_production: bool
    trusted_proxy_hops: int = 0
    staff_emails: frozenset[str] = frozenset()
    capacity: Capacity = field(default_factory=Capacity)
    prices: Prices = field(default_factory=dict)

    @property
    def has_https(self) -> bool:
        """Whether browsers reach us by https, so that cookies may insist on it."""
        return self.browser_url.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """The dashboard cookie's name; with https it carries the prefix that pins it to this host."""
        return f"__Host-{COOKIE}" if self.has_https else COOKIE

    async def check(self) -> dict[str, str]:
        """What does not answer, with the reason; empty when everything does."""
        plugins = self.works.plugins
        reasons = {
            "database": await _reason(self._check_database()),
            "redis": await _reason(self.works.redis.ping()),  # type: ignore[arg-type]
            "vector_store": await _reason(plugins.vector_stores.get(plugins.defaults.vector_store).check()),
        }
        return {name: reason for name, reason in reasons.items() if reason}

    async def _check_database(self) -> None:
        async with self.works.open(None, read_only=True) as work:
            await work.session.execute(select(1))

    async def close(self) -> None:
        """Let go of connections."""
        await self.works.plugins.close()
        await self.works.redis.aclose()
        await self.works.sessions.kw["bind"].dispose()


async def _reason(check: Awaitable[object]) -> str | None:
    try:
        await asyncio.wait_for(check, CHECK_SECONDS)
    except Exception as error:
        log.warning("readiness.failed", error=repr(error))
        return f"does not answer ({type(error).__name__})"
    return None


_current: list[Runtime] = []


def install(runtime: Runtime) -> None:
    """Make `runtime` the process's own."""
    _current[:] = [runtime]


def current() -> Runtime:
    """The process's runtime. Raises RuntimeError before `install`."""
    if not _current:
        raise RuntimeError("no runtime is installed; an entry point calls bootstrap first")
    return _current[0]
