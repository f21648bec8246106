"""Outlook messages through python-oxmsg, which Unstructured brings: headers and body."""

import codecs
from pathlib import Path

from privexbot_app.integrations.parsers.base import PARSERS, EncryptedDocumentError
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.integrations.parsers.markup import parse_markup
from privexbot_app.kit.text import StructuredText

_ENCRYPTED_CLASSES = ("IPM.NOTE.SMIME", "IPM.NOTE.SECURE")


@PARSERS.register("msg")
class MsgParser:
    """Messages that Outlook saved."""

    extensions = (".msg",)
    media_types = ("application/x-ole-storage",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return headers and body. Raises EncryptedDocumentError for an encrypted message."""
        from oxmsg import Message  # noqa: PLC0415 - listing parsers stays cheap

        codecs.register(_find_windows_codec)
        message = Message.load(str(path))
        kind = (message.message_class or "").upper()
        if kind.startswith(_ENCRYPTED_CLASSES) and "MULTIPARTSIGNED" not in kind:
            raise EncryptedDocumentError()
        builder = TextBuilder()
        receivers = ", ".join(receiver.name or receiver.email_address for receiver in message.recipients)
        date = message.sent_date.isoformat(" ", "minutes") if message.sent_date else ""
        lines = (("From", message.sender), ("To", receivers), ("Date", date), ("Subject", message.subject))
        builder.paragraph("\n".join(f"{name}: {value}" for name, value in lines if value))
        if message.body:
            for paragraph in message.body.replace("\r\n", "\n").split("\n\n"):
                builder.paragraph(paragraph)
        elif message.html_body:
            builder.extend(parse_markup(message.html_body))
        return builder.build(title=message.subject or None)


def _find_windows_codec(name: str) -> codecs.CodecInfo | None:
    """Outlook says `windows-950` where Python knows the code page as `cp950` only."""
    number = name.replace("-", "_").removeprefix("windows_")
    return codecs.lookup(f"cp{number}") if number.isdecimal() and number != name else None
