"""Changing a chunk: its words, whether it is used, another one beside it, and whose words stay in a conflict."""

from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from privexbot_app.domains.knowledge.chunks import ChunkService
from privexbot_app.domains.knowledge.schemas import ChunkChange, ChunkView, NewChunk
from privexbot_app.domains.knowledge.states import ChunkOrigin
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.knowledge.marking import label_of
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.pages.knowledge_document.state import DocumentState

TEXT_PROBLEM = "A text of up to 20,000 characters."


class ChunkState(DocumentState):
    """The chunk in the dialog. dialog: change, add or empty. source_text: what the source says now, or said."""

    dialog: str = ""
    chunk_id: str = ""
    chunk_label: str = ""
    chunk_text: str = ""
    chunk_heading: str = ""
    source_text: str = ""
    is_used: bool = True
    is_edited: bool = False
    is_added: bool = False
    is_conflict: bool = False
    is_changing: bool = False
    chunk_problem: str = ""
    turn: int = 0

    @rx.event
    async def open_chunk(self, chunk_id: str) -> None:
        """Show a chunk, to be changed."""
        await self._open(await self.scope(), parse_id(chunk_id))

    @rx.event
    async def open_conflict(self) -> None:
        """Show the first chunk of this part that is in conflict."""
        scope = await self.scope()
        for line in self.chunks:
            if line.is_conflict:
                await self._open(scope, parse_id(line.id))
                return

    @rx.event
    def begin_adding(self) -> None:
        """Ask for the words of another chunk behind the one that is shown."""
        self.dialog, self.chunk_problem = "add", ""
        self.turn += 1

    @rx.event
    async def begin_adding_first(self) -> None:
        """Ask for the words of a chunk at the beginning."""
        await self.scope()
        self.chunk_id, self.chunk_label, self.dialog, self.chunk_problem = "", "", "add", ""
        self.turn += 1

    @rx.event
    def close_chunk(self, is_open: bool) -> None:
        """Close the dialog."""
        if not is_open:
            self.dialog = ""

    @rx.event
    async def save_chunk(self, form: dict[str, Any]) -> Any:
        """Keep other words."""
        scope = await self.scope()
        try:
            change = ChunkChange(text=str(form.get("text", "")))
        except ValidationError:
            self.chunk_problem = TEXT_PROBLEM
            return None
        return await self._change(scope, change, "Saved. The search follows in a moment.")

    @rx.event
    async def use_chunk(self, is_used: bool) -> Any:
        """Let searches find the chunk, or not."""
        scope = await self.scope()
        said = "Searches find it again." if is_used is True else "Nothing finds it any more."
        return await self._change(scope, ChunkChange(is_enabled=is_used is True), said, is_kept_open=True)

    @rx.event
    async def add_chunk(self, form: dict[str, Any]) -> Any:
        """Add a chunk."""
        scope = await self.scope()
        try:
            new = NewChunk(text=str(form.get("text", "")), after=parse_id(self.chunk_id) if self.chunk_id else None)
        except ValidationError:
            self.chunk_problem = TEXT_PROBLEM
            return None
        try:
            async with self.works.open(scope) as work:
                await ChunkService(work).add_chunk(*self._document(), new)
        except PrivexError as error:
            self.chunk_problem = message_of(error)
            return None
        return await self._done(scope, "Added. The search follows in a moment.")

    @rx.event
    async def keep(self, whose: str) -> Any:
        """End a conflict, or undo a change. whose: mine or source."""
        scope = await self.scope()
        keep = "mine" if str(whose) == "mine" else "source"
        try:
            async with self.works.open(scope) as work:
                await ChunkService(work).decide(*self._document(), parse_id(self.chunk_id), keep=keep)
        except PrivexError as error:
            self.chunk_problem = message_of(error)
            return None
        return await self._done(scope, "Kept your words." if keep == "mine" else "The source’s words are back.")

    @rx.event
    async def delete_chunk(self) -> Any:
        """Delete an added chunk."""
        scope = await self.scope()
        try:
            async with self.works.open(scope) as work:
                await ChunkService(work).delete_chunk(*self._document(), parse_id(self.chunk_id))
        except PrivexError as error:
            self.chunk_problem = message_of(error)
            return None
        return await self._done(scope, "Deleted the chunk.")

    async def _change(self, scope: Scope, change: ChunkChange, said: str, *, is_kept_open: bool = False) -> Any:
        try:
            async with self.works.open(scope) as work:
                view = await ChunkService(work).change_chunk(*self._document(), parse_id(self.chunk_id), change)
        except PrivexError as error:
            self.chunk_problem = message_of(error)
            return None
        if is_kept_open:
            self._show_chunk(view)
        return await self._done(scope, said, is_kept_open=is_kept_open)

    async def _done(self, scope: Scope, said: str, *, is_kept_open: bool = False) -> Any:
        self.dialog = self.dialog if is_kept_open else ""
        await self._load_document(scope)
        await self._show_window(scope, part=self.part)
        return rx.toast.success(said)

    async def _open(self, scope: Scope, chunk_id: UUID) -> None:
        async with self.works.open(scope, read_only=True) as work:
            self._show_chunk(await ChunkService(work).get_chunk(*self._document(), chunk_id))
        self.dialog = "change"
        self.turn += 1

    def _show_chunk(self, view: ChunkView) -> None:
        self.chunk_id, self.chunk_label = str(view.id), label_of(view)
        self.chunk_text, self.chunk_heading, self.chunk_problem = view.text, view.heading, ""
        self.is_used, self.is_conflict = view.is_enabled, view.conflicting_text is not None
        self.is_edited, self.is_added = view.origin is ChunkOrigin.EDITED, view.origin is ChunkOrigin.ADDED
        self.source_text = view.basis if view.conflicting_text is None else view.conflicting_text

    def _document(self) -> tuple[UUID, UUID]:
        return parse_id(self.base_id_held), parse_id(self.held_id)
