"""Chatflows: kinds of bot, notes of versions, where conversations stand in a flow, and what their turns did."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("bot") as table:
        table.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="chatbot"))
    op.create_index(op.f("ix_bot_kind"), "bot", ["kind"])
    with op.batch_alter_table("bot_version") as table:
        table.add_column(sa.Column("note", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "flow_state",
        *_of_conversation(),
        sa.Column("bot_version", sa.Integer(), nullable=False),
        sa.Column("wait", sa.String(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=True),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.UniqueConstraint("conversation_id"),
    )
    op.create_index(op.f("ix_flow_state_workspace_id"), "flow_state", ["workspace_id"])
    op.create_table(
        "flow_turn",
        *_of_conversation(),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("bot_version", sa.Integer(), nullable=False),
        sa.Column("runs", sa.JSON(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=False),
    )
    for column in ("workspace_id", "conversation_id", "message_id"):
        op.create_index(op.f(f"ix_flow_turn_{column}"), "flow_turn", [column])


def _of_conversation() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "conversation_id"],
            ["conversation.workspace_id", "conversation.id"],
            name="fk_conversation_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "id"),
    ]


def downgrade() -> None:
    op.drop_table("flow_turn")
    op.drop_table("flow_state")
    with op.batch_alter_table("bot_version") as table:
        table.drop_column("note")
    op.drop_index(op.f("ix_bot_kind"), "bot")
    with op.batch_alter_table("bot") as table:
        table.drop_column("kind")
