"""Chatflows in and out of the list: begun from a template, read from a file, written to one."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app.domains.chatflows.exchange import ChatflowExchange
from privexbot_app.domains.chatflows.schemas import ImportReport, LossView, MissingView
from privexbot_app.kit.errors import InvalidError
from privexbot_app.ui import routes
from privexbot_app.ui.formats import say_count
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.session import ScopedState

RESOURCE_WORDS = {"knowledge_base": "Knowledge base", "credential": "Credential", "chatflow": "Chatflow"}


@dataclass
class TemplateRow:
    """A finished flow to begin with."""

    name: str
    title: str
    description: str
    nodes: str


@dataclass
class ReportLine:
    """One thing of a file that is not as it was, or is still to be chosen."""

    title: str
    reason: str


class ExchangeState(ScopedState):
    """Templates, the file that is read, and what came of it."""

    is_choosing: bool = False
    templates: list[TemplateRow] = []
    is_importing: bool = False
    problem: str = ""
    is_reporting: bool = False
    summary: str = ""
    unsupported: list[ReportLine] = []
    changed: list[ReportLine] = []
    missing: list[ReportLine] = []
    draft_id: str = ""

    @rx.event
    async def show_templates(self, is_open: bool) -> None:
        """Open or close the choice of a template."""
        self.is_choosing = bool(is_open)
        if self.is_choosing:
            exchange = ChatflowExchange(self.works, await self.scope())
            self.templates = [
                TemplateRow(one.name, one.title, one.description, say_count(one.nodes, "node"))
                for one in exchange.list_templates()
            ]

    @rx.event
    async def begin_from(self, name: str) -> Any:
        """Begin a draft of a template; what is to be chosen first is told on the way."""
        exchange = ChatflowExchange(self.works, await self.scope())
        draft, report = await exchange.create_from_template(str(name))
        self.is_choosing = False
        return self._arrive(str(draft.draft_id), report, always=False)

    @rx.event
    def show_import(self, is_open: bool) -> None:
        """Open or close the dialog of a file."""
        self.is_importing, self.problem = bool(is_open), ""

    @rx.event
    async def import_file(self, form: dict[str, Any]) -> Any:
        """Begin a draft of what a file holds, and say what was lost."""
        exchange = ChatflowExchange(self.works, await self.scope())
        try:
            draft, report = await exchange.import_flow(str(form.get("content", "")))
        except InvalidError as error:
            self.problem = error.message
            return None
        self.is_importing = False
        return self._arrive(str(draft.draft_id), report, always=True)

    @rx.event
    def show_report(self, is_open: bool) -> None:
        """Close the report; the draft is in the list."""
        self.is_reporting = bool(is_open)

    @rx.event
    async def export_live(self, chatflow_id: str, name: str) -> Any:
        """Write a live chatflow to a file."""
        exchange = ChatflowExchange(self.works, await self.scope())
        return _download(await exchange.export_flow(parse_id(chatflow_id)), name)

    @rx.event
    async def export_draft(self, draft_id: str, name: str) -> Any:
        """Write a draft to a file."""
        exchange = ChatflowExchange(self.works, await self.scope())
        return _download(await exchange.export_draft(parse_id(draft_id)), name)

    def _arrive(self, draft_id: str, report: ImportReport, *, always: bool) -> Any:
        """To the editor; by way of the report when there is something to tell."""
        if not always and not report.missing:
            return rx.redirect(routes.chatflow_editor(draft_id))
        self.draft_id, self.is_reporting = draft_id, True
        self.summary = f"{say_count(report.nodes, 'node')} and {say_count(report.edges, 'connection')} were read."
        self.unsupported = [_loss_line(loss) for loss in report.unsupported]
        self.changed = [_loss_line(loss) for loss in report.changed]
        self.missing = [_missing_line(missing) for missing in report.missing]
        return None


def _loss_line(loss: LossView) -> ReportLine:
    return ReportLine(loss.title or loss.type, loss.reason)


def _missing_line(missing: MissingView) -> ReportLine:
    return ReportLine(missing.name, f"{RESOURCE_WORDS.get(missing.kind, missing.kind)} to be chosen in the editor.")


def _download(content: str, name: str) -> Any:
    kept = "".join(character if character.isalnum() else "-" for character in str(name).lower()).strip("-")
    return rx.download(data=content, filename=f"{kept[:60] or 'chatflow'}.yaml")
