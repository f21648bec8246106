"""A tenant's rows as plain JSON, table by table, for taking along. A new tenant table is in it by itself."""

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from privexbot_app.kit.database import WorkspaceModel, tenant_models

PAGE = 500
SECRET_PARTS = ("sealed", "wrapped", "secret", "password", "token_hash")
"""Columns with such a word in their name are of no use elsewhere and of too much use to a thief."""


def list_exportable() -> list[type[WorkspaceModel]]:
    """The tables, by name."""
    return sorted(tenant_models(), key=lambda model: str(model.__tablename__))


async def read_table(session: AsyncSession, model: type[WorkspaceModel], *, after: UUID | None) -> list[dict[str, Any]]:
    """The next rows of one table, in the order of their ids, each with the name of its table."""
    statement = select(model).order_by(col(model.id)).limit(PAGE)
    if after is not None:
        statement = statement.where(col(model.id) > after)
    columns = [column.key for column in inspect(model).columns if not is_secret(column.key)]
    rows = (await session.execute(statement)).scalars().all()
    return [
        {"table": str(model.__tablename__)} | {name: _plain(getattr(row, name)) for name in columns} for row in rows
    ]


def is_secret(column: str) -> bool:
    """Whether a column stays here.

    >>> is_secret("sealed_previous"), is_secret("prompt_tokens")
    (True, False)
    """
    return any(part in column for part in SECRET_PARTS)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value.value if isinstance(value, Enum) else value
