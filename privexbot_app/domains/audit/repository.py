"""Rows of the three logs, and how new ones are linked."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.audit.chain import hash_of
from privexbot_app.domains.audit.models import AuditEntry, OrganizationEntry, SignInEntry
from privexbot_app.kit.repository import TenantRepository

Entry = AuditEntry | OrganizationEntry | SignInEntry


class AuditRepository(TenantRepository[AuditEntry]):
    """Entries of one workspace."""

    model = AuditEntry
    noun = "audit entry"


def said_by(entry: Entry) -> dict[str, Any]:
    """What an entry says, as plain JSON: what its hash covers."""
    common = {"id": str(entry.id), "event": entry.event, "facts": entry.facts}
    if isinstance(entry, SignInEntry):
        return common | {"user_id": str(entry.user_id), "at": entry.at.isoformat()}
    owner = entry.workspace_id if isinstance(entry, AuditEntry) else entry.organization_id
    return common | {
        "owner": str(owner),
        "at": entry.created_at.isoformat(),
        "actor_kind": str(entry.actor_kind),
        "actor_id": entry.actor_id,
        "subject_id": str(entry.subject_id) if entry.subject_id else None,
    }


def log_of(entry: Entry) -> tuple[type[Entry], Any]:
    """The log that an entry belongs to: its table, and the condition that tells its rows from other logs'."""
    if isinstance(entry, AuditEntry):
        return AuditEntry, AuditEntry.workspace_id == entry.workspace_id
    if isinstance(entry, OrganizationEntry):
        return OrganizationEntry, OrganizationEntry.organization_id == entry.organization_id
    return SignInEntry, True


async def append(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Link entries to the ends of their logs and stage them. Call it last before the commit: it holds a lock."""
    ends: dict[str, tuple[int, str]] = {}
    for entry in entries:
        model, condition = log_of(entry)
        name = f"{model.__tablename__}:{said_by(entry).get('owner', '')}"
        if name not in ends:
            ends[name] = await _end_of(session, name, model, condition)
        position, previous_hash = ends[name]
        entry.position, entry.previous_hash = position + 1, previous_hash
        entry.hash = hash_of(said_by(entry), position=entry.position, previous_hash=previous_hash)
        ends[name] = entry.position, entry.hash
        session.add(entry)


def link_anew(entries: Sequence[Entry], *, first: int) -> None:
    """Give the entries of a whole log new hashes from a position on, after what they say has changed."""
    previous = ""
    for entry in entries:
        if entry.position >= first:
            entry.previous_hash = previous
            entry.hash = hash_of(said_by(entry), position=entry.position, previous_hash=previous)
        previous = entry.hash


async def list_log(session: AsyncSession, model: type[Entry], *conditions: Any) -> Sequence[Any]:
    """A whole log from its beginning."""
    return (await session.execute(select(model).where(*conditions).order_by(model.position))).scalars().all()


async def list_organization_entries(
    session: AsyncSession, organization_id: UUID, *conditions: Any, limit: int
) -> Sequence[OrganizationEntry]:
    """An organization's entries, newest first."""
    statement = select(OrganizationEntry).where(OrganizationEntry.organization_id == organization_id, *conditions)
    return (await session.execute(statement.order_by(OrganizationEntry.id.desc()).limit(limit))).scalars().all()


async def _end_of(session: AsyncSession, name: str, model: Any, condition: Any) -> tuple[int, str]:
    if (await session.connection()).dialect.name == "postgresql":
        # One writer at a time, until its commit; SQLite has only one anyway.
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
    statement = select(model.position, model.hash).where(condition).order_by(model.position.desc()).limit(1)
    row = (await session.execute(statement)).first()
    return (row[0], row[1]) if row else (0, "")
