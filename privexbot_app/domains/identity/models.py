"""Tables of users and their sessions."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from privexbot_app.kit.database import GlobalModel, moment


class User(GlobalModel, table=True):
    """A person. `email` is stored lower-cased."""

    __tablename__ = "user_account"

    email: str = Field(unique=True, index=True)
    name: str
    password_hash: str


class AuthSession(GlobalModel, table=True):
    """One device or program that is signed in: the family of its refresh tokens, or a browser's cookie.

    workspace_id: the workspace it works in now; checked against the membership at each use.
    cookie_hash: fingerprint of the browser's cookie; None for a program.
    """

    __tablename__ = "auth_session"

    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    workspace_id: UUID
    cookie_hash: str | None = Field(default=None, unique=True)
    expires_at: datetime = moment(nullable=False)
    revoked_at: datetime | None = moment(default=None, nullable=True)


class RefreshToken(GlobalModel, table=True):
    """One refresh token of a family; `used_at` is set when it was exchanged, and a second use betrays a theft."""

    __tablename__ = "refresh_token"

    session_id: UUID = Field(foreign_key="auth_session.id", index=True, ondelete="CASCADE")
    token_hash: str = Field(unique=True)
    used_at: datetime | None = moment(default=None, nullable=True)
