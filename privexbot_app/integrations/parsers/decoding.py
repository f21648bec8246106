"""Find the characters in the bytes of a text file."""

import codecs
import re
from pathlib import Path

from privexbot_app.integrations.parsers.base import CorruptDocumentError, EmptyDocumentError
from privexbot_app.integrations.parsers.building import scrub

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DETECTION_BYTES = 64 * 1024


def read_text(path: Path, *, declared: str | None = None) -> str:
    """Return the file's text with line feeds only. declared: an encoding that the file names itself.

    A carriage return before a line feed becomes a space, so that offsets are those of the decoded file.
    Raises EmptyDocumentError for no text, CorruptDocumentError for bytes in no known encoding.
    """
    text = decode(path.read_bytes(), declared=declared)
    if not text.strip():
        raise EmptyDocumentError()
    return scrub(text.replace("\r\n", " \n").replace("\r", "\n"))


def decode(data: bytes, *, declared: str | None = None) -> str:
    """Return the characters of `data`: by byte order mark, as declared, as UTF-8, or by statistics, in this order."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for encoding in filter(None, (declared, "utf-8", wide_encoding(data))):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return _decode_by_statistics(data)


def wide_encoding(data: bytes) -> str | None:
    """Name the UTF-16 flavour of text without a byte order mark, when every other byte is mostly zero."""
    head = data[: 4096 & ~1]
    if len(head) < 4:
        return None
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else None


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that HTML or XML names in its first kilobytes."""
    found = re.search(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", data[:4096])
    return found.group(1).decode("ascii") if found else None


def _decode_by_statistics(data: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only files in old encodings pay for it

    best = from_bytes(data[:_DETECTION_BYTES]).best()
    if best is None:
        raise CorruptDocumentError("The file's text encoding is unknown. Save it as UTF-8 and upload it again.")
    return data.decode(best.encoding, errors="replace")
