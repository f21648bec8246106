"""`privexbot worker`: the processes that run jobs, and the watchdog over them."""

import argparse
import asyncio

from privexbot_app.commands.running import keep_running
from privexbot_app.embedded import watchdog, workers
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Work until told to stop."""
    asyncio.run(keep_running([watchdog(), *workers(settings)]))
