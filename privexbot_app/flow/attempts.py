"""One node under its policy: time limit, retries, what to do with a failure; and the trace that remains."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from privexbot_app.flow.context import Context
from privexbot_app.flow.errors import (
    NodeCrashedError,
    NodeTimeoutError,
    OutputTooLargeError,
    SecondsSpentError,
    StepsSpentError,
    TokensSpentError,
)
from privexbot_app.flow.events import NodeRun, NodeStatus
from privexbot_app.flow.graph import Step
from privexbot_app.flow.node import Outcome, Pause, Result
from privexbot_app.flow.ports import Tokens
from privexbot_app.flow.spec import ERROR_PORT
from privexbot_app.flow.values import to_text
from privexbot_app.kit.errors import ErrorKind, PrivexError
from privexbot_app.kit.logging import get_logger

log = get_logger(__name__)

MOST_OUTPUT_CHARACTERS = 400_000
MOST_TRACED_CHARACTERS = 2_000
LIMITS = (StepsSpentError, TokensSpentError, SecondsSpentError)
WORTH_RETRYING = {ErrorKind.UPSTREAM_FAILED, ErrorKind.RATE_LIMITED, ErrorKind.UNAVAILABLE, ErrorKind.INTERNAL}


@dataclass(frozen=True)
class Attempt:
    """How a node's run ended. result: None when it failed and its policy stops the run."""

    result: Result | None
    error: PrivexError | None = None
    attempts: int = 1


async def attempt(step: Step, context: Context) -> Attempt:
    """Run a node as its policy says. Only errors that may pass are retried: a wrong address stays wrong."""
    policy = step.policy
    number = 1
    while True:
        try:
            result = await _run_once(step, context)
            _require_size(result)
            return Attempt(result, attempts=number)
        except LIMITS as error:
            return Attempt(None, error, number)
        except PrivexError as error:
            if number > policy.retries or not _may_pass(error):
                return _failed(step, error, number)
        await asyncio.sleep(policy.retry_delay_seconds * 2 ** (number - 1))
        number += 1


def _may_pass(error: PrivexError) -> bool:
    return error.kind in WORTH_RETRYING or isinstance(error, NodeTimeoutError)


async def _run_once(step: Step, context: Context) -> Result:
    seconds = step.policy.timeout_seconds
    try:
        if seconds is None:
            return await step.kind.run(step.config, context)  # type: ignore[attr-defined]
        try:
            async with asyncio.timeout(seconds):
                return await step.kind.run(step.config, context)  # type: ignore[attr-defined]
        except TimeoutError as error:
            raise NodeTimeoutError(seconds) from error
    except PrivexError:
        raise
    except Exception as error:
        log.error("flow.node_crashed", node_type=step.kind.type, exc_info=error)
        raise NodeCrashedError(step.kind.type) from error


def _failed(step: Step, error: PrivexError, number: int) -> Attempt:
    about = {"error": {"code": error.code, "message": error.message}}
    match step.policy.on_error:
        case "branch":
            return Attempt(Outcome(about, port=ERROR_PORT), error, number)
        case "continue":
            return Attempt(Outcome(about, port=step.kind.ports(step.config)[0].id), error, number)
    return Attempt(None, error, number)


def _require_size(result: Result) -> None:
    if isinstance(result, Outcome) and result.outputs:
        characters = sum(len(to_text(value)) for value in result.outputs.values())
        if characters > MOST_OUTPUT_CHARACTERS:
            raise OutputTooLargeError(characters, MOST_OUTPUT_CHARACTERS)


def trace(
    step: Step, context: Context, ended: Attempt, path: tuple[str, ...], *, began: float, tokens: Tokens
) -> NodeRun:
    """What remains of a node's run. began: of `perf_counter`; tokens: what it spent."""
    result = ended.result
    status: NodeStatus = "waiting" if isinstance(result, Pause) else "failed" if ended.error else "finished"
    return NodeRun(
        node_id=step.id,
        type=step.kind.type,
        status=status,
        path=path,
        port=result.port if isinstance(result, Outcome) else None,
        inputs=_cut(context.inputs),
        outputs=_cut(result.outputs) if isinstance(result, Outcome) else {},
        duration_ms=(perf_counter() - began) * 1000,
        tokens=tokens,
        attempts=ended.attempts,
        error={"code": ended.error.code, "message": ended.error.message} if ended.error else None,
    )


def _cut(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _shorten(value) for name, value in values.items()}


def _shorten(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= MOST_TRACED_CHARACTERS:
        return value
    return f"{text[:MOST_TRACED_CHARACTERS]}… ({len(text):,} characters)"
