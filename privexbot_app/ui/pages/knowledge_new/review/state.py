"""The pages of one source of the draft: the list, one page's text, and what the source did not take in."""

from typing import Any

import reflex as rx
from pydantic import ValidationError

from privexbot_app.domains.knowledge.pages import SourceBusyError
from privexbot_app.domains.knowledge.reviewing import DraftPages
from privexbot_app.domains.knowledge.schemas import MOST_PASTED_CHARACTERS, SourcePage, SourcePageChange
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.formats import say_count
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.knowledge.adding import LONGEST_PASTE
from privexbot_app.ui.knowledge.sources import PageRow, SourceRow, is_match, page_row
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.pages.knowledge_new.state import NewBaseState

PAGE_SIZE = 50
MOST_PAGES = MOST_PASTED_CHARACTERS
"""More than any source holds: the list is searched as a whole, and sent in parts."""


class ReviewState(NewBaseState):
    """What the dialog shows. reviewed: the source, empty when the dialog is closed. open_number: -1 for the list."""

    reviewed: str = ""
    review_name: str = ""
    pages: list[PageRow] = []
    page_total: int = 0
    page_matches: int = 0
    page_included: int = 0
    page_part: int = 1
    wanted_page: str = ""
    open_number: int = -1
    open_page: PageRow = PageRow(-1, "", "", "", "", is_included=False, is_edited=False)
    open_text: str = ""
    open_problem: str = ""
    is_open_too_long: bool = False
    left_source: SourceRow = SourceRow("", "", "", "", "")

    @rx.var
    def page_parts(self) -> int:
        """How many parts the list has."""
        return max(1, -(-self.page_matches // PAGE_SIZE))

    @rx.var
    def page_words(self) -> str:
        """How many pages become documents."""
        return f"{self.page_included:,} of {say_count(self.page_total, 'page')} will be taken in"

    @rx.var
    def page_part_words(self) -> str:
        """Which part is shown."""
        return f"Part {self.page_part:,} of {self.page_parts:,}"

    @rx.event
    async def open_review(self, source_id: str) -> None:
        """Show the pages of a source."""
        scope = await self.scope()
        self.reset()
        chosen = str(parse_id(source_id))
        found = [row for row in self.sources if row.id == chosen]
        if not found:
            raise NotFoundError("There is no such source.", code="source_not_found")
        self.reviewed, self.review_name, self.left_source = chosen, found[0].name, found[0]
        await self._load_pages(scope)

    @rx.event
    async def close_review(self, is_open: bool) -> Any:
        """Close the dialog; what the preview shows may have changed."""
        await self.scope()
        if is_open:
            return None
        self.reviewed = ""
        return [NewBaseState.reload_sources, NewBaseState.preview]

    @rx.event
    async def find_page(self, wanted: str) -> None:
        """Show pages with this in their title or address only."""
        scope = await self.scope()
        self.wanted_page, self.page_part = str(wanted)[:200], 1
        await self._load_pages(scope)

    @rx.event
    async def turn_pages(self, by: int) -> None:
        """Show the next or the previous part of the list."""
        scope = await self.scope()
        self.page_part = min(max(1, self.page_part + (1 if by == 1 else -1)), self.page_parts)
        await self._load_pages(scope)

    @rx.event
    async def include_page(self, number: int, is_included: bool) -> None:
        """Take a page in or out."""
        scope = await self.scope()
        await self._include(scope, [_whole(number)], is_included=is_included is True)

    @rx.event
    async def include_matches(self, is_included: bool) -> None:
        """Take every page in or out that fits the search."""
        scope = await self.scope()
        matches = [page.number for page in await self._all(scope) if is_match(page, self.wanted_page.strip())]
        await self._include(scope, matches, is_included=is_included is True)

    @rx.event
    async def open_one(self, number: int) -> None:
        """Show a page's text."""
        scope = await self.scope()
        draft_id, source_id = parse_id(self.draft_id), parse_id(self.reviewed)
        page = await DraftPages(self.works, scope).get_page(draft_id, source_id, _whole(number))
        self.open_number, self.open_page, self.open_problem = page.number, page_row(page), ""
        self.is_open_too_long = len(page.text) > LONGEST_PASTE
        self.open_text = page.text[:LONGEST_PASTE]

    @rx.event
    async def close_one(self) -> None:
        """Go back to the list."""
        await self._load_pages(await self.scope())
        self.open_number = -1

    @rx.event
    async def save_page(self, form: dict[str, Any]) -> Any:
        """Keep an edited page; it is taken in."""
        scope = await self.scope()
        text = None if self.is_open_too_long else str(form.get("text", ""))
        if text == self.open_text:
            text = None
        try:
            change = SourcePageChange(name=str(form.get("name", "")), text=text, is_included=True)
        except ValidationError:
            self.open_problem = "A page needs a title of up to 120 characters, and a text."
            return None
        draft_id, source_id = parse_id(self.draft_id), parse_id(self.reviewed)
        try:
            await DraftPages(self.works, scope).change_page(draft_id, source_id, self.open_number, change)
        except SourceBusyError as error:
            self.open_problem = message_of(error)
            return None
        await self._load_pages(scope)
        self.open_number = -1
        return rx.toast.success("Saved the page.")

    async def _include(self, scope: Scope, numbers: list[int], *, is_included: bool) -> None:
        draft_id, source_id = parse_id(self.draft_id), parse_id(self.reviewed)
        found = await DraftPages(self.works, scope).include_pages(draft_id, source_id, numbers, is_included=is_included)
        self._show_pages(found)

    async def _load_pages(self, scope: Scope) -> None:
        self._show_pages(await self._all(scope))

    async def _all(self, scope: Scope) -> list[SourcePage]:
        draft_id, source_id = parse_id(self.draft_id), parse_id(self.reviewed)
        return await DraftPages(self.works, scope).list_pages(draft_id, source_id, offset=0, limit=MOST_PAGES)

    def _show_pages(self, found: list[SourcePage]) -> None:
        matches = [page for page in found if is_match(page, self.wanted_page.strip())]
        self.page_total, self.page_matches = len(found), len(matches)
        self.page_included = sum(page.is_included for page in found)
        self.page_part = min(self.page_part, self.page_parts)
        first = (self.page_part - 1) * PAGE_SIZE
        self.pages = [page_row(page) for page in matches[first : first + PAGE_SIZE]]


def _whole(number: object) -> int:
    """A page's number. Garbage raises the same NotFoundError as a number that no page has."""
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    raise NotFoundError("There is no such page.", code="page_not_found")
