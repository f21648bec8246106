"""Rows of users, sessions and refresh tokens."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.identity.models import AuthSession, RefreshToken, User
from privexbot_app.kit.clock import utc_now


class IdentityRepository:
    """Users and sessions belong to no tenant, so this repository has no scope."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: User | AuthSession | RefreshToken) -> None:
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
