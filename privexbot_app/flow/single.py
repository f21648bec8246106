"""Run one node alone, with values in place of the nodes before it: for trying a node out in the editor."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from privexbot_app.flow.attempts import attempt, trace
from privexbot_app.flow.context import Context
from privexbot_app.flow.events import NodeRun
from privexbot_app.flow.graph import FlowInvalidError, Step, parse_config
from privexbot_app.flow.ports import Incoming, Ports, Tokens
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.flow.values import SYSTEM, VARIABLES, Values
from privexbot_app.kit.errors import NotFoundError


async def run_single(
    spec: GraphSpec,
    node_id: str,
    ports: Ports,
    message: Incoming,
    values: Mapping[str, Any],
    say: Callable[[str], None],
) -> NodeRun:
    """Run a node once under its policy. values: by node id; all of them count as words of strangers.

    A node that waits or has a body stops there: its trace says so. Raises NotFoundError (`node_not_found`), and
    FlowInvalidError for a node that cannot run.
    """
    node = next((node for node in spec.nodes if node.id == node_id), None)
    if node is None:
        raise NotFoundError("There is no such node in this flow.", code="node_not_found")
    kind, config, problems = parse_config(node)
    if kind is None or config is None:
        raise FlowInvalidError("This node cannot run yet.", problems=problems)
    variables = {variable.name: variable.default for variable in spec.variables}
    system = {"message": message.text, "date": ports.clock.now().date().isoformat()}
    seen = Values({VARIABLES: variables, SYSTEM: system}, {f"{SYSTEM}.message"})
    for root, value in values.items():
        seen.put(root, value, is_tainted=True)
    spent = _Spent()
    context = Context(
        node_id=node_id,
        ports=ports,
        message=message,
        history=(),
        values=seen,
        tell=lambda event: None,
        speak=say,
        spend=spent.add,
    )
    step = Step(node.id, kind, config, node.policy, node.parent)
    began = perf_counter()
    return trace(step, context, await attempt(step, context), (), began=began, tokens=spent.tokens)


class _Spent:
    def __init__(self) -> None:
        self.tokens = Tokens()

    def add(self, tokens: Tokens) -> None:
        self.tokens = self.tokens + tokens
