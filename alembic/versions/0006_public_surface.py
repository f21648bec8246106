"""The public surface: API keys, secrets that prove who a visitor is, test traffic."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("requests_per_minute", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    for column, is_unique in (
        ("workspace_id", False),
        ("user_id", False),
        ("secret_hash", True),
        ("previous_hash", True),
    ):
        op.create_index(op.f(f"ix_api_key_{column}"), "api_key", [column], unique=is_unique)
    op.create_table(
        "bot_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("bot_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_previous", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "bot_id"], ["bot.workspace_id", "bot.id"], name="fk_bot_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("bot_id"),
        sa.UniqueConstraint("workspace_id", "id"),
    )
    op.create_index(op.f("ix_bot_identity_workspace_id"), "bot_identity", ["workspace_id"])
    with op.batch_alter_table("conversation") as table:
        table.add_column(sa.Column("visitor_id", sa.String(), nullable=True))
        table.add_column(sa.Column("is_test", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_conversation_visitor_id"), "conversation", ["visitor_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_conversation_visitor_id"), "conversation")
    with op.batch_alter_table("conversation") as table:
        table.drop_column("is_test")
        table.drop_column("visitor_id")
    op.drop_table("bot_identity")
    op.drop_table("api_key")
