"""Tables that know their tenant, and sessions that cannot forget theirs.

Owns the base classes of every table, the two session hooks that confine each statement to its Scope, and engines for
SQLite and PostgreSQL. It opens no transaction by itself: see `kit.unit_of_work`.

Three kinds of table: `GlobalModel` (users), `TenancyModel` (what defines a tenant; private to `domains.tenancy`),
`WorkspaceModel` (a tenant's rows). A workspace's child table points at its parent by (workspace_id, id) through
`parent_key`, so that the database itself refuses a child that points abroad.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Table,
    TypeDecorator,
    UniqueConstraint,
    event,
    func,
    select,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import TextClause
from sqlmodel import Field, SQLModel, col

from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.text import require_storable

WORKSPACE_SETTING, SYSTEM_SETTING = "privexbot.workspace_id", "privexbot.is_system"
"""What a transaction tells PostgreSQL, for the policies in `kit.row_security`."""
UNIQUE_VIOLATION = "23505"  # PostgreSQL's name for it


class UnscopedQueryError(RuntimeError):
    """A statement would have touched a tenant's table without a scope, or in a way that cannot be confined."""


class TenantMismatchError(RuntimeError):
    """A row of another workspace was about to be written."""


@dataclass(frozen=True)
class SystemScope:
    """Leave to read and write across tenants, for upkeep only. `reason` is logged; a house test lists its callers."""

    reason: str


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone, so one is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def moment(**options: Any) -> Any:
    """A column that holds a moment; keyword arguments are SQLModel's `Field`."""
    return Field(sa_type=UtcDateTime, **options)


class _Row(SQLModel):
    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = moment(default_factory=utc_now, nullable=False)


class GlobalModel(_Row):
    """A row of no tenant."""


class TenancyModel(_Row):
    """A row that defines a tenant or who belongs to it."""


class WorkspaceModel(_Row):
    """A row of one workspace. Its table needs `workspace_table(...)` as `__table_args__`."""

    workspace_id: UUID = Field(index=True, nullable=False, foreign_key="workspace.id", ondelete="CASCADE")


def workspace_table(*arguments: Any) -> tuple[Any, ...]:
    """Table arguments of a WorkspaceModel: makes (workspace_id, id) a target for `parent_key`."""
    return (UniqueConstraint("workspace_id", "id"), *arguments)


def parent_key(column: str, table: str) -> ForeignKeyConstraint:
    """A foreign key that stays inside the workspace; children go with their parent."""
    return ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"], ondelete="CASCADE", name=f"fk_{column}"
    )


class ScopedSession(Session):
    """The synchronous core of every session; the hooks below listen on it."""


@event.listens_for(ScopedSession, "after_begin")
def _tell_whose_transaction(session: Session, transaction: object, connection: Connection) -> None:
    scope = session.info.get("scope")
    if scope is None or connection.dialect.name != "postgresql":
        return
    if isinstance(scope, SystemScope):
        connection.execute(select(func.set_config(SYSTEM_SETTING, "yes", True)))
    else:
        connection.execute(select(func.set_config(WORKSPACE_SETTING, str(scope.workspace_id), True)))


@event.listens_for(ScopedSession, "do_orm_execute")
def _confine_statement(state: ORMExecuteState) -> None:
    scope = state.session.info.get("scope")
    if isinstance(state.statement, TextClause):
        raise UnscopedQueryError("raw SQL cannot be confined to a workspace")
    if isinstance(scope, SystemScope):
        return
    touched = _tenant_tables_in(state.statement)
    if not touched:
        return
    if scope is None:
        raise UnscopedQueryError(f"no scope for {', '.join(sorted(table.name for table in touched))}")
    if not state.is_orm_statement or state.is_insert:
        raise UnscopedQueryError("Core statements and bulk inserts cannot be confined to a workspace")
    state.statement = state.statement.options(*_criteria_of(scope.workspace_id, frozenset(touched)))


