"""Excel workbooks through openpyxl's streaming reader: a sheet is a page, its rows one table.

Not through Unstructured, which loads pandas and returns a sheet as a single element of HTML.
"""

import datetime
import warnings
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

from privexbot_app.integrations.parsers.base import PARSERS
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.kit.text import StructuredText

# Formatting alone can stretch a sheet to its last possible row.
_MOST_EMPTY_ROWS = 10_000


@PARSERS.register("xlsx")
class XlsxParser:
    """Excel 2007 and later; formulas by their last computed value."""

    extensions = (".xlsx", ".xlsm")
    media_types = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return every visible sheet: its name as a heading, then its rows."""
        from openpyxl import load_workbook  # noqa: PLC0415 - half a second to import

        builder = TextBuilder()
        with warnings.catch_warnings(), closing(_open(load_workbook, path)) as workbook:
            warnings.simplefilter("ignore")
            for number, sheet in enumerate(workbook.worksheets, start=1):
                if sheet.sheet_state != "visible":
                    continue
                rows = list(_rows(sheet))
                if rows:
                    builder.heading(sheet.title, level=1, page=number)
                    _add_tables(builder, rows, page=number)
        return builder.build()


def _open(load_workbook: Any, path: Path) -> Any:
    # Given a path, openpyxl insists on an extension; stored files have none.
    return load_workbook(BytesIO(path.read_bytes()), read_only=True, data_only=True)


def _rows(sheet: Any) -> Iterator[list[str]]:
    # The declared size is often wrong, and reading stops at it.
    sheet.reset_dimensions()
    empty = 0
    for row in sheet.iter_rows(values_only=True):
        cells = [_text_of(value) for value in row]
        empty = 0 if any(cells) else empty + 1
        if empty > _MOST_EMPTY_ROWS:
            return
        if empty <= 1:
            yield cells


def _add_tables(builder: TextBuilder, rows: list[list[str]], *, page: int) -> None:
    """A sheet often opens with a title line or two: single cells before the first row of several are paragraphs.

    Columns without a single value only space the sheet out and are dropped.
    """
    start = 0
    while start < len(rows) and sum(map(bool, rows[start])) <= 1:
        start += 1
    if start == len(rows):
        # A sheet of one column is a list of values.
        builder.table(rows, page=page)
        return
    for row in rows[:start]:
        builder.paragraph("".join(row), page=page)
    used = sorted({column for row in rows[start:] for column, cell in enumerate(row) if cell})
    builder.table(([row[column] for column in used if column < len(row)] for row in rows[start:]), page=page)


def _text_of(value: object) -> str:
    """Return a cell as a reader sees it: whole numbers without a point, dates without midnight."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "minutes")
    return str(value)
