"""The table of leads."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column
from sqlmodel import Field

from privexbot_app.kit.database import WorkspaceModel, moment, parent_key, workspace_table


class Lead(WorkspaceModel, table=True):
    """What one visitor has left. `fields` are as the bot asked for them; `consented_at` is None without consent."""

    __tablename__ = "lead"
    __table_args__ = workspace_table(parent_key("bot_id", "bot"))

    bot_id: UUID = Field(index=True)
    conversation_id: UUID | None = Field(default=None, index=True)
    fields: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    consented_at: datetime | None = moment(default=None, nullable=True)
