"""What is stored has no extension in its path; the name comes beside it."""

import shutil
from pathlib import Path

from privexbot_app.integrations.parsers.sandbox import parse_file


async def test_a_workbook_is_read_from_a_path_without_extension(data: Path, tmp_path: Path) -> None:
    stored = tmp_path / "original"
    shutil.copy(data / "documents/files/normal/unst__stanley-cups.xlsx", stored)
    document = await parse_file(stored, filename="stanley-cups.xlsx")
    assert "Maple Leafs" in document.text
