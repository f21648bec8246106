"""The last wall: PostgreSQL itself shows a transaction the rows of its workspace alone (row-level security).

The session's hooks in `kit.database` confine every statement already. Should one of them ever be got round, the
policies here still hold: each transaction says once which workspace it is for, and without a word it sees nothing.
They are made for every tenant table that there is, after each migration, so that no new table is forgotten.
Superusers and roles with BYPASSRLS are above them; `privexbot doctor` says so. SQLite has no such thing.
"""

from sqlalchemy import DDL, Connection, Table, column, func, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from privexbot_app.kit.database import SYSTEM_SETTING, WORKSPACE_SETTING, tenant_models

POLICY = "tenant_rows"
CONDITION = (
    f"workspace_id = nullif(current_setting('{WORKSPACE_SETTING}', true), '')::uuid"
    f" OR current_setting('{SYSTEM_SETTING}', true) = 'yes'"
)


def tenant_tables() -> list[Table]:
    """The tables that the policies are for, by name."""
    tables: list[Table] = [model.__table__ for model in tenant_models()]  # type: ignore[attr-defined]
    return sorted(tables, key=lambda found: found.name)


def secure_rows(connection: Connection) -> None:
    """Put the policy on every tenant table, in place of one that may be there. Run after migrations, by the owner."""
    if connection.dialect.name != "postgresql":
        return
    existing = set(connection.dialect.get_table_names(connection))
    for name in (found.name for found in tenant_tables() if found.name in existing):
        for statement in (
            f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY',
            f'DROP POLICY IF EXISTS {POLICY} ON "{name}"',
            f'CREATE POLICY {POLICY} ON "{name}" USING ({CONDITION}) WITH CHECK ({CONDITION})',
        ):
            connection.execute(DDL(statement))


def see_all_rows(connection: Connection) -> None:
    """Let a migration, which belongs to no workspace, see what it moves."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.set_config(SYSTEM_SETTING, "yes", True)))


async def is_above_policies(connection: AsyncConnection) -> bool:
    """Whether the role that we connect as is not bound by them; False where there are none."""
    if connection.dialect.name != "postgresql":
        return False
    roles = table("pg_roles", column("rolname"), column("rolsuper"), column("rolbypassrls"))
    statement = select(roles.c.rolsuper | roles.c.rolbypassrls).where(roles.c.rolname == func.current_user())
    return bool((await connection.execute(statement)).scalar())
