"""The loop that runs a flow: ready nodes side by side, each under its policy, within the flow's limits.

    run = Run(graph, ports, Incoming("Hello"))
    async for event in run.events(): ...

The last event is RunFinished, RunPaused or RunFailed. Closing the iterator stops every node at once. A paused run is
taken up by `Run(graph, …, snapshot=paused.snapshot)`: what is settled is not run again. Owns no wording, no storage, no
channel; asks for everything else through `ports`.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, cast

from privexbot_app.flow.attempts import Attempt, attempt, trace
from privexbot_app.flow.context import Context, Resumed, Returned
from privexbot_app.flow.errors import (
    NodeCrashedError,
    SecondsSpentError,
    SnapshotInvalidError,
    StepsSpentError,
    TokensSpentError,
)
from privexbot_app.flow.events import (
    FlowEvent,
    NodeFinished,
    NodeStarted,
    RunFailed,
    RunFinished,
    RunPaused,
    Said,
    Wait,
)
from privexbot_app.flow.frame import Frame, Waiting
from privexbot_app.flow.graph import Graph, Step
from privexbot_app.flow.node import Call, Outcome, Pause
from privexbot_app.flow.ports import Incoming, Ports, Tokens, Turn
from privexbot_app.flow.speech import Floor
from privexbot_app.flow.values import SYSTEM, VARIABLES, Values
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.logging import get_logger

log = get_logger(__name__)

SNAPSHOT_VERSION = 1
DEEPEST_CALLS = 8
Path = tuple[str, ...]


class StepFailedError(Exception):
    """Inside the runner: a node failed and its policy says to stop."""

    def __init__(self, node_id: str, error: PrivexError) -> None:
        super().__init__(node_id)
        self.node_id, self.error = node_id, error


class Run:
    """One turn of a flow, from the visitor's message to the next pause or the end.

    message: the visitor's words. history: earlier turns, oldest first. variables: as an earlier run of this
    conversation left them. system: further values under `sys`. snapshot: of a RunPaused, to go on from there.
    answer: for a pause that waits for a person, what the person sent; None for the visitor's message.
    """

    def __init__(
        self,
        graph: Graph,
        ports: Ports,
        message: Incoming,
        *,
        history: Sequence[Turn] = (),
        variables: Mapping[str, Any] | None = None,
        system: Mapping[str, Any] | None = None,
        snapshot: Mapping[str, Any] | None = None,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        self._graph, self._ports, self._message, self._history = graph, ports, message, history
        self._variables, self._snapshot, self._answer = variables or {}, snapshot, answer
        self._system = {"message": message.text, "date": ports.clock.now().date().isoformat(), **(system or {})}
        self._queue: asyncio.Queue[FlowEvent | None] = asyncio.Queue()
        self._floor = Floor(lambda node_id, text: self._queue.put_nowait(Said(node_id, text)))
        self._steps = 0
        self._tokens = Tokens()
        self._resume_at: Path | None = None

    async def events(self) -> AsyncGenerator[FlowEvent]:
        """Run, and tell what happens as it happens."""
        driver = asyncio.create_task(self._drive())
        try:
            while (event := await self._queue.get()) is not None:
                yield event
        finally:
            driver.cancel()
            await asyncio.gather(driver, return_exceptions=True)

    async def _drive(self) -> None:
        limits = self._graph.limits
        try:
            async with asyncio.timeout(limits.seconds):
                frame = self._root()
                await self._run_frame(frame, ())
            self._queue.put_nowait(self._closing(frame))
        except TimeoutError:
            self._fail(None, SecondsSpentError(limits.seconds))
        except StepFailedError as failure:
            self._fail(failure.node_id, failure.error)
        except PrivexError as error:
            self._fail(None, error)
        except Exception as error:
            log.error("flow.crashed", exc_info=error)
            self._fail(None, NodeCrashedError("flow"))
        finally:
            self._queue.put_nowait(None)

    def _root(self) -> Frame:
        values = Values({SYSTEM: self._system}, {f"{SYSTEM}.message"})
        values.data[VARIABLES] = {**self._graph.defaults, **self._variables.get("data", {})}
        values.tainted.update(f"{VARIABLES}.{name}" for name in self._variables.get("tainted", ()))
        frame = Frame(self._graph, None, values)
        if self._snapshot is None:
            frame.begin()
            return frame
        if self._snapshot.get("version") != SNAPSHOT_VERSION:
            raise SnapshotInvalidError
        frame.restore(self._snapshot.get("frame") or {})
        self._resume_at = frame.first_waiting("message" if self._answer is None else "person")
        return frame

    def _closing(self, frame: Frame) -> FlowEvent:
        variables = self._kept_variables(frame.values)
        path = frame.first_waiting()
        if path is None:
            return RunFinished(frame.outputs, variables, self._tokens)
        snapshot = {"version": SNAPSHOT_VERSION, "frame": frame.dump()}
        return RunPaused(cast(Wait, frame.wait_at(path)), path[-1], snapshot, variables, self._tokens)

    def _kept_variables(self, values: Values) -> dict[str, Any]:
        """The variables that live as long as the conversation."""
        kept = {n: value for n, value in values.data[VARIABLES].items() if n not in self._graph.run_variables}
        return {"data": kept, "tainted": [n for n in kept if f"{VARIABLES}.{n}" in values.tainted]}

    def _fail(self, node_id: str | None, error: PrivexError) -> None:
        self._queue.put_nowait(RunFailed(node_id, error.code, error.kind, error.message, self._tokens))

    async def _run_frame(self, frame: Frame, path: Path) -> None:
        """Run until nothing is ready: the level is through, or waits."""
        if len(path) > DEEPEST_CALLS:
            raise StepsSpentError(self._steps)
        ready = self._to_resume(frame, path) + frame.take_ready()
        running: set[asyncio.Task[None]] = set()
        try:
            while ready or running:
                if len(ready) == 1 and not running:
                    await self._step(frame, ready[0], path)
                else:
                    running |= {asyncio.create_task(self._step(frame, step, path)) for step in ready}
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                ready = frame.take_ready()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _to_resume(self, frame: Frame, path: Path) -> list[Step]:
        """The node of this level that goes on: one message answers one question, the first that waits."""
        target = self._resume_at
        if target is None or target[: len(path)] != path or len(target) == len(path):
            return []
        if len(target) == len(path) + 1:
            self._resume_at = None
        return [frame.graph.steps[target[len(path)]]]

    async def _step(self, frame: Frame, step: Step, path: Path) -> None:
        """One node, with the bodies that it calls, until it is through or waits."""
        waiting = frame.waiting.pop(step.id, None)
        context = self._context(frame, step, waiting)
        self._queue.put_nowait(NodeStarted(step.id, step.kind.type, path))
        began, spent = perf_counter(), _Meter(self._spend)
        context.spend = spent
        body = waiting if waiting is not None and waiting.body is not None else None
        while True:
            if body is not None:
                context.returned = await self._run_body(frame, step, body, path)
                if context.returned is None:
                    return
                context.values = _values_after(frame, context.returned, body)
            ended = await self._attempt(step, context)
            if not isinstance(ended.result, Call):
                break
            body = self._body(frame, step, context, ended.result)
        self._floor.finish(step.id)
        self._queue.put_nowait(NodeFinished(trace(step, context, ended, path, began=began, tokens=spent.tokens)))
        self._conclude(frame, step, context, ended)

    def _body(self, frame: Frame, step: Step, context: Context, call: Call) -> Waiting:
        inner = frame.body_of(step.id, call.inputs, call.graph, is_tainted=context.has_read_tainted)
        inner.begin()
        return Waiting(call.state, body=inner, body_graph=call.graph)

    async def _run_body(self, frame: Frame, step: Step, body: Waiting, path: Path) -> Returned | None:
        """Run a node's body; None when it waits, and then the node waits with it."""
        inner = body.body
        assert inner is not None
        await self._run_frame(inner, (*path, step.id))
        if inner.waiting:
            frame.waiting[step.id] = body
            return None
        own = {VARIABLES, SYSTEM, step.id}
        values = {root: value for root, value in inner.values.data.items() if root not in own}
        return Returned(body.state, inner.outputs, values, bool(inner.values.tainted & values.keys()))

    async def _attempt(self, step: Step, context: Context) -> Attempt:
        self._steps += 1
        if self._steps > self._graph.limits.steps:
            raise StepFailedError(step.id, StepsSpentError(self._graph.limits.steps))
        return await attempt(step, context)

    def _conclude(self, frame: Frame, step: Step, context: Context, ended: Attempt) -> None:
        match ended.result:
            case Pause(wait=wait, state=state):
                frame.waiting[step.id] = Waiting(state, wait)
            case Outcome(outputs=outputs, port=port, is_tainted=is_tainted):
                tainted = context.has_read_tainted if is_tainted is None else is_tainted
                frame.values.put(step.id, dict(outputs), is_tainted=tainted)
                if step.kind.is_end:
                    frame.outputs.update(outputs)
                frame.settle(step.id, port)
            case _:
                assert ended.error is not None
                raise StepFailedError(step.id, ended.error)

    def _context(self, frame: Frame, step: Step, waiting: Waiting | None) -> Context:
        resumed = None
        if waiting is not None and waiting.body is None:
            resumed = Resumed(waiting.state, self._message if self._answer is None else None, self._answer or {})
        return Context(
            node_id=step.id,
            ports=self._ports,
            message=self._message,
            history=self._history,
            values=frame.values,
            tell=self._queue.put_nowait,
            speak=lambda text: self._floor.speak(step.id, text),
            spend=self._spend,
            resumed=resumed,
        )

    def _spend(self, tokens: Tokens) -> None:
        self._tokens = self._tokens + tokens
        if self._tokens.total > self._graph.limits.tokens:
            raise TokensSpentError(self._graph.limits.tokens)


def _values_after(frame: Frame, returned: Returned, body: Waiting) -> Values:
    """What a loop sees after a pass: the values of its body too. A sub-flow's insides stay its own."""
    if body.body_graph is not None:
        return frame.values
    tainted = set(returned.values) if returned.is_tainted else set()
    return Values(dict(returned.values), tainted, frame.values)


class _Meter:
    """Counts what one node spends, and passes it on."""

    def __init__(self, spend: Callable[[Tokens], None]) -> None:
        self._spend = spend
        self.tokens = Tokens()

    def __call__(self, tokens: Tokens) -> None:
        self.tokens = self.tokens + tokens
        self._spend(tokens)
