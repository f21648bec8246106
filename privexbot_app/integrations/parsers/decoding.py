"""Find the characters in the bytes of a text file."""

import codecs
import re
from collections import Counter
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
    """Return the characters of `data`: by byte order mark or zeros, as declared, as UTF-8, or by statistics."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for encoding in filter(None, (wide_encoding(data), declared, "utf-8")):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return _decode_by_statistics(data)


def wide_encoding(data: bytes) -> str | None:
    """Name the UTF-16 flavour of text without a byte order mark; None for anything else.

    In most scripts every other byte takes one or two low values: 0 for Latin, 4 for Cyrillic, 0 for the spaces.
    """
    head = data[: 4096 & ~1]
    if len(head) < 4:
        return None
    even, odd = Counter(head[0::2]).most_common(2), Counter(head[1::2]).most_common(2)
    for encoding, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        is_high = all(byte < 16 for byte, _ in high) and sum(times for _, times in high) >= 0.9 * (len(head) // 2)
        if is_high and all(byte >= 16 for byte, _ in low) and _is_readable(head, encoding):
            return encoding
    return None


def _is_readable(head: bytes, encoding: str) -> bool:
    text = head.decode(encoding, errors="replace")
    return sum(character.isprintable() or character.isspace() for character in text) >= 0.95 * len(text)


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
