"""Migrations on SQLite and PostgreSQL, with the tables that bootstrap knows. Run by `privexbot migrate`."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection

from privexbot_app.bootstrap import table_metadata
from privexbot_app.kit.database import create_engine
from privexbot_app.kit.row_security import secure_rows, see_all_rows
from privexbot_app.settings import Settings


def _is_ours(row: Any, name: str | None, kind: str, reflected: bool, compared_to: Any) -> bool:
    """The keyword index and third parties' tables are not described by classes."""
    return not (kind == "table" and reflected and compared_to is None)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=table_metadata(),
        render_as_batch=connection.dialect.name == "sqlite",
        include_object=_is_ours,
        compare_type=True,
    )
    with context.begin_transaction():
        see_all_rows(connection)
        context.run_migrations()
        secure_rows(connection)


async def _migrate() -> None:
    url = context.config.attributes.get("database_url") or Settings().async_database_url
    engine = create_engine(url)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


asyncio.run(_migrate())
