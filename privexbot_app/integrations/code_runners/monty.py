"""Python in Monty: an interpreter of its own, in processes of its own, that knows no files, network, clock or host.

A worker that uses too much is ended, and nothing else is. What the program gives comes back as JSON that is written
inside the worker, under its limits: a value of a few lists may stand for more than any memory holds.
"""

import ast
import asyncio
import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.integrations.code_runners.base import (
    CODE_RUNNERS,
    CodeBusyError,
    CodeCrashedError,
    CodeDeniedError,
    CodeFailedError,
    CodeInvalidError,
    CodeMemoryError,
    CodeOutputError,
    CodeTimeoutError,
)
from privexbot_app.kit.logging import get_logger

if TYPE_CHECKING:
    from pydantic_monty import AsyncMonty, AsyncMontySession, MontyRuntimeError

log = get_logger(__name__)

RESULT = "_privexbot_result"
TAIL = f'import json\nf"{{json.dumps({RESULT})}}"'
MOST_PRINTED = 10_000
MOST_RECURSION = 200
# What the interpreter says of calls that only a host could answer.
NOT_HERE = ("is not supported in this environment", "Permission denied")


@CODE_RUNNERS.register("monty")
class MontyRunner:
    """One pool of worker processes for each event loop; a worker serves one program at a time and keeps nothing."""

    class Config(BaseModel):
        """How many programs run side by side."""

        model_config = ConfigDict(frozen=True, extra="forbid")

        workers: int = Field(2, ge=1, le=32, description="Worker processes of each process of the installation.")
        wait_seconds: float = Field(10, gt=0, le=120, description="Longest wait for a free worker, in seconds.")

    def __init__(self, config: Config) -> None:
        self.config = config
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncMonty] = WeakKeyDictionary()
        self._free: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        self._opening: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def run(
        self, source: str, inputs: Mapping[str, Any], *, seconds: float, megabytes: int, output_characters: int
    ) -> Any:
        """See `CodeRunner.run`."""
        from pydantic_monty import MontyCrashedError, MontyRuntimeError, MontySyntaxError  # noqa: PLC0415

        program = keep_result(source)
        free = self._free.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self.config.workers))
        try:
            async with asyncio.timeout(self.config.wait_seconds):
                await free.acquire()
        except TimeoutError as error:
            raise CodeBusyError from error
        try:
            text = await self._run(program, inputs, seconds, megabytes)
        except MontySyntaxError as error:
            raise CodeInvalidError(str(error)) from error
        except MontyRuntimeError as error:
            raise _translate(error, seconds, megabytes) from error
        except MontyCrashedError as error:
            if error.timed_out:
                raise CodeTimeoutError(seconds) from error
            log.warning("code.worker_crashed", exit_status=error.exit_status)
            raise CodeCrashedError from error
        finally:
            free.release()
        return _read(text, output_characters)

    async def close(self) -> None:
        """See `CodeRunner.close`."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.__aexit__(None, None, None)

    async def _run(self, program: str, inputs: Mapping[str, Any], seconds: float, megabytes: int) -> str:
        from pydantic_monty import CollectString, MontyRuntimeError, OSPolicy, ResourceLimits  # noqa: PLC0415

        limits = ResourceLimits(
            max_feed_duration_secs=seconds,
            max_memory=megabytes * 1_000_000,
            max_recursion_depth=MOST_RECURSION,
            max_suspensions=10,
            max_total_sleep_secs=0.0,
        )
        # Nobody answers what is asked of the host: that is how the clock and sleeping are taken away.
        policy = OSPolicy(datetime="call_host", timezone="UTC", sleep="call_host", process_time="zero")
        pool = await self._pool()
        session: AsyncMontySession
        async with pool.checkout(limits=limits, os_policy=policy) as session:
            await session.feed_run(program, inputs=dict(inputs), print_callback=CollectString(max_bytes=MOST_PRINTED))
            try:
                return await session.feed_run(TAIL)
            except MontyRuntimeError as error:
                if isinstance(error.exception(), TypeError | ValueError):
                    raise CodeOutputError("must be made of texts, numbers, lists and objects") from error
                raise

    async def _pool(self) -> "AsyncMonty":
        from pydantic_monty import AsyncMonty  # noqa: PLC0415

        loop = asyncio.get_running_loop()
        async with self._opening.setdefault(loop, asyncio.Lock()):
            if loop not in self._pools:
                pool = AsyncMonty(min_processes=0, max_processes=self.config.workers, max_checkouts_per_worker=1000)
                self._pools[loop] = await pool.__aenter__()
            return self._pools[loop]


def keep_result(source: str) -> str:
    """The program with its last expression put where it can be fetched. Raises CodeInvalidError.

    >>> keep_result("x = 2\\nx * 2")
    'x = 2\\n_privexbot_result = (x * 2)\\n'
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            tree: ast.Module = compile(source, "code", "exec", flags)  # type: ignore[assignment]
    except SyntaxError as error:
        raise CodeInvalidError(error.msg, error.lineno) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise CodeInvalidError("it is nested too deeply, or holds a character that code cannot hold") from error
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return f"{source}\n{RESULT} = None\n"
    assert last.end_lineno is not None
    assert last.end_col_offset is not None
    lines = [line.encode() + b"\n" for line in source.split("\n")]
    start = sum(map(len, lines[: last.lineno - 1])) + last.col_offset
    end = sum(map(len, lines[: last.end_lineno - 1])) + last.end_col_offset
    text = b"".join(lines)
    return f"{text[:start].decode()}{RESULT} = ({text[start:end].decode()})\n"


def _translate(error: "MontyRuntimeError", seconds: float, megabytes: int) -> Exception:
    inner = error.exception()
    message = str(inner)
    match inner:
        case TimeoutError():
            return CodeTimeoutError(seconds)
        case MemoryError() | RecursionError():
            return CodeMemoryError(megabytes)
        case PermissionError():
            return CodeDeniedError()
        case RuntimeError() if any(words in message for words in NOT_HERE):
            return CodeDeniedError()
        case ImportError():
            return CodeDeniedError()
    frames = error.traceback()
    line = frames[-1].line if frames else None
    return CodeFailedError(f"{type(inner).__name__}: {message}", line)


def _read(text: Any, most: int) -> Any:
    if not isinstance(text, str) or len(text) > most:
        raise CodeOutputError(f"is longer than {most:,} characters")

    def refuse(word: str) -> None:
        raise CodeOutputError(f"holds {word}, which is no number")

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise CodeOutputError("cannot be read") from error
