"""`privexbot move-vectors`: a knowledge base to another vector store, while bots go on answering."""

import argparse
import asyncio
from uuid import UUID

from privexbot_app.bootstrap import build_runtime
from privexbot_app.commands.running import say
from privexbot_app.domains.knowledge.moving import move_vectors, scope_of_base
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which knowledge base, and where to."""
    parser.add_argument("knowledge_base", type=UUID, help="its id, as in the address of its page")
    parser.add_argument("--to", required=True, metavar="STORE", help="name of the vector store")
    parser.add_argument("--rebuild", action="store_true", help="build anew, even if it is in that store")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Move it, telling how far it is."""
    asyncio.run(_move(settings, options))


async def _move(settings: Settings, options: argparse.Namespace) -> None:
    runtime = build_runtime(settings)
    try:
        scope = await scope_of_base(runtime.works, options.knowledge_base)
        result = await move_vectors(
            runtime.works, scope, options.knowledge_base, to=options.to, is_rebuilt=options.rebuild, tell=say
        )
    finally:
        await runtime.close()
    if not result.is_moved:
        say(f"It is in {options.to} already, with {result.vectors:,} vectors; --rebuild builds it anew.")
        return
    say(f"✓ {result.vectors:,} vectors are in {options.to} now; the old ones are being removed.")
    if result.reindexed:
        say(f"  {result.reindexed:,} documents had lost vectors and are being indexed again.")
