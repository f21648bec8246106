"""The contract of mailers: a message goes out, or a named error says why not.

Mail is sent after the commit, never inside a unit of work. An installation without a mailer works: who invites somebody
is shown the link instead.
"""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Protocol

from pydantic import BaseModel

from privexbot_app.kit.errors import InvalidError, UpstreamFailedError
from privexbot_app.kit.registry import Registry

LONGEST_SUBJECT = 300


class MailNotSentError(UpstreamFailedError):
    """The mail server did not take the message."""

    code = "mail_not_sent"


class MailAddressInvalidError(InvalidError):
    """An address that no header can hold."""

    code = "mail_address_invalid"

    def __init__(self) -> None:
        super().__init__("This is not an e-mail address.")


@dataclass(frozen=True)
class Mail:
    """One message of plain text to one person. reply_to: where an answer goes, if not to the sender."""

    to: str
    subject: str
    text: str
    reply_to: str = ""


class Mailer(Protocol):
    """Sends mail. Raises MailNotSentError; nothing is sent twice by itself."""

    Config: type[BaseModel]

    async def send(self, mail: Mail) -> None:
        """Hand the message over."""

    async def close(self) -> None:
        """Let go of connections."""


MAILERS: Registry[Mailer] = Registry("mailer", Mailer)


def build_message(mail: Mail, *, sender: str) -> EmailMessage:
    """The message with its headers; line breaks in a subject or an address cannot make headers of their own.

    sender: `Name <address>` or an address. Raises MailAddressInvalidError.
    """
    message = EmailMessage()
    message["From"] = _address(sender)
    message["To"] = _address(mail.to)
    if mail.reply_to:
        message["Reply-To"] = _address(mail.reply_to)
    message["Subject"] = " ".join(mail.subject.split())[:LONGEST_SUBJECT]
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=address_of(sender).partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def address_of(sender: str) -> str:
    """The bare address.

    >>> address_of("PrivexBot <bot@example.com>")
    'bot@example.com'
    """
    return parseaddr(sender)[1]


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    try:
        made = Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError) as error:
        raise MailAddressInvalidError from error
    if not made.username or not made.domain or any(ord(character) < 32 for character in text):
        raise MailAddressInvalidError
    return made
