"""`privexbot migrate`: bring the database to this version."""

import argparse

from alembic import command
from alembic.config import Config

from privexbot_app.settings import ROOT, Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Apply what is missing."""
    migrate(settings)


def migrate(settings: Settings) -> None:
    """Apply the migrations that the database has not seen. Starts an event loop of its own."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.attributes["database_url"] = settings.async_database_url
    command.upgrade(config, "head")
