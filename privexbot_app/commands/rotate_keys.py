"""`privexbot rotate-keys`: seal stored secrets by the present secret key, so that the previous one can be forgotten.

With `--data-keys` every workspace gets another data key, and its credentials are sealed by that one.
"""

import argparse
import asyncio
import sys

from privexbot_app.bootstrap import build_runtime
from privexbot_app.commands.running import say
from privexbot_app.kit.rotation import RENEWERS, RESEALERS, Resealer
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The secret keys are settings; only the workspaces' own keys are asked for here."""
    parser.add_argument(
        "--data-keys", action="store_true", help="give every workspace another data key and seal its credentials by it"
    )


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Seal anew, and say how much. Running it twice, or while the product runs, does no harm."""
    if options.data_keys:
        _tell(asyncio.run(_run_all(settings, RENEWERS)))
        return
    if not settings.previous_secret_keys:
        sys.exit(
            "Set PRIVEXBOT_PREVIOUS_SECRET_KEYS to the key that was replaced, and PRIVEXBOT_SECRET_KEY to the new one."
        )
    _tell(asyncio.run(_run_all(settings, RESEALERS)))
    say("PRIVEXBOT_PREVIOUS_SECRET_KEYS can be removed now.")


def _tell(counts: dict[str, int]) -> None:
    for name, count in counts.items():
        say(f"✓ {name}: {count:,} sealed anew")


async def _run_all(settings: Settings, resealers: dict[str, Resealer]) -> dict[str, int]:
    runtime = build_runtime(settings)
    try:
        return {name: await reseal(runtime.works) for name, reseal in sorted(resealers.items())}
    finally:
        await runtime.close()
