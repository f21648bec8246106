"""A chatflow's turn, told as events of the closed list. Visitors learn which node runs, never what it works with."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import UUID

from privexbot_app.domains.bots.schemas import BotConfig, KnowledgeChoice, ModelChoice, Redaction, RetrievalChoice
from privexbot_app.domains.chatflows.ports import Setting
from privexbot_app.domains.chatflows.running import run_flow
from privexbot_app.domains.chatflows.schemas import run_view
from privexbot_app.domains.conversations.answering import Finished, Piece, answer
from privexbot_app.domains.conversations.asking import Asking
from privexbot_app.domains.conversations.schemas import (
    AskView,
    ChatAnswer,
    ChatEvent,
    CitationView,
    EventName,
    Turn,
    UsageView,
)
from privexbot_app.flow import events as told
from privexbot_app.flow.ports import Answered, Found, Incoming, Inquiry, Tokens
from privexbot_app.flow.ports import Turn as FlowTurn
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import Passage, make_storable
from privexbot_app.rag.prompt import Grounding

MOST_BASES = 10


@dataclass
class _Heard:
    """What the visitor has been told so far."""

    text: list[str] = field(default_factory=list)
    citations: list[CitationView] = field(default_factory=list)
    ask: AskView | None = None
    is_supported: bool = True


async def flow_events(works: Workshop, asking: Asking) -> AsyncGenerator[ChatEvent]:
    """Run a turn of the asking's flow and fill its record for whoever keeps it. Close the iterator to stop the flow."""
    flow = asking.flow
    assert flow is not None
    heard = _Heard()
    if flow.record.place.wait == "person" and asking.answer is None:
        yield ChatEvent("handoff", {"reason": "", "is_waiting": True})
        yield ChatEvent("run.finished", _whole(asking, heard, Tokens()))
        return
    setting = Setting(asking.scope, flow.bot_id, asking.conversation_id, flow.is_trial, asking.config.redaction)
    events = run_flow(
        works,
        setting,
        flow.graph,
        Incoming(asking.question, data=asking.data),
        flow.record,
        history=[FlowTurn(turn.role, turn.content) for turn in asking.history],
        system=_system(asking),
        answer=asking.answer,
        answers=KnowledgeAnswers(works, asking.scope, asking.config.redaction),
    )
    async with aclosing(events):
        async for event in events:
            for public in _translate(asking, heard, event, is_trial=flow.is_trial):
                yield public


def _system(asking: Asking) -> dict[str, Any]:
    return {
        "session_id": str(asking.conversation_id),
        "channel": asking.asker.channel,
        "bot_name": asking.config.name,
        "language": asking.asker.language,
    }


def _translate(asking: Asking, heard: _Heard, event: told.FlowEvent, *, is_trial: bool) -> Sequence[ChatEvent]:
    match event:
        case told.Said(text=text):
            words = make_storable(text)
            heard.text.append(words)
            return [ChatEvent("token", {"delta": words})] if words else []
        case told.NodeStarted():
            return [_node_event("node.started", event)]
        case told.NodeFinished(run=run):
            heard.is_supported = bool(run.outputs.get("is_supported", heard.is_supported))
            more = run_view(run).model_dump(mode="json") if is_trial else {"status": run.status}
            return [_node_event("node.finished", run, more)]
        case told.Cited(found=found):
            citations = [_citation(one) for one in found]
            heard.citations += citations
            return [ChatEvent("citation", citation.model_dump(mode="json")) for citation in citations]
        case told.Asked(kind=kind, options=options):
            heard.ask = AskView(kind=kind, options=list(options))
            return []
        case told.LeadRequested(fields=fields):
            return [ChatEvent("lead.request", {"fields": list(fields)})]
        case told.HandedOff(reason=reason):
            return [ChatEvent("handoff", {"reason": reason if is_trial else "", "is_waiting": True})]
        case told.RunFailed():
            return [ChatEvent("error", {"code": event.code, "kind": event.kind, "message": event.message})]
        case told.RunPaused(tokens=tokens):
            return _end(asking, heard, tokens, {})
        case told.RunFinished(outputs=outputs, tokens=tokens):
            return _end(asking, heard, tokens, dict(outputs))


