"""Look at a file's bytes before any parser does: is it what its name says, and is it safe to unpack?"""

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePath

from privexbot_app.integrations.parsers.base import (
    ArchiveTooLargeError,
    CorruptDocumentError,
    DocumentTooLargeError,
    EmptyDocumentError,
    EncryptedDocumentError,
    FormatMismatchError,
    Parser,
    parser_for,
)
from privexbot_app.integrations.parsers.decoding import wide_encoding

TEXT = "text/plain"
BINARY = "application/octet-stream"
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_ZIP_MEMBERS = (
    ("word/document.xml", _OPEN_XML + "wordprocessingml.document"),
    ("ppt/presentation.xml", _OPEN_XML + "presentationml.presentation"),
    ("xl/workbook.xml", _OPEN_XML + "spreadsheetml.sheet"),
)
_SHOWN_TYPES = {
    "application/pdf": "a PDF document",
    "application/rtf": "rich text",
    "application/x-ole-storage": "an old Office file",
    "application/zip": "a zip archive",
    "application/epub+zip": "an EPUB book",
    _OPEN_XML + "wordprocessingml.document": "a Word document",
    _OPEN_XML + "presentationml.presentation": "a PowerPoint presentation",
    _OPEN_XML + "spreadsheetml.sheet": "an Excel workbook",
    **dict.fromkeys(("image/png", "image/jpeg", "image/tiff", "image/webp"), "a picture"),
    TEXT: "plain text",
    BINARY: "binary data",
}
_HEAD_BYTES = 8192
_TEXT_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_IMAGE_MARKS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
}
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_CONTROL_BYTES = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b") | {127}


@dataclass(frozen=True)
class ParsingLimits:
    """What reading one document may cost.

    archive_ratio: unpacked to packed size of a zip-based document; small archives are exempt from it.
    ocr_pages: scanned pages of one document whose text is recognised; 0 for none. Each adds to the time.
    inline_bytes: up to this size, plain-text formats are read without a child process.
    """

    wall_seconds: float = 120.0
    cpu_seconds: int = 90
    memory_bytes: int = 2 * 1024**3
    file_bytes: int = 200 * 1024**2
    text_characters: int = 50_000_000
    archive_bytes: int = 200 * 1024**2
    archive_ratio: float = 100.0
    archive_entries: int = 10_000
    inline_bytes: int = 1024**2
    ocr_pages: int = 0


def check_file(path: Path, *, filename: str, limits: ParsingLimits) -> tuple[type[Parser], int]:
    """Return the parser and the size in bytes once name, size and content agree. Raises errors of `base`."""
    parser = parser_for(filename)
    size = path.stat().st_size
    if size == 0:
        raise EmptyDocumentError("The file is empty.")
    if size > limits.file_bytes:
        raise DocumentTooLargeError(f"The file is larger than {limits.file_bytes // 1024**2} MB.", bytes=size)
    media_type = sniff_media_type(path)
    if media_type not in parser.media_types:
        _refuse(path, media_type, filename=filename)
    if zipfile.is_zipfile(path) and media_type != TEXT:
        check_archive(path, limits=limits)
    return parser, size


def sniff_media_type(path: Path) -> str:
    """Tell a file's type from its bytes. All plain text, HTML, JSON and CSV included, is `text/plain`."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if head.startswith(b"{\\rtf"):
        return "application/rtf"
    if head.startswith(_OLE_MARK):
        return "application/x-ole-storage"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_media_type(path)
    return _image_media_type(head) or (TEXT if _is_text(head) else BINARY)


def check_archive(path: Path, *, limits: ParsingLimits) -> None:
    """Refuse an archive that would unpack to too much. Trusts the directory: reading stops at its sizes anyway."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise CorruptDocumentError(reason=str(error)) from error
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    is_inflated = unpacked > 10 * 1024**2 and unpacked / packed > limits.archive_ratio
    if len(entries) > limits.archive_entries or unpacked > limits.archive_bytes or is_inflated:
        raise ArchiveTooLargeError(entries=len(entries), unpacked_bytes=unpacked, packed_bytes=packed)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise EncryptedDocumentError()


def _refuse(path: Path, media_type: str, *, filename: str) -> None:
    if media_type == "application/x-ole-storage" and _OLE_ENCRYPTED_STREAM in path.read_bytes():
        raise EncryptedDocumentError()
    extension, content = PurePath(filename).suffix.lower(), _SHOWN_TYPES.get(media_type, "of another kind")
    message = f"The file's name ends in “{extension}”, but its content is {content}. Save it again in the right format."
    raise FormatMismatchError(message, found=media_type)


def _zip_media_type(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                return archive.read("mimetype").decode("ascii", errors="replace").strip()
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, OSError) as error:
        raise CorruptDocumentError(reason=str(error)) from error
    for member, media_type in _ZIP_MEMBERS:
        if member in names:
            return media_type
    return "application/zip"


def _image_media_type(head: bytes) -> str | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return next((name for mark, name in _IMAGE_MARKS.items() if head.startswith(mark)), None)


def _is_text(head: bytes) -> bool:
    if head.startswith(_TEXT_MARKS) or wide_encoding(head):
        return True
    controls = sum(head.count(byte) for byte in _CONTROL_BYTES)
    return controls <= 1 + len(head) * 0.02
