"""The table of how long workspaces keep things."""

from sqlalchemy import UniqueConstraint

from privexbot_app.kit.database import WorkspaceModel, workspace_table


class RetentionPolicy(WorkspaceModel, table=True):
    """One row of a workspace that has decided; None keeps a kind until somebody deletes it."""

    __tablename__ = "retention_policy"
    __table_args__ = workspace_table(UniqueConstraint("workspace_id"))

    conversations_days: int | None = None
    traces_days: int | None = None
    leads_days: int | None = None
