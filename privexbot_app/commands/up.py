"""`privexbot up`: everything on this machine, in one terminal. Imports nothing heavy, so that it is there at once."""

import argparse
import asyncio
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from privexbot_app.commands.running import keep_running, say
from privexbot_app.embedded import plan
from privexbot_app.settings import ROOT, Settings

SQLITE = "sqlite+aiosqlite:///"
MIGRATION = re.compile(r"(\d{4})_\w+\.py")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Migrate if need be, start everything, stay until Ctrl-C."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not has_current_schema(settings):
        done = subprocess.run([sys.executable, "-m", "privexbot_app.cli", "migrate"], check=False)
        if done.returncode != 0:
            sys.exit("The database could not be brought to this version; see above.")
    asyncio.run(keep_running(plan(settings), when_ready=lambda: _greet(settings)))


def has_current_schema(settings: Settings) -> bool:
    """Whether an SQLite database is at this version for sure. Of other databases we do not know: migrating tells."""
    if not settings.async_database_url.startswith(SQLITE):
        return False
    path = Path(settings.async_database_url.removeprefix(SQLITE))
    if not path.exists():
        return False
    newest = max(
        found[1] for file in (ROOT / "alembic" / "versions").iterdir() if (found := MIGRATION.match(file.name))
    )
    try:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest,)]
    except sqlite3.Error:
        return False


def _greet(settings: Settings) -> None:
    say(
        f"\n  PrivexBot runs at {settings.browser_url}\n"
        f"  First time here? Register at {settings.browser_url}/register; the first account is yours.\n"
        f"  Data: {_short(settings.data_dir)}    Logs: {_short(settings.data_dir / 'logs')}    Stop: Ctrl-C\n"
    )


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
