"""Things that people are still working on: kept in Redis, versioned, free to throw away.

A draft is a JSON object under the scope's key `draft:<kind>:<id>`, with a version that grows by one at each save and a
life of 24 hours that each save renews. Saved drafts are noted in a set; the watchdog copies them to a snapshot row
every few seconds, so that a Redis restart or an eviction costs seconds, not the draft. Reading falls back to the row.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import JSON, Column, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlmodel import Field

from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import SystemScope, WorkspaceModel, moment, workspace_table
from privexbot_app.kit.errors import ConflictError, NotFoundError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import require_storable_json

log = get_logger(__name__)

LIFE = timedelta(hours=24)
DIRTY_KEY = "drafts:dirty"
MOST_DRAFTS_LISTED = 200
MOST_LOST_SAVES = 1000
"""How many saves a restored copy can lack, with room to spare; a version further ahead was made up."""

# Writes the draft only if its version is the one that the writer read, and notes it for the next snapshot.
COMPARE_AND_SET = """
local raw = redis.call('GET', KEYS[1])
local current = -1
if raw then current = cjson.decode(raw).version end
if current ~= tonumber(ARGV[1]) then return current end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[7])
redis.call('SADD', KEYS[3], ARGV[6])
return -2
"""
WRITTEN = -2
ABSENT = -1


class StaleDraftError(ConflictError):
    """The draft was saved by somebody else in the meantime. Nothing is lost: both texts still exist."""

    code = "draft_version_stale"

    def __init__(self, *, current_version: int) -> None:
        super().__init__(
            "This draft was changed elsewhere. Load the latest version and apply your change again.",
            current_version=current_version,
        )
        self.extensions = {"current_version": current_version}


class DraftNotFoundError(NotFoundError):
    """There is no such draft: never was, expired, deployed, or another tenant's."""

    code = "draft_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such draft. It may have been deployed, deleted, or expired.")


class DraftSnapshot(WorkspaceModel, table=True):
    """The last copy of a draft outside Redis. Its id is the draft's."""

    __tablename__ = "draft_snapshot"
    __table_args__ = workspace_table()

    kind: str = Field(index=True)
    version: int
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    updated_at: datetime = moment(nullable=False)
    expires_at: datetime = moment(nullable=False, index=True)


@dataclass(frozen=True)
class Draft:
    """One state of a draft."""

    id: UUID
    kind: str
    version: int
    payload: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @property
    def expires_at(self) -> datetime:
        """When the draft is forgotten if nobody saves it again."""
        return self.updated_at + LIFE


