"""What goes by mail: proving an address, and a new password for who forgot theirs."""

from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import BaseModel, EmailStr, Field

from privexbot_app.api.deps import CurrentCaller, RuntimeDep, client_address
from privexbot_app.api.mailing import require_mailer, send_later
from privexbot_app.domains.identity.mailed import MailedLinks
from privexbot_app.domains.identity.schemas import NewPassword, UserView
from privexbot_app.domains.identity.service import require_recent_proof
from privexbot_app.domains.identity.throttle import TOKEN, guarded
from privexbot_app.kit.crypto import fingerprint
from privexbot_app.kit.limits import Limit

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

MAILS_FROM_HERE = Limit(events=20, seconds=3600)
MAILS_TO_ONE = Limit(events=5, seconds=3600)
LONGEST_TOKEN = 512


class Address(BaseModel):
    """An e-mail address."""

    email: EmailStr


class LinkToken(BaseModel):
    """The token of a mailed link."""

    token: str = Field(max_length=LONGEST_TOKEN)


class PasswordReset(LinkToken):
    """The token of a mailed link, and the new password."""

    new_password: NewPassword


@router.post("/password/forgot", status_code=202)
async def forgot_password(
    body: Address, request: Request, background: BackgroundTasks, installation: RuntimeDep
) -> None:
    """Mail a link that sets a new password. The answer is the same for an address that nobody has."""
    mailer, works = require_mailer(installation), installation.works
    await works.limiter.take(f"mail:{client_address(request)}", MAILS_FROM_HERE)
    await works.limiter.take(f"mail-to:{fingerprint(body.email.lower())[:32]}", MAILS_TO_ONE)
    async with works.open(None) as work:
        mail = await MailedLinks(work, installation.keys).begin_reset(body.email, site_url=installation.browser_url)
    if mail is not None:
        send_later(background, mailer, mail)


@router.post("/password/reset", status_code=204)
async def reset_password(body: PasswordReset, request: Request, installation: RuntimeDep) -> None:
    """Set a new password by a mailed link. Every device is signed out."""
    async with (
        guarded(installation.works, "link", client_address(request), TOKEN),
        installation.works.open(None) as work,
    ):
        password = body.new_password.get_secret_value()
        await MailedLinks(work, installation.keys).finish_reset(body.token, password)


@router.post("/email", status_code=202)
async def change_email(
    body: Address, caller: CurrentCaller, background: BackgroundTasks, installation: RuntimeDep
) -> None:
    """Mail a link that makes an address the caller's own. Needs a recent proof of who the caller is."""
    mailer = require_mailer(installation)
    require_recent_proof(caller)
    await installation.works.limiter.take(f"mail-by:{caller.user_id.hex}", MAILS_TO_ONE)
    async with installation.works.open(None) as work:
        links = MailedLinks(work, installation.keys)
        mail = await links.begin_verification(caller.user_id, body.email, site_url=installation.browser_url)
    send_later(background, mailer, mail)


@router.post("/email/verify")
async def verify_email(body: LinkToken, request: Request, installation: RuntimeDep) -> UserView:
    """Prove an address by a mailed link."""
    async with (
        guarded(installation.works, "link", client_address(request), TOKEN),
        installation.works.open(None) as work,
    ):
        return await MailedLinks(work, installation.keys).finish_verification(body.token)
