"""`privexbot web`: the web process alone."""

import argparse
import asyncio

from privexbot_app.commands.running import keep_running
from privexbot_app.embedded import web
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Serve until told to stop."""
    asyncio.run(keep_running([web(settings)]))
