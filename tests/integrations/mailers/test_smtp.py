from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest
from pydantic import SecretStr

from privexbot_app.integrations.mailers.base import MailNotSentError
from privexbot_app.integrations.mailers.smtp import Security, SmtpMailer
from tests.contract.mailer_contract import MAIL, Arrived, MailerContract
from tests.smtp_server import SmtpServer, running_smtp


def mailer_of(port: int, **changes) -> SmtpMailer:
    values = {"host": "127.0.0.1", "port": port, "security": Security.NONE, "sender": "Bot <bot@example.com>"}
    return SmtpMailer(SmtpMailer.Config(**(values | changes)))


class TestSmtp(MailerContract):
    @pytest.fixture
    async def server(self) -> AsyncIterator[SmtpServer]:
        async with running_smtp(SmtpServer()) as server:
            yield server

    @pytest.fixture
    def mailer(self, server: SmtpServer) -> SmtpMailer:
        return mailer_of(server.port)

    @pytest.fixture
    def arrived(self, server: SmtpServer) -> Arrived:
        async def read() -> list[EmailMessage]:
            return server.messages

        return read


async def test_a_password_is_given_where_one_is_wanted():
    async with running_smtp(SmtpServer(password="right")) as server:
        await mailer_of(server.port, username="bot", password=SecretStr("right")).send(MAIL)
        with pytest.raises(MailNotSentError):
            await mailer_of(server.port, username="bot", password=SecretStr("wrong")).send(MAIL)
        assert len(server.messages) == 1


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_nothing_is_sent_in_the_open_where_encryption_was_asked_for(security: Security):
    async with running_smtp(SmtpServer()) as server:
        with pytest.raises(MailNotSentError):
            await mailer_of(server.port, security=security, timeout_seconds=2).send(MAIL)
        assert server.messages == []


async def test_a_refusal_and_a_server_that_is_away_are_said():
    async with running_smtp(SmtpServer(refuses=True)) as server:
        with pytest.raises(MailNotSentError):
            await mailer_of(server.port).send(MAIL)
    with pytest.raises(MailNotSentError):
        await mailer_of(server.port, timeout_seconds=1).send(MAIL)
