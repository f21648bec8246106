"""The vault."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _row(*columns: sa.schema.SchemaItem) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "id"),
    ]


def _create_vault() -> None:
    op.create_table(
        "data_key", *_row(sa.Column("wrapped", sa.String(), nullable=False)), sa.UniqueConstraint("workspace_id")
    )
    op.create_table(
        "credential",
        *_row(
            sa.Column("name", sa.String(), nullable=False),
            sa.Column("type", sa.String(), nullable=False),
            sa.Column("settings", sa.JSON(), nullable=False),
            sa.Column("hints", sa.JSON(), nullable=False),
            sa.Column("sealed", sa.String(), nullable=False),
            sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("test_problem", sa.String(), nullable=False),
        ),
        sa.UniqueConstraint("workspace_id", "name"),
    )
    op.create_table(
        "credential_use",
        *_row(
            sa.Column("credential_id", sa.Uuid(), nullable=False),
            sa.Column("used_by", sa.String(), nullable=False),
            sa.Column("label", sa.String(), nullable=False),
            sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "credential_id"],
            ["credential.workspace_id", "credential.id"],
            name="fk_credential_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("credential_id", "used_by"),
    )
    for table in ("data_key", "credential", "credential_use"):
        op.create_index(op.f(f"ix_{table}_workspace_id"), table, ["workspace_id"])
    for column in ("credential_id", "used_by"):
        op.create_index(op.f(f"ix_credential_use_{column}"), "credential_use", [column])


def upgrade() -> None:
    _create_vault()


def downgrade() -> None:
    for table in ("credential_use", "credential", "data_key"):
        op.drop_table(table)
