"""The bridge from async code to blocking libraries."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def in_thread(
    executor: Executor | None,
    function: Callable[Arguments, Result],
    /,
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Result:
    """Run a blocking call in `executor` (None: the loop's own) and wait without blocking the loop.

    A cancelled caller stops waiting; the call itself runs to its end.
    """
    return await asyncio.get_running_loop().run_in_executor(executor, partial(function, *args, **kwargs))
