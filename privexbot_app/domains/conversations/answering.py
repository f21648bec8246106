"""The answer itself: retrieve, prompt, stream, cite. Saves nothing and knows neither channel nor session.

question ──► passages ──► supported? ──► prompt ──► model ──► pieces ──► answer with citations
                              └─ no, and grounding is strict: say so, without asking the model
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from privexbot_app.domains.bots.schemas import BotConfig
from privexbot_app.domains.conversations.schemas import CitationView, Turn, UsageView
from privexbot_app.domains.conversations.searching import search_for
from privexbot_app.domains.knowledge.schemas import SearchResult
from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.integrations.llms.base import ChatMessage, ChatRequest, Embed, TokenDelta
from privexbot_app.integrations.llms.hiding import hide_in
from privexbot_app.integrations.plugins import Plugins, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.redaction import Redactor, Restorer
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import Passage, make_storable
from privexbot_app.rag.citations import CitationTracker, cite
from privexbot_app.rag.grounding import assess_support, refusal
from privexbot_app.rag.prompt import (
    Grounding,
    build_question,
    build_system_prompt,
    fit_history,
    fit_passages,
)
from privexbot_app.rag.rewriting import stand_alone

PASSAGE_TOKENS = 3000
HISTORY_TOKENS = 2000


@dataclass(frozen=True)
class Piece:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class Finished:
    """The whole answer. is_supported: False when the documents hold none, and no model was asked."""

    text: str
    citations: list[CitationView]
    usage: UsageView = field(default_factory=UsageView)
    is_supported: bool = True


async def answer(
    works: Workshop, scope: Scope, config: BotConfig, question: str, history: Sequence[Turn]
) -> AsyncGenerator[Piece | Finished]:
    """Answer one question. Yields pieces and, at the end, the whole. Raises the model's errors.

    Close the iterator to stop the model.
    """
    standalone = stand_alone(question, history) if config.knowledge_bases else question
    redactor = Redactor(region=config.redaction.region) if config.redaction.is_enabled else None
    results = await search_for(works, scope, config, standalone, limit=config.retrieval.limit)
    found = [result.as_passage(number) for number, result in enumerate(results, start=1)]
    passages = fit_passages(found, PASSAGE_TOKENS, config.retrieval.limit)
    if config.grounding is Grounding.STRICT and not assess_support(standalone, passages).is_supported:
        text = refusal(question)
        yield Piece(text)
        yield Finished(text, [], is_supported=False)
        return
    tracker = CitationTracker([passage.index for passage in passages])
    shown: list[str] = []
    usage = UsageView()
    model = works.plugins.llms.get(config.llm.provider or works.plugins.defaults.llm)
    request = _request(works.plugins, config, question, history, passages)
    stream = model.stream(hide_in(request, redactor) if redactor else request)
    restorer = Restorer(redactor or Redactor())
    try:
        async for part in stream:
            if isinstance(part, TokenDelta):
                # First markers, then placeholders: what somebody wrote must not be read as a marker.
                text = restorer.feed(tracker.feed(make_storable(part.text)).text)
                if text:
                    shown.append(text)
                    yield Piece(text)
            else:
                usage = UsageView(prompt_tokens=part.prompt_tokens, completion_tokens=part.completion_tokens)
    finally:
        await stream.aclose()  # type: ignore[attr-defined]
    rest = restorer.feed(tracker.finish().text) + restorer.finish()
    if rest:
        shown.append(rest)
        yield Piece(rest)
    whole = "".join(shown)
    yield Finished(whole, _citations(passages, results, whole), usage)


def _request(
    plugins: Plugins, config: BotConfig, question: str, history: Sequence[Turn], passages: Sequence[Passage]
) -> ChatRequest:
    system = build_system_prompt(
        persona=config.system_prompt, grounding=config.grounding, bot_name=config.name, today=utc_now().date()
    )
    turns = fit_history(history, HISTORY_TOKENS, max_messages=config.memory.max_messages)
    return ChatRequest(
        messages=(
            ChatMessage("system", system),
            *(ChatMessage(turn.role, turn.content) for turn in turns),
            ChatMessage("user", build_question(question, passages)),
        ),
        question=question,
        passages=tuple(passages),
        model=config.llm.model,
        temperature=config.llm.temperature,
        max_tokens=config.llm.max_tokens,
        embed=_embed(plugins) if passages else None,
    )


def _embed(plugins: Plugins) -> Embed:
    async def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        return await plugins.embedders.get(plugins.defaults.embedding).embed(texts, purpose=Purpose.DOCUMENT)

    return embed


def _citations(passages: Sequence[Passage], results: Sequence[SearchResult], text: str) -> list[CitationView]:
    documents = {number: result.document_id for number, result in enumerate(results, start=1)}
    return [
        CitationView(
            index=citation.index,
            document_id=documents[citation.index],
            title=citation.title,
            url=citation.url,
            page=citation.page,
            snippet=citation.snippet,
            start=citation.start,
            end=citation.end,
        )
        for citation in cite(passages, text)
    ]
