"""PDF through pypdfium2: it reads 200 pages in well under a second and tells a missing password from damage.

Unstructured's PDF path is not used: it needs torch, takes twenty times as long, and finds no tables either. Lines are
put back together into paragraphs by position and type; larger or bold type is taken for a heading.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from privexbot_app.integrations.parsers.base import (
    PARSERS,
    CorruptDocumentError,
    EmptyDocumentError,
    EncryptedDocumentError,
)
from privexbot_app.integrations.parsers.building import TextBuilder, join_lines
from privexbot_app.integrations.parsers.scans import MOST_PIXELS, ScanningParser, ScanReader, line_height
from privexbot_app.kit.text import StructuredText

_BULLET = re.compile(r"[•‣▪◦●○■□–*\uf0b7\x84]\s+(?=\S)")
_NUMBER = re.compile(r"[($€£¥-]*\d[\d.,]*[%)]*")
# U+0002 and U+FFFE are how PDFium writes a hyphen that only breaks a line.
_SOFT_HYPHENS = "\x02\ufffe\u00ad"
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_LIGATURE = re.compile("[ﬀ-ﬆ]")
_HEADING_SCALE = 1.15
_LONGEST_HEADING = 150
_BOLD_WEIGHT = 600
_SCAN_DPI = 200


@dataclass(frozen=True)
class Line:
    """A line of a page. size: type size; top, bottom: distances from the page's lower edge, in points."""

    text: str
    size: float
    top: float
    bottom: float
    page: int
    is_bold: bool

    @property
    def length(self) -> int:
        """The characters in the last of the lines that soft hyphens join."""
        return len(self.text) - self.text.rfind("\ufffe") - 1

    @property
    def is_tabular(self) -> bool:
        """Whether at least two and a third of its words are numbers."""
        words = self.text.split()
        numbers = sum(bool(_NUMBER.fullmatch(word)) for word in words)
        return numbers >= 2 and numbers * 3 >= len(words)


