"""Tables of users, their ways in, their second factor and their sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import GlobalModel, moment


class User(GlobalModel, table=True):
    """A person. `email` is stored lower-cased; who came by a wallet has none.

    email_verified_at: when its owner proved that they read mail there. password_hash: None without a password.
    """

    __tablename__ = "user_account"

    email: str | None = Field(default=None, unique=True, index=True)
    email_verified_at: datetime | None = moment(default=None, nullable=True)
    name: str
    password_hash: str | None = None


class LinkedIdentity(GlobalModel, table=True):
    """A way in besides the password: a wallet, an account elsewhere, a passkey.

    subject: what the strategy knows the person by; one subject belongs to one user. label: what people know it by.
    facts: what the strategy needs next time, e.g. a passkey's public key.
    """

    __tablename__ = "linked_identity"
    __table_args__ = (UniqueConstraint("strategy", "subject"),)

    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    strategy: str
    subject: str
    label: str
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    last_used_at: datetime | None = moment(default=None, nullable=True)


class SecondFactor(GlobalModel, table=True):
    """A user's authenticator app. Counts once it is confirmed by a first code.

    last_step: the time step of the latest code that was taken; a code never counts twice.
    """

    __tablename__ = "second_factor"

    user_id: UUID = Field(foreign_key="user_account.id", unique=True, ondelete="CASCADE")
    sealed_secret: bytes
    confirmed_at: datetime | None = moment(default=None, nullable=True)
    last_step: int = 0


class RecoveryCode(GlobalModel, table=True):
    """One code that stands in for a lost authenticator app, once."""

    __tablename__ = "recovery_code"

    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    code_hash: str
    used_at: datetime | None = moment(default=None, nullable=True)


class MailToken(GlobalModel, table=True):
    """A link that was mailed: to prove an address, or to set a new password. Works once, for a while.

    email: the address that it was sent to; worthless once the user has another one.
    """

    __tablename__ = "mail_token"

    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    purpose: str
    email: str
    token_hash: str = Field(unique=True)
    expires_at: datetime = moment(nullable=False)
    used_at: datetime | None = moment(default=None, nullable=True)


class AuthSession(GlobalModel, table=True):
    """One device or program that is signed in: the family of its refresh tokens, or a browser's cookie.

    workspace_id: the workspace it works in now; checked against the membership at each use.
    cookie_hash: fingerprint of the browser's cookie; None for a program.
    method: how it was signed in, e.g. `password` or `evm`. proved_at: when its user last proved who they are.
    network: the caller's address without its last part. device: the user agent, shortened.
    """

    __tablename__ = "auth_session"

    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    workspace_id: UUID
    cookie_hash: str | None = Field(default=None, unique=True)
    method: str = "password"
    device: str = ""
    network: str = ""
    proved_at: datetime = moment(default_factory=utc_now, nullable=False)
    last_seen_at: datetime = moment(default_factory=utc_now, nullable=False)
    expires_at: datetime = moment(nullable=False)
    revoked_at: datetime | None = moment(default=None, nullable=True)


class RefreshToken(GlobalModel, table=True):
    """One refresh token of a family; `used_at` is set when it was exchanged, and a second use betrays a theft."""

    __tablename__ = "refresh_token"

    session_id: UUID = Field(foreign_key="auth_session.id", index=True, ondelete="CASCADE")
    token_hash: str = Field(unique=True)
    used_at: datetime | None = moment(default=None, nullable=True)
