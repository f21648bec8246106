"""Tables of the vault. What is in them is of no use without the installation's secret key."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.database import WorkspaceModel, moment, parent_key, workspace_table


class DataKey(WorkspaceModel, table=True):
    """The key that seals a workspace's credentials, itself wrapped by a key of the installation."""

    __tablename__ = "data_key"
    __table_args__ = workspace_table(UniqueConstraint("workspace_id"))

    wrapped: str


class Credential(WorkspaceModel, table=True):
    """One credential. settings, hints: what may be shown. sealed: the secrets, bound to this row and workspace."""

    __tablename__ = "credential"
    __table_args__ = workspace_table(UniqueConstraint("workspace_id", "name"))

    name: str
    type: str
    settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    hints: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    sealed: str
    replaced_at: datetime | None = moment(default=None, nullable=True)
    last_used_at: datetime | None = moment(default=None, nullable=True)
    tested_at: datetime | None = moment(default=None, nullable=True)
    test_problem: str = ""


class CredentialUse(WorkspaceModel, table=True):
    """Something that refers to a credential. used_by: its kind and id, e.g. `chatflow:<id>`."""

    __tablename__ = "credential_use"
    __table_args__ = workspace_table(
        parent_key("credential_id", "credential"), UniqueConstraint("credential_id", "used_by")
    )

    credential_id: UUID = Field(index=True)
    used_by: str = Field(index=True)
    label: str = ""
    last_used_at: datetime | None = moment(default=None, nullable=True)
