"""Tables as CSV that a spreadsheet can open without calculating what a stranger has typed."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Full-width signs are taken for the plain ones by spreadsheets of East Asian locales."""


def safe_cell(value: Any) -> str:
    """The text of a cell; one that would be calculated begins with an apostrophe.

    >>> safe_cell("=1+1"), safe_cell(" @SUM(A1)"), safe_cell("Kim"), safe_cell(None)
    ("'=1+1", "' @SUM(A1)", 'Kim', '')
    """
    text = "" if value is None else str(value)
    is_formula = text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)
    return f"'{text}" if is_formula else text


def write_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV, each cell safe.

    >>> write_csv([["name", "note"], ["Kim", "=cmd"]])
    "name,note\\r\\nKim,'=cmd\\r\\n"
    """
    file = io.StringIO()
    writer = csv.writer(file)
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
    return file.getvalue()
