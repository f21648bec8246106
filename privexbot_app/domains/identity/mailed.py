"""Links that are mailed: to prove an address, and to set a forgotten password.

A link holds a random token, kept as a fingerprint; it works once, for a while, and only as long as it fits the account.
Whether an address is known is never told: who asks for a new password gets the same answer either way.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.models import MailToken, User
from privexbot_app.domains.identity.repository import IdentityRepository
from privexbot_app.domains.identity.schemas import UserView
from privexbot_app.domains.identity.service import EmailTakenError
from privexbot_app.domains.identity.ways import WaysIn
from privexbot_app.integrations.mailers.base import Mail
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import KeyRing, fingerprint
from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.kit.ids import new_token

VERIFY, RESET = "verify", "reset"
LIVES = {VERIFY: timedelta(days=2), RESET: timedelta(hours=1)}
RESET_TEXT = """Hello {name},

somebody, hopefully you, asked for a new password for {site}. Open this link to choose one:

{link}

It works once, for an hour, and signs every device out. If it was not you, do nothing: your password stays as it is.
"""
VERIFY_TEXT = """Hello {name},

open this link to confirm that this address is yours:

{link}

It works once, for two days. If you did not ask for it at {site}, do nothing.
"""


class InvalidMailTokenError(UnauthenticatedError):
    """The link is not ours, was used, is too old, or the account has changed since."""

    code = "link_invalid"

    def __init__(self) -> None:
        super().__init__("This link is not valid any more. Ask for a new one.")


class MailedLinks:
    """Makes and takes links, inside one unit of work; whoever calls sends the mail after the commit."""

    def __init__(self, work: Work, keys: KeyRing) -> None:
        self._work = work
        self._keys = keys
        self._rows = IdentityRepository(work.session)

    async def begin_reset(self, email: str, *, site_url: str) -> Mail | None:
        """The mail to who forgot their password; None for an unknown address."""
        user = await self._rows.find_user_by_email(email.strip().lower())
        if user is None or user.email is None:
            return None
        link = f"{site_url}/reset-password#token={self._new(user, RESET, user.email)}"
        text = RESET_TEXT.format(name=user.name, site=site_url, link=link)
        return Mail(to=user.email, subject="Choose a new password", text=text)

    async def begin_verification(self, user_id: UUID, email: str, *, site_url: str) -> Mail:
        """The mail that proves an address, which becomes the user's when its link is opened. Raises EmailTakenError."""
        email = email.strip().lower()
        user = await self._rows.find_user(user_id)
        owner = await self._rows.find_user_by_email(email)
        if user is None or (owner is not None and owner.id != user_id):
            raise EmailTakenError
        link = f"{site_url}/verify-email#token={self._new(user, VERIFY, email)}"
        text = VERIFY_TEXT.format(name=user.name, site=site_url, link=link)
        return Mail(to=email, subject="Confirm your e-mail address", text=text)

    async def finish_reset(self, token: str, password: str) -> None:
        """Set the password, and sign every device out. Raises InvalidMailTokenError, CommonPasswordError."""
        found, user = await self._take(RESET, token)
        if user.email != found.email:
            raise InvalidMailTokenError
        # Who opened the link reads the mail that is sent there.
        user.email_verified_at = user.email_verified_at or utc_now()
        await WaysIn(self._work, self._keys).set_password(user.id, password, field="new_password")

    async def finish_verification(self, token: str) -> UserView:
        """Take the address as the user's. Raises InvalidMailTokenError, EmailTakenError."""
        found, user = await self._take(VERIFY, token)
        user.email, user.email_verified_at = found.email, utc_now()
        try:
            await self._rows.flush()
        except IntegrityError as error:
            raise EmailTakenError from error
        AuditService(self._work).record_sign_in(user.id, "email.verified")
        return UserView.model_validate(user)

    def _new(self, user: User, purpose: str, email: str) -> str:
        token = new_token("pbm")
        self._rows.add(
            MailToken(
                user_id=user.id,
                purpose=purpose,
                email=email,
                token_hash=fingerprint(token),
                expires_at=utc_now() + LIVES[purpose],
            )
        )
        return token

    async def _take(self, purpose: str, token: str) -> tuple[MailToken, User]:
        found = await self._rows.find_mail_token(purpose, fingerprint(token))
        if found is None or not await self._rows.use_mail_token(found.id, utc_now()):
            raise InvalidMailTokenError
        user = await self._rows.find_user(found.user_id)
        if user is None:
            raise InvalidMailTokenError
        return found, user
