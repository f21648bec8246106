"""Sending mail from a route: after the answer, so that its time tells nothing about who has an account."""

from fastapi import BackgroundTasks

from privexbot_app.integrations.mailers.base import Mail, Mailer
from privexbot_app.kit.errors import PrivexError, UnavailableError
from privexbot_app.kit.logging import get_logger
from privexbot_app.runtime import Runtime

log = get_logger(__name__)


class NoMailerError(UnavailableError):
    """The operator has set up no mail server."""

    code = "mail_not_set_up"

    def __init__(self) -> None:
        super().__init__("This installation sends no e-mail. Ask whoever runs it.")


def require_mailer(installation: Runtime) -> Mailer:
    """What sends mail. Raises NoMailerError."""
    mailer = installation.works.plugins.mailer
    if mailer is None:
        raise NoMailerError
    return mailer


def send_later(background: BackgroundTasks, mailer: Mailer, mail: Mail) -> None:
    """Send after the answer; a failure is logged, as nobody waits for it any more."""
    background.add_task(_send, mailer, mail)


async def _send(mailer: Mailer, mail: Mail) -> None:
    try:
        await mailer.send(mail)
    except PrivexError as error:
        log.error("mail.failed", code=error.code, subject=mail.subject)
