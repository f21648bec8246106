"""Excel 97 workbooks through xlrd, which Unstructured brings: a sheet is a page, its rows one table."""

import datetime
from pathlib import Path
from typing import Any

from privexbot_app.integrations.parsers.base import PARSERS, EncryptedDocumentError
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.kit.text import StructuredText


@PARSERS.register("xls")
class XlsParser:
    """Workbooks of old versions of Excel."""

    extensions = (".xls",)
    media_types = ("application/x-ole-storage",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return every visible sheet: its name as a heading, then its rows."""
        import xlrd  # noqa: PLC0415 - listing parsers stays cheap

        try:
            workbook = xlrd.open_workbook(str(path), on_demand=True)
        except xlrd.XLRDError as error:
            if "encrypted" in str(error):
                raise EncryptedDocumentError() from error
            raise
        builder = TextBuilder()
        for number, sheet in enumerate(workbook.sheets(), start=1):
            rows = [[_text_of(cell, workbook.datemode) for cell in sheet.row(row)] for row in range(sheet.nrows)]
            if sheet.visibility == 0 and any(map(any, rows)):
                builder.heading(sheet.name, level=1, page=number)
                builder.table(rows, page=number)
        return builder.build()


def _text_of(cell: Any, date_mode: int) -> str:
    import xlrd  # noqa: PLC0415 - as above

    if cell.ctype == xlrd.XL_CELL_DATE:
        moment = xlrd.xldate_as_datetime(cell.value, date_mode)
        return moment.date().isoformat() if moment.time() == datetime.time() else moment.isoformat(" ", "minutes")
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "yes" if cell.value else "no"
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        return str(int(cell.value)) if cell.value.is_integer() and abs(cell.value) < 1e15 else f"{cell.value:.10g}"
    return str(cell.value) if cell.ctype == xlrd.XL_CELL_TEXT else ""
