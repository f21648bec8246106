"""The tab with the settings: name, how passages are found, how documents are cut and embedded."""

from typing import Any

import reflex as rx

from privexbot_app.domains.knowledge.reindexing import begin_reindex
from privexbot_app.domains.knowledge.schemas import KnowledgeBaseChange, ReindexRequest
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.kit.errors import InvalidError, PrivexError
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.components import card, confirm_dialog, icon, select_input, text_area, text_input
from privexbot_app.ui.components.tuning import chunking_fields, retrieval_fields
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.knowledge.cutting import ChoosingChunking, plain
from privexbot_app.ui.knowledge.retrieving import ChoosingRetrieval, reranker_choices
from privexbot_app.ui.knowledge.views import embedding_choices
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.pages.knowledge_base.state import BaseState
from privexbot_app.ui.session import ScopedState

CAN_WRITE = ScopedState.permissions.contains("kb.write")


class TuningState(ChoosingChunking, ChoosingRetrieval, BaseState):
    """The forms. How passages are found is saved at once; how documents are cut waits for “Index again”."""

    embedding: str = ""
    embeddings: list[dict[str, str]] = []
    is_asking_reindex: bool = False
    shown_id: str = ""

    @rx.event
    async def begin(self) -> None:
        """Show the settings as they are."""
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            settings = (await KnowledgeService(work).get_base(parse_id(self.held_id))).settings
        plugins = self.works.plugins
        self.rerankers = reranker_choices(plugins.rerankers.configured())
        self.embeddings = embedding_choices(plugins.embedders.configured(), settings.embedding)
        self.embedding = settings.embedding
        self._show_chunking(settings.chunking)
        self._show_retrieval(settings.retrieval)
        self.shown_id = self.held_id

    @rx.event
    async def choose_embedding(self, name: str) -> None:
        """Embed with another model from the next re-index on."""
        await self.scope()
        if str(name) in [choice["value"] for choice in self.embeddings]:
            self.embedding = str(name)

    @rx.event
    def ask_reindex(self, is_open: bool) -> None:
        """Open or close the question."""
        self.is_asking_reindex = bool(is_open)

    @rx.event
    async def reindex(self) -> Any:
        """Index everything anew with what is chosen."""
        scope = await self.scope()
        self.is_asking_reindex, self.settings_problem = False, ""
        if self._has_wrong_option():
            return None
        wanted = ReindexRequest(chunking=self._chunking(), embedding=self.embedding or None)
        try:
            view = await begin_reindex(self.works, scope, parse_id(self.held_id), wanted)
        except InvalidError as error:
            self.settings_problem = " ".join(plain(one.message) for one in error.problems) or error.message
            return None
        except PrivexError as error:
            self.settings_problem = message_of(error)
            return None
        self._show(view)
        return rx.toast.info("Indexing anew. Chatbots go on answering meanwhile.")

    async def _save_chunking(self, scope: Scope) -> None:
        self.settings_problem = ""

    async def _save(self, scope: Scope) -> None:
        async with self.works.open(scope) as work:
            change = KnowledgeBaseChange(retrieval=self._retrieval())
            self._show(await KnowledgeService(work).change_base(parse_id(self.held_id), change))


def settings_tab() -> rx.Component:
    """Everything that people may change of a knowledge base, and what it is made of."""
    return rx.el.div(
        rx.cond(CAN_WRITE, rx.fragment(_names(), _retrieval(), _chunking())),
        _facts(),
        rx.cond(CAN_WRITE, _danger()),
        on_mount=TuningState.begin,
        class_name="pb-stack",
    )


def _names() -> rx.Component:
    return card(
        rx.form(
            text_input(
                "Name",
                id="base-name",
                name="name",
                default_value=BaseState.name,
                max_length=120,
                dir="auto",
                problem=BaseState.name_problem,
            ),
            text_area(
                "Description",
                id="base-description",
                name="description",
                default_value=BaseState.description,
                max_length=2000,
                dir="auto",
            ),
            rx.box(rx.button("Save", type="submit")),
            on_submit=BaseState.rename,
            key=BaseState.held_id,
            class_name="pb-stack",
        ),
        title="Name and description",
    )


def _retrieval() -> rx.Component:
    return card(
        retrieval_fields(TuningState),
        title="Retrieval",
        lead="Saved as you change it, and used from the next question on.",
    )


def _chunking() -> rx.Component:
    return card(
        rx.el.div(
            chunking_fields(TuningState),
            select_input(
                "Embedding model",
                id="embedding",
                options=TuningState.embeddings,
                value=TuningState.embedding,
                on_change=TuningState.choose_embedding,
                help_text="What turns chunks and questions into vectors.",
            ),
            rx.box(
                rx.button(
                    icon("refresh-cw", 15),
                    "Index again",
                    disabled=BaseState.is_reindexing,
                    on_click=TuningState.ask_reindex(True),
                )
            ),
            class_name="pb-stack",
        ),
        confirm_dialog(
            "Index everything again?",
            "All documents are cut and embedded anew. Chatbots answer from what is there until it is done; chunks "
            "that were changed by hand are kept.",
            confirm="Index again",
            is_open=TuningState.is_asking_reindex,
            on_open_change=TuningState.ask_reindex,
            on_confirm=TuningState.reindex,
            is_dangerous=False,
        ),
        title="Chunking and embedding",
        lead="Takes effect when everything is indexed again.",
    )


def _facts() -> rx.Component:
    return card(
        rx.el.dl(
            rx.foreach(BaseState.facts, lambda row: rx.fragment(rx.el.dt(row["name"]), rx.el.dd(row["value"]))),
            class_name="pb-facts",
        ),
        title="How it is made",
        lead="What is in use now.",
    )


def _danger() -> rx.Component:
    return card(
        rx.button(
            icon("trash-2", 15), "Delete knowledge base", color_scheme="red", variant="soft",
            on_click=BaseState.ask_delete(""),
        ),
        title="Delete",
        lead="Its documents go with it, and chatbots no longer answer from it.",
    )  # fmt: skip
