"""What the build leaves behind: sizes, hashes, complete catalogues, and a lock file that names no host."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "widget"
LANGUAGES = ("ar", "de", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "zh")


@pytest.fixture
def manifest(built: Path) -> dict:
    return json.loads((built / "manifest.json").read_text())


def _all_files(manifest: dict) -> list[dict]:
    return [manifest["loader"], manifest["panel"], *manifest["later"].values()]


def test_a_first_chat_stays_within_its_budget(built: Path, manifest: dict):
    def gzipped(entry: dict) -> int:
        return len(gzip.compress((built / entry["file"]).read_bytes(), 9))

    assert gzipped(manifest["loader"]) <= 3 * 1024
    assert gzipped(manifest["loader"]) + gzipped(manifest["panel"]) <= 14 * 1024


def test_the_manifest_has_the_integrity_of_every_file(built: Path, manifest: dict):
    for entry in _all_files(manifest):
        digest = hashlib.sha384((built / entry["file"]).read_bytes()).digest()
        assert entry["integrity"] == f"sha384-{base64.b64encode(digest).decode()}"
    scripts = {path.name for path in built.glob("*.js")}
    assert scripts == {entry["file"] for entry in _all_files(manifest)}


def test_everything_but_the_loader_is_named_by_its_content(manifest: dict):
    assert manifest["loader"]["file"] == "widget.js"
    assert all(re.fullmatch(r"\w+\.[A-Z0-9]{8}\.js", entry["file"]) for entry in _all_files(manifest)[1:])


def test_the_loader_asks_for_the_panel_of_this_build_and_every_file_has_its_map(built: Path, manifest: dict):
    loader = (built / "widget.js").read_text()
    assert f"widget/{manifest['panel']['file']}" in loader
    assert loader.rstrip().endswith("//# sourceMappingURL=widget/widget.js.map")
    for entry in _all_files(manifest):
        assert json.loads((built / f"{entry['file']}.map").read_text())["sources"]


def test_nothing_in_the_files_needs_an_unsafe_permission(built: Path, manifest: dict):
    for entry in _all_files(manifest):
        text = (built / entry["file"]).read_text()
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "cssText",
        ):
            assert word not in text, f"{word} in {entry['file']}"


def test_the_lock_file_names_no_download_host():
    lock = (SOURCES / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert "://" not in lock.replace("https://opencollective.com", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_the_panel_is_translated(language: str):
    source = "\n".join(path.read_text() for path in (SOURCES / "src").rglob("*.js"))
    failures = re.search(r"FAILURES = \{(.*?)\};", source, re.DOTALL).group(1)
    spoken = set(re.findall(r"\bt\(\s*'([^']+)'", source)) | set(re.findall(r"'([^']+)'", failures))
    spoken |= set(re.findall(r"'([^']+)'", re.search(r"RATINGS = \{(.*?)\};", source).group(1)))
    spoken |= {"Name", "Email", "Phone", "Company"}
    words = json.loads((SOURCES / "src" / "words" / f"{language}.json").read_text())
    assert set(words) == spoken
    for key, translation in words.items():
        assert set(re.findall(r"\{\w+\}", key)) == set(re.findall(r"\{\w+\}", translation)), key


def test_the_view_never_fetches_and_the_api_never_touches_the_page():
    for path in (SOURCES / "src" / "view").glob("*.js"):
        assert not re.search(r"\bfetch\(|localStorage|from '\.\./(api|session)\.js'", path.read_text()), path.name
    for name in ("api", "conversation", "session", "store"):
        assert not re.search(r"\bdocument\b|/view/", (SOURCES / "src" / f"{name}.js").read_text()), name
