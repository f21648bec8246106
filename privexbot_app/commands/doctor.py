"""`privexbot doctor`: does everything answer that this installation needs?"""

import argparse
import asyncio
import sys

from privexbot_app.bootstrap import build_runtime
from privexbot_app.commands.running import say
from privexbot_app.kit.row_security import is_above_policies
from privexbot_app.runtime import Runtime
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Say what does not answer; status 1 if anything does not."""
    failed, is_above = asyncio.run(_examine(settings))
    for name, reason in failed.items():
        say(f"✗ {name}: {reason}")
    if is_above:
        say("! the database role is a superuser or has BYPASSRLS: row-level security does not bind it")
    if failed:
        sys.exit(1)
    say("✓ everything answers")


async def _examine(settings: Settings) -> tuple[dict[str, str], bool]:
    runtime = build_runtime(settings)
    try:
        failed = await runtime.check()
        return failed, "database" not in failed and await _is_above_policies(runtime)
    finally:
        await runtime.close()


async def _is_above_policies(runtime: Runtime) -> bool:
    async with runtime.works.sessions.kw["bind"].connect() as connection:
        return await is_above_policies(connection)
