"""The import contracts hold, and each of them bites."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = Path(sys.executable).with_name("lint-imports")

BREACHES = {
    "house": ("kit/clock.py", "from privexbot_app.domains.audit import schemas"),
    "order": ("domains/tenancy/permissions.py", "from privexbot_app.domains.bots import origins"),
    "rooms": ("domains/knowledge/schemas.py", "from privexbot_app.domains.knowledge import jobs"),
    "tables-knowledge": ("domains/bots/checks.py", "from privexbot_app.domains.knowledge import models"),
    "tables-identity": ("domains/tenancy/schemas.py", "from privexbot_app.domains.identity import repository"),
    "tables-tenancy": ("domains/bots/service.py", "from privexbot_app.domains.tenancy import repository"),
    "tables-credentials": ("domains/knowledge/service.py", "from privexbot_app.domains.credentials import models"),
    "tables-audit": ("domains/bots/service.py", "from privexbot_app.domains.audit import models"),
    "tables-bots": ("domains/conversations/answering.py", "from privexbot_app.domains.bots import repository"),
    "tables-evaluations": ("api/v1/golden.py", "from privexbot_app.domains.evaluations import repository"),
    "tables-leads": ("api/v1/leads.py", "from privexbot_app.domains.leads import repository"),
    "tables-webhooks": ("api/v1/webhooks.py", "from privexbot_app.domains.webhooks import repository"),
    "tables-privacy": ("api/v1/privacy.py", "from privexbot_app.domains.privacy import repository"),
    "tables-conversations": ("api/v1/chatbots.py", "from privexbot_app.domains.conversations import models"),
    "kinds": ("integrations/llms/extractive.py", "from privexbot_app.integrations.embeddings import base"),
    "plugins-meet": ("integrations/llms/base.py", "from privexbot_app.integrations import plugins"),
    "variants": ("integrations/parsers/csv.py", "from privexbot_app.integrations.parsers import xlsx"),
    "tables-analytics": (
        "domains/conversations/answering.py",
        "from privexbot_app.domains.analytics import repository",
    ),
    "tables-chatflows": (
        "domains/conversations/answering.py",
        "from privexbot_app.domains.chatflows import repository",
    ),
    "nodes": ("flow/nodes/reply.py", "from privexbot_app.flow.nodes import ask"),
    "formats": ("flow/formats/dify/nodes.py", "from privexbot_app.flow.formats import own"),
    "pages": ("ui/pages/one.py", "from privexbot_app.ui.pages import two"),
    "settings": ("api/deps.py", "from privexbot_app import settings"),
    "http": ("domains/bots/service.py", "import fastapi"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # By default the tool imports the package of the current folder, and keeps its graph beside the configuration.
    return subprocess.run([TOOL, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120)


def names_of_contracts() -> dict[str, str]:
    names, section = {}, ""
    for line in (ROOT / ".importlinter").read_text().splitlines():
        if line.startswith("[importlinter:contract:"):
            section = line.removeprefix("[importlinter:contract:").rstrip("]")
        if section and line.startswith("name = "):
            names[section] = line.removeprefix("name = ")
    return names


def test_every_import_flows_down_the_river():
    found = lint(ROOT)
    assert found.returncode == 0, found.stdout[-4000:]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy of the tree with one deliberate breach of each contract."""
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "privexbot_app", folder / "privexbot_app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", folder)
    for name in ("one", "two"):
        (folder / "privexbot_app/ui/pages" / f"{name}.py").write_text("")
    for path, line in BREACHES.values():
        with (folder / "privexbot_app" / path).open("a") as file:
            file.write(f"\n{line}\n")
    found = lint(folder)
    assert found.returncode != 0
    return " ".join(found.stdout.split())


def test_every_contract_has_a_breach_to_catch():
    assert set(names_of_contracts()) == set(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
def test_a_deliberate_breach_is_caught(broken: str, contract: str):
    path, line = BREACHES[contract]
    assert f"{names_of_contracts()[contract]} BROKEN" in broken or f"{names_of_contracts()[contract]}BROKEN" in broken
    importer = f"privexbot_app.{path.removesuffix('.py').replace('/', '.')}"
    imported = line.replace("from ", "").replace(" import ", ".").removeprefix("import ")
    assert f"{importer} -> {imported}" in broken


def test_every_room_has_its_contract():
    rooms = {path.name for path in (ROOT / "privexbot_app/domains").iterdir() if (path / "models.py").exists()}
    assert {f"tables-{room}" for room in rooms} <= set(names_of_contracts())


def test_a_folder_that_the_river_does_not_name_is_caught(tmp_path: Path):
    shutil.copytree(ROOT / "privexbot_app", tmp_path / "privexbot_app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    (tmp_path / "privexbot_app" / "helpers.py").write_text("")
    found = lint(tmp_path)
    assert found.returncode != 0
    assert "helpers" in found.stdout
