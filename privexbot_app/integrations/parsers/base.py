"""The contract of a document parser, its registry, and every way in which a document can be refused.

    ParsingError
    ├── UnsupportedFormatError   no parser knows the file's extension
    ├── FormatMismatchError      the content is not what the extension says
    ├── EmptyDocumentError       no bytes, or no text in them
    ├── ScannedDocumentError     only pictures of text, and text recognition is switched off
    ├── OcrMissingError          … and text recognition is switched on, but its library is missing
    ├── TooManyScansError        … and more pages than text recognition may read (also a TooLargeError)
    ├── EncryptedDocumentError   a password is needed
    ├── CorruptDocumentError     the parser could not make sense of the bytes
    ├── ParsingTimeoutError      the parser used up its time
    ├── ParserCrashedError       the parser died, usually for lack of memory
    ├── ArchiveTooLargeError     the file unpacks to more than the limit (also a TooLargeError)
    └── DocumentTooLargeError    the file, or the text in it, is over the limit (also a TooLargeError)

All of them are the file's fault, not ours: a customer sees the sentence and can act. The way in is
`sandbox.parse_file`.
"""

from functools import cache
from pathlib import Path, PurePath
from typing import Any, Protocol

from privexbot_app.kit.errors import InvalidError, TooLargeError
from privexbot_app.kit.registry import Registry
from privexbot_app.kit.text import StructuredText


class Parser(Protocol):
    """Reads one family of formats. Runs in a child process, so it is synchronous and may take its time.

    extensions: lower case, with the dot.
    media_types: what `sniff.sniff_media_type` may say about an acceptable file; all plain text is `text/plain`.
    is_safe_inline: reads small files with linear, pure-Python code only, so that no child process is needed.
    """

    extensions: tuple[str, ...]
    media_types: tuple[str, ...]
    is_safe_inline: bool

    def parse(self, path: Path) -> StructuredText:
        """Return the document's text and blocks. Raises one of this module's errors, or anything for broken bytes."""
        ...


PARSERS = Registry("parser", Parser)


class ParsingError(InvalidError):
    """The document cannot be read. Subclasses say why; `sentence` is what the customer sees."""

    code = "unreadable_document"
    sentence = "This document cannot be read."

    def __init__(self, message: str | None = None, **context: Any) -> None:
        super().__init__(message or self.sentence, **context)


class UnsupportedFormatError(ParsingError):
    """No parser knows the extension."""

    code = "unsupported_format"
    sentence = "Files of this type cannot be imported."


class FormatMismatchError(ParsingError):
    """The content is not what the extension says."""

    code = "format_mismatch"
    sentence = "The file's content does not match its extension. Rename it, or save it again in the right format."


class EmptyDocumentError(ParsingError):
    """No bytes, or no text in them."""

    code = "empty_document"
    sentence = "The document contains no text."


class ScannedDocumentError(ParsingError):
    """Pages are there and have no text layer, and text recognition is switched off."""

    code = "scanned_document"
    sentence = (
        "This is a scan or a picture, so it has no text of its own, and text recognition is switched off on this "
        "installation. Run text recognition on it first, or have it switched on."
    )


class OcrMissingError(ParsingError):
    """Text recognition is needed and switched on, and its library is not installed."""

    code = "ocr_missing"
    sentence = (
        "This is a scan or a picture, so it has no text of its own. Text recognition is switched on, but its library "
        "is missing: pip install privexbot[ocr]"
    )


class TooManyScansError(ParsingError, TooLargeError):
    """A scan of more pages than text recognition may read."""

    code = "too_many_scans"
    sentence = "This scan has more pages than text recognition may read. Split it into smaller documents."


class EncryptedDocumentError(ParsingError):
    """A password is needed to read the document."""

    code = "encrypted_document"
    sentence = "The document is protected by a password or encryption. Remove the protection and upload it again."


class CorruptDocumentError(ParsingError):
    """The bytes make no sense as the format that they claim to be."""

    code = "corrupt_document"
    sentence = "The document is damaged and cannot be read. Open it, save it again, and upload the new copy."


class ParsingTimeoutError(ParsingError):
    """The parser used up its time."""

    code = "parsing_timeout"
    sentence = "Reading the document took too long. Split it into smaller documents."


class ParserCrashedError(ParsingError):
    """The parser died: out of memory, or killed by a signal."""

    code = "parser_crashed"
    sentence = "The document could not be read: it needs more memory than allowed, or is damaged."


class ArchiveTooLargeError(ParsingError, TooLargeError):
    """The file is an archive that unpacks to more than the limit."""

    code = "archive_too_large"
    sentence = "The document unpacks to far more data than allowed, so it was not opened."


class DocumentTooLargeError(ParsingError, TooLargeError):
    """The file, or the text in it, is over the limit."""

    code = "document_too_large"
    sentence = "The document is larger than allowed. Split it into smaller documents."


@cache
def discover_parsers() -> None:
    """Fill the registry with this folder's parsers and those of third parties. Repeated calls cost nothing."""
    PARSERS.discover("privexbot_app.integrations.parsers", "privexbot.parsers")


def parser_for(filename: str) -> type[Parser]:
    """Return the parser for the file name's extension. Raises UnsupportedFormatError."""
    discover_parsers()
    extension = PurePath(filename).suffix.lower()
    for _, parser in PARSERS:
        if extension in parser.extensions:
            return parser
    shown = f"Files of type “{extension}”" if extension else "Files without an extension"
    raise UnsupportedFormatError(f"{shown} cannot be imported.", extension=extension)


def supported_extensions() -> tuple[str, ...]:
    """All extensions that can be imported, sorted, each with its dot; for an upload form."""
    discover_parsers()
    return tuple(sorted({extension for _, parser in PARSERS for extension in parser.extensions}))
