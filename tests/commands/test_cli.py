"""The operator's verbs: what they say, and that `up` knows when the database is ready."""

import subprocess
import sys
from pathlib import Path

import pytest

from privexbot_app.cli import VERBS, main
from privexbot_app.commands.migrate import migrate
from privexbot_app.commands.up import has_current_schema
from privexbot_app.settings import Settings

ROOT = Path(__file__).parents[2]


def test_every_verb_is_a_module_and_every_module_a_verb():
    modules = {path.stem.replace("_", "-") for path in (ROOT / "privexbot_app" / "commands").glob("*.py")}
    assert modules - {"--init--", "running"} == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert verb in capsys.readouterr().out


def test_a_weak_secret_refuses_in_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PRIVEXBOT_SECRET_KEY", "changeme" * 8)
    with pytest.raises(SystemExit, match="well-known word"):
        main(["doctor"])


def test_up_knows_a_database_that_is_at_this_version(tmp_path: Path):
    settings = Settings(data_dir=tmp_path)
    assert not has_current_schema(settings)
    migrate(settings)
    assert has_current_schema(settings)


def test_a_file_that_is_no_database_is_not_taken_for_one(tmp_path: Path):
    (tmp_path / "privexbot.sqlite").write_bytes(b"not a database at all" * 100)
    assert not has_current_schema(Settings(data_dir=tmp_path))


def test_up_imports_nothing_heavy():
    heavy = ("sqlalchemy", "reflex", "alembic", "fastapi", "chromadb")
    script = (
        f"import sys, privexbot_app.cli, privexbot_app.commands.up; print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_owner_is_made_from_the_command_line(tmp_path: Path):
    environment = {"PRIVEXBOT_DATA_DIR": str(tmp_path), "PATH": ""}
    migrate(Settings(data_dir=tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "privexbot_app.cli", "create-owner", "ann@example.com", "--name", "Ann"],
        cwd=ROOT,
        env=environment,
        input="a long enough password\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ann@example.com can sign in" in done.stdout
