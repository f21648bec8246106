"""`privexbot reindex`: a knowledge base anew with other chunking or another embedding, while bots go on answering."""

import argparse
import asyncio
import sys
from uuid import UUID

from privexbot_app.bootstrap import build_runtime
from privexbot_app.commands.running import say
from privexbot_app.domains.knowledge.moving import scope_of_base
from privexbot_app.domains.knowledge.rebuilding import rebuild_base
from privexbot_app.domains.knowledge.reindexing import begin_reindex
from privexbot_app.domains.knowledge.schemas import ChunkingSettings, ReindexRequest
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.runtime import Runtime
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which knowledge base, and how it is to be cut and embedded from now on."""
    parser.add_argument("knowledge_base", type=UUID, help="its id, as in the address of its page")
    parser.add_argument("--chunking", metavar="NAME", help="another chunker; without one, cut as before")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=NUMBER", help="a setting of that chunker; repeatable"
    )
    parser.add_argument("--embedding", metavar="NAME", help="another embedding; without one, embed as before")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Index it anew, telling how far it is; a failure ends in its reason and status 1."""
    problem = asyncio.run(_reindex(settings, options))
    if problem:
        sys.exit(problem)


def read_request(options: argparse.Namespace) -> ReindexRequest:
    """What the arguments ask for. Raises SystemExit for an option that is no NAME=NUMBER."""
    numbers: dict[str, int] = {}
    for option in options.option:
        name, _, number = option.partition("=")
        if not number.isdecimal():
            sys.exit(f"“{option}” is not of the form NAME=NUMBER, such as size_tokens=200.")
        numbers[name] = int(number)
    if numbers and not options.chunking:
        sys.exit("An option belongs to a chunker: name it with --chunking.")
    chunking = ChunkingSettings(strategy=options.chunking, options=numbers) if options.chunking else None
    return ReindexRequest(chunking=chunking, embedding=options.embedding)


async def _reindex(settings: Settings, options: argparse.Namespace) -> str:
    runtime = build_runtime(settings)
    try:
        return await reindex(runtime, options)
    finally:
        await runtime.close()


async def reindex(runtime: Runtime, options: argparse.Namespace) -> str:
    """Index a knowledge base anew in this process. Returns what went wrong, or nothing."""
    wanted = read_request(options)
    scope = await scope_of_base(runtime.works, options.knowledge_base)
    await begin_reindex(runtime.works, scope, options.knowledge_base, wanted, is_queued=False)
    if await rebuild_base(runtime.works, scope, options.knowledge_base, tell=say):
        say("✓ Searches use the new chunks now; the old ones are being removed.")
        return ""
    async with runtime.works.open(scope, read_only=True) as work:
        base = await KnowledgeService(work).get_base(options.knowledge_base)
    if base.reindex is None:
        return "The re-index was cancelled. Nothing has changed."
    if base.reindex.error is None:
        return "Something does not answer. A worker goes on with it; see the page of the knowledge base."
    return f"{base.reindex.error.message} Nothing has changed."
