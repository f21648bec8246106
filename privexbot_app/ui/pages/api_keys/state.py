"""The workspace's API keys. The text of a key is in the page's state while its dialog is open, and nowhere after."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import reflex as rx

from privexbot_app.domains.tenancy.api_keys import ApiKeyService
from privexbot_app.domains.tenancy.permissions import EDITOR, KEY_SCOPES, VIEWER
from privexbot_app.domains.tenancy.schemas import ApiKeyView, KeyRotation, NewApiKey, ShownApiKey
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.formats import say_ago, say_exactly
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.session import ScopedState

ACCESS: dict[str, tuple[str, list[str]]] = {
    "ask": ("Ask chatbots", ["bots.chat", "bots.read"]),
    "read": ("Read everything", sorted(VIEWER & KEY_SCOPES)),
    "build": ("Read, build and deploy", sorted(EDITOR & KEY_SCOPES)),
}
LIVES = {"never": "Never", "30": "After 30 days", "90": "After 90 days", "365": "After a year"}
KINDS = {"live": "Live", "test": "Test: conversations never count in figures"}
GRACE = {"0": "At once", "1": "After an hour", "24": "After a day", "168": "After a week"}


@dataclass
class KeyRow:
    """A key in the list."""

    id: str
    name: str
    hint: str
    access: str
    kind: str
    used: str
    used_at: str
    made: str
    ends: str
    tone: str


class ApiKeysState(ScopedState):
    """What the page shows. shown_key: a key's text, told this once."""

    is_listed: bool = False
    keys: list[KeyRow] = []
    is_adding: bool = False
    access: str = "ask"
    life: str = "never"
    kind: str = "live"
    name_problem: str = ""
    shown_key: str = ""
    shown_name: str = ""
    rotating: dict[str, str] = {}
    is_rotating: bool = False
    grace: str = "24"
    revoking: dict[str, str] = {}
    is_asking: bool = False

    @rx.event
    async def load(self) -> None:
        """List what is there."""
        await self._list(await self.scope())
        self.is_adding, self.is_rotating, self.is_asking, self.shown_key = False, False, False, ""
        self.is_listed = True

    @rx.event
    def show_add(self, is_shown: bool) -> None:
        """Open or close the dialog for a new key."""
        self.is_adding, self.name_problem = bool(is_shown), ""

    @rx.event
    def choose_access(self, access: str) -> None:
        """What the key may do."""
        self.access = access if access in ACCESS else "ask"

    @rx.event
    def choose_life(self, life: str) -> None:
        """When the key ends."""
        self.life = life if life in LIVES else "never"

    @rx.event
    def choose_kind(self, kind: str) -> None:
        """Live or test."""
        self.kind = kind if kind in KINDS else "live"

    @rx.event
    async def create(self, form: dict[str, Any]) -> None:
        """Make a key and show its text."""
        scope = await self.scope()
        name = str(form.get("name", "")).strip()
        if not 0 < len(name) <= 120:
            self.name_problem = "Enter a name of up to 120 characters."
            return
        expires_at = None if self.life == "never" else utc_now() + timedelta(days=int(self.life))
        new = NewApiKey(name=name, scopes=ACCESS[self.access][1], is_test=self.kind == "test", expires_at=expires_at)
        try:
            async with self.works.open(scope) as work:
                made = await ApiKeyService(work).create(new)
        except PrivexError as error:
            self.name_problem = message_of(error)
            return
        self.is_adding = False
        await self._show(scope, made)

    @rx.event
    def ask_rotate(self, key_id: str, name: str) -> None:
        """Ask when the old secret ends."""
        self.rotating, self.is_rotating, self.grace = {"id": str(key_id), "name": str(name)}, True, "24"

    @rx.event
    def choose_grace(self, grace: str) -> None:
        """When the old secret ends."""
        self.grace = grace if grace in GRACE else "24"

    @rx.event
    def show_rotate(self, is_shown: bool) -> None:
        """Close the question about rotating."""
        self.is_rotating = bool(is_shown)

    @rx.event
    async def rotate(self) -> None:
        """Give the key another secret and show it."""
        scope = await self.scope()
        target, self.is_rotating = dict(self.rotating), False
        async with self.works.open(scope) as work:
            rotation = KeyRotation(grace_hours=int(self.grace))
            made = await ApiKeyService(work).rotate(parse_id(target.get("id")), rotation)
        await self._show(scope, made)

    @rx.event
    def hide_key(self, is_shown: bool) -> None:
        """The text of the key is gone for good."""
        if not is_shown:
            self.shown_key = ""

    @rx.event
    def ask_revoke(self, key_id: str, name: str) -> None:
        """Ask before a key ends."""
        self.revoking, self.is_asking = {"id": str(key_id), "name": str(name)}, True

    @rx.event
    def keep(self, is_open: bool) -> None:
        """Close the question."""
        self.is_asking = bool(is_open)

    @rx.event
    async def revoke(self) -> Any:
        """End the key that was asked about."""
        scope = await self.scope()
        target, self.is_asking = dict(self.revoking), False
        async with self.works.open(scope) as work:
            await ApiKeyService(work).revoke(parse_id(target.get("id")))
        await self._list(scope)
        return rx.toast.success(f"Revoked “{target['name']}”.")

    async def _show(self, scope: Scope, made: ShownApiKey) -> None:
        await self._list(scope)
        self.shown_key, self.shown_name = made.key, made.name

    async def _list(self, scope: Scope) -> None:
        async with self.works.open(scope, read_only=True) as work:
            views = await ApiKeyService(work).list_keys()
        self.keys = [_row(view) for view in views]


def _row(view: ApiKeyView) -> KeyRow:
    now = utc_now()
    known = [title for title, scopes in ACCESS.values() if set(scopes) == set(view.scopes)]
    ends, tone = "", "neutral"
    if view.expires_at is not None and view.expires_at <= now:
        ends, tone = "Expired", "bad"
    elif view.expires_at is not None:
        ends = f"Ends {view.expires_at:%d %b %Y}"
    elif view.previous_until is not None and view.previous_until > now:
        ends, tone = "Old secret still works", "warn"
    return KeyRow(
        id=str(view.id),
        name=view.name,
        hint=view.hint,
        access=known[0] if known else ", ".join(view.scopes),
        kind="Test" if view.is_test else "Live",
        used=f"used {say_ago(view.last_used_at, now=now)}" if view.last_used_at else "never used",
        used_at=say_exactly(view.last_used_at) if view.last_used_at else "",
        made=f"made by {view.made_by}" if view.made_by else "",
        ends=ends,
        tone=tone,
    )
