"""Adding texts, questions, web pages and sources of many items, to a draft or to a finished knowledge base.

Files do not come this way: `ui.components.file_drop` sends them to the REST door.
"""

from typing import Any

import reflex as rx
from pydantic import TypeAdapter, ValidationError

from privexbot_app import runtime
from privexbot_app.domains.credentials.connections import ConnectionService
from privexbot_app.domains.knowledge.schemas import NewSource
from privexbot_app.integrations.parsers.base import supported_extensions
from privexbot_app.kit.errors import ErrorKind, PrivexError
from privexbot_app.kit.http import Browsing
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.ui import routes
from privexbot_app.ui.knowledge.connecting import (
    WITH_TOKEN,
    ConnectorChoice,
    FormField,
    build_form,
    connected_by,
    connector_choices,
    find_problems,
    is_on,
    read_form,
    read_schedule,
)
from privexbot_app.ui.notify import message_of

SOURCE_ADAPTER: TypeAdapter[NewSource] = TypeAdapter(NewSource)
LONGEST_PASTE = 200_000
"""A form travels as one message of the websocket, which ends at a million bytes; longer texts are uploaded as files."""
MOST_PAIRS_IN_FORM = 100
DIALOGS = ("text", "qa", "url")
SENTENCES = {
    "title": "Give it a title of up to 120 characters.",
    "content": "Paste a text first.",
    "pairs": "Fill in the question and the answer of every row.",
    "url": "Enter an address such as https://example.com/help.",
}


