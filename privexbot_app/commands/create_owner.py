"""`privexbot create-owner`: an account with an organization, from the command line."""

import argparse
import asyncio
import getpass
import sys

from pydantic import SecretStr, ValidationError

from privexbot_app.bootstrap import build_runtime
from privexbot_app.commands.running import say
from privexbot_app.domains.identity.schemas import Registration
from privexbot_app.domains.identity.service import IdentityService
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The address; the password is asked for, or read from standard input."""
    parser.add_argument("email")
    parser.add_argument("--name", default="")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Make the account."""
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        registration = Registration(email=options.email, password=SecretStr(password), name=options.name)
    except ValidationError as error:
        sys.exit("\n".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()))
    asyncio.run(_register(settings, registration))
    say(f"{options.email} can sign in at {settings.browser_url}")


async def _register(settings: Settings, registration: Registration) -> None:
    runtime = build_runtime(settings)
    try:
        async with runtime.works.open(None) as work:
            user = await IdentityService(work, runtime.keys).register(registration)
            await TenancyService(work).create_organization(user)
    finally:
        await runtime.close()
