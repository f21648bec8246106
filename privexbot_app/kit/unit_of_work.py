"""One call at an edge is one unit of work is one commit.

    async with works.open(scope) as work:
        bot = await BotService(work).publish(draft_id)
    # committed; the jobs that were recorded are queued

Nothing that waits for the network happens inside: load in one unit, talk to the model in none, save in another.
"""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from redis.asyncio import Redis
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from privexbot_app.kit.database import SystemScope, is_duplicate
from privexbot_app.kit.drafts import DraftStore
from privexbot_app.kit.errors import ConflictError
from privexbot_app.kit.jobs import Dispatcher, OutboxJob, outbox_row
from privexbot_app.kit.limits import RateLimiter
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.repository import TenantRepository
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)

Plugins = TypeVar("Plugins")
Owned = TypeVar("Owned")
Finisher = Callable[[Any, list[Any]], Awaitable[None]]
Repository = TypeVar("Repository", bound=TenantRepository[Any])


class RaceLostError(ConflictError):
    """Somebody wrote the same thing a moment earlier."""

    code = "race_lost"

    def __init__(self) -> None:
        super().__init__("Somebody did the same a moment ago. Look at the latest state and try again.")


class Works(Generic[Plugins]):
    """Opens units of work; made once by `bootstrap`."""

    def __init__(
        self,
        *,
        sessions: async_sessionmaker[AsyncSession],
        dispatcher: Dispatcher,
        redis: Redis,
        plugins: Plugins,
    ) -> None:
        self.sessions = sessions
        self.dispatcher = dispatcher
        self.redis = redis
        self.plugins = plugins
        self.drafts = DraftStore(redis, sessions)
        self.limiter = RateLimiter(redis)
        self._own: dict[Any, Any] = {}

    def own(self, kind: Callable[["Works[Any]"], Owned]) -> Owned:
        """The one object of a class that this process has for this installation; `kind(works)` makes it."""
        if kind not in self._own:
            self._own[kind] = kind(self)
        return self._own[kind]

    def open(self, scope: Scope | SystemScope | None, *, read_only: bool = False) -> "UnitOfWork[Plugins]":
        """A unit of work for `scope`; None reaches only tables of no tenant. `read_only` takes no write lock."""
        if isinstance(scope, SystemScope):
            log.info("system_scope.opened", reason=scope.reason)
        return UnitOfWork(self, scope, read_only=read_only)


class UnitOfWork(Generic[Plugins]):
    """A transaction, its scope, and the jobs that leave with its commit."""

    def __init__(self, works: Works[Plugins], scope: Scope | SystemScope | None, *, read_only: bool) -> None:
        self.works = works
        self.plugins = works.plugins
        self.drafts = works.drafts
        self.redis = works.redis
        self._scope = scope
        self._reads_only = read_only
        self._outbox: list[OutboxJob] = []
        self._staged: dict[Finisher, list[Any]] = {}

    @property
    def scope(self) -> Scope:
        """The tenant's scope. Raises RuntimeError in a unit of work that has none."""
        if not isinstance(self._scope, Scope):
            raise RuntimeError("this unit of work has no workspace")
        return self._scope

    async def __aenter__(self) -> Self:
        self.session = self.works.sessions(info={"scope": self._scope})
        if self._reads_only:
            await self.session.connection(execution_options={"read_only": True})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._reads_only:
                await self._end_reading()
            elif kind is None:
                for finish, staged in self._staged.items():
                    await finish(self, staged)
                self.session.add_all(self._outbox)
                await self.session.commit()
            else:
                await self.session.rollback()
                if isinstance(error, IntegrityError):
                    _tell_race(error)
        except IntegrityError as refused:
            _tell_race(refused)
            raise
        finally:
            await self.session.close()
        if kind is None and self._outbox:
            await self.works.dispatcher.dispatch(self._outbox)

    async def _end_reading(self) -> None:
        if self.session.new or self.session.dirty or self.session.deleted or self._staged:
            raise RuntimeError("a read-only unit of work was changed")
        self.session.expunge_all()  # a rollback would expire the rows that the caller goes on reading
        await self.session.rollback()

    def repository(self, kind: type[Repository]) -> Repository:
        """A repository confined to this unit's scope."""
        return kind(self.session, self.scope)

    def before_commit(self, finish: "Finisher") -> list[Any]:
        """A list; right before the commit, when nothing else is waited for, `finish(work, list)` is called."""
        return self._staged.setdefault(finish, [])

    def record_job(self, name: str, **payload: Any) -> None:
        """Have a registered job run after the commit. The payload must be plain JSON."""
        self._outbox.append(outbox_row(name, self.scope, payload))


def _tell_race(error: IntegrityError) -> None:
    if is_duplicate(error):
        raise RaceLostError from error
