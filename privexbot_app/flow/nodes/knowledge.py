"""Searches knowledge bases."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node
from privexbot_app.flow.ports import Found, Search
from privexbot_app.flow.values import KnowledgeBaseId, Template


@node("knowledge", label="Search", description="Finds passages in knowledge bases.", icon="library", category="think")
class Knowledge(NodeType):
    """Gives the passages to the nodes behind it; says nothing. `answer` searches and answers in one."""

    class Config(NodeConfig):
        """query: what to search for. mode, rerank: empty for each base's own. least_score: of what is kept.

        is_cited: whether the visitor is shown what is found, as sources.
        """

        query: Template = "{{sys.message}}"
        knowledge_bases: list[KnowledgeBaseId] = Field([], max_length=20)
        limit: int = Field(6, ge=1, le=50)
        mode: Literal["", "hybrid", "dense", "keyword"] = ""
        rerank: str = Field("", max_length=64)
        least_score: float = Field(0, ge=0)
        is_cited: bool = False

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("text", "text", "The passages as one text, numbered, for a prompt."),
            Output("passages", "list", "Objects with index, title, text, page, url, score, document_id."),
            Output("is_found", "boolean", "Whether anything was found."),
            Output("top_score", "number", "The score of the best passage; 0 if there is none."),
        )

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.knowledge_bases:
            return (("knowledge_bases", "knowledge_base_missing", "Choose a knowledge base."),)
        return () if config.query.strip() else (("query", "query_empty", "Say what to search for."),)

    async def run(self, config: Config, context: Context) -> Outcome:
        found: Sequence[Found] = ()
        if query := context.render_text(config.query).strip():
            search = Search(
                text=query,
                base_ids=tuple(config.knowledge_bases),
                limit=config.limit,
                mode=config.mode or None,
                rerank=config.rerank or None,
            )
            found = [one for one in await context.ports.knowledge.search(search) if one.score >= config.least_score]
        if config.is_cited and found:
            context.cite(found)
        outputs = {
            "text": "\n\n".join(f"[{one.passage.index}] {one.passage.title}\n{one.passage.text}" for one in found),
            "passages": [_plain(one) for one in found],
            "is_found": bool(found),
            "top_score": max((one.score for one in found), default=0),
        }
        return Outcome(outputs, is_tainted=True)


def _plain(one: Found) -> dict[str, Any]:
    passage = one.passage
    return {
        "index": passage.index,
        "title": passage.title,
        "text": passage.text,
        "page": passage.page,
        "url": passage.url,
        "score": one.score,
        "document_id": one.document_id,
    }