@event.listens_for(ScopedSession, "before_flush")
def _refuse_foreign_rows(session: Session, flush_context: object, instances: object) -> None:
    scope = session.info.get("scope")
    if isinstance(scope, SystemScope):
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, WorkspaceModel):
            continue
        if scope is None:
            raise UnscopedQueryError(f"no scope to write {type(row).__name__}")
        if row.workspace_id != scope.workspace_id:
            raise TenantMismatchError(type(row).__name__)


def tenant_models() -> list[type[WorkspaceModel]]:
    """Every mapped class of a tenant's rows."""
    return list(_models_by_table(len(SQLModel.metadata.tables)).values())


@lru_cache(maxsize=1)
def _models_by_table(tables: int) -> dict[Table, type[WorkspaceModel]]:
    """Looked up at every statement, so it is made anew only when there are more tables than before."""
    return {model.__table__: model for model in _descendants(WorkspaceModel) if hasattr(model, "__table__")}


def _descendants(model: Any) -> Iterator[Any]:
    for child in model.__subclasses__():
        yield child
        yield from _descendants(child)


def _tenant_tables_in(statement: Any) -> set[Table]:
    known = _models_by_table(len(SQLModel.metadata.tables))
    return {
        node for node in visitors.iterate(statement) if getattr(node, "__visit_name__", "") == "table" and node in known
    }


@lru_cache(maxsize=8192)
def _criteria_of(workspace_id: UUID, touched: frozenset[Table]) -> tuple[Any, ...]:
    # Kept, as building them costs more than most statements; a lambda over the base class would be cheap, but fails
    # with SQLModel's unmapped bases. Of the touched tables only: each criterion is part of the key under which
    # SQLAlchemy looks up the compiled statement, and with those of every table that key cost more than the query. No
    # model has a relationship, by which a statement could load rows of a table that it does not name.
    models = _models_by_table(len(SQLModel.metadata.tables))
    return tuple(
        with_loader_criteria(models[table], col(models[table].workspace_id) == workspace_id, include_aliases=True)
        for table in sorted(touched, key=lambda table: table.name)
    )


def create_engine(url: str) -> AsyncEngine:
    """An engine for `sqlite+aiosqlite://…` or `postgresql+asyncpg://…`; no connection is opened yet.

    PostgreSQL may be reached over a socket file (`?host=/folder`) and asked for TLS as libpq is (`?sslmode=require`).
    Text that no database can keep raises UnstorableTextError before it is sent.
    """
    if url.startswith("sqlite"):
        engine = create_async_engine(url, pool_size=8, max_overflow=24, connect_args={"timeout": 15})
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    else:
        engine = create_async_engine(_spoken_by_asyncpg(url), pool_size=10, max_overflow=20, pool_pre_ping=True)
    event.listen(engine.sync_engine, "before_cursor_execute", _refuse_unstorable)
    return engine


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a row was refused because another one has the same key."""
    if getattr(error.orig, "sqlstate", None) == UNIQUE_VIOLATION:
        return True
    return "UNIQUE constraint failed" in str(error.orig)


def create_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """A factory of sessions; pass `info={"scope": …}` at each call."""
    return async_sessionmaker(engine, sync_session_class=ScopedSession, expire_on_commit=False)


def _spoken_by_asyncpg(url: str) -> URL:
    # Addresses come as libpq reads them; asyncpg calls one option otherwise and does not know the other.
    parts = make_url(url)
    query = dict(parts.query)
    query.pop("channel_binding", None)
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    return parts.set(query=query)


def _refuse_unstorable(
    connection: Connection, cursor: object, statement: str, parameters: Any, context: object, is_many: bool
) -> None:
    # Rows come as dicts or tuples; several rows of one INSERT come as one flat tuple, though `is_many` is set.
    for value in _flat(parameters):
        if isinstance(value, str):
            require_storable(value)


def _flat(parameters: Any) -> Iterator[Any]:
    if isinstance(parameters, dict):
        parameters = parameters.values()
    for value in parameters or ():
        if isinstance(value, (dict, list, tuple)):
            yield from _flat(value)
        else:
            yield value


def _set_up_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: upgrading a read lock later fails with SQLITE_BUSY, whatever the timeout.
    reads_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
