"""Who may make a scope, cross tenants, or speak to the database behind the session's back. Read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "privexbot_app"

CROSSING = {
    "domains/analytics/jobs.py": ["find workspaces whose days are to be counted"],
    "domains/bots/jobs.py": ["seal bots' secrets with the present secret"],
    "domains/credentials/jobs.py": [
        "wrap data keys with the present secret",
        "list data keys",
        "give a workspace another data key",
    ],
    "domains/knowledge/jobs.py": [
        "revive abandoned documents",
        "sync due sources",
        "seal sources with the present secret",
    ],
    "domains/knowledge/moving.py": ["find the workspace of a knowledge base to move"],
    "domains/knowledge/upkeep.py": ["compare chunks with vectors"],
    "domains/webhooks/jobs.py": [
        "find webhooks to deliver again",
        "forget old deliveries of webhooks",
        "seal webhooks' secrets with the present secret",
    ],
    "domains/privacy/jobs.py": ["find workspaces that keep things for a time"],
    "kit/drafts.py": ["forget expired drafts"],
}
"""Every place that reads across tenants, with its reason. A new one needs a reason that a reviewer believes."""


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                yield str(path.relative_to(PACKAGE)), name, node


def test_scopes_are_made_by_tenancy_alone():
    makers = {path for path, name, _ in calls() if name == "Scope"}
    assert makers == {"domains/tenancy/service.py"}


def test_every_crossing_of_tenants_is_listed_with_its_reason():
    found: dict[str, list[str]] = {}
    for path, name, call in calls():
        if name == "SystemScope":
            found.setdefault(path, []).append(ast.literal_eval(call.args[0]))
    assert found == CROSSING


def test_nobody_goes_round_the_session_with_raw_sql_or_a_bare_connection():
    allowed = {
        ("domains/knowledge/repository/chunks.py", "connection"),  # asks for the dialect's name
        ("domains/audit/repository.py", "connection"),  # asks for the dialect's name
        ("kit/unit_of_work.py", "connection"),  # begins a transaction that takes no write lock
        ("kit/database.py", "exec_driver_sql"),  # begins SQLite's transactions
    }
    found = {(path, name) for path, name, _ in calls() if name in {"text", "exec_driver_sql", "connection"}}
    # In the pages `text` draws, and the engine of flows, which knows no database, reads it from files.
    found -= {(path, name) for path, name in found if path.startswith(("ui/", "flow/"))}
    assert found == allowed


def test_no_door_reveals_a_credential():
    revealing = {"reveal_for_use", "reveal_credential", "open_for_test"}
    found = {path for path, name, _ in calls() if name in revealing}
    assert [path for path in found if path.startswith(("ui/", "api/"))] == []


def test_tenants_ids_are_spelled_in_the_kit_alone():
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        where = str(path.relative_to(PACKAGE))
        if where in {"kit/scope.py"}:
            continue
        found += [where for line in path.read_text().splitlines() if "workspace_id.hex" in line]
    assert found == []
