"""E-mails: who wrote to whom and when, the body, and the attachments that another parser can read."""

import email
import tempfile
from email.message import EmailMessage, MIMEPart
from email.policy import default
from pathlib import Path, PurePath

from privexbot_app.integrations.parsers.base import PARSERS, EncryptedDocumentError
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.integrations.parsers.decoding import decode
from privexbot_app.integrations.parsers.markup import parse_markup
from privexbot_app.integrations.parsers.sniff import ParsingLimits, check_file
from privexbot_app.kit.errors import InvalidError
from privexbot_app.kit.text import StructuredText

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_ENCRYPTED = frozenset(["multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"])
_MOST_ATTACHMENTS = 100


@PARSERS.register("eml")
class EmlParser:
    """Messages as mail programs save them."""

    extensions = (".eml",)
    media_types = ("text/plain",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return headers, body and attachments. Raises EncryptedDocumentError for an encrypted message."""
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        if message.get_content_type() in _ENCRYPTED and message.get_param("smime-type") != "signed-data":
            raise EncryptedDocumentError()
        builder = TextBuilder()
        subject = _header(message, "Subject")
        builder.paragraph("\n".join(f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))))
        _add_body(builder, message)
        for forwarded in _forwarded(message):
            builder.leave_headings()
            builder.heading(f"Message: {_header(forwarded, 'Subject')}", level=1)
            _add_body(builder, forwarded)
        for part in _attachments(message)[:_MOST_ATTACHMENTS]:
            _add_attachment(builder, part)
        return builder.build(title=subject or None)


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, IndexError, AttributeError, TypeError):
        # The standard library's header parser fails on some malformed addresses.
        return ""


def _add_body(builder: TextBuilder, message: EmailMessage) -> None:
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return
    text = _content(body)
    if body.get_content_subtype() == "html":
        builder.extend(parse_markup(text))
        return
    for paragraph in text.replace("\r\n", "\n").split("\n\n"):
        builder.paragraph(paragraph)


def _forwarded(message: EmailMessage) -> list[EmailMessage]:
    """Return the messages that are inside this one, at any depth."""
    parts = [part for part in message.walk() if part.get_content_type() == "message/rfc822" and part.is_multipart()]
    return [inner for part in parts for inner in part.get_payload() if isinstance(inner, EmailMessage)]


def _content(part: MIMEPart) -> str:
    data = part.get_payload(decode=True)
    return decode(data, declared=part.get_content_charset()) if isinstance(data, bytes) and data else ""


def _attachments(message: EmailMessage) -> list[MIMEPart]:
    body = message.get_body(preferencelist=("plain", "html"))
    return [part for part in message.walk() if part is not body and part.get_filename() and not part.is_multipart()]


def _add_attachment(builder: TextBuilder, part: MIMEPart) -> None:
    """Append an attachment below its name; one that cannot be read is named and left out."""
    name = PurePath(str(part.get_filename())).name
    builder.leave_headings()
    builder.heading(f"Attachment: {name}", level=1)
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return
    with tempfile.TemporaryDirectory() as folder:
        # A fixed name: the sender's may be too long for the file system, or worse.
        path = Path(folder) / "attachment"
        path.write_bytes(data)
        try:
            parser, _ = check_file(path, filename=name, limits=ParsingLimits())
            if parser is not EmlParser:
                builder.extend(parser().parse(path))
        except InvalidError:
            return
