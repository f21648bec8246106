"""Chatflows in and out: files of our own format and of other products, and the templates that come with the product.

Files name knowledge bases, credentials and other chatflows; they are found by name among what the caller may see in
this workspace. An id in a file counts for nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import PurePath
from typing import Any, Protocol
from uuid import UUID

from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.bots.schemas import BotConfig, BotDraftView
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.drafts import ChatflowDraftService
from privexbot_app.domains.chatflows.resources import list_resources
from privexbot_app.domains.chatflows.schemas import ImportReport, LossView, MissingView, TemplateView
from privexbot_app.domains.chatflows.service import ChatflowNotFoundError
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.flow.flow_file import BotSpec, ResourceSpec
from privexbot_app.flow.formats.base import ImportedFlow, Loss, read_flow
from privexbot_app.flow.formats.own import FlowExport, resolve, write_flow
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.flow.templates import get_template, list_templates
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, Page, PageParams
from privexbot_app.kit.scope import Scope

LONGEST_NAME = 80


class _Named(Protocol):
    id: UUID
    name: str


class ChatflowExchange:
    """Imports, exports and templates of one workspace."""

    def __init__(self, works: Workshop, scope: Scope) -> None:
        self._works = works
        self._scope = scope

    async def import_flow(self, content: str, filename: str = "") -> tuple[BotDraftView, ImportReport]:
        """Begin a draft of what a file holds, whatever its format, and say what was lost. Needs `bots.write`.

        Raises FlowFileTooLargeError, FlowFileUnreadableError, FlowFormatUnknownError, FlowFileInvalidError.
        """
        self._scope.require("bots.write")
        flow = await asyncio.to_thread(read_flow, content)
        return await self._begin(flow, flow.name or PurePath(filename).stem)

    async def export_flow(self, chatflow_id: UUID, version: int | None = None) -> str:
        """The file of a version of a live chatflow, by default the one that answers. Needs `bots.read`.

        Raises ChatflowNotFoundError, NotFoundError (`bot_version_not_found`).
        """
        self._scope.require("bots.read")
        try:
            async with self._works.open(self._scope, read_only=True) as work:
                config = await BotService(work).get_config(chatflow_id, version)
        except NotFoundError as error:
            if error.code == "bot_not_found":
                raise ChatflowNotFoundError from error
            raise
        if config.graph is None:
            raise ChatflowNotFoundError
        return await self._write(config, config.graph)

    async def export_draft(self, draft_id: UUID) -> str:
        """The file of a draft as it is. Needs `bots.read`. Raises DraftNotFoundError."""
        config = (await ChatflowDraftService(self._works, self._scope).get(draft_id)).config
        return await self._write(config, config.graph or GraphSpec())

    def list_templates(self) -> list[TemplateView]:
        """The templates. Needs `bots.read`."""
        self._scope.require("bots.read")
        return [_template_view(name, flow) for name, flow in list_templates().items()]

    async def create_from_template(self, name: str) -> tuple[BotDraftView, ImportReport]:
        """Begin a draft of a template, and say what is to be chosen. Needs `bots.write`.

        Raises TemplateNotFoundError.
        """
        self._scope.require("bots.write")
        flow = get_template(name)
        return await self._begin(flow, flow.name)

    async def _begin(self, flow: ImportedFlow, name: str) -> tuple[BotDraftView, ImportReport]:
        kinds = {resource.kind for resource in flow.resources.values()}
        ids: dict[tuple[str, str], str] = {}
        async for kind, id, found in self._list_named(kinds):
            # The newest comes first, and counts where several have the name.
            ids.setdefault((kind, found), id)
        resolved, missing = resolve(flow, ids)
        fields: dict[str, Any] = {
            "name": name.strip()[:LONGEST_NAME],
            "description": flow.description,
            "suggested_questions": list(flow.suggested_questions),
            "graph": resolved.graph.model_dump(mode="json"),
        }
        if flow.greeting:
            fields["greeting"] = flow.greeting
        draft = await ChatflowDraftService(self._works, self._scope).create(fields)
        return draft, _report_view(resolved, missing)

    async def _write(self, config: BotConfig, graph: GraphSpec) -> str:
        kinds = {resource.kind for _, resource in list_resources(graph)}
        names = {(kind, id): name async for kind, id, name in self._list_named(kinds)}
        bot = BotSpec(
            name=config.name,
            description=config.description,
            greeting=config.greeting,
            suggested_questions=config.suggested_questions,
        )
        return await asyncio.to_thread(write_flow, FlowExport(graph, bot, names))

    async def _list_named(self, kinds: Iterable[str]) -> AsyncIterator[tuple[str, str, str]]:
        """(kind, id, name) of what the caller may see of these kinds."""
        for kind in sorted(kinds):
            permission, lister = LISTERS[kind]
            if permission not in self._scope.permissions:
                continue
            params = PageParams(limit=LARGEST_PAGE_SIZE)
            while True:
                async with self._works.open(self._scope, read_only=True) as work:
                    page = await lister(work, params)
                for one in page.items:
                    yield kind, str(one.id), one.name
                if page.next_cursor is None:
                    break
                params = PageParams(limit=LARGEST_PAGE_SIZE, cursor=page.next_cursor)


async def _list_bases(work: Work, params: PageParams) -> Page[Any]:
    return await KnowledgeService(work).list_bases(params)


async def _list_credentials(work: Work, params: PageParams) -> Page[Any]:
    return await CredentialService(work).list(params)


async def _list_chatflows(work: Work, params: PageParams) -> Page[Any]:
    return await BotService(work).list_bots(params, browser_url="", kind=BotKind.CHATFLOW)


LISTERS: dict[str, tuple[str, Callable[[Work, PageParams], Awaitable[Page[_Named]]]]] = {
    "knowledge_base": ("kb.read", _list_bases),
    "credential": ("credentials.read", _list_credentials),
    "chatflow": ("bots.read", _list_chatflows),
}


def _template_view(name: str, flow: ImportedFlow) -> TemplateView:
    return TemplateView(
        name=name,
        title=flow.name,
        description=flow.description,
        nodes=len(flow.graph.nodes),
        needs=[MissingView(node_id="", kind=one.kind, name=one.name) for one in flow.resources.values()],
    )


def _report_view(flow: ImportedFlow, missing: Iterable[tuple[str, ResourceSpec]]) -> ImportReport:
    report = flow.report
    return ImportReport(
        format=flow.format,
        nodes=report.nodes,
        edges=report.edges,
        kept=report.kept,
        replaced=report.replaced,
        added=report.added,
        unsupported=_loss_views(report.unsupported),
        changed=_loss_views(report.changed),
        missing=[MissingView(node_id=node_id, kind=one.kind, name=one.name) for node_id, one in missing],
    )


def _loss_views(losses: Iterable[Loss]) -> list[LossView]:
    return [LossView(**vars(loss)) for loss in losses]
