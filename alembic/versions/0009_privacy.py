"""How long a workspace keeps what visitors leave behind."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("conversations_days", sa.Integer(), nullable=True),
        sa.Column("traces_days", sa.Integer(), nullable=True),
        sa.Column("leads_days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "id"),
        sa.UniqueConstraint("workspace_id"),
    )
    op.create_index(op.f("ix_retention_policy_workspace_id"), "retention_policy", ["workspace_id"])


def downgrade() -> None:
    op.drop_table("retention_policy")
