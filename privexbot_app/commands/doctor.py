"""`privexbot doctor`: does everything answer that this installation needs?"""

import argparse
import asyncio
import sys

from privexbot_app.bootstrap import build_runtime
from privexbot_app.commands.running import say
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Say what does not answer; status 1 if anything does not."""
    failed = asyncio.run(_examine(settings))
    for name, reason in failed.items():
        say(f"✗ {name}: {reason}")
    if failed:
        sys.exit(1)
    say("✓ everything answers")


async def _examine(settings: Settings) -> dict[str, str]:
    runtime = build_runtime(settings)
    try:
        return await runtime.check()
    finally:
        await runtime.close()
