"""Mail and team channels for nodes. In a trial nothing leaves."""

from privexbot_app.domains.chatflows.ports.setting import Setting, read_id
from privexbot_app.domains.chatflows.ports.web import WorkspaceWeb
from privexbot_app.domains.credentials.service import reveal_credential
from privexbot_app.domains.credentials.types import WebhookUrlConfig
from privexbot_app.flow.ports import HttpCall, Mail, Notice
from privexbot_app.integrations.mailers.base import Mail as OutgoingMail
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import UnavailableError, UpstreamFailedError


class NoMailerError(UnavailableError):
    """This installation has nothing that sends mail."""

    code = "mailer_missing"

    def __init__(self) -> None:
        super().__init__("This installation sends no e-mail. Its operator can set a mail server up.")


class NoticeRefusedError(UpstreamFailedError):
    """The team's channel did not take the message."""

    code = "notice_refused"

    def __init__(self, service: str, status: int) -> None:
        super().__init__(f"{service.capitalize()} did not take the message (status {status}).", status=status)


class WorkspaceMessenger:
    """Sends mail as the installation, and notices to addresses that the vault keeps."""

    def __init__(self, works: Workshop, setting: Setting) -> None:
        self._works, self._setting = works, setting
        self._web = WorkspaceWeb(works, setting)

    async def send_mail(self, mail: Mail) -> None:
        """One message to each. Raises NoMailerError, MailNotSentError, MailAddressInvalidError."""
        if self._setting.is_trial:
            return
        mailer = self._works.plugins.mailer
        if mailer is None:
            raise NoMailerError
        for to in mail.to:
            await mailer.send(OutgoingMail(to, mail.subject, mail.text, mail.reply_to or ""))

    async def send_notice(self, notice: Notice) -> None:
        """Post to a channel. Raises NoticeRefusedError, UrlNotAllowedError, NotFoundError (credential)."""
        if self._setting.is_trial:
            return
        credential = await reveal_credential(
            self._works,
            self._setting.scope,
            read_id(notice.credential_id),
            used_by=self._setting.user,
            of=WebhookUrlConfig,
        )
        body = {"content": notice.text} if notice.service == "discord" else {"text": notice.text}
        answer = await self._web.call(HttpCall("POST", credential.url.get_secret_value(), body=body))
        if answer.status >= 300:
            raise NoticeRefusedError(notice.service, answer.status)
