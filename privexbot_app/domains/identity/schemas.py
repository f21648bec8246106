"""What other rooms and the doors see of identity."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field, SecretStr, field_validator

from privexbot_app.domains.identity.passwords import SHORTEST_PASSWORD
from privexbot_app.kit.fields import Trimmed

LONGEST_PASSWORD = 128


PersonName = Annotated[str, Trimmed, Field(max_length=120)]


class Credentials(BaseModel):
    """E-mail address and password of somebody who signs in."""

    email: Annotated[str, Field(max_length=320)]
    password: SecretStr = Field(max_length=1024)


class Registration(BaseModel):
    """What somebody gives to register."""

    email: EmailStr
    password: SecretStr = Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)
    name: PersonName = ""


NewPassword = Annotated[SecretStr, Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)]


class PasswordChange(BaseModel):
    """A new password; the one until now, unless there was none."""

    current_password: SecretStr | None = Field(None, max_length=1024)
    new_password: NewPassword


class UserView(BaseModel):
    """A user as others may see them. `email` is empty for who has none."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    name: str

    @field_validator("email", mode="before")
    @classmethod
    def _empty_without(cls, value: str | None) -> str:
        return value or ""


class IdentityView(BaseModel):
    """A linked way in."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    strategy: str
    label: str
    created_at: datetime
    last_used_at: datetime | None


class WaysInView(BaseModel):
    """How a user can sign in. recovery_codes_left: of the second factor; 0 without one."""

    email: str
    is_email_verified: bool
    has_password: bool
    identities: list[IdentityView]
    has_second_factor: bool
    recovery_codes_left: int


class SessionView(BaseModel):
    """A device or program that is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    method: str
    device: str
    network: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool = False


class SecondFactorSetup(BaseModel):
    """What an authenticator app needs: the secret, the address that holds it, and a picture of that address (SVG)."""

    secret: str
    uri: str
    qr_svg: str


class RecoveryCodes(BaseModel):
    """Codes for the day when the authenticator app is lost. Shown once."""

    codes: list[str]


class Tokens(BaseModel):
    """A pair of tokens. `expires_in`: seconds until the access token ends."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105 - the field's name in RFC 6750
    expires_in: int


@dataclass(frozen=True)
class Visit:
    """Where a sign-in comes from. method: of signing in. network: an IP address without its last part."""

    method: str = "password"
    device: str = ""
    network: str = ""

    def by(self, method: str) -> "Visit":
        """The same, by another way."""
        return Visit(method, self.device, self.network)


@dataclass(frozen=True)
class Caller:
    """A user who has proved who they are, in one session, at work in one workspace.

    proved_at: when they last did; dangerous acts ask for a recent proof.
    """

    user_id: UUID
    session_id: UUID
    workspace_id: UUID
    proved_at: datetime
