"""What is kept of chatflows: where conversations stand, what turns did; and whether a graph is fit to go live."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from privexbot_app.domains.bots.checks import deploy_check
from privexbot_app.domains.bots.schemas import BotConfig
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.diffing import diff_graphs
from privexbot_app.domains.chatflows.models import FlowState, FlowTurn
from privexbot_app.domains.chatflows.repository import FlowStateRepository, FlowTurnRepository
from privexbot_app.domains.chatflows.resources import find_missing
from privexbot_app.domains.chatflows.schemas import FlowPlace, FlowRecord, GraphDiff, NodeRunView, TurnView
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.flow.checks import errors_of
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.errors import FieldProblem, NotFoundError


class ChatflowNotFoundError(NotFoundError):
    """There is no such chatflow, or the bot is a chatbot."""

    code = "chatflow_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such chatflow.")


class ChatflowService:
    """The flows of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._states = work.repository(FlowStateRepository)
        self._turns = work.repository(FlowTurnRepository)

    async def find_place(self, conversation_id: UUID) -> FlowPlace:
        """Where a conversation stands; the beginning, before its first turn."""
        row = await self._states.find_of(conversation_id)
        if row is None:
            return FlowPlace()
        return FlowPlace(row.bot_version, row.wait, row.snapshot, row.variables)

    async def keep(self, conversation_id: UUID, message_id: UUID, record: FlowRecord, *, version: int) -> None:
        """Keep where the conversation stands after a turn, and what the turn did. The conversation must be there."""
        row = await self._states.find_of(conversation_id)
        if row is None:
            row = self._states.add(
                FlowState(
                    workspace_id=self._work.scope.workspace_id, conversation_id=conversation_id, bot_version=version
                )
            )
        place = record.place
        row.wait, row.bot_version = place.wait, version
        row.snapshot = dict(place.snapshot) if place.snapshot else None
        row.variables = dict(place.variables)
        self._turns.add(
            FlowTurn(
                workspace_id=self._work.scope.workspace_id,
                conversation_id=conversation_id,
                message_id=message_id,
                bot_version=version,
                runs=[run.model_dump(mode="json") for run in record.runs],
                error_code=record.error_code,
            )
        )

    async def list_turns(self, conversation_id: UUID) -> list[TurnView]:
        """The traces of a conversation, oldest first. Needs `conversations.read`."""
        self._work.scope.require("conversations.read")
        return [_turn_view(row) for row in await self._turns.list_of(conversation_id)]

    async def list_runs(self, conversation_ids: Sequence[UUID]) -> list[tuple[UUID, list[NodeRunView]]]:
        """Conversation and traces of every turn of some conversations, oldest first. Needs `conversations.read`."""
        self._work.scope.require("conversations.read")
        found = await self._turns.list_runs(conversation_ids)
        return [(id, [NodeRunView.model_validate(run) for run in runs]) for id, runs in found]

    async def get_graph(self, chatflow_id: UUID, version: int | None = None) -> GraphSpec:
        """The graph of a version, by default the one that answers. Needs `bots.read`. Raises ChatflowNotFoundError."""
        self._work.scope.require("bots.read")
        try:
            config = await BotService(self._work).get_config(chatflow_id, version)
        except NotFoundError as error:
            if error.code == "bot_not_found":
                raise ChatflowNotFoundError from error
            raise
        if config.graph is None:
            raise ChatflowNotFoundError
        return config.graph

    async def delete(self, chatflow_id: UUID) -> None:
        """Delete a chatflow with all that is its own; its credentials are free again. Needs `bots.deploy`."""
        await BotService(self._work).delete_bot(chatflow_id)
        await CredentialService(self._work).declare_uses(f"chatflow:{chatflow_id}", ())

    async def diff(self, chatflow_id: UUID, before: int, after: int) -> GraphDiff:
        """How one version differs from another. Needs `bots.read`. Raises NotFoundError."""
        return diff_graphs(await self.get_graph(chatflow_id, before), await self.get_graph(chatflow_id, after))


@deploy_check
async def check_graph(work: Work, config: BotConfig) -> AsyncIterator[FieldProblem]:
    """What keeps a chatflow from going live, each problem with its node."""
    if config.graph is None:
        return
    for problem in errors_of(config.graph):
        where = ".".join(part for part in ("graph", problem.node_id, problem.field) if part)
        yield FieldProblem(where, problem.code, problem.message)
    async for missing in find_missing(work, config.graph):
        yield missing


def _turn_view(row: FlowTurn) -> TurnView:
    return TurnView(
        message_id=row.message_id,
        bot_version=row.bot_version,
        runs=[NodeRunView.model_validate(run) for run in row.runs],
        error_code=row.error_code,
    )
