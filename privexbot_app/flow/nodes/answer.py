"""Answers from knowledge bases, with citations, as a chatbot does."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from privexbot_app.flow.node import Context, NodeType, Outcome, Output, Port, node
from privexbot_app.flow.ports import Answered, Found, Inquiry, Search, Turn
from privexbot_app.flow.prompting import ModelChoice, earlier_turns, read_stream
from privexbot_app.flow.values import KnowledgeBaseId, LongTemplate, Template
from privexbot_app.kit.errors import UnavailableError

FALLBACK = "fallback"


class AnswersUnavailableError(UnavailableError):
    """This flow runs where there are no knowledge bases."""

    code = "answers_unavailable"

    def __init__(self) -> None:
        super().__init__("There are no knowledge bases to answer from here.")


@node("answer", label="Answer", description="Answers from your documents, cited.", icon="book-check", category="think")
class Answer(NodeType):
    """Searches, checks that the documents support an answer, writes it and names its sources."""

    class Config(ModelChoice):
        """persona: the author's own instructions. grounding: how closely to keep to the documents.

        history: how many earlier messages count. is_shown: whether the visitor reads the answer while it is written.
        has_fallback: when the documents hold no answer, say nothing and leave by `fallback`.
        """

        question: Template = "{{sys.message}}"
        knowledge_bases: list[KnowledgeBaseId] = Field([], max_length=20)
        persona: LongTemplate = ""
        grounding: Literal["strict", "guided", "flexible"] = "strict"
        limit: int = Field(6, ge=1, le=50)
        mode: Literal["", "hybrid", "dense", "keyword"] = ""
        rerank: str = Field("", max_length=64)
        history: int = Field(10, ge=0, le=100)
        is_shown: bool = True
        has_fallback: bool = False

    def ports(self, config: Config) -> Sequence[Port]:
        return (Port(), Port(FALLBACK, "No answer in the documents")) if config.has_fallback else (Port(),)

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("text", "text", "The answer, with its citation marks."),
            Output("is_supported", "boolean", "Whether the documents hold an answer."),
            Output("sources", "list", "What is cited: objects with index, title, url, page, text, document_id."),
        )

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.knowledge_bases:
            return (("knowledge_bases", "knowledge_base_missing", "Choose a knowledge base."),)
        if not config.question.strip():
            return (("question", "question_empty", "Say which question to answer."),)
        if config.has_fallback and config.grounding != "strict":
            message = "Only a strict answer tells that the documents hold none."
            return (("has_fallback", "fallback_not_strict", message),)
        return ()

    async def run(self, config: Config, context: Context) -> Outcome:
        if context.ports.answers is None:
            raise AnswersUnavailableError
        stream = context.ports.answers.answer(_inquiry(config, context))
        text, rest = await read_stream(context, stream, is_shown=config.is_shown)
        answered = rest[-1] if rest else Answered()
        context.spend(answered.tokens)
        if not answered.refusal:
            context.cite(answered.cited)
        elif config.is_shown and not config.has_fallback:
            context.say(answered.refusal)
        outputs = {
            "text": answered.refusal or text,
            "is_supported": not answered.refusal,
            "sources": [_plain(found) for found in answered.cited],
        }
        port = FALLBACK if answered.refusal and config.has_fallback else "out"
        return Outcome(outputs, port=port, is_tainted=True)


def _inquiry(config: Answer.Config, context: Context) -> Inquiry:
    turns = earlier_turns(context, config.history)
    return Inquiry(
        search=Search(
            text=context.render_text(config.question).strip(),
            base_ids=tuple(config.knowledge_bases),
            limit=config.limit,
            mode=config.mode or None,
            rerank=config.rerank or None,
        ),
        history=tuple(Turn(role, content) for role, content in turns if role != "system"),
        persona=context.render_text(config.persona),
        grounding=config.grounding,
        provider=config.provider,
        model=config.model or None,
        temperature=config.temperature,
        max_tokens=config.max_tokens,
    )


def _plain(found: Found) -> dict[str, Any]:
    passage = found.passage
    return {
        "index": passage.index,
        "title": passage.title,
        "url": passage.url,
        "page": passage.page,
        "text": passage.text,
        "document_id": found.document_id,
    }
