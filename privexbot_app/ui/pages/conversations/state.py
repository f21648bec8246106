"""The inbox: which conversations are listed, which one is read, and what is done to it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.conversations.inbox import InboxService
from privexbot_app.domains.conversations.inbox_schemas import (
    AgentMessage,
    ConversationChange,
    ConversationFilters,
    ConversationView,
    HandBack,
    Status,
    TranscriptMessage,
    TranscriptView,
)
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.domains.conversations.takeover import Takeover
from privexbot_app.domains.evaluations.service import promote
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.pagination import PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.formats import say_ago, say_exactly
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.session import ScopedState

PAGE = 50
STATUSES: dict[Status, tuple[str, str]] = {
    "waiting": ("Waits for a person", "warn"),
    "held": ("Answered by a person", "busy"),
    "open": ("Open", "good"),
    "closed": ("Closed", "neutral"),
}
EVERYTHING = "all"
RATINGS = {"up": "👍 Helpful", "down": "👎 Not helpful"}
WRITERS = {"visitor": "Visitor", "bot": "Bot", "agent": "Team"}


@dataclass
class TalkRow:
    """A conversation in the list."""

    id: str
    title: str
    preview: str
    bot: str
    ago: str
    exactly: str
    status: str
    tone: str
    tags: str


@dataclass
class TalkLine:
    """A message of the transcript. trace: what a chatflow's nodes did for it."""

    id: str
    role: str
    writer: str
    text: str
    exactly: str
    sources: list[str] = field(default_factory=list)
    trace: str = ""
    rating: str = ""
    comment: str = ""


