"""What other rooms and the doors see of the vault. No secret has a place in any of these."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from privexbot_app.kit.fields import Trimmed

CredentialName = Annotated[str, Trimmed, Field(min_length=1, max_length=120)]


class NewCredential(BaseModel):
    """A credential to keep. `settings` are those of its type, secrets among them."""

    name: CredentialName
    type: Annotated[str, Field(max_length=40)]
    settings: dict[str, Any]


class Replacement(BaseModel):
    """New settings, all of them: whoever points a credential elsewhere must know its secret."""

    name: CredentialName | None = None
    settings: dict[str, Any]


class UseView(BaseModel):
    """Something that refers to a credential. used_by: its kind and id."""

    used_by: str
    label: str
    last_used_at: datetime | None


class CredentialView(BaseModel):
    """A credential without its secrets. hints: the last characters of long ones.

    test_problem: why the last test failed; empty if it did not, or there was none (`tested_at`).
    """

    id: UUID
    name: str
    type: str
    settings: dict[str, Any]
    hints: dict[str, str]
    created_at: datetime
    replaced_at: datetime | None
    last_used_at: datetime | None
    can_be_tested: bool
    tested_at: datetime | None
    test_problem: str
    uses: list[UseView]


class CredentialTypeView(BaseModel):
    """A type of credential. settings: their JSON Schema."""

    type: str
    title: str
    lead: str
    settings: dict[str, Any]


class CredentialTestView(BaseModel):
    """What a test found. problem: a sentence; empty if all is well."""

    is_good: bool
    problem: str
    tested_at: datetime
