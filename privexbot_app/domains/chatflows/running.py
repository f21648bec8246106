"""Run a flow for one message of a conversation; between units of work, never inside one.

Yields the engine's own events and fills a record of what is to be kept. Whether anything is kept, and what a visitor
sees of it, is up to `conversations`.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

from privexbot_app.domains.chatflows.ports import Setting, build_ports
from privexbot_app.domains.chatflows.schemas import (
    FlowPlace,
    FlowRecord,
    NodeRunView,
    SingleRun,
    SingleRunResult,
    run_view,
)
from privexbot_app.flow.errors import SnapshotInvalidError
from privexbot_app.flow.events import FlowEvent, NodeFinished, RunFailed, RunFinished, RunPaused
from privexbot_app.flow.graph import Graph, compile_graph
from privexbot_app.flow.ports import Answers, Incoming, Turn
from privexbot_app.flow.runner import Run
from privexbot_app.flow.single import run_single
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.logging import get_logger

log = get_logger(__name__)

MOST_KEPT_GRAPHS = 500


class CompiledGraphs:
    """Graphs of live versions, ready to run; `works.own(CompiledGraphs)`. A version never changes."""

    def __init__(self, works: Workshop) -> None:
        self._graphs: dict[tuple[UUID, int], Graph] = {}

    def get(self, bot_id: UUID, version: int, spec: GraphSpec) -> Graph:
        """The compiled graph. Raises FlowInvalidError."""
        key = bot_id, version
        if key not in self._graphs:
            if len(self._graphs) >= MOST_KEPT_GRAPHS:
                self._graphs.pop(next(iter(self._graphs)))
            self._graphs[key] = compile_graph(spec)
        return self._graphs[key]


async def run_flow(
    works: Workshop,
    setting: Setting,
    graph: Graph,
    message: Incoming,
    record: FlowRecord,
    *,
    history: Sequence[Turn] = (),
    system: Mapping[str, Any] | None = None,
    answer: Mapping[str, Any] | None = None,
    answers: Answers | None = None,
) -> AsyncGenerator[FlowEvent]:
    """Run one turn from where the record says, and fill the record with what comes of it.

    answer: what a person sends to a flow that waits for one. answers: the port for grounded answers, which belongs to a
    room above this one. A snapshot that no longer fits begins the flow anew, as a visitor cannot help it.
    """
    ports = build_ports(works, setting, answers)

    def begin() -> AsyncGenerator[FlowEvent]:
        place = record.place
        run = Run(
            graph,
            ports,
            message,
            history=history,
            variables=place.variables,
            system=system,
            snapshot=place.snapshot,
            answer=answer if place.snapshot else None,
        )
        return _recorded(run, record)

    async with aclosing(begin()) as events:
        async for event in events:
            if not (isinstance(event, RunFailed) and event.code == SnapshotInvalidError.code):
                yield event
    if record.error_code == SnapshotInvalidError.code:
        log.warning("flow.snapshot_dropped", conversation_id=str(setting.conversation_id))
        record.error_code = ""
        async with aclosing(begin()) as events:
            async for event in events:
                yield event


async def _recorded(run: Run, record: FlowRecord) -> AsyncGenerator[FlowEvent]:
    place, runs = record.place, list[NodeRunView]()
    record.runs = runs
    async with aclosing(run.events()) as events:
        async for event in events:
            match event:
                case NodeFinished(run=traced):
                    runs.append(run_view(traced))
                case RunPaused(wait=wait, snapshot=snapshot, variables=variables):
                    record.place = FlowPlace(place.version, wait, snapshot, variables)
                case RunFinished(variables=variables):
                    record.place = FlowPlace(place.version, variables=variables)
                case RunFailed(code=code):
                    record.place = FlowPlace(place.version, variables=place.variables)
                    record.error_code = code
            yield event


async def run_node(
    works: Workshop, setting: Setting, graph: GraphSpec, node_id: str, single: SingleRun
) -> SingleRunResult:
    """Run one node of a draft alone with given values. Raises NotFoundError (`node_not_found`), FlowInvalidError."""
    said: list[str] = []
    run = await run_single(
        graph, node_id, build_ports(works, setting, None), Incoming(single.message), single.values, said.append
    )
    return SingleRunResult(run=run_view(run), said="".join(said))