class ConversationsState(ScopedState):
    """What the page shows. current: the conversation that is read; its id is empty while none is."""

    is_listed: bool = False
    rows: list[TalkRow] = []
    cursor: str = ""
    words: str = ""
    status: str = EVERYTHING
    rating: str = EVERYTHING
    with_test: bool = False
    current: dict[str, str] = {}
    is_mine: bool = False
    lines: list[TalkLine] = []
    bases: list[dict[str, str]] = []
    base_id: str = ""

    @rx.event
    async def load(self) -> None:
        """List the newest; read none yet."""
        scope = await self.scope()
        self.current, self.lines, self.is_mine = {}, [], False
        async with self.works.open(scope, read_only=True) as work:
            if "kb.write" in scope.permissions:
                page = await KnowledgeService(work).list_bases(PageParams(limit=100))
                self.bases = [{"value": str(base.id), "text": base.name} for base in page.items]
        self.base_id = self.bases[0]["value"] if self.bases else ""
        await self._list(scope)
        self.is_listed = True

    @rx.event
    async def search(self, words: str) -> None:
        """Those in which somebody has used the words."""
        scope = await self.scope()
        self.words = str(words)[:200]
        await self._list(scope)

    @rx.event
    async def choose_status(self, status: str) -> None:
        """Those with a status."""
        scope = await self.scope()
        self.status = status if status in get_args(Status) else EVERYTHING
        await self._list(scope)

    @rx.event
    async def choose_rating(self, rating: str) -> None:
        """Those with an answer that was rated so."""
        scope = await self.scope()
        self.rating = rating if rating in RATINGS else EVERYTHING
        await self._list(scope)

    @rx.event
    async def show_test(self, is_shown: bool) -> None:
        """With or without what was said with a test key."""
        scope = await self.scope()
        self.with_test = bool(is_shown)
        await self._list(scope)

    @rx.event
    async def more(self) -> None:
        """The next page."""
        await self._list(await self.scope(), is_more=True)

    @rx.event
    async def read(self, conversation_id: str) -> None:
        """Show a conversation."""
        await self._show(await self.scope(), str(conversation_id))

    @rx.event
    async def press(self, key: str) -> None:
        """j and k go down and up the list."""
        scope = await self.scope()
        step = {"j": 1, "k": -1}.get(str(key))
        if step is None or not self.rows:
            return
        ids = [row.id for row in self.rows]
        here = ids.index(self.current["id"]) if self.current.get("id") in ids else -1 if step > 0 else len(ids)
        await self._show(scope, ids[min(max(here + step, 0), len(ids) - 1)])

    @rx.event
    async def refresh(self) -> None:
        """See what has happened meanwhile."""
        await self._look_again(await self.scope())

    @rx.event
    async def take_over(self) -> None:
        """Answer instead of the bot."""
        scope = await self.scope()
        await self._takeover.take_over(scope, parse_id(self.current.get("id")))
        await self._look_again(scope)

    @rx.event
    async def say(self, form: dict[str, Any]) -> None:
        """Write to the visitor."""
        scope = await self.scope()
        message = AgentMessage(content=str(form.get("content", "")))
        await self._takeover.say(scope, parse_id(self.current.get("id")), message)
        await self._look_again(scope)

    @rx.event
    async def hand_back(self, form: dict[str, Any]) -> None:
        """Let the bot answer again, with a note for a chatflow that waits."""
        scope = await self.scope()
        back = HandBack(note=str(form.get("note", "")))
        await self._takeover.hand_back(scope, parse_id(self.current.get("id")), back)
        await self._look_again(scope)

    @rx.event
    async def release(self) -> None:
        """Leave it to somebody else."""
        scope = await self.scope()
        await self._takeover.release(scope, parse_id(self.current.get("id")))
        await self._look_again(scope)

    @rx.event
    async def set_open(self, is_open: bool) -> None:
        """Close it, or open it again."""
        await self._change(await self.scope(), ConversationChange(is_open=bool(is_open)))

    @rx.event
    async def save_tags(self, form: dict[str, Any]) -> Any:
        """Put exactly these tags on it; they are typed with commas between them."""
        names = [name.strip() for name in str(form.get("tags", "")).split(",")]
        await self._change(await self.scope(), ConversationChange(tags=[name for name in names if name]))
        return rx.toast.success("Tags saved.")

    @rx.event
    async def choose_base(self, base_id: str) -> None:
        """Where golden questions go."""
        await self.scope()
        self.base_id = str(base_id)

    @rx.event
    async def promote(self, message_id: str) -> Any:
        """Make a golden question of an answer."""
        scope = await self.scope()
        installation = runtime.current()
        conversations = ConversationService(installation.works, installation.keys)
        await promote(self.works, scope, conversations, parse_id(self.base_id), parse_id(message_id))
        return rx.toast.success("It is a golden question now.")

    @property
    def _takeover(self) -> Takeover:
        installation = runtime.current()
        return Takeover(installation.works, installation.keys)

    async def _look_again(self, scope: Scope) -> None:
        if len(self.rows) <= PAGE:  # whoever has scrolled further is not thrown back
            await self._list(scope)
        if self.current:
            await self._show(scope, self.current["id"])

    async def _change(self, scope: Scope, change: ConversationChange) -> None:
        async with self.works.open(scope) as work:
            await InboxService(work).change(parse_id(self.current.get("id")), change)
        await self._show(scope, self.current["id"])
        await self._list(scope)

    async def _list(self, scope: Scope, *, is_more: bool = False) -> None:
        filters = ConversationFilters.model_validate(
            {
                "text": self.words,
                "status": None if self.status == EVERYTHING else self.status,
                "rating": None if self.rating == EVERYTHING else self.rating,
                "with_test": self.with_test,
            }
        )
        params = PageParams(PAGE, self.cursor if is_more else None)
        async with self.works.open(scope, read_only=True) as work:
            page = await InboxService(work).list_conversations(params, filters)
        rows = [_row(view, now=utc_now()) for view in page.items]
        self.rows = [*self.rows, *rows] if is_more else rows
        self.cursor = page.next_cursor or ""

    async def _show(self, scope: Scope, conversation_id: str) -> None:
        async with self.works.open(scope, read_only=True) as work:
            whole = await InboxService(work).get_transcript(parse_id(conversation_id))
        view = whole.conversation
        word, tone = STATUSES[view.status]
        self.current = {
            "id": str(view.id),
            "title": title_of(view),
            "bot": view.bot_name,
            "status": view.status,
            "word": f"{view.agent.name} answers" if view.agent else word,
            "tone": tone,
            "tags": ", ".join(view.tags),
            "since": say_exactly(view.created_at),
        }
        self.is_mine = view.agent is not None and str(view.agent.id) == scope.actor.id
        self.lines = lines_of(whole)


def title_of(view: ConversationView) -> str:
    """Whom the conversation is with."""
    return view.visitor_id or f"Visitor {view.id.hex[-6:]}"


def lines_of(whole: TranscriptView) -> list[TalkLine]:
    """The transcript, each answer with the way that it took through a chatflow."""
    ways = {
        turn.message_id: " → ".join(
            f"{run.node_id} ({run.type}{', failed' if run.status == 'failed' else ''}, {run.duration_ms:.0f} ms)"
            for run in turn.runs
        )
        for turn in whole.turns
    }
    return [_line(message, ways.get(message.message_id, "")) for message in whole.messages]


def _line(message: TranscriptMessage, trace: str) -> TalkLine:
    return TalkLine(
        id=str(message.message_id),
        role=message.role,
        writer=message.author or WRITERS[message.role],
        text=message.content,
        exactly=say_exactly(message.created_at),
        sources=[f"[{one.index}] {one.title}: {one.snippet}" for one in message.citations],
        trace=trace,
        rating=RATINGS.get(message.rating or "", ""),
        comment=message.comment or "",
    )


def _row(view: ConversationView, *, now: datetime) -> TalkRow:
    word, tone = STATUSES[view.status]
    return TalkRow(
        id=str(view.id),
        title=title_of(view),
        preview=view.preview,
        bot=view.bot_name,
        ago=say_ago(view.last_at, now=now),
        exactly=say_exactly(view.last_at),
        status=word,
        tone=tone,
        tags=", ".join(view.tags),
    )
