"""People behind the bots: live takeover, tags, contacts with a pipeline and a timeline, webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

EARLIEST = sa.text("'1970-01-01 00:00:00+00:00'")


def upgrade() -> None:
    _extend_conversations()
    _extend_leads()
    _create_webhooks()


def _extend_conversations() -> None:
    with op.batch_alter_table("conversation") as table:
        table.add_column(sa.Column("last_at", sa.DateTime(timezone=True), nullable=False, server_default=EARLIEST))
        table.add_column(sa.Column("is_open", sa.Boolean(), nullable=False, server_default=sa.true()))
        table.add_column(sa.Column("is_waiting", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("agent_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("agent_name", sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE conversation SET last_at = created_at")
    op.create_index("ix_conversation_activity", "conversation", ["workspace_id", "last_at", "id"])
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("author", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "conversation_tag",
        *_columns(),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        _parent("conversation_id", "conversation"),
        sa.UniqueConstraint("conversation_id", "name"),
    )
    op.create_index(op.f("ix_conversation_tag_workspace_id"), "conversation_tag", ["workspace_id"])
    op.create_index("ix_conversation_tag_name", "conversation_tag", ["workspace_id", "name"])


def _extend_leads() -> None:
    with op.batch_alter_table("lead") as table:
        table.add_column(sa.Column("consent_text", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("title", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("email", sa.String(), nullable=True))
        table.add_column(sa.Column("status", sa.String(), nullable=False, server_default="new"))
        table.add_column(sa.Column("owner_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("channel", sa.String(), nullable=False, server_default="web"))
        table.add_column(sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=EARLIEST))
        table.create_unique_constraint("uq_lead_email", ["workspace_id", "email"])
    op.execute("UPDATE lead SET changed_at = created_at")
    op.create_index("ix_lead_status", "lead", ["workspace_id", "status", "id"])
    op.create_table(
        "lead_activity",
        *_columns(),
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        _parent("lead_id", "lead"),
    )
    for column in ("workspace_id", "lead_id"):
        op.create_index(op.f(f"ix_lead_activity_{column}"), "lead_activity", [column])
    op.create_table(
        "lead_settings",
        *_columns(),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("custom_fields", sa.JSON(), nullable=False),
        sa.UniqueConstraint("workspace_id"),
    )
    op.create_index(op.f("ix_lead_settings_workspace_id"), "lead_settings", ["workspace_id"])


def _create_webhooks() -> None:
    op.create_table(
        "webhook",
        *_columns(),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index(op.f("ix_webhook_workspace_id"), "webhook", ["workspace_id"])
    op.create_table(
        "webhook_delivery",
        *_columns(),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        _parent("webhook_id", "webhook"),
    )
    for column in ("workspace_id", "webhook_id", "next_at"):
        op.create_index(op.f(f"ix_webhook_delivery_{column}"), "webhook_delivery", [column])


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
    for table in ("webhook_delivery", "webhook", "lead_settings", "lead_activity", "conversation_tag"):
        op.drop_table(table)
    op.drop_index("ix_lead_status", "lead")
    with op.batch_alter_table("lead") as table:
        table.drop_constraint("uq_lead_email", type_="unique")
        for column in (
            "changed_at", "search_text", "channel", "owner_id", "status", "email", "title", "consent_text",
        ):  # fmt: skip
            table.drop_column(column)
    with op.batch_alter_table("message") as table:
        table.drop_column("author")
    op.drop_index("ix_conversation_activity", "conversation")
    with op.batch_alter_table("conversation") as table:
        for column in ("agent_name", "agent_id", "is_waiting", "is_open", "last_at"):
            table.drop_column(column)
