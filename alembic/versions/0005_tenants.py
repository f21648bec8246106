"""The vault; roles, invitations and deadlines of tenants; logs that hang together."""

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


def _own(*columns: sa.schema.SchemaItem) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id"),
    ]


def _create_roles() -> None:
    op.create_table(
        "custom_role",
        *_own(
            sa.Column("organization_id", sa.Uuid(), nullable=False),
            sa.Column("name", sa.String(), nullable=False),
            sa.Column("permissions", sa.JSON(), nullable=False),
            sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
            sa.UniqueConstraint("organization_id", "name"),
        ),
    )
    op.create_index(op.f("ix_custom_role_organization_id"), "custom_role", ["organization_id"])
    # Nothing refers to this table, so SQLite may copy it.
    with op.batch_alter_table("workspace_member") as members:
        members.add_column(sa.Column("custom_role_id", sa.Uuid(), nullable=True))
        members.create_foreign_key(
            "fk_workspace_member_custom_role", "custom_role", ["custom_role_id"], ["id"], ondelete="RESTRICT"
        )
        members.create_index(op.f("ix_workspace_member_custom_role_id"), ["custom_role_id"])


def _create_invitations() -> None:
    op.create_table(
        "invitation",
        *_own(
            sa.Column("organization_id", sa.Uuid(), nullable=False),
            sa.Column("workspace_id", sa.Uuid(), nullable=True),
            sa.Column("email", sa.String(), nullable=False),
            sa.Column("role", sa.String(), nullable=False),
            sa.Column("workspace_role", sa.String(), nullable=False),
            sa.Column("custom_role_id", sa.Uuid(), nullable=True),
            sa.Column("token_hash", sa.String(), nullable=False),
            sa.Column("invited_by", sa.Uuid(), nullable=True),
            sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("mail_problem", sa.String(), nullable=False),
            sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
            sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["custom_role_id"], ["custom_role.id"], ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["invited_by"], ["user_account.id"], ondelete="SET NULL"),
            sa.UniqueConstraint("token_hash"),
        ),
    )
    for column in ("organization_id", "email"):
        op.create_index(op.f(f"ix_invitation_{column}"), "invitation", [column])


def _name_tenants() -> None:
    for table in ("organization", "workspace"):
        op.add_column(table, sa.Column("slug", sa.String(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("delete_after", sa.DateTime(timezone=True), nullable=True))
        op.execute(f"UPDATE {table} SET slug = replace(CAST(id AS VARCHAR), '-', '')")
        op.create_index(op.f(f"ix_{table}_delete_after"), table, ["delete_after"])
    op.create_index(op.f("ix_organization_slug"), "organization", ["slug"], unique=True)
    op.create_index("ix_workspace_slug", "workspace", ["organization_id", "slug"], unique=True)


def _chained() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
    ]


def _deed() -> list[sa.schema.SchemaItem]:
    return [
        *_chained(),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
    ]


def _chain_logs() -> None:
    # Entries from before the chain cannot be linked into it.
    op.drop_table("audit_entry")
    op.drop_table("sign_in_entry")
    op.create_table("audit_entry", *_row(*_deed(), sa.UniqueConstraint("workspace_id", "position")))
    op.create_table(
        "organization_entry",
        *_own(
            sa.Column("organization_id", sa.Uuid(), nullable=False),
            *_deed(),
            sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
            sa.UniqueConstraint("organization_id", "position"),
        ),
    )
    op.create_table(
        "sign_in_entry",
        *_own(
            *_chained(),
            sa.Column("user_id", sa.Uuid(), nullable=False),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False),
            sa.UniqueConstraint("position"),
        ),
    )
    op.create_index(op.f("ix_audit_entry_workspace_id"), "audit_entry", ["workspace_id"])
    op.create_index(op.f("ix_organization_entry_organization_id"), "organization_entry", ["organization_id"])
    for table in ("audit_entry", "organization_entry"):
        for column in ("event", "actor_id"):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index(op.f("ix_sign_in_entry_user_id"), "sign_in_entry", ["user_id"])


def upgrade() -> None:
    _create_vault()
    _name_tenants()
    _create_roles()
    _create_invitations()
    _chain_logs()


def downgrade() -> None:
    raise NotImplementedError("the logs from before are gone; restore a backup instead")
