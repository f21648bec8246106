"""What a bot would read for a question, without an answer: for programs that write answers of their own."""

from collections.abc import Sequence

from privexbot_app.domains.bots.schemas import LiveBot
from privexbot_app.domains.knowledge.retrieval import Query, search
from privexbot_app.domains.knowledge.schemas import SearchResult
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.scope import Scope


async def search_as_bot(
    works: Workshop, scope: Scope, bot: LiveBot, question: str, *, limit: int
) -> Sequence[SearchResult]:
    """The passages of the bot's knowledge bases, best first. Needs `bots.chat`. Empty where its knowledge is gone."""
    scope.require("bots.chat")
    config = bot.config
    if not config.knowledge_bases:
        return []
    query = Query(
        text=question,
        base_ids=tuple(choice.kb_id for choice in config.knowledge_bases),
        limit=limit,
        mode=config.retrieval.mode,
        rerank=config.retrieval.rerank,
    )
    try:
        return await search(works, scope, query)
    except NotFoundError:
        return []
