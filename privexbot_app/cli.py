"""Verbs for the operator: `privexbot up`, `web`, `worker`, `migrate`, `create-owner`, `move-vectors`,
`reindex`, `rotate-keys`, `flow`, `doctor`.

A verb is one module in `commands`; only the one that is called is imported, so that `up` is there at once.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.logging import set_up_logging
from privexbot_app.settings import Settings
from privexbot_app.supervisor import ChildFailedError

VERBS = {
    "up": "run everything on this machine: web, worker and the servers that they need",
    "web": "run the web process alone",
    "worker": "run the indexing processes and the watchdog",
    "migrate": "bring the database to this version",
    "create-owner": "make an account from the command line",
    "move-vectors": "move a knowledge base to another vector store, while bots go on answering",
    "rotate-keys": "seal stored secrets anew after the secret key has changed",
    "reindex": "index a knowledge base anew with other chunking or embedding, while bots go on answering",
    "flow": "check flow files, or run the tests inside them",
    "doctor": "check that everything this installation needs answers",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb; a mistake ends in one sentence and status 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="privexbot", description="Run and look after an installation.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    command = None
    for name, help in VERBS.items():
        verb = verbs.add_parser(name, help=help)
        if name in words[:1]:
            command = importlib.import_module(f"privexbot_app.commands.{name.replace('-', '_')}")
            command.add_arguments(verb)
    options = parser.parse_args(words)
    assert command is not None  # the parser has ended the process otherwise
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit("\n".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors()))
    set_up_logging("WARNING" if options.verb == "up" else settings.log_level)
    try:
        command.run(settings, options)
    except (ChildFailedError, PrivexError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
