"""`privexbot rotate-keys`: seal stored secrets by the present secret key, so that the previous one can be forgotten."""

import argparse
import asyncio
import sys

from privexbot_app.bootstrap import build_runtime
from privexbot_app.commands.running import say
from privexbot_app.kit.rotation import RESEALERS
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none: the keys are settings."""


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Seal anew, and say how much. Running it twice, or while the product runs, does no harm."""
    if not settings.previous_secret_keys:
        sys.exit(
            "Set PRIVEXBOT_PREVIOUS_SECRET_KEYS to the key that was replaced, and PRIVEXBOT_SECRET_KEY to the new one."
        )
    for name, count in asyncio.run(_reseal(settings)).items():
        say(f"✓ {name}: {count:,} sealed anew")
    say("PRIVEXBOT_PREVIOUS_SECRET_KEYS can be removed now.")


async def _reseal(settings: Settings) -> dict[str, int]:
    runtime = build_runtime(settings)
    try:
        return {name: await reseal(runtime.works) for name, reseal in sorted(RESEALERS.items())}
    finally:
        await runtime.close()
