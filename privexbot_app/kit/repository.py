"""The only way from a service to a tenant's rows."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement, Select

from privexbot_app.kit.database import WorkspaceModel
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.pagination import Page, PageParams, cursor_after, decode_cursor
from privexbot_app.kit.scope import Scope

Model = TypeVar("Model", bound=WorkspaceModel)


class TenantRepository(Generic[Model]):
    """Rows of one table in one workspace. A foreign row does not exist.

    model: the table. noun: what people call a row, used in messages.
    """

    model: ClassVar[type[WorkspaceModel]]
    noun: ClassVar[str]

    def __init__(self, session: AsyncSession, scope: Scope) -> None:
        self.session = session
        self.scope = scope

    def add(self, row: Model) -> Model:
        """Stamp the row with the workspace and stage it; it is written with the unit of work."""
        row.workspace_id = self.scope.workspace_id
        self.session.add(row)
        return row

    async def get(self, id: UUID) -> Model:
        """Return the row. Raises NotFoundError (`<noun>_not_found`), also for another tenant's."""
        row = await self.find(id)
        if row is None:
            raise NotFoundError(f"There is no such {self.noun}.", code=f"{self.noun.replace(' ', '_')}_not_found")
        return row

    async def find(self, id: UUID) -> Model | None:
        """Return the row or None."""
        return await self.one(self.query().where(self.model.id == id))

    def query(self, *conditions: ColumnElement[bool] | bool) -> Select[Any]:
        """A SELECT of the model; the session adds the workspace."""
        return select(self.model).where(self.model.workspace_id == self.scope.workspace_id, *conditions)

    async def one(self, statement: Select[Any]) -> Model | None:
        """The first row of a statement, or None."""
        return (await self.session.execute(statement.limit(1))).scalars().first()

    async def all(self, statement: Select[Any]) -> Sequence[Model]:
        """All rows of a statement."""
        return (await self.session.execute(statement)).scalars().all()

    async def page(self, params: PageParams, *conditions: Any) -> Page[Model]:
        """Newest first, `params.limit` rows from `params.cursor` on. Raises InvalidError for a cursor not ours."""
        statement = self.query(*conditions).order_by(self.model.id.desc()).limit(params.limit + 1)  # type: ignore[attr-defined]
        if params.cursor:
            statement = statement.where(self.model.id < decode_cursor(params.cursor))
        rows = list((await self.session.execute(statement)).scalars().all())
        more = len(rows) > params.limit
        rows = rows[: params.limit]
        return Page(items=rows, next_cursor=cursor_after(rows[-1].id) if more else None)

    async def delete(self, id: UUID) -> None:
        """Delete the row and, through the foreign keys, its children."""
        await self.session.execute(
            delete(self.model).where(self.model.id == id, self.model.workspace_id == self.scope.workspace_id)
        )
