"""Rows of users, their ways in, sessions and tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.identity.models import (
    AuthSession,
    LinkedIdentity,
    MailToken,
    RecoveryCode,
    RefreshToken,
    SecondFactor,
    User,
)
from privexbot_app.kit.clock import utc_now


class IdentityRepository:
    """Users and sessions belong to no tenant, so this repository has no scope."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(
        self, row: User | AuthSession | RefreshToken | LinkedIdentity | SecondFactor | RecoveryCode | MailToken
    ) -> None:
        """Stage a row."""
        self._session.add(row)

    async def flush(self) -> None:
        """Write staged rows now, so that a broken rule shows here."""
        await self._session.flush()

    async def find_user(self, user_id: UUID) -> User | None:
        """The user or None."""
        return await self._session.get(User, user_id)

    async def find_user_by_email(self, email: str) -> User | None:
        """The user of a lower-cased address, or None."""
        return (await self._session.execute(select(User).where(User.email == email))).scalar_one_or_none()

    async def list_users(self, user_ids: list[UUID]) -> list[User]:
        """The users of these ids, in no order."""
        return list((await self._session.execute(select(User).where(User.id.in_(user_ids)))).scalars().all())

    async def find_session(self, session_id: UUID) -> AuthSession | None:
        """The session or None."""
        return await self._session.get(AuthSession, session_id)

    async def find_session_by_cookie(self, cookie_hash: str) -> AuthSession | None:
        """The session of a browser's cookie, or None."""
        statement = select(AuthSession).where(AuthSession.cookie_hash == cookie_hash)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def find_refresh_token(self, token_hash: str) -> RefreshToken | None:
        """The refresh token or None."""
        statement = select(RefreshToken).where(RefreshToken.token_hash == token_hash)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def use_refresh_token(self, id: UUID) -> bool:
        """Mark the token as used. False if somebody else already has."""
        statement = update(RefreshToken).where(RefreshToken.id == id, RefreshToken.used_at.is_(None))
        result = await self._session.execute(statement.values(used_at=utc_now()))
        return result.rowcount == 1

    async def lock_user(self, user_id: UUID) -> User | None:
        """The user, with everybody else who wants to change their ways in kept waiting."""
        statement = select(User).where(User.id == user_id).with_for_update()
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def list_live_sessions(self, user_id: UUID) -> list[AuthSession]:
        """The user's sessions that are neither ended nor over, latest first."""
        statement = select(AuthSession).where(
            AuthSession.user_id == user_id, AuthSession.revoked_at.is_(None), AuthSession.expires_at > utc_now()
        )
        return list((await self._session.execute(statement.order_by(AuthSession.last_seen_at.desc()))).scalars().all())

    async def revoke_sessions(self, user_id: UUID, *, keep: UUID | None = None) -> int:
        """End the user's sessions, except one. Returns how many."""
        statement = update(AuthSession).where(AuthSession.user_id == user_id, AuthSession.revoked_at.is_(None))
        if keep is not None:
            statement = statement.where(AuthSession.id != keep)
        return (await self._session.execute(statement.values(revoked_at=utc_now()))).rowcount

    async def find_identity(self, strategy: str, subject: str) -> LinkedIdentity | None:
        """The linked identity or None."""
        statement = select(LinkedIdentity).where(LinkedIdentity.strategy == strategy, LinkedIdentity.subject == subject)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def list_identities(self, user_id: UUID) -> list[LinkedIdentity]:
        """The user's linked identities, oldest first."""
        statement = select(LinkedIdentity).where(LinkedIdentity.user_id == user_id).order_by(LinkedIdentity.id)
        return list((await self._session.execute(statement)).scalars().all())

    async def remove_identity(self, id: UUID) -> None:
        """Forget a linked identity."""
        await self._session.execute(delete(LinkedIdentity).where(LinkedIdentity.id == id))

    async def find_second_factor(self, user_id: UUID) -> SecondFactor | None:
        """The user's authenticator app, confirmed or not, or None."""
        statement = select(SecondFactor).where(SecondFactor.user_id == user_id)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def advance_second_factor(self, user_id: UUID, step: int) -> bool:
        """Mark a time step as used. False if it, or a later one, was used before."""
        statement = update(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
        return (await self._session.execute(statement.values(last_step=step))).rowcount == 1

    async def remove_second_factor(self, user_id: UUID) -> None:
        """Forget the user's authenticator app and recovery codes."""
        for model in (SecondFactor, RecoveryCode):
            await self._session.execute(delete(model).where(model.user_id == user_id))

    async def remove_recovery_codes(self, user_id: UUID) -> None:
        """Forget the user's recovery codes."""
        await self._session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))

    async def use_recovery_code(self, user_id: UUID, code_hash: str) -> bool:
        """Mark a code as used. False if it is none of the user's, or was used before."""
        statement = update(RecoveryCode).where(
            RecoveryCode.user_id == user_id, RecoveryCode.code_hash == code_hash, RecoveryCode.used_at.is_(None)
        )
        return (await self._session.execute(statement.values(used_at=utc_now()))).rowcount == 1

    async def count_recovery_codes(self, user_id: UUID) -> int:
        """How many codes are left."""
        statement = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        return (await self._session.execute(statement)).scalar_one()

    async def find_mail_token(self, purpose: str, token_hash: str) -> MailToken | None:
        """The mailed token or None."""
        statement = select(MailToken).where(MailToken.purpose == purpose, MailToken.token_hash == token_hash)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def use_mail_token(self, id: UUID, now: datetime) -> bool:
        """Mark the token as used. False if it was used before, or its time is over."""
        statement = update(MailToken).where(MailToken.id == id, MailToken.used_at.is_(None), MailToken.expires_at > now)
        return (await self._session.execute(statement.values(used_at=now))).rowcount == 1

    async def void_mail_tokens(self, user_id: UUID) -> None:
        """Make every mailed token of the user worthless."""
        statement = update(MailToken).where(MailToken.user_id == user_id, MailToken.used_at.is_(None))
        await self._session.execute(statement.values(used_at=utc_now()))
