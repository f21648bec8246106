"""What was closed and can still be opened again: workspaces of this organization, and organizations of the caller."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reflex as rx

from privexbot_app.domains.tenancy.closing import ClosingService
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.domains.tenancy.permissions import MANAGES_ORGANIZATION
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.ui.components import icon, item, item_list, section
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.session import ScopedState


@dataclass
class ClosedRow:
    """Something closed. kind: organization or workspace. until: when it goes for good."""

    id: str
    name: str
    kind: str
    until: str


class ClosedState(ScopedState):
    """What can be opened again."""

    closed: list[ClosedRow] = []

    @rx.event
    async def load_closed(self) -> None:
        """List it."""
        await self._list_closed()

    @rx.event
    async def restore(self, kind: str, closed_id: str) -> Any:
        """Open it again, with everything in it."""
        caller, target = await self.caller(), parse_id(closed_id)
        async with self.works.open(None) as work:
            if kind == "organization":
                await OrganizationService(work, caller).restore(target)
            else:
                await ClosingService(work, caller).restore_workspace(target)
        await self._list_closed()
        return [ClosedState.load_session, rx.toast.success("It is open again.")]

    async def _list_closed(self) -> None:
        caller, scope = await self.caller(), await self.scope()
        async with self.works.open(None, read_only=True) as work:
            organizations = await TenancyService(work).list_organizations(caller.user_id)
            here = next(view for view in organizations if view.id == scope.organization_id)
            manages = here.role in MANAGES_ORGANIZATION
            spaces = await ClosingService(work, caller).list_deleted(here.id) if manages else []
        self.closed = [
            *(ClosedRow(str(view.id), view.name, "workspace", _day(view.delete_after)) for view in spaces),
            *(
                ClosedRow(str(view.id), view.name, "organization", _day(view.delete_after))
                for view in organizations
                if view.delete_after
            ),
        ]


def closed_section() -> rx.Component:
    """Nothing while nothing is closed."""
    rows = item_list(rx.foreach(ClosedState.closed, _row))
    return rx.cond(
        ClosedState.closed, section("Closed", rows, lead="Opened again, everything is as it was. Later it is gone.")
    )


def _row(row: rx.Var[ClosedRow]) -> rx.Component:
    restore = rx.button(
        icon("archive-restore", 15),
        "Restore",
        variant="soft",
        aria_label=f"Restore {row.name}",
        on_click=ClosedState.restore(row.kind, row.id),
    )
    return item(
        row.name,
        icon=rx.cond(row.kind == "organization", icon("building-2", 17), icon("layers", 17)),
        meta=[row.kind, f"until {row.until}"],
        side=[restore],
    )


def _day(moment: datetime | None) -> str:
    return f"{moment:%-d %B %Y}" if moment else ""
