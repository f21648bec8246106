"""Real documents: normal ones yield their phrases, nasty ones end in a named state, and little is lost."""

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from privexbot_app.integrations.parsers.base import ParsingError
from privexbot_app.integrations.parsers.sandbox import parse_file
from privexbot_app.integrations.parsers.web import main_text
from privexbot_app.kit.text import StructuredText

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
DOCUMENTS = DATA / "documents"
pytestmark = pytest.mark.skipif(not DOCUMENTS.exists(), reason="the test data is not here")


def rows_of(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


MANIFEST = rows_of(DOCUMENTS / "files" / "manifest.json")
PAIRS = rows_of(DOCUMENTS / "docling_pairs" / "index.json")
PAGES = rows_of(DATA / "web" / "main_text_pages" / "eval.json")

EXPECTED_ERRORS = {
    "nasty/unst__factbook.xsl": "unsupported_format",
    "nasty/unst__fake-encrypted.eml": "encrypted_document",
    "nasty/unst__password.pdf": "encrypted_document",
    "normal/unst__duplicate-paragraphs.doc": "unsupported_format",
    "normal/unst__table-multi-row-column-cells.pdf": "scanned_document",
}
# PDFium returns this file's Arabic letters in the order in which they are drawn.
DRAWN_BACKWARDS = {"normal/pypdf__habibi.pdf", "nasty/pypdf__habibi-rotated.pdf"}
# JSON is read as values, so escapes and punctuation are gone.
ESCAPED = {"normal/unst__spring-weather.html.json"}

# The share of docling's words that must be found. Word equations and workbook comments are not read as docling does.
LEAST_RECALL = {
    "csv": 0.98, "md": 0.95, "md_deepseek": 0.95, "html": 0.98, "docx": 0.65, "pptx": 0.98,
    "xlsx": 0.40, "odf": 0.90, "pdf": 0.75, "epub": 0.95,
}  # fmt: skip
LEAST_MEAN_RECALL = {"docx": 0.88, "xlsx": 0.70, "pdf": 0.90}


def letters_of(text: str) -> str:
    """Letters and digits only: line breaks, hyphenation and marks differ between readers."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


def words_of(text: str) -> Counter[str]:
    readable = re.sub(r"<!--.*?-->|&\w+;|https?://\S+", " ", text, flags=re.DOTALL)
    return Counter(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", readable).lower()))


def assert_blocks_are_exact(document: StructuredText) -> None:
    position = 0
    for block in document.blocks:
        assert position <= block.start < block.end <= len(document.text)
        assert document.text[block.start : block.end].strip()
        assert block.header is None or document.text[block.start : block.end].startswith(block.header)
        position = block.end


@pytest.mark.parametrize("row", MANIFEST, ids=lambda row: row["file"])
async def test_a_file_yields_its_phrases_or_a_named_error(row):
    path = DOCUMENTS / "files" / row["file"]
    expected = EXPECTED_ERRORS.get(row["file"])
    if expected:
        with pytest.raises(ParsingError) as refused:
            await parse_file(path, filename=path.name)
        assert refused.value.code == expected
        return
    document = await parse_file(path, filename=path.name)
    assert_blocks_are_exact(document)
    if row["file"] in DRAWN_BACKWARDS | ESCAPED:
        return
    found = letters_of(document.text)
    assert [phrase for phrase in row["must_contain"] if letters_of(phrase) not in found] == []


@pytest.mark.skipif(not PAIRS, reason="the test data is not here")
async def test_little_is_lost_against_another_converter(capsys):
    recalls: dict[str, list[float]] = {}
    for row in PAIRS:
        family, path = row["source"].split("/")[0], DOCUMENTS / "docling_pairs" / row["source"]
        if family == "doc":
            continue
        document = await parse_file(path, filename=path.name)
        assert_blocks_are_exact(document)
        truth = words_of((DOCUMENTS / "docling_pairs" / row["truth_md"]).read_text(encoding="utf-8"))
        recalls.setdefault(family, []).append((truth & words_of(document.text)).total() / max(1, truth.total()))
    with capsys.disabled():
        pass
    for family, values in recalls.items():
        assert min(values) >= LEAST_RECALL[family], family
        assert sum(values) / len(values) >= LEAST_MEAN_RECALL.get(family, LEAST_RECALL[family]), family


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row["file"])
def test_a_page_yields_its_main_text_only(row):
    markup = (DATA / "web" / "main_text_pages" / "html" / row["file"]).read_text(encoding="utf-8")
    document = main_text(markup, url=row["url"])
    assert_blocks_are_exact(document)
    found = " ".join(document.text.split())
    assert [phrase for phrase in row["with"] if phrase not in found] == []
    assert [phrase for phrase in row["without"] if phrase in found] == []