def _node_event(name: EventName, of: told.NodeStarted | told.NodeRun, more: dict[str, Any] | None = None) -> ChatEvent:
    return ChatEvent(name, {"node_id": of.node_id, "type": of.type, "path": list(of.path), **(more or {})})


def _end(asking: Asking, heard: _Heard, tokens: Tokens, outputs: dict[str, Any]) -> list[ChatEvent]:
    whole = _whole(asking, heard, tokens, outputs)
    return [ChatEvent("usage", whole["usage"]), ChatEvent("run.finished", whole)]


def _whole(asking: Asking, heard: _Heard, tokens: Tokens, outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    return ChatAnswer(
        session_id=asking.session_token,
        message_id=asking.message_id,
        response="".join(heard.text).strip(),
        citations=heard.citations,
        usage=UsageView(prompt_tokens=tokens.prompt, completion_tokens=tokens.completion),
        latency_ms=round((perf_counter() - asking.started) * 1000),
        is_supported=heard.is_supported,
        ask=heard.ask,
        outputs=outputs or {},
    ).model_dump(mode="json")


def _citation(found: Found) -> CitationView:
    passage = found.passage
    return CitationView(
        index=passage.index,
        document_id=UUID(found.document_id),
        title=passage.title,
        url=passage.url,
        page=passage.page,
        snippet=passage.text,
        start=passage.start,
        end=passage.end,
    )


class KnowledgeAnswers:
    """The engine's port for grounded answers: the same answer as a chatbot with these settings would give."""

    def __init__(self, works: Workshop, scope: Scope, redaction: Redaction = Redaction()) -> None:
        self._works, self._scope, self._redaction = works, scope, redaction

    async def answer(self, inquiry: Inquiry) -> AsyncIterator[str | Answered]:
        """Pieces, none where the documents hold no answer; then what they rest on. Raises the model's errors."""
        history = [Turn(turn.role, turn.content) for turn in inquiry.history]
        bot = _as_bot(inquiry).model_copy(update={"redaction": self._redaction})
        pieces = answer(self._works, self._scope, bot, inquiry.search.text, history)
        held = ""  # a refusal is one piece, and only what follows tells that it was one
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Piece):
                    if held:
                        yield held
                    held = piece.text
                    continue
                if piece.is_supported and held:
                    yield held
                yield _answered(piece)


def _answered(whole: Finished) -> Answered:
    return Answered(
        cited=[_found(citation) for citation in whole.citations],
        refusal="" if whole.is_supported else whole.text,
        tokens=Tokens(whole.usage.prompt_tokens, whole.usage.completion_tokens),
    )


def _found(citation: CitationView) -> Found:
    passage = Passage(
        index=citation.index,
        title=citation.title,
        text=citation.snippet,
        start=citation.start,
        end=citation.end,
        page=citation.page,
        url=citation.url,
    )
    return Found(passage, document_id=str(citation.document_id), chunk_id="", score=1.0)


def _as_bot(inquiry: Inquiry) -> BotConfig:
    search = inquiry.search
    return BotConfig.model_construct(
        **{
            **BotConfig().__dict__,
            "system_prompt": inquiry.persona,
            "grounding": Grounding(inquiry.grounding),
            "llm": ModelChoice(
                provider=inquiry.provider,
                model=inquiry.model,
                temperature=inquiry.temperature,
                max_tokens=inquiry.max_tokens,
            ),
            "knowledge_bases": [KnowledgeChoice(kb_id=UUID(id)) for id in search.base_ids[:MOST_BASES]],
            "retrieval": RetrievalChoice(limit=search.limit, mode=search.mode, rerank=search.rerank),
        }
    )
