"""Analytics: what became of each answer, figures by day, answers that teammates write for what bots could not say."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COUNTS = (
    "conversations", "visitors", "anonymous", "resolved", "handed_over", "messages", "answers", "refusals", "thumbs_up",
    "thumbs_down",
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("outcome", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("model", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_message_moment", "message", ["workspace_id", "created_at"])
    op.create_index("ix_conversation_moment", "conversation", ["workspace_id", "created_at"])
    op.create_table(
        "analytics_day",
        *_columns(),
        sa.Column("bot_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("latencies", sa.JSON(), nullable=False),
        sa.Column("tokens", sa.JSON(), nullable=False),
        _parent("bot_id", "bot"),
        sa.UniqueConstraint("workspace_id", "day", "bot_id", "channel"),
    )
    op.create_table(
        "analytics_progress",
        *_columns(),
        sa.Column("through", sa.Date(), nullable=False),
        sa.UniqueConstraint("workspace_id"),
    )
    op.create_table(
        "written_answer",
        *_columns(),
        sa.Column("knowledge_base_id", sa.Uuid(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("message_ids", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        _parent("knowledge_base_id", "knowledge_base"),
    )
    for table in ("analytics_day", "analytics_progress", "written_answer"):
        op.create_index(op.f(f"ix_{table}_workspace_id"), table, ["workspace_id"])


def _columns() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "id"),
    ]


def _parent(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"], name=f"fk_{column}", ondelete="CASCADE"
    )


def downgrade() -> None:
    for table in ("written_answer", "analytics_progress", "analytics_day"):
        op.drop_table(table)
    op.drop_index("ix_conversation_moment", "conversation")
    op.drop_index("ix_message_moment", "message")
    with op.batch_alter_table("message") as table:
        table.drop_column("model")
        table.drop_column("outcome")
