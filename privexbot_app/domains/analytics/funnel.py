"""The way of visitors through a chatflow, node by node, read off the traces of its turns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from privexbot_app.domains.analytics.schemas import Funnel, NodeFunnel
from privexbot_app.domains.analytics.service import require_period, span_of
from privexbot_app.domains.chatflows.schemas import NodeRunView
from privexbot_app.domains.chatflows.service import ChatflowService
from privexbot_app.domains.conversations.figures import ConversationFigures
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.scope import Scope

MOST_CONVERSATIONS = 5000
AT_ONCE = 200

Turns = Iterable[tuple[UUID, Sequence[NodeRunView]]]


@dataclass
class _Node:
    type: str
    conversations: set[UUID] = field(default_factory=set)
    runs: int = 0
    ports: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    waiting: set[UUID] = field(default_factory=set)


async def read_funnel(works: Workshop, scope: Scope, chatflow_id: UUID, start: date, end: date) -> Funnel:
    """What became of the conversations that began in a period. Needs `conversations.read` and `bots.read`.

    Raises ChatflowNotFoundError, PeriodInvalidError.
    """
    scope.require("conversations.read")
    require_period(start, end)
    async with works.open(scope, read_only=True) as work:
        await ChatflowService(work).get_graph(chatflow_id)
        facts = ConversationFigures(work)
        ids = await facts.list_ids(span_of(start, end, chatflow_id), limit=MOST_CONVERSATIONS + 1)
    counted, nodes = ids[:MOST_CONVERSATIONS], dict[str, _Node]()
    for at in range(0, len(counted), AT_ONCE):
        async with works.open(scope, read_only=True) as work:
            count_turns(nodes, await ChatflowService(work).list_runs(counted[at : at + AT_ONCE]))
    views = [_view(id, node) for id, node in nodes.items()]
    return Funnel(
        conversations=len(counted),
        nodes=sorted(views, key=lambda view: -view.reached),
        is_partial=len(ids) > len(counted),
    )


def count_turns(nodes: dict[str, _Node], turns: Turns) -> None:
    """Add turns, in the order in which they happened, to the nodes' counts.

    A node that waits and is taken up again in the next turn has two traces; they are one run.
    """
    for conversation_id, runs in turns:
        for run in runs:
            node = nodes.setdefault(run.node_id, _Node(run.type))
            is_taken_up = conversation_id in node.waiting
            node.waiting.discard(conversation_id)
            node.conversations.add(conversation_id)
            node.runs += not is_taken_up
            if run.status == "waiting":
                node.waiting.add(conversation_id)
            elif run.error is not None:
                node.failed += 1
            elif run.port is not None:
                node.ports[run.port] += 1


def _view(node_id: str, node: _Node) -> NodeFunnel:
    return NodeFunnel(
        node_id=node_id,
        type=node.type,
        reached=len(node.conversations),
        runs=node.runs,
        ports=dict(node.ports.most_common()),
        failed=node.failed,
        waiting=len(node.waiting),
    )
