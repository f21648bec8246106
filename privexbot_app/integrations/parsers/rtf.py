"""Rich Text Format, as paragraphs: RTF marks headings by appearance only."""

from pathlib import Path

from privexbot_app.integrations.parsers.base import PARSERS
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.kit.text import StructuredText


@PARSERS.register("rtf")
class RtfParser:
    """RTF in any code page."""

    extensions = (".rtf",)
    media_types = ("application/rtf",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return the paragraphs; a row of cells becomes a line of a table."""
        from striprtf.striprtf import rtf_to_text  # noqa: PLC0415 - listing parsers stays cheap

        builder = TextBuilder()
        rows: list[list[str]] = []
        for line in rtf_to_text(path.read_bytes().decode("latin-1"), errors="replace").split("\n"):
            if line.count("|") > 1:
                rows.append(line.strip().strip("|").split("|"))
                continue
            builder.table(rows)
            rows = []
            builder.paragraph(line)
        builder.table(rows)
        return builder.build()
