"""Ways in: linked identities, passkeys, second factors, mailed links, devices."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _of_a_user(*columns: sa.schema.SchemaItem) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    ]


def upgrade() -> None:
    with op.batch_alter_table("user_account") as table:
        table.alter_column("email", existing_type=sa.String(), nullable=True)
        table.alter_column("password_hash", existing_type=sa.String(), nullable=True)
        table.add_column(sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("auth_session") as table:
        for name in ("method", "device", "network"):
            table.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        # Nothing is released: sessions from before count as proved long ago.
        for name in ("proved_at", "last_seen_at"):
            long_ago = sa.text("'1970-01-01 00:00:00'")
            table.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=long_ago))
    op.create_table(
        "linked_identity",
        *_of_a_user(
            sa.Column("strategy", sa.String(), nullable=False),
            sa.Column("subject", sa.String(), nullable=False),
            sa.Column("label", sa.String(), nullable=False),
            sa.Column("facts", sa.JSON(), nullable=False),
            sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        ),
        sa.UniqueConstraint("strategy", "subject"),
    )
    op.create_table(
        "second_factor",
        *_of_a_user(
            sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
            sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("last_step", sa.Integer(), nullable=False),
        ),
        sa.UniqueConstraint("user_id"),
    )
    op.create_table(
        "recovery_code",
        *_of_a_user(
            sa.Column("code_hash", sa.String(), nullable=False),
            sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        ),
    )
    op.create_table(
        "mail_token",
        *_of_a_user(
            sa.Column("purpose", sa.String(), nullable=False),
            sa.Column("email", sa.String(), nullable=False),
            sa.Column("token_hash", sa.String(), nullable=False),
            sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        ),
        sa.UniqueConstraint("token_hash"),
    )
    for name in ("linked_identity", "recovery_code", "mail_token"):
        op.create_index(op.f(f"ix_{name}_user_id"), name, ["user_id"])


def downgrade() -> None:
    for name in ("mail_token", "recovery_code", "second_factor", "linked_identity"):
        op.drop_table(name)
    with op.batch_alter_table("auth_session") as table:
        for name in ("method", "device", "network", "proved_at", "last_seen_at"):
            table.drop_column(name)
    with op.batch_alter_table("user_account") as table:
        table.drop_column("email_verified_at")
        table.alter_column("password_hash", existing_type=sa.String(), nullable=False)
        table.alter_column("email", existing_type=sa.String(), nullable=False)
