"""Where a conversation stands in its flow: loaded before a turn, kept after it. A trial's place lives in Redis."""

import json
from collections.abc import Awaitable, Callable
from uuid import UUID

from privexbot_app.domains.bots.schemas import BotConfig, LiveBot
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.running import CompiledGraphs
from privexbot_app.domains.chatflows.schemas import FlowPlace, FlowRecord
from privexbot_app.domains.chatflows.service import ChatflowService
from privexbot_app.domains.conversations.asking import Asking, FlowAsking
from privexbot_app.flow.graph import compile_graph
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.scope import Scope

TRIAL_SECONDS = 3600


async def load_flow(works: Workshop, scope: Scope, bot: LiveBot, conversation_id: UUID | None) -> FlowAsking:
    """The flow that answers a live conversation: of the version that the conversation began with, while it exists."""
    place, config, version = FlowPlace(), bot.config, bot.version
    if conversation_id is not None:
        async with works.open(scope, read_only=True) as work:
            place = await ChatflowService(work).find_place(conversation_id)
            if place.version not in (None, bot.version):
                config, version = await _older(work, bot, place.version)
    if version != place.version:
        place = FlowPlace(version, variables=place.variables)
    assert config.graph is not None
    graph = works.own(CompiledGraphs).get(bot.id, version, config.graph)
    return FlowAsking(bot.id, version, graph, FlowRecord(place))


async def _older(work: Work, bot: LiveBot, version: int | None) -> tuple[BotConfig, int]:
    """An earlier version, if it is still there and a flow."""
    try:
        config = await BotService(work).get_config(bot.id, version)
    except NotFoundError:
        return bot.config, bot.version
    return (config, version or bot.version) if config.graph else (bot.config, bot.version)


async def load_trial(
    works: Workshop, scope: Scope, draft_id: UUID, config: BotConfig, conversation_id: UUID | None
) -> FlowAsking:
    """The flow of a draft, where its trial stands. Raises FlowInvalidError for a draft that cannot run."""
    assert config.graph is not None
    place = FlowPlace()
    if conversation_id is not None:
        raw = await works.redis.get(scope.key("trial", conversation_id))
        if raw:
            place = FlowPlace(**json.loads(raw))
    return FlowAsking(draft_id, 0, compile_graph(config.graph), FlowRecord(place), is_trial=True)


async def save_trial(works: Workshop, asking: Asking) -> None:
    """Keep where a trial stands, for an hour."""
    if asking.flow is not None:
        raw = json.dumps(vars(asking.flow.record.place))
        await works.redis.set(asking.scope.key("trial", asking.conversation_id), raw, ex=TRIAL_SECONDS)


def keeper_of(asking: Asking) -> Callable[[Work], Awaitable[None]] | None:
    """What writes a live turn's place and traces; None for a chatbot."""
    flow = asking.flow
    if flow is None:
        return None

    async def keep(work: Work) -> None:
        await ChatflowService(work).keep(asking.conversation_id, asking.message_id, flow.record, version=flow.version)

    return keep