class AddingSources(rx.State, mixin=True):
    """The dialogs. A page's state says in `_store_source` where a source goes, and in `_after_adding` what then.

    adding: which dialog is open; connecting: of “connect”, the kind of source that its form is for.
    problems: a sentence for each field that is wrong; under "" what is wrong with the whole.
    connections: those that may stand in for a token in that form; connect_address: where another is made, or empty.
    accepted, max_bytes: the files that may be dropped. can_render: whether a page's scripts may be run.
    """

    adding: str = ""
    problems: dict[str, str] = {}
    is_adding: bool = False
    pasted_length: int = 0
    pair_numbers: list[int] = [0]
    accepted: list[str] = []
    max_bytes: int = 0
    can_render: bool = False
    connectors: list[ConnectorChoice] = []
    connecting: str = ""
    connecting_title: str = ""
    connecting_lead: str = ""
    form_basic: list[FormField] = []
    form_more: list[FormField] = []
    connections: list[dict[str, str]] = []
    connect_address: str = ""

    @rx.var
    def upload_hint(self) -> str:
        """What may be dropped."""
        endings = ", ".join(ending.removeprefix(".") for ending in self.accepted)
        return f"Up to {self.max_bytes // 1_000_000} MB each: {endings}."

    @rx.event
    async def show_adding(self, kind: str) -> None:
        """Open a dialog afresh; anything unknown closes it."""
        if self.is_adding:
            return
        self.adding, self.connecting = kind if kind in DIALOGS else "", ""
        self.problems, self.pasted_length, self.pair_numbers = {}, 0, [0]

    @rx.event
    async def show_connecting(self, kind: str) -> None:
        """Open the form for a kind of source; one that is not in the menu opens nothing."""
        if self.is_adding:
            return
        for choice in connector_choices():
            if choice.type == kind:
                form = build_form(choice.type)
                self.form_basic, self.form_more = form.basic, form.more
                self.connecting, self.connecting_title, self.connecting_lead = choice.type, choice.title, choice.lead
                self.connections, self.connect_address = [], ""
                self.adding, self.problems = "connect", {}
        await self._find_connections()

    @rx.event
    async def look_for_connections(self) -> None:
        """List them again: one was made in another tab."""
        await self._find_connections()

    @rx.event
    def close_adding(self, is_open: bool) -> None:
        """Close the dialog unless it is at work."""
        if not is_open and not self.is_adding:
            self.adding = ""

    @rx.event
    def note_pasted(self, length: int) -> None:
        """Remember how long the pasted text is, to say in time that it is too long."""
        self.pasted_length = length if isinstance(length, int) else 0
        is_long = self.pasted_length > LONGEST_PASTE
        self.problems = {"content": f"{self.pasted_length:,} characters are too long to paste."} if is_long else {}

    @rx.event
    def add_pair(self) -> None:
        """Another row for a question and its answer."""
        if len(self.pair_numbers) < MOST_PAIRS_IN_FORM:
            self.pair_numbers = [*self.pair_numbers, max(self.pair_numbers, default=-1) + 1]

    @rx.event
    def remove_pair(self, number: int) -> None:
        """Take a row out; the last one stays."""
        if len(self.pair_numbers) > 1:
            self.pair_numbers = [kept for kept in self.pair_numbers if kept != number]

    @rx.event(background=True)
    async def add_text(self, form: dict[str, Any]) -> Any:
        """Add a pasted text."""
        return await self._add({"type": "text", "title": form.get("title", ""), "content": form.get("content", "")})

    @rx.event(background=True)
    async def add_pairs(self, form: dict[str, Any]) -> Any:
        """Add questions with their answers."""
        async with self:
            numbers = list(self.pair_numbers)
        pairs = [
            {"question": form.get(f"question-{number}", ""), "answer": form.get(f"answer-{number}", "")}
            for number in numbers
        ]
        return await self._add({"type": "qa", "title": form.get("title") or "Questions and answers", "pairs": pairs})

    @rx.event(background=True)
    async def add_url(self, form: dict[str, Any]) -> Any:
        """Fetch a web page."""
        return await self._add(
            {"type": "url", "url": str(form.get("url", "")).strip(), "is_rendered": is_on(form.get("is_rendered"))}
        )

    @rx.event(background=True)
    async def add_connected(self, form: dict[str, Any]) -> Any:
        """Begin to read a website, a feed or another source of many items."""
        async with self:
            await self.scope()  # type: ignore[attr-defined]
            kind = self.connecting
            settings = read_form(kind, form)
            by, connection = connected_by(kind), str(form.get("connection") or WITH_TOKEN)
            is_connected = by is not None and connection != WITH_TOKEN
            checked = {**settings, by.setting: WITH_TOKEN} if by is not None and is_connected else settings
            if problems := find_problems(kind, checked):
                self.problems = problems
                return None
        fields = {**settings, "type": kind, "sync_minutes": read_schedule(form.get("schedule"))}
        return await self._add({**fields, "connection_id": connection} if is_connected else fields)

    async def _add(self, fields: dict[str, Any]) -> Any:
        async with self:
            scope = await self.scope()  # type: ignore[attr-defined]
            source = parse_source(fields)
            if isinstance(source, dict):
                self.problems = source
                return None
            self.problems, self.is_adding = {}, True
        problem = ""
        try:
            await self._store_source(scope, source)
        except PrivexError as error:
            if error.kind is ErrorKind.UNAUTHENTICATED:
                raise
            problem = message_of(error)
        finally:
            async with self:
                self.is_adding = False
        async with self:
            if problem:
                self.problems = {"": problem}
                return None
            self.adding = ""
            return await self._after_adding(scope)

    async def _find_connections(self) -> None:
        by, scope = connected_by(self.connecting) if self.connecting else None, await self.scope()  # type: ignore[attr-defined]
        if by is None or "credentials.read" not in scope.permissions:
            return
        works = runtime.current().works
        async with works.open(scope, read_only=True) as work:
            found = await ConnectionService(work).list_connections(PageParams(limit=LARGEST_PAGE_SIZE))
        fitting = [{"value": str(view.id), "text": view.name} for view in found.items if view.provider == by.provider]
        is_ready = by.provider in works.plugins.connections.configured() and "credentials.manage" in scope.permissions
        self.connections = [{"value": WITH_TOKEN, "text": "With a token"}, *fitting] if fitting or is_ready else []
        self.connect_address = routes.start_connection(by.provider) if is_ready else ""

    def _prepare_adding(self) -> None:
        """Show what may be added."""
        self.accepted, self.max_bytes = list(supported_extensions()), runtime.current().max_upload_bytes
        self.connectors = connector_choices()
        self.can_render = runtime.current().works.plugins.http.config.browsing is not Browsing.OFF

    async def _store_source(self, scope: Scope, source: NewSource) -> None:
        raise NotImplementedError

    async def _after_adding(self, scope: Scope) -> Any:
        raise NotImplementedError


def parse_source(fields: dict[str, Any]) -> NewSource | dict[str, str]:
    """The source in a form, or a sentence for each field that is wrong."""
    try:
        return SOURCE_ADAPTER.validate_python(fields)
    except ValidationError as error:
        names = [next((str(part) for part in problem["loc"] if part in SENTENCES), "") for problem in error.errors()]
        return {name: SENTENCES.get(name, "Please check what you entered.") for name in names}
