from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from privexbot_app.integrations.mailers.base import MailNotSentError
from privexbot_app.integrations.mailers.outbox import OutboxMailer
from tests.contract.mailer_contract import MAIL, Arrived, MailerContract


class TestOutbox(MailerContract):
    @pytest.fixture
    def mailer(self, tmp_path) -> OutboxMailer:
        return OutboxMailer(OutboxMailer.Config(folder=tmp_path / "outbox"))

    @pytest.fixture
    def arrived(self, tmp_path) -> Arrived:
        async def read() -> list[EmailMessage]:
            files = sorted((tmp_path / "outbox").glob("*.eml"))
            return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

        return read


async def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MailNotSentError):
        await OutboxMailer(OutboxMailer.Config(folder=tmp_path / "file" / "outbox")).send(MAIL)
    with pytest.raises(MailNotSentError):
        await OutboxMailer(OutboxMailer.Config()).send(MAIL)
