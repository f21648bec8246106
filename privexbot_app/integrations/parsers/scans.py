"""Text recognition (OCR) for pages that are pictures: an extra, and off until the operator allows some pages.

Recognises with RapidOCR, whose models for Latin script and Chinese lie inside its package: nothing is ever fetched.
Runs in the child process of `sandbox`, under its limits. Columns beside each other are read line by line across.
"""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

from privexbot_app.integrations.parsers.base import OcrMissingError, ScannedDocumentError, TooManyScansError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 12_000_000
CPU_SECONDS_A_PAGE = 20
WALL_SECONDS_A_PAGE = 40
_LIBRARY = "rapidocr_onnxruntime"
_LOWEST_CONFIDENCE = 0.5


@dataclass(frozen=True)
class ScannedLine:
    """Words in a row. The numbers are pixels from the picture's upper left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """In pixels."""
        return self.bottom - self.top


class Recognizer(Protocol):
    """An engine."""

    def read(self, image: "Image") -> list[ScannedLine]:
        """The lines in a picture in RGB, from top to bottom."""
        ...


class RapidOcr:
    """The engine of the extra, with one thread: a document is read beside others."""

    def __init__(self) -> None:
        from rapidocr_onnxruntime import RapidOCR  # noqa: PLC0415

        self._engine: Any = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def read(self, image: "Image") -> list[ScannedLine]:
        """See `Recognizer.read`."""
        import numpy as np  # noqa: PLC0415

        # The engine takes colours in the order blue, green, red.
        found, _ = self._engine(np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
        lines = []
        for corners, text, confidence in found or []:
            if float(confidence) >= _LOWEST_CONFIDENCE and text.strip():
                across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
                lines.append(ScannedLine(text.strip(), min(across), min(down), max(across), max(down)))
        return lines


class ScanReader:
    """What a parser asks for the text of pictures. most_pages: of one document; 0 switches recognition off."""

    def __init__(self, most_pages: int = 0, open_recognizer: Callable[[], Recognizer] | None = None) -> None:
        self.most_pages = most_pages
        self._open = open_recognizer
        self._recognizer: Recognizer | None = None

    @property
    def is_ready(self) -> bool:
        """Whether recognition is switched on, and its library there."""
        return self.most_pages > 0 and (self._open is not None or importlib.util.find_spec(_LIBRARY) is not None)

    def require(self, pages: int) -> None:
        """Raise ScannedDocumentError, OcrMissingError or TooManyScansError unless so many pages may be read."""
        if self.most_pages == 0:
            raise ScannedDocumentError()
        if not self.is_ready:
            raise OcrMissingError()
        if pages > self.most_pages:
            raise TooManyScansError(
                f"This document has {pages} scanned pages; text recognition reads at most {self.most_pages} of one "
                "document. Split it."
            )

    def read(self, image: "Image") -> list[ScannedLine]:
        """The lines in a picture, those beside each other joined, from top to bottom."""
        if self._recognizer is None:
            self._recognizer = (self._open or RapidOcr)()
        return list(_rows(self._recognizer.read(image.convert("RGB"))))


class ScanningParser:
    """Base of parsers that may meet pictures. scans: off by default."""

    def __init__(self, scans: ScanReader | None = None) -> None:
        self.scans = scans or ScanReader()


def line_height(lines: Sequence[ScannedLine]) -> float:
    """The usual height of a page's lines, in pixels; single boxes vary with the letters in them."""
    return median(line.height for line in lines) if lines else 0.0


def paragraphs(lines: Sequence[ScannedLine]) -> Iterator[str]:
    """Running text of rows without a gap between them."""
    height = line_height(lines)
    group: list[ScannedLine] = []
    for line in lines:
        if group and line.top - group[-1].bottom > 0.9 * height:
            yield " ".join(each.text for each in group)
            group = []
        group.append(line)
    if group:
        yield " ".join(each.text for each in group)


def _rows(lines: Sequence[ScannedLine]) -> Iterator[ScannedLine]:
    row: list[ScannedLine] = []
    for line in sorted(lines, key=lambda each: (each.top + each.bottom) / 2):
        if row and (line.top + line.bottom) / 2 > row[0].bottom:
            yield _joined(row)
            row = []
        row.append(line)
    if row:
        yield _joined(row)


def _joined(row: Sequence[ScannedLine]) -> ScannedLine:
    text = " ".join(part.text for part in sorted(row, key=lambda each: each.left))
    edges = min(part.left for part in row), min(part.top for part in row)
    return ScannedLine(text, *edges, max(part.right for part in row), max(part.bottom for part in row))
