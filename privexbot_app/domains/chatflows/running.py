"""Run a flow for one message of a conversation; between units of work, never inside one.

Yields the engine's own events and fills a record of what is to be kept. Whether anything is kept, and what a visitor
sees of it, is up to `conversations`.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

from privexbot_app.domains.chatflows.ports import Setting, build_ports
from privexbot_app.domains.chatflows.schemas import FlowPlace, FlowRecord, SingleRun, SingleRunResult, run_view
from privexbot_app.flow.errors import SnapshotInvalidError
from privexbot_app.flow.events import FlowEvent, NodeFinished, RunFailed, RunFinished, RunPaused
from privexbot_app.flow.graph import Graph, compile_graph
from privexbot_app.flow.ports import Incoming, Turn
from privexbot_app.flow.runner import Run
from privexbot_app.flow.single import run_single
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.logging import get_logger

log = get_logger(__name__)

MOST_KEPT_GRAPHS = 500


class CompiledGraphs:
    """Graphs of live versions, ready to run; `works.own(CompiledGraphs)`. A version never changes, so neither does this."""

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
) -> AsyncGenerator[FlowEvent]:
    """Run one turn. A snapshot that no longer fits starts the flow anew, as a visitor cannot help it."""
    events = _run(works, setting, graph, message, record, history=history, system=system, answer=answer)
    async with aclosing(events):
        async for event in events:
            if isinstance(event, RunFailed) and event.code == SnapshotInvalidError.code and record.place.snapshot:
                log.warning("flow.snapshot_dropped", conversation_id=str(setting.conversation_id))
                record.place = FlowPlace(record.place.version, variables=record.place.variables)
                break
            yield event
        else:
            return
    fresh = _run(works, setting, graph, message, record, history=history, system=system, answer=None)
    async with aclosing(fresh):
        async for event in fresh:
            yield event


async def _run(
    works: Workshop,
    setting: Setting,
    graph: Graph,
    message: Incoming,
    record: FlowRecord,
    *,
    history: Sequence[Turn],
    system: Mapping[str, Any] | None,
    answer: Mapping[str, Any] | None,
) -> AsyncGenerator[FlowEvent]:
    place = record.place
    run = Run(
        graph,
        build_ports(works, setting),
        message,
        history=history,
        variables=place.variables,
        system=system,
        snapshot=place.snapshot,
        answer=answer,
    )
    runs = []
    events = run.events()
    async with aclosing(events):
        async for event in events:
            match event:
                case NodeFinished(run=traced):
                    runs.append(run_view(traced))
                    record.runs = runs
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
        graph, node_id, build_ports(works, setting), Incoming(single.message), single.values, said.append
    )
    return SingleRunResult(run=run_view(run), said="".join(said))
