"""Look at the pages of a draft's source before they become documents: read, edit, take in or out."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from privexbot_app.domains.knowledge.drafts import KnowledgeDraftService
from privexbot_app.domains.knowledge.pages import change_page, include_pages, page_at, read_page_text, read_pages
from privexbot_app.domains.knowledge.schemas import SourcePage, SourcePageChange, SourcePageText
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.scope import Scope

LOCK_SECONDS = 30


class DraftPages:
    """Pages of the sources of one workspace's drafts."""

    def __init__(self, works: Workshop, scope: Scope) -> None:
        self._works = works
        self._scope = scope
        self._drafts = KnowledgeDraftService(works, scope)

    async def list_pages(self, draft_id: UUID, source_id: UUID, *, offset: int, limit: int) -> list[SourcePage]:
        """Pages in the order in which they were met; none for a source of one document. Needs `kb.read`."""
        self._scope.require("kb.read")
        source = await self._drafts.find_source(draft_id, source_id)
        pages = await read_pages(self._works.plugins.storage, source.folder)
        shown = enumerate(pages[offset : offset + limit], start=offset)
        return [page.view(number) for number, page in shown]

    async def get_page(self, draft_id: UUID, source_id: UUID, number: int) -> SourcePageText:
        """A page with its text, which is empty for one that could not be read. Needs `kb.read`."""
        self._scope.require("kb.read")
        source = await self._drafts.find_source(draft_id, source_id)
        page = page_at(await read_pages(self._works.plugins.storage, source.folder), number)
        text = ""
        if page.stored.error is None:
            text = (await read_page_text(self._works.plugins, source, number)).text
        return SourcePageText(**page.view(number).model_dump(), text=text)

    async def change_page(self, draft_id: UUID, source_id: UUID, number: int, change: SourcePageChange) -> SourcePage:
        """Edit a page, or take it in or out. Needs `kb.write`. Raises PageNotFoundError, SourceBusyError."""
        self._scope.require("kb.write")
        source = await self._drafts.find_source(draft_id, source_id)
        async with self._lock(source_id):
            return await change_page(self._works.plugins, source, number, change)

    async def include_pages(
        self, draft_id: UUID, source_id: UUID, numbers: Collection[int], *, is_included: bool
    ) -> list[SourcePage]:
        """Take many pages in or out at once; returns all of them. Needs `kb.write`. Raises SourceBusyError."""
        self._scope.require("kb.write")
        source = await self._drafts.find_source(draft_id, source_id)
        async with self._lock(source_id):
            return await include_pages(self._works.plugins, source, numbers, is_included=is_included)

    def _lock(self, source_id: UUID) -> AbstractAsyncContextManager[object]:
        # The list of pages is one file: two people who change two pages at once must not undo each other.
        key = self._scope.key("lock", "pages", source_id)
        return self._works.redis.lock(key, timeout=LOCK_SECONDS, blocking_timeout=LOCK_SECONDS)
