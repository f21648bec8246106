"""A document in windows of text: a book opens as fast as a note, and no message outgrows the socket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import reflex as rx

from privexbot_app.domains.knowledge.browsing import DocumentBrowser, window_starts
from privexbot_app.domains.knowledge.schemas import DocumentView
from privexbot_app.domains.knowledge.service import KnowledgeService, read_document_text
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.formats import say_count
from privexbot_app.ui.ids import id_in_path, parse_id
from privexbot_app.ui.knowledge.marking import Piece, cut_into_pieces
from privexbot_app.ui.knowledge.rows import ChunkLine, DocumentRow
from privexbot_app.ui.knowledge.views import chunk_line, document_row
from privexbot_app.ui.session import ScopedState

SHOW_CITED = """
(function show(frames) {
  const passage = document.getElementById("cited");
  if (!passage) return frames && requestAnimationFrame(() => show(frames - 1));
  const isTall = passage.getBoundingClientRect().height > 0.7 * innerHeight;
  passage.focus({ preventScroll: true });
  passage.scrollIntoView({ block: isTall ? "start" : "center" });
})(120)
"""
"""Waits until the passage is drawn. Of one that is taller than the screen, its beginning is what people look for."""


class DocumentState(ScopedState):
    """The document and the window of its text that is shown. part: counted from 1."""

    base_id_held: str = ""
    held_id: str = ""
    base_name: str = ""
    document: DocumentRow | None = None
    url: str = ""
    counts: str = ""
    conflicts: int = 0
    pieces: list[Piece] = []
    chunks: list[ChunkLine] = []
    part: int = 1
    parts: int = 1
    cited_start: int = 0
    cited_end: int = 0
    text_problem: str = ""
    is_ready: bool = False
    is_missing: bool = False

    @rx.var
    def part_words(self) -> str:
        """Where in the document the window is."""
        return f"Part {self.part:,} of {self.parts:,}"

    @rx.var
    def conflict_words(self) -> str:
        """How many chunks are in conflict."""
        return f"{say_count(self.conflicts, 'chunk')} in conflict."

    @rx.var
    def is_busy(self) -> bool:
        """Whether the document is being processed."""
        return self.document is not None and not self.document.is_settled

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Read the document of this address, at the passage that the address names."""
        scope = await self.scope()
        self.reset()
        yield  # bones, not the page that was left
        query = self.router.url.query_parameters
        self.cited_start, self.cited_end = read_range(query.get("start", ""), query.get("end", ""))
        try:
            base_id, document_id = ids_in_path(self.router.url.path)
            self.base_id_held, self.held_id = str(base_id), str(document_id)
            await self._load_document(scope)
            await self._show_window(scope, at=self.cited_start)
        except NotFoundError:
            self.is_missing = True
        self.is_ready = True
        if self.cited_end:
            yield rx.call_script(SHOW_CITED)

    @rx.event
    async def refresh(self) -> None:
        """Look again at a document that is on its way."""
        scope = await self.scope()
        await self._load_document(scope)
        if not self.is_busy or self.text_problem:
            await self._show_window(scope, part=self.part)

    @rx.event
    async def turn_to(self, part: int) -> Any:
        """Show another window."""
        scope = await self.scope()
        if not isinstance(part, int):
            return None
        await self._show_window(scope, part=part)
        return rx.call_script("document.getElementById('text-top')?.scrollIntoView({block: 'start'})")

    @rx.event
    async def retry(self) -> None:
        """Index the document once more."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            await KnowledgeService(work).retry_document(parse_id(self.base_id_held), parse_id(self.held_id))
        await self._load_document(scope)

    @rx.event
    async def cancel(self) -> None:
        """Stop the document on its way."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            await KnowledgeService(work).cancel_document(parse_id(self.base_id_held), parse_id(self.held_id))
        await self._load_document(scope)

    async def _load_document(self, scope: Scope) -> None:
        base_id, document_id = parse_id(self.base_id_held), parse_id(self.held_id)
        async with self.works.open(scope, read_only=True) as work:
            service = KnowledgeService(work)
            self.base_name = (await service.get_base(base_id)).name
            view = await service.get_document(base_id, document_id)
        self.document, self.url = document_row(view, self.base_id_held), view.url or ""
        self.counts, self.conflicts = _say_counts(view), view.conflicts

    async def _show_window(self, scope: Scope, *, at: int | None = None, part: int = 1) -> None:
        """Show the window that holds the character `at`, or the numbered one."""
        text = await self._read_text(scope)
        if text is None:
            return
        starts = await asyncio.to_thread(window_starts, text)
        if at is not None:
            part = sum(1 for start in starts if start <= at)
        self.part, self.parts = min(max(1, part), len(starts)), len(starts)
        start = starts[self.part - 1]
        end = starts[self.part] if self.part < len(starts) else len(text)
        async with self.works.open(scope, read_only=True) as work:
            chunks = await DocumentBrowser(work).list_chunks_within(
                parse_id(self.base_id_held), parse_id(self.held_id), start=start, end=end
            )
        cited = (self.cited_start, self.cited_end)
        self.pieces = cut_into_pieces(text[start:end], chunks, offset=start, cited=cited)
        self.chunks = [chunk_line(chunk) for chunk in chunks]

    async def _read_text(self, scope: Scope) -> str | None:
        document_id = parse_id(self.held_id)
        async with self.works.open(scope, read_only=True) as work:
            name, folder = await KnowledgeService(work).find_text(parse_id(self.base_id_held), document_id)
        try:
            found = await read_document_text(self.works.plugins, document_id, name, folder)
        except NotFoundError as error:
            self.text_problem, self.pieces, self.chunks = error.message, [], []
            return None
        self.text_problem = ""
        return found.text


def ids_in_path(path: str) -> tuple[UUID, UUID]:
    """The knowledge base's and the document's id in a document's address. Raises NotFoundError."""
    above, _, _ = path.rstrip("/").rpartition("/documents/")
    return id_in_path(above), id_in_path(path)


def read_range(start: str, end: str) -> tuple[int, int]:
    """A range of characters from an address; (0, 0) for none, or one that makes no sense.

    >>> read_range("10", "20"), read_range("20", "10"), read_range("x", "")
    ((10, 20), (0, 0), (0, 0))
    """
    if not (start.isdecimal() and end.isdecimal()) or int(start) >= int(end):
        return 0, 0
    return int(start), int(end)


def _say_counts(view: DocumentView) -> str:
    parts = [say_count(view.chunk_count, "chunk"), say_count(view.token_count, "token")]
    return " · ".join(parts) if view.chunk_count else ""
