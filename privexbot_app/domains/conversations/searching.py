"""What a bot reads for a question: before it answers, and for programs that write answers of their own."""

from privexbot_app.domains.bots.schemas import BotConfig, LiveBot
from privexbot_app.domains.knowledge.retrieval import Query, search
from privexbot_app.domains.knowledge.schemas import SearchResult
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.scope import Scope


async def search_as_bot(
    works: Workshop, scope: Scope, bot: LiveBot, question: str, *, limit: int
) -> list[SearchResult]:
    """The passages of the bot's knowledge bases, best first. Needs `bots.chat`. Empty where its knowledge is gone."""
    scope.require("bots.chat")
    return await search_for(works, scope, bot.config, question, limit=limit)


async def search_for(
    works: Workshop, scope: Scope, config: BotConfig, question: str, *, limit: int
) -> list[SearchResult]:
    """The same for a configuration, live or not, whoever asks."""
    if not config.knowledge_bases:
        return []
    query = Query(
        text=question,
        base_ids=tuple(choice.kb_id for choice in config.knowledge_bases),
        limit=limit,
        mode=config.retrieval.mode,
        rerank=config.retrieval.rerank,
        is_redacted=config.redaction.is_enabled,
    )
    try:
        return await search(works, scope, query)
    except NotFoundError:
        return []  # the knowledge base was deleted after the bot was deployed
