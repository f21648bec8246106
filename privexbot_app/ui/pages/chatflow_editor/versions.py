"""The versions of the live chatflow: what each changed, and going back to one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.schemas import GraphDiff
from privexbot_app.domains.chatflows.service import ChatflowService
from privexbot_app.domains.tenancy.members import MemberService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.formats import say_ago, say_exactly
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.pages.chatflow_editor.state import EditorState
from privexbot_app.ui.session import ScopedState


@dataclass
class FlowVersion:
    """One version, as the list shows it. changes: against the one before, once they are asked for."""

    number: int
    author: str
    note: str
    ago: str
    moment: str
    is_live: bool
    changes: list[str] = field(default_factory=list)


class FlowVersionsState(ScopedState):
    """The list beside the canvas."""

    versions: list[FlowVersion] = []
    shown: int = 0
    is_going_back: bool = False
    going_back_to: int = 0

    @rx.event
    async def load(self) -> None:
        """List the versions of the live chatflow, if there is one."""
        scope = await self.scope()
        self.versions, self.shown = [], 0
        live_id = (await self.get_state(EditorState)).live_id
        if live_id:
            await self._list(scope, live_id)

    @rx.event
    async def compare(self, number: int) -> None:
        """Show what a version changed, or hide it."""
        scope = await self.scope()
        live_id = (await self.get_state(EditorState)).live_id
        numbers = [row.number for row in self.versions]
        if self.shown == number or number not in numbers:
            self.shown = 0
            return
        earlier = [other for other in numbers if other < number]
        changes = ["The first version."]
        if earlier:
            async with self.works.open(scope, read_only=True) as work:
                diff = await ChatflowService(work).diff(parse_id(live_id), max(earlier), int(number))
            changes = list(say_changes(diff)) or ["Only the place of nodes, or nothing at all."]
        self.shown = int(number)
        self.versions = [
            FlowVersion(**{**vars(row), "changes": changes if row.number == number else []}) for row in self.versions
        ]

    @rx.event
    def ask_go_back(self, number: int) -> None:
        """Ask before an earlier version answers again."""
        self.is_going_back, self.going_back_to = True, int(number)

    @rx.event
    def stay(self, is_open: bool) -> None:
        """Close the question about going back."""
        self.is_going_back = bool(is_open)

    @rx.event
    async def go_back(self) -> Any:
        """Have an earlier version answer again. The draft on the canvas stays as it is."""
        scope = await self.scope()
        live_id = (await self.get_state(EditorState)).live_id
        self.is_going_back = False
        async with self.works.open(scope) as work:
            await BotService(work).roll_back(
                parse_id(live_id), self.going_back_to, browser_url=runtime.current().browser_url
            )
        await self._list(scope, live_id)
        return rx.toast.success(f"Version {self.going_back_to} answers from now on.")

    async def _list(self, scope: Scope, live_id: str) -> None:
        async with self.works.open(scope, read_only=True) as work:
            service = BotService(work)
            live = await service.get_bot(parse_id(live_id), browser_url=runtime.current().browser_url)
            rows = await service.list_versions(live.id)
            members = {str(member.user.id): member.user.name for member in await MemberService(work).list_members()}
        now = utc_now()
        self.versions = [
            FlowVersion(
                number=row.version,
                author=members.get(row.author_id, "A former member"),
                note=row.note,
                ago=say_ago(row.created_at, now=now),
                moment=say_exactly(row.created_at),
                is_live=row.version == live.version,
            )
            for row in rows
        ]


def say_changes(diff: GraphDiff) -> Iterator[str]:
    """What changed between two versions, a line each.

    >>> empty = {"edges_added": [], "edges_removed": [], "settings_changed": ["limits"], "changed": []}
    >>> list(say_changes(GraphDiff(added=["ask"], removed=[], **empty)))
    ['Added ask', 'Changed the flow’s limits']
    """
    yield from (f"Added {id}" for id in diff.added)
    yield from (f"Removed {id}" for id in diff.removed)
    yield from (f"Changed {change.title} ({', '.join(change.fields)})" for change in diff.changed)
    yield from (f"Connected {edge}" for edge in diff.edges_added)
    yield from (f"Disconnected {edge}" for edge in diff.edges_removed)
    yield from (f"Changed the flow’s {name}" for name in diff.settings_changed)
