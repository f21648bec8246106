"""Is a bot fit to be deployed? All problems at once, each naming its field."""

from collections.abc import AsyncIterator, Callable, Iterator
from uuid import UUID

from privexbot_app.domains.bots.origins import is_origin_pattern
from privexbot_app.domains.bots.schemas import BotConfig
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.integrations.plugins import Plugins, Work
from privexbot_app.kit.errors import FieldProblem, InvalidError
from privexbot_app.rag.prompt import Grounding

CHANNELS = frozenset({"web"})

DeployCheck = Callable[[Work, BotConfig], AsyncIterator[FieldProblem]]
DEPLOY_CHECKS: list[DeployCheck] = []


def deploy_check(check: DeployCheck) -> DeployCheck:
    """Have a room above this one look at a bot before it is deployed; it yields what is wrong."""
    DEPLOY_CHECKS.append(check)
    return check


class BotIncompleteError(InvalidError):
    """The bot cannot be deployed; `problems` says all that is wrong."""

    code = "bot_incomplete"


async def require_deployable(work: Work, config: BotConfig, channels: list[str]) -> None:
    """Raise BotIncompleteError naming every problem."""
    if problems := await find_problems(work, config, channels):
        raise BotIncompleteError("The bot cannot be deployed yet.", problems=problems)


async def find_problems(work: Work, config: BotConfig, channels: list[str]) -> list[FieldProblem]:
    """Everything that keeps a bot from being deployed."""
    base_ids = [choice.kb_id for choice in config.knowledge_bases]
    missing = await KnowledgeService(work).list_missing(base_ids)
    return [
        *_check_fields(config),
        *_check_model(config, work.plugins),
        *_check_knowledge(base_ids, missing),
        *_check_channels(channels),
        *[problem for check in DEPLOY_CHECKS async for problem in check(work, config)],
    ]


def _check_fields(config: BotConfig) -> Iterator[FieldProblem]:
    if not config.name:
        yield FieldProblem("name", "missing", "Give the bot a name.")
    if config.graph is None and not config.system_prompt.strip():
        yield FieldProblem("system_prompt", "missing", "Say how the bot should answer.")
    if config.graph is None and config.grounding is Grounding.STRICT and not config.knowledge_bases:
        yield FieldProblem(
            "knowledge_bases", "missing", "A bot that answers strictly from documents needs a knowledge base."
        )
    for number, origin in enumerate(config.allowed_origins):
        if not is_origin_pattern(origin):
            message = f"“{origin}” is not an origin such as https://example.com or https://*.example.com."
            yield FieldProblem(f"allowed_origins.{number}", "invalid_origin", message)


def _check_model(config: BotConfig, plugins: Plugins) -> Iterator[FieldProblem]:
    provider = config.llm.provider or plugins.defaults.llm
    if provider not in plugins.llms.names():
        yield FieldProblem("llm.provider", "unknown", f"There is no language model named “{provider}”.")
    elif provider not in plugins.llms.configured():
        yield FieldProblem("llm.provider", "not_configured", f"The language model “{provider}” is not set up.")


def _check_knowledge(base_ids: list[UUID], missing: list[UUID]) -> Iterator[FieldProblem]:
    for number, base_id in enumerate(base_ids):
        if base_id in missing:
            yield FieldProblem(f"knowledge_bases.{number}.kb_id", "not_found", "There is no such knowledge base.")


def _check_channels(channels: list[str]) -> Iterator[FieldProblem]:
    if not channels:
        yield FieldProblem("channels", "missing", "Choose at least one channel.")
    for number, channel in enumerate(channels):
        if channel not in CHANNELS:
            yield FieldProblem(f"channels.{number}", "unknown", f"There is no channel named “{channel}”.")
