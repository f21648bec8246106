"""Starting the web process imports nothing heavy: a page must not wait for a library that only the worker needs."""

import os
import subprocess
import sys

HEAVY = (
    "chromadb", "faiss", "llama_index", "onnxruntime", "pandas", "pymilvus", "pypdfium2", "qdrant_client", "spacy",
    "tokenizers", "torch", "unstructured", "web3",
)  # fmt: skip
PROGRAM = """
import sys
{action}
print(",".join(sorted({{name.split(".")[0] for name in sys.modules}} & set({heavy!r}))))
"""


def imported_by(action: str, tmp_path) -> str:
    program = PROGRAM.format(action=action, heavy=HEAVY)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRIVEXBOT_")}
    environment = {**kept, "PRIVEXBOT_DATA_DIR": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=120
    )
    assert found.returncode == 0, found.stderr[-2000:]
    return found.stdout.strip()


def test_discovering_every_plug_in_imports_nothing_heavy(tmp_path):
    assert imported_by("from privexbot_app.bootstrap import discover; discover()", tmp_path) == ""


def test_building_the_installation_and_its_api_imports_nothing_heavy(tmp_path):
    action = """
from privexbot_app.api.app import create_api
from privexbot_app.bootstrap import build_runtime
build_runtime(), create_api()
"""
    assert imported_by(action, tmp_path) == ""
