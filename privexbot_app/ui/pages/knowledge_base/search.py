"""The tab that shows what a chatbot would read for a question."""

from typing import Any

import reflex as rx
from pydantic import ValidationError

from privexbot_app.domains.knowledge.retrieval import search_base
from privexbot_app.domains.knowledge.schemas import SearchRequest
from privexbot_app.kit.errors import PrivexError
from privexbot_app.ui.components import badge, empty_state, icon, note, skeleton
from privexbot_app.ui.components.documents import stretches
from privexbot_app.ui.formats import say_count
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.knowledge.rows import Found
from privexbot_app.ui.knowledge.views import found_passage
from privexbot_app.ui.knowledge.wording import MODE_WORDS
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.pages.knowledge_base.state import BaseState

LIMITS = ("3", "6", "10", "20", "50")


class SearchState(BaseState):
    """The question and what was found. turn: makes the answer to an earlier question void."""

    mode: str = ""
    limit: str = "6"
    question: str = ""
    found: list[Found] = []
    summary: str = ""
    problem: str = ""
    is_searching: bool = False
    has_searched: bool = False
    searched_id: str = ""
    turn: int = 0

    @rx.var
    def shown_mode(self) -> str:
        """The mode that was chosen, or the knowledge base's own."""
        return self.mode or self.default_mode

    @rx.event
    def choose_mode(self, mode: str | list[str]) -> Any:
        """Search in another way; what was asked is asked again."""
        self.mode = str(mode) if str(mode) in MODE_WORDS else ""
        return SearchState.search({"question": self.question}) if self.question else None

    @rx.event
    def choose_limit(self, limit: str) -> Any:
        """Show more or fewer; what was asked is asked again."""
        self.limit = str(limit) if str(limit) in LIMITS else "6"
        return SearchState.search({"question": self.question}) if self.question else None

    @rx.event
    def begin(self) -> None:
        """Forget what was found in another knowledge base."""
        if self.searched_id != self.held_id:
            self.reset()

    @rx.event(background=True)
    async def search(self, form: dict[str, Any]) -> None:
        """Search as a chatbot would."""
        async with self:
            scope = await self.scope()
            self.question, self.problem = str(form.get("question", "")).strip(), ""
            try:
                request = SearchRequest(query=self.question, limit=int(self.limit), mode=self.shown_mode or None)
            except ValidationError:
                self.problem = "Ask a question of up to 4,000 characters."
                return
            self.turn += 1
            turn, base_id = self.turn, parse_id(self.held_id)
            self.is_searching = True
        results, problem = None, ""
        try:
            results = await search_base(self.works, scope, base_id, request)
        except PrivexError as error:
            problem = message_of(error)
        async with self:
            if turn != self.turn:
                return
            self.is_searching, self.problem = False, problem
            if results is None:
                return
            passages = enumerate(results.results, start=1)
            self.found = [found_passage(result, rank, request.query) for rank, result in passages]
            self.summary = f"{say_count(len(self.found), 'passage')} in {results.took_ms:,} ms"
            self.has_searched, self.searched_id = True, self.held_id


def search_tab() -> rx.Component:
    """The form and the passages."""
    return rx.el.div(
        _form(),
        rx.cond(SearchState.problem != "", note(SearchState.problem, icon_name="circle-alert", tone="bad")),
        rx.cond(
            SearchState.is_searching & ~SearchState.has_searched,
            rx.el.div(*[skeleton(height="6.5rem")] * 3, role="status", aria_label="Searching", class_name="pb-stack"),
        ),
        rx.cond(SearchState.has_searched, _results(), _hint()),
        on_mount=SearchState.begin,
        class_name="pb-stack",
    )


def _form() -> rx.Component:
    modes = rx.segmented_control.root(
        *(rx.segmented_control.item(word, value=mode.value) for mode, word in MODE_WORDS.items()),
        value=SearchState.shown_mode,
        on_change=SearchState.choose_mode,
        aria_label="Find by",
    )
    limit = rx.select.root(
        rx.select.trigger(aria_label="How many passages"),
        rx.select.content(*(rx.select.item(f"{limit} passages", value=limit) for limit in LIMITS), position="popper"),
        value=SearchState.limit,
        on_change=SearchState.choose_limit,
    )
    return rx.form(
        rx.el.div(
            rx.input(
                rx.input.slot(icon("search", 16)),
                name="question",
                placeholder="Ask what a visitor would ask",
                aria_label="Question",
                dir="auto",
                max_length=4000,
                size="3",
                class_name="kb-grow",
            ),
            rx.button("Search", type="submit", size="3", loading=SearchState.is_searching),
            class_name="pb-row",
        ),
        rx.el.div(modes, limit, class_name="pb-actions"),
        on_submit=SearchState.search,
        class_name="pb-card pb-card-padded pb-stack",
    )


def _hint() -> rx.Component:
    return rx.cond(
        ~SearchState.is_searching,
        empty_state(
            "See what a chatbot would read",
            "Ask a question. The passages below are exactly those that an answer would be made of.",
            icon_name="text-search",
        ),
    )


def _results() -> rx.Component:
    nothing = empty_state(
        "Nothing found", "No passage fits this question. Try other words, or add a document.", icon_name="search-x"
    )
    return rx.el.div(
        rx.el.div(SearchState.summary, role="status", class_name="pb-soft"),
        rx.cond(
            SearchState.found.length() > 0,
            rx.el.ol(
                rx.foreach(SearchState.found, _passage), data_stale=SearchState.is_searching, class_name="kb-chunks"
            ),
            nothing,
        ),
        class_name="pb-stack pb-stack-tight",
    )


def _passage(passage: rx.Var[Found]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(passage.rank, class_name="kb-rank"),
            rx.link(
                passage.document, href=passage.href, title=passage.document, dir="auto", class_name="kb-name kb-grow"
            ),
            badge("Score " + passage.score, "neutral"),
            rx.cond(passage.cosine != "", badge("Cosine " + passage.cosine, "neutral")),
            class_name="pb-row kb-passage-head",
        ),
        rx.cond(
            passage.place != "", rx.el.div(passage.place, title=passage.place, dir="auto", class_name="kb-heading")
        ),
        stretches(passage.parts),
        rx.cond(passage.clipped != "", rx.el.div(passage.clipped, class_name="pb-tiny")),
        rx.link(
            "Show it in the document", icon("arrow-right", 14), href=passage.href, size="2", class_name="kb-inline"
        ),
        class_name="kb-chunk",
    )
