"""Comma, semicolon, tab and pipe separated files: one table, its first row the header."""

import csv
import io
from pathlib import Path

from privexbot_app.integrations.parsers.base import PARSERS
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.integrations.parsers.decoding import read_text
from privexbot_app.kit.text import StructuredText

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50


@PARSERS.register("csv")
class CsvParser:
    """Separated values in any encoding; the delimiter is found by counting."""

    extensions = (".csv", ".tsv")
    media_types = ("text/plain",)
    is_safe_inline = True

    def parse(self, path: Path) -> StructuredText:
        """Return the rows as one table."""
        text = read_text(path)
        csv.field_size_limit(len(text) + 1)
        rows = csv.reader(io.StringIO(text), delimiter=find_delimiter(text), skipinitialspace=True)
        builder = TextBuilder()
        builder.table(rows)
        return builder.build()


def find_delimiter(text: str) -> str:
    """Return the delimiter that splits the first lines most often and most evenly; a comma when none does.

    The standard library's sniffer is not used: it guesses letters as delimiters and can backtrack for minutes.
    """
    sample = io.StringIO("\n".join(text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES]))

    def evenness(delimiter: str) -> tuple[float, int]:
        sample.seek(0)
        widths = [len(row) for row in csv.reader(sample, delimiter=delimiter, skipinitialspace=True) if row]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)

    best = max(_DELIMITERS, key=evenness)
    return best if evenness(best)[1] > 1 else ","
