"""Verbs for the operator: up, web, worker, migrate, create-owner, move-vectors, doctor."""

import argparse
import asyncio
import getpass
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic import command
from alembic.config import Config
from pydantic import SecretStr, ValidationError

from privexbot_app.bootstrap import build_runtime
from privexbot_app.domains.identity.schemas import Registration
from privexbot_app.domains.identity.service import IdentityService
from privexbot_app.domains.knowledge.moving import move_vectors, scope_of_base
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.embedded import plan, web, workers
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.logging import set_up_logging
from privexbot_app.settings import ROOT, Settings
from privexbot_app.supervisor import Child, ChildFailedError, Supervisor
from privexbot_app.watchdog import watch


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb; a mistake ends in one sentence and status 1."""
    options = _parse(arguments)
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit("\n".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors()))
    set_up_logging("WARNING" if options.verb == "up" else settings.log_level)
    try:
        options.run(settings, options)
    except (ChildFailedError, PrivexError) as error:
        sys.exit(str(error))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="privexbot", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, run, words in (
        ("up", _up, "run everything on this machine: web, worker and the servers that they need"),
        ("web", _web, "run the web process alone"),
        ("worker", _worker, "run the indexing processes and the watchdog"),
        ("migrate", _migrate, "bring the database to this version"),
        ("create-owner", _create_owner, "make an account from the command line"),
        ("move-vectors", _move_vectors, "move a knowledge base to another vector store, while bots go on answering"),
        ("doctor", _doctor, "check that everything this installation needs answers"),
    ):
        verb = verbs.add_parser(name, help=words)
        verb.set_defaults(run=run)
        if name == "create-owner":
            verb.add_argument("email")
            verb.add_argument("--name", default="")
        if name == "move-vectors":
            verb.add_argument("knowledge_base", type=UUID, help="its id, as in the address of its page")
            verb.add_argument("--to", required=True, metavar="STORE", help="name of the vector store")
            verb.add_argument("--rebuild", action="store_true", help="build anew, even if it is in that store")
    return parser.parse_args(arguments)


def _up(settings: Settings, options: argparse.Namespace) -> None:
    migrate(settings)
    children = plan(settings)
    asyncio.run(_supervise(Settings(), children, greeting=True))


def _web(settings: Settings, options: argparse.Namespace) -> None:
    asyncio.run(_supervise(settings, [web(settings)], is_watching=False))


def _worker(settings: Settings, options: argparse.Namespace) -> None:
    asyncio.run(_supervise(settings, workers(settings)))


def _migrate(settings: Settings, options: argparse.Namespace) -> None:
    migrate(settings)


def migrate(settings: Settings) -> None:
    """Bring the database to this version."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.attributes["database_url"] = settings.async_database_url
    command.upgrade(config, "head")


def _create_owner(settings: Settings, options: argparse.Namespace) -> None:
    password = SecretStr(getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n"))
    asyncio.run(_register(settings, Registration(email=options.email, password=password, name=options.name)))
    _say(f"{options.email} can sign in at {settings.browser_url}")


async def _register(settings: Settings, registration: Registration) -> None:
    runtime = build_runtime(settings)
    async with runtime.works.open(None) as work:
        user = await IdentityService(work, runtime.keys).register(registration)
        await TenancyService(work).create_organization(user)
    await runtime.close()


def _move_vectors(settings: Settings, options: argparse.Namespace) -> None:
    asyncio.run(_move(settings, options))


async def _move(settings: Settings, options: argparse.Namespace) -> None:
    runtime = build_runtime(settings)
    try:
        scope = await scope_of_base(runtime.works, options.knowledge_base)
        result = await move_vectors(
            runtime.works, scope, options.knowledge_base, to=options.to, is_rebuilt=options.rebuild, tell=_say
        )
    finally:
        await runtime.close()
    if not result.is_moved:
        _say(f"It is in {options.to} already, with {result.vectors:,} vectors; --rebuild builds it anew.")
        return
    _say(f"✓ {result.vectors:,} vectors are in {options.to} now; the old ones are being removed.")
    if result.reindexed:
        _say(f"  {result.reindexed:,} documents had lost vectors and are being indexed again.")


def _doctor(settings: Settings, options: argparse.Namespace) -> None:
    failed = asyncio.run(_examine(settings))
    for name, reason in failed.items():
        _say(f"✗ {name}: {reason}")
    if failed:
        sys.exit(1)
    _say("✓ everything answers")


async def _examine(settings: Settings) -> dict[str, str]:
    runtime = build_runtime(settings)
    try:
        return await runtime.check()
    finally:
        await runtime.close()


async def _supervise(
    settings: Settings, children: Sequence[Child], *, greeting: bool = False, is_watching: bool = True
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervisor = Supervisor(children)
    waiting: set[asyncio.Task[Any]] = {asyncio.create_task(stop.wait())}
    try:
        starting = asyncio.create_task(supervisor.start())
        await asyncio.wait({starting, *waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            return
        starting.result()
        if is_watching:
            waiting.add(asyncio.create_task(watch(settings)))
        if greeting:
            _greet(settings)
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a watchdog never ends by itself, except by failing
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await supervisor.stop()


def _greet(settings: Settings) -> None:
    _say(
        f"\n  PrivexBot runs at {settings.browser_url}\n"
        f"  First time here? Register at {settings.browser_url}/register; the first account is yours.\n"
        f"  Data: {_short(settings.data_dir)}    Logs: {_short(settings.data_dir / 'logs')}    Stop: Ctrl-C\n"
    )


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
