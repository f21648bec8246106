"""What every mailer must do."""

from collections.abc import Awaitable, Callable
from email.message import EmailMessage

import pytest

from privexbot_app.integrations.mailers.base import Mail, MailAddressInvalidError, Mailer

Arrived = Callable[[], Awaitable[list[EmailMessage]]]
MAIL = Mail("Ann <ann@example.com>", "Come in – “harbour”", "Grüße,\nhttps://bot.example/accept?token=" + "x" * 90)


class MailerContract:
    """Subclasses give a `mailer` fixture, and `arrived`, which reads what came out at the other end."""

    async def test_a_message_arrives_as_it_was_written(self, mailer: Mailer, arrived: Arrived) -> None:
        await mailer.send(MAIL)
        message = (await arrived())[0]
        assert message["To"] == MAIL.to
        assert message["Subject"] == MAIL.subject
        assert message.get_content().split() == MAIL.text.split()

    async def test_no_text_makes_a_header_of_its_own(self, mailer: Mailer, arrived: Arrived) -> None:
        await mailer.send(Mail("ann@example.com", "Hello\r\nBcc: eve@example.com", "x"))
        message = (await arrived())[0]
        assert message["Bcc"] is None

    @pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: eve@example.com", "@", "a@"])
    async def test_what_is_no_address_is_refused(self, mailer: Mailer, address: str) -> None:
        with pytest.raises(MailAddressInvalidError):
            await mailer.send(Mail(address, "x", "x"))
