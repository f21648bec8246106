"""What other rooms and the doors see of identity."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field, SecretStr

from privexbot_app.kit.fields import Trimmed

SHORTEST_PASSWORD = 8
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


class UserView(BaseModel):
    """A user as others may see them."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    name: str


class Tokens(BaseModel):
    """A pair of tokens. `expires_in`: seconds until the access token ends."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105 - the field's name in RFC 6750
    expires_in: int


@dataclass(frozen=True)
class Caller:
    """A user who has proved who they are, in one session, at work in one workspace."""

    user_id: UUID
    session_id: UUID
    workspace_id: UUID
