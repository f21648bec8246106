"""Where a conversation stands in its flow, and what each turn did."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.database import WorkspaceModel, parent_key, workspace_table


class FlowState(WorkspaceModel, table=True):
    """A conversation's place in its flow, one row each.

    wait: "message" or "person" while `snapshot` is to be taken up; empty when the next message begins anew.
    variables: what the flow remembers from turn to turn. bot_version: the version that the conversation stays on.
    """

    __tablename__ = "flow_state"
    __table_args__ = workspace_table(parent_key("conversation_id", "conversation"), UniqueConstraint("conversation_id"))

    conversation_id: UUID
    bot_version: int
    wait: str = ""
    snapshot: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    variables: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class FlowTurn(WorkspaceModel, table=True):
    """The traces of one turn; `message_id` is that of the answer, whether or not it had words."""

    __tablename__ = "flow_turn"
    __table_args__ = workspace_table(parent_key("conversation_id", "conversation"))

    conversation_id: UUID = Field(index=True)
    message_id: UUID = Field(index=True)
    bot_version: int
    runs: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    error_code: str = ""