@PARSERS.register("pdf")
class PdfParser(ScanningParser):
    """PDF. Pages without a text layer are scans: their text is recognised, where that is switched on."""

    extensions = (".pdf",)
    media_types = ("application/pdf",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return the text of every page, its blocks with page numbers."""
        with closing(_open(path)) as document:
            pages = [list(_page_lines(document, number)) for number in range(len(document))]
            for number in self._scans_to_read(document, pages):
                pages[number] = _recognized_lines(document, number, self.scans)
            title = document.get_metadata_dict().get("Title") or None
        lines = [line for page in pages for line in page]
        if not lines:
            raise EmptyDocumentError("The PDF contains no text.")
        builder = TextBuilder()
        lines = without_running_heads(lines)
        typography = read_typography(lines)
        for paragraph in paragraphs(lines, typography):
            _add(builder, paragraph, typography)
        return builder.build(title=title)

    def _scans_to_read(self, document: Any, pages: list[list[Line]]) -> list[int]:
        """The pages whose text is to be recognised. A document of scans only is read whole or refused."""
        scans = [number for number, page in enumerate(pages) if not page and _shows_something(document, number)]
        if scans and not any(pages):
            self.scans.require(len(scans))
        return scans[: self.scans.most_pages] if self.scans.is_ready else []


def _open(path: Path) -> Any:
    import pypdfium2  # noqa: PLC0415 - listing parsers must not load PDFium

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise EncryptedDocumentError() from error
        raise CorruptDocumentError(reason=str(error)) from error


def _page_lines(document: Any, number: int) -> Iterator[Line]:
    from pypdfium2 import PdfiumError, raw  # noqa: PLC0415 - as above

    try:
        page = document[number]
    except PdfiumError:
        # One broken page is no reason to lose the others.
        return
    text_page = page.get_textpage()
    start = 0
    for text in text_page.get_text_range().split("\n"):
        first = start + len(text) - len(text.lstrip())
        start += len(text) + 1
        if text.strip():
            # A line that ends in a soft hyphen is followed by the next one without a break: look at both ends.
            final = min(first + len(text.strip()), text_page.count_chars()) - 1
            _, first_bottom, _, top = text_page.get_charbox(min(first, final), loose=True)
            bottom = text_page.get_charbox(final, loose=True)[1]
            size = top - first_bottom or raw.FPDFText_GetFontSize(text_page, first)
            is_bold = all(raw.FPDFText_GetFontWeight(text_page, at) >= _BOLD_WEIGHT for at in (first, final))
            yield Line(_LIGATURE.sub(_spell, text.strip()), round(size, 1), top, bottom, number + 1, is_bold)
    text_page.close()
    page.close()


def _shows_something(document: Any, number: int) -> bool:
    """Whether there is more on a page than white."""
    from pypdfium2 import PdfiumError  # noqa: PLC0415 - as above

    try:
        with closing(document[number]) as page:
            return next(page.get_objects(max_depth=1), None) is not None
    except PdfiumError:
        return False


def _recognized_lines(document: Any, number: int, scans: ScanReader) -> list[Line]:
    """A scanned page's lines, all of one type size: the heights of recognised words are no measure of importance."""
    with closing(document[number]) as page:
        width, height = page.get_size()
        scale = min(_SCAN_DPI / 72, (MOST_PIXELS / max(1.0, width * height)) ** 0.5)
        found = scans.read(page.render(scale=scale).to_pil())
    size = round(line_height(found) / scale, 1)
    return [
        Line(line.text, size, height - line.top / scale, height - line.bottom / scale, number + 1, False)
        for line in found
    ]


def _spell(ligature: re.Match[str]) -> str:
    return _LIGATURES[ligature.group()]


def without_running_heads(lines: list[Line]) -> list[Line]:
    """Drop page numbers, and all but the first of the headers and footers that most pages repeat.

    Only a page's first and last line are looked at, and numbers in them are ignored.
    """
    pages: dict[int, list[Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    edges = [line for page in pages.values() if len(page) > 3 for line in (page[0], page[-1])]
    times = Counter(_wording(line) for line in edges)
    fewest = max(3, len(pages) // 2)
    # A running title is content once; a page number, which has no wording, never is.
    seen, dropped = {""}, set()
    for line in edges:
        if times[_wording(line)] >= fewest:
            if _wording(line) in seen:
                dropped.add(id(line))
            seen.add(_wording(line))
    return [line for line in lines if id(line) not in dropped]


def _wording(line: Line) -> str:
    return re.sub(r"[\W\d_]+", "", line.text)


@dataclass(frozen=True)
class Typography:
    """What a document's type says about headings.

    levels: heading level by type size, for sizes that only headings have. bold_level: of bold lines in the body's
    size; 0 when bold type is too common to mean anything.
    """

    levels: dict[float, int]
    bold_level: int

    def level_of(self, line: Line) -> int:
        """The level of the heading that the line would be part of; 0 for body text."""
        return self.levels.get(line.size, self.bold_level if line.is_bold else 0)


def read_typography(lines: list[Line]) -> Typography:
    """Compare type sizes with the body's, which is the size of most characters; the largest is level 1."""
    weight: Counter[float] = Counter()
    for line in lines:
        weight[line.size] += len(line.text)
    body = weight.most_common(1)[0][0]
    # Sizes within a tenth of each other are one level: scaled text varies a little.
    levels: dict[float, int] = {}
    level, last = 0, float("inf")
    for size in sorted((size for size in weight if size >= body * _HEADING_SCALE), reverse=True):
        if size < last * 0.9 and level < 4:
            level, last = level + 1, size
        levels[size] = max(level, 1)
    is_bold_rare = sum(line.is_bold for line in lines) < 0.3 * len(lines)
    return Typography(levels, level + 1 if is_bold_rare else 0)


def paragraphs(lines: list[Line], typography: Typography) -> Iterator[list[Line]]:
    """Group lines that belong together: same page and type, no gap, no bullet, not after a short last line."""
    widths: dict[int, int] = {}
    for line in lines:
        widths[line.page] = max(widths.get(line.page, 0), line.length)
    group: list[Line] = []
    for line in lines:
        is_same_type = bool(group) and typography.level_of(line) == typography.level_of(group[-1])
        if group and not (is_same_type and _continues(group[-1], line, widest=widths[line.page])):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _continues(last: Line, line: Line, *, widest: int) -> bool:
    if line.page != last.page or _BULLET.match(line.text):
        return False
    gap = last.bottom - line.top
    height = max(last.size, 1.0)
    is_next_line = -0.6 * height <= gap <= 0.7 * height
    is_same_line = abs(line.top - last.top) < 0.5 * height
    ends_sentence = last.text.endswith((".", "!", "?", ":", "。", "！", "？", "؟"))
    is_last_line = ends_sentence and last.length < 0.6 * widest
    return (is_next_line or is_same_line) and not is_last_line


def _add(builder: TextBuilder, paragraph: list[Line], typography: Typography) -> None:
    text, page = join_paragraph(paragraph), paragraph[0].page
    level = typography.level_of(paragraph[0])
    if level and _reads_like_heading(text, is_large=level != typography.bold_level):
        builder.heading(text, level=level, page=page)
    elif bullet := _BULLET.match(text):
        builder.list_item(text[bullet.end() :], page=page)
    else:
        builder.paragraph(text, page=page)


def _reads_like_heading(text: str, *, is_large: bool) -> bool:
    """Bold type also sets totals, dates and emphasis: there, few digits and no final stop are asked for as well."""
    letters, digits = (sum(map(test, text)) for test in (str.isalpha, str.isdigit))
    if len(text) > _LONGEST_HEADING or letters <= digits:
        return False
    return is_large or (digits <= 3 and "\n" not in text and not text.endswith((".", ",", ";")))


def join_paragraph(paragraph: list[Line]) -> str:
    """Return the lines as running text: broken words are joined, rows of numbers keep their lines."""
    text = ""
    for line, following in zip(paragraph, [*paragraph[1:], None], strict=True):
        text += line.text
        if following is None:
            break
        if text[-1] in _SOFT_HYPHENS or _is_broken_word(text, following.text):
            text = text[:-1]
        else:
            text += "\n" if line.is_tabular or following.is_tabular else " "
    return "\n".join(join_lines(part.translate(dict.fromkeys(map(ord, _SOFT_HYPHENS)))) for part in text.split("\n"))


def _is_broken_word(text: str, following: str) -> bool:
    """A hyphen between two lower-case letters breaks a word; one in `Jean-Jacques` or `2020-21` belongs to it."""
    return len(text) > 2 and text[-1] in "-‐" and text[-2].islower() and text[-3].isalpha() and following[0].islower()
