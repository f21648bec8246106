"""The services that sources read from by OAuth: connect one, see what reads with it, disconnect it."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app.domains.credentials.connections import (
    ConnectionService,
    ConnectionView,
    list_providers,
    remove_connection,
)
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.ui import routes
from privexbot_app.ui.components import (
    confirm_dialog,
    empty_state,
    icon,
    item,
    item_list,
    list_skeleton,
    note,
    page,
    page_header,
)
from privexbot_app.ui.formats import say_ago
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.session import ScopedState

EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)
PROBLEMS = {
    "connection_denied": "The service was not connected, since it was not allowed there.",
    "connection_state_unknown": "This attempt to connect is unknown or too old. Begin again.",
    "connection_refused": "The service did not accept the attempt. Begin again.",
}
OTHER_PROBLEM = "The service was not connected. Try again later."


@dataclass
class ConnectionRow:
    """A connection in the list. uses: what reads with it, in words; empty for nothing."""

    id: str
    name: str
    made: str
    used: str
    uses: str


@dataclass
class ProviderChoice:
    """A service that can be connected."""

    name: str
    title: str
    address: str


class ConnectionsState(ScopedState):
    """What the page shows."""

    is_listed: bool = False
    connections: list[ConnectionRow] = []
    providers: list[ProviderChoice] = []
    problem: str = ""
    is_asking: bool = False
    leaving: dict[str, str] = {}

    @rx.event
    async def load(self) -> Any:
        """List what is there, and say what became of an attempt that leads here."""
        scope = await self.scope()
        query = self.router.url.query_parameters
        code = str(query.get("problem", ""))
        self.problem = PROBLEMS.get(code, OTHER_PROBLEM) if code else ""
        self.providers = [
            ProviderChoice(choice.provider, choice.title, routes.start_connection(choice.provider))
            for choice in list_providers(self.works.plugins)
            if choice.is_ready
        ]
        await self._list(scope)
        self.is_asking, self.is_listed = False, True
        return rx.toast.success("Connected.") if query.get("connected") else None

    @rx.event
    def ask_disconnect(self, connection_id: str, name: str, uses: str) -> None:
        """Ask before one is gone."""
        self.is_asking = True
        self.leaving = {"id": str(connection_id), "name": str(name), "uses": str(uses)}

    @rx.event
    def keep(self, is_open: bool) -> None:
        """Close the question."""
        self.is_asking = bool(is_open)

    @rx.event
    async def disconnect(self) -> Any:
        """Give back the one that was asked about; the question has named what uses it."""
        scope = await self.scope()
        target, self.is_asking = dict(self.leaving), False
        await remove_connection(self.works, scope, parse_id(target.get("id")), is_forced=bool(target.get("uses")))
        await self._list(scope)
        return rx.toast.success(f"Disconnected “{target['name']}”.")

    async def _list(self, scope: Scope) -> None:
        async with self.works.open(scope, read_only=True) as work:
            found = await ConnectionService(work).list_connections(EVERYTHING)
        self.connections = [_row_of(view) for view in found.items]


def _row_of(view: ConnectionView) -> ConnectionRow:
    now = utc_now()
    used = f"used {say_ago(view.last_used_at, now=now)}" if view.last_used_at else "never used"
    count = len(view.uses)
    uses = "" if not count else "1 source" if count == 1 else f"{count} sources"
    return ConnectionRow(str(view.id), view.name, f"connected {say_ago(view.created_at, now=now)}", used, uses)


@dashboard_page(
    "/connections",
    title="Connections",
    icon="plug",
    section="Workspace",
    order=81,
    permission="credentials.read",
    on_load=ConnectionsState.load,
)
def connections_page() -> rx.Component:
    state = ConnectionsState
    return page(
        page_header(
            "Connections",
            "Services that sources of your knowledge bases read from, without a token to copy.",
            actions=[_connect_buttons()],
        ),
        rx.cond(state.problem != "", note(state.problem, icon_name="circle-alert", tone="bad")),
        rx.cond(state.is_listed, _list(), list_skeleton()),
        confirm_dialog(
            "Disconnect this service?",
            rx.cond(
                state.leaving["uses"] != "",
                f"“{state.leaving['name']}” is read with by {state.leaving['uses']}. They will fail from now on.",
                f"“{state.leaving['name']}” is given back to the service and deleted here.",
            ),
            confirm="Disconnect",
            is_open=state.is_asking,
            on_open_change=state.keep,
            on_confirm=state.disconnect,
        ),
    )


def _connect_buttons() -> rx.Component:
    def button(choice: rx.Var[ProviderChoice]) -> rx.Component:
        # A full load: the address is the API's, which the dashboard's own router does not know.
        link = rx.el.a(
            icon("plug", 16),
            "Connect " + choice.title,
            href=choice.address,
            custom_attrs={"reloadDocument": True},
        )
        return rx.button(link, as_child=True)

    buttons = rx.el.div(rx.foreach(ConnectionsState.providers, button), class_name="pb-actions")
    return rx.cond(ConnectionsState.permissions.contains("credentials.manage"), buttons)


def _list() -> rx.Component:
    state = ConnectionsState
    can_connect = state.providers.length() > 0
    nothing = empty_state(
        "Nothing is connected",
        rx.cond(
            can_connect,
            "Connect a service here, then choose it when you add a source.",
            "The operator of this installation has not set up a service yet. Sources take tokens meanwhile.",
        ),
        icon_name="plug",
        actions=[_connect_buttons()],
    )
    return rx.cond(state.connections, item_list(rx.foreach(state.connections, _row)), nothing)


def _row(row: rx.Var[ConnectionRow]) -> rx.Component:
    button = rx.button(
        "Disconnect",
        variant="soft",
        color_scheme="gray",
        aria_label=f"Disconnect {row.name}",
        on_click=ConnectionsState.ask_disconnect(row.id, row.name, row.uses),
    )
    return item(
        row.name,
        icon=icon("plug", 17),
        meta=[row.made, row.used, rx.cond(row.uses != "", f"read with by {row.uses}", "")],
        side=[rx.cond(ConnectionsState.permissions.contains("credentials.manage"), button)],
    )