class DraftStore:
    """Creates, reads, saves and forgets drafts of any kind."""

    def __init__(self, redis: Redis, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._redis = redis
        self._sessions = sessions
        self._compare_and_set = redis.register_script(COMPARE_AND_SET)

    async def create(self, scope: Scope, kind: str, payload: dict[str, Any]) -> Draft:
        """A new draft at version 1. Raises UnstorableTextError, as a draft must be fit for the database some day."""
        require_storable_json(payload)
        now = utc_now()
        draft = Draft(new_id(), kind, 1, payload, now, now)
        await self._write(scope, draft, expected=ABSENT)
        return draft

    async def get(self, scope: Scope, kind: str, id: UUID) -> Draft:
        """The draft as it stands. Raises DraftNotFoundError."""
        raw = await self._redis.get(scope.key("draft", kind, id))
        if raw is not None:
            return _decode(id, kind, raw)
        return await self._restore(scope, kind, id)

    async def save(
        self,
        scope: Scope,
        kind: str,
        id: UUID,
        change: Callable[[dict[str, Any]], dict[str, Any]],
        *,
        expected_version: int | None = None,
    ) -> Draft:
        """Replace the payload by `change(payload)` and raise the version by one.

        expected_version: the version that the change was made on; None means “whatever is there”.
        Raises StaleDraftError if the draft has moved on, DraftNotFoundError if it is gone, UnstorableTextError.
        """
        while True:
            draft = await self.get(scope, kind, id)
            # After a Redis loss the restored copy may be seconds older than what the editor holds; the editor wins.
            if expected_version is not None and not 0 <= expected_version - draft.version <= MOST_LOST_SAVES:
                raise StaleDraftError(current_version=draft.version)
            version = max(draft.version, expected_version or 0) + 1
            changed = Draft(id, kind, version, change(draft.payload), draft.created_at, utc_now())
            require_storable_json(changed.payload)
            if await self._write(scope, changed, expected=draft.version):
                return changed

    async def delete(self, scope: Scope, kind: str, id: UUID) -> None:
        """Forget the draft, its snapshot too. Raises DraftNotFoundError."""
        await self.get(scope, kind, id)
        await self._forget(scope, kind, id)

    async def list(self, scope: Scope, kind: str) -> list[Draft]:
        """The workspace's drafts of one kind, last saved first, at most 200."""
        drafts = await self.list_all(scope, kind)
        return sorted(drafts, key=lambda draft: draft.updated_at, reverse=True)[:MOST_DRAFTS_LISTED]

    async def list_all(self, scope: Scope, kind: str) -> Sequence[Draft]:
        """Every living draft of one kind in the workspace, in no order."""
        ids = {UUID(id) for id in await self._redis.zrange(scope.key("drafts", kind), 0, -1)}
        ids |= await self._snapshot_ids(scope, kind)
        raws = await self._redis.mget([scope.key("draft", kind, id) for id in ids]) if ids else []
        drafts = []
        for id, raw in zip(ids, raws, strict=True):
            try:
                drafts.append(_decode(id, kind, raw) if raw is not None else await self._restore(scope, kind, id))
            except DraftNotFoundError:
                await self._redis.zrem(scope.key("drafts", kind), str(id))
        return drafts

    async def snapshot_dirty(self, scope_of: Callable[[UUID, UUID], Scope]) -> int:
        """Copy the drafts saved since the last call to their rows. Returns how many.

        scope_of: makes a Scope from organization and workspace ids.
        """
        entries = await self._redis.smembers(DIRTY_KEY)  # type: ignore[misc]
        for entry in entries:
            organization_id, workspace_id, kind, id = json.loads(entry)
            # Removed first: a save that comes in between adds it again, and it is copied once more.
            await self._redis.srem(DIRTY_KEY, entry)  # type: ignore[misc]
            try:
                await self._snapshot(scope_of(UUID(organization_id), UUID(workspace_id)), kind, UUID(id))
            except IntegrityError:
                log.info("draft.orphaned", workspace_id=workspace_id, draft_id=id)  # its workspace is gone
            except BaseException:
                await self._redis.sadd(DIRTY_KEY, entry)  # type: ignore[misc]
                raise
        return len(entries)

    async def forget_expired(self) -> None:
        """Delete snapshot rows whose draft has expired."""
        scope = SystemScope("forget expired drafts")
        async with self._sessions(info={"scope": scope}) as session:
            await session.execute(delete(DraftSnapshot).where(DraftSnapshot.expires_at < utc_now()))  # type: ignore[arg-type]
            await session.commit()

    async def _write(self, scope: Scope, draft: Draft, *, expected: int) -> bool:
        raw = json.dumps(
            {
                "version": draft.version,
                "payload": draft.payload,
                "created_at": draft.created_at.isoformat(),
                "updated_at": draft.updated_at.isoformat(),
            }
        )
        dirty = json.dumps([str(scope.organization_id), str(scope.workspace_id), draft.kind, str(draft.id)])
        result = await self._compare_and_set(
            keys=[scope.key("draft", draft.kind, draft.id), scope.key("drafts", draft.kind), DIRTY_KEY],
            args=[
                expected,
                raw,
                max(1, ceil((draft.expires_at - utc_now()).total_seconds())),
                int(draft.updated_at.timestamp()),
                str(draft.id),
                dirty,
                int(LIFE.total_seconds()),
            ],
        )
        return int(result) == WRITTEN

    async def _restore(self, scope: Scope, kind: str, id: UUID) -> Draft:
        async with self._sessions(info={"scope": scope}) as session:
            row = (
                await session.execute(
                    select(DraftSnapshot).where(DraftSnapshot.id == id, DraftSnapshot.kind == kind)  # type: ignore[arg-type]
                )
            ).scalar_one_or_none()
        if row is None or row.expires_at < utc_now():
            raise DraftNotFoundError
        draft = Draft(id, kind, row.version, row.payload, row.created_at, row.updated_at)
        await self._write(scope, draft, expected=ABSENT)
        return draft

    async def _snapshot(self, scope: Scope, kind: str, id: UUID) -> None:
        raw = await self._redis.get(scope.key("draft", kind, id))
        if raw is None:
            return
        draft = _decode(id, kind, raw)
        async with self._sessions(info={"scope": scope}) as session:
            await session.merge(
                DraftSnapshot(
                    id=id,
                    workspace_id=scope.workspace_id,
                    kind=kind,
                    version=draft.version,
                    payload=draft.payload,
                    created_at=draft.created_at,
                    updated_at=draft.updated_at,
                    expires_at=draft.expires_at,
                )
            )
            await session.commit()
        if not await self._redis.exists(scope.key("draft", kind, id)):
            await self._forget(scope, kind, id)  # deleted while we copied

    async def _forget(self, scope: Scope, kind: str, id: UUID) -> None:
        await self._redis.delete(scope.key("draft", kind, id))
        await self._redis.zrem(scope.key("drafts", kind), str(id))
        async with self._sessions(info={"scope": scope}) as session:
            await session.execute(delete(DraftSnapshot).where(DraftSnapshot.id == id))  # type: ignore[arg-type]
            await session.commit()

    async def _snapshot_ids(self, scope: Scope, kind: str) -> set[UUID]:
        async with self._sessions(info={"scope": scope}) as session:
            statement = select(DraftSnapshot.id).where(
                DraftSnapshot.kind == kind,  # type: ignore[arg-type]
                DraftSnapshot.expires_at > utc_now(),  # type: ignore[arg-type]
            )
            return set((await session.execute(statement)).scalars().all())


def _decode(id: UUID, kind: str, raw: str) -> Draft:
    stored = json.loads(raw)
    return Draft(
        id,
        kind,
        stored["version"],
        stored["payload"],
        datetime.fromisoformat(stored["created_at"]),
        datetime.fromisoformat(stored["updated_at"]),
    )
