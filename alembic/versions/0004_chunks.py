"""Chunks that people change, passages around chunks, re-indexing beside what is in use, measured speed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

CHUNK_COLUMNS = (
    ("generation", sa.Integer(), "1"),
    ("parent_start", sa.Integer(), None),
    ("parent_end", sa.Integer(), None),
    ("origin", sa.String(), "source"),
    ("is_enabled", sa.Boolean(), sa.true()),
    ("edited_at", sa.DateTime(timezone=True), None),
    ("basis", sa.Text(), ""),
    ("conflicting_text", sa.Text(), None),
)
DOCUMENT_COLUMNS = (
    ("started_at", sa.DateTime(timezone=True), None),
    ("built_generation", sa.Integer(), "0"),
    ("built_attempt", sa.Integer(), "0"),
)
UNIQUE = "uq_chunk_document_id"
NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}


def upgrade() -> None:
    _add("document", DOCUMENT_COLUMNS)
    _add("chunk", CHUNK_COLUMNS)
    op.execute(
        "UPDATE chunk SET generation = "
        "(SELECT generation FROM knowledge_base WHERE knowledge_base.id = chunk.knowledge_base_id)"
    )
    _make_unique("document_id", "generation", "index")
    op.create_table(
        "knowledge_rebuild",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("knowledge_base_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("done_before", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "knowledge_base_id"],
            ["knowledge_base.workspace_id", "knowledge_base.id"],
            name="fk_knowledge_base_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "id"),
        sa.UniqueConstraint("knowledge_base_id"),
    )
    for column in ("knowledge_base_id", "workspace_id"):
        op.create_index(op.f(f"ix_knowledge_rebuild_{column}"), "knowledge_rebuild", [column])


def downgrade() -> None:
    op.drop_table("knowledge_rebuild")
    # What a re-index was making has the places of what is in use.
    op.execute(
        "DELETE FROM chunk WHERE generation <> "
        "(SELECT generation FROM knowledge_base WHERE knowledge_base.id = chunk.knowledge_base_id)"
    )
    _make_unique("document_id", "index")
    for table, columns in (("chunk", CHUNK_COLUMNS), ("document", DOCUMENT_COLUMNS)):
        for name, _, _ in columns:
            op.drop_column(table, name)


def _add(table: str, columns: tuple[tuple[str, sa.types.TypeEngine, object], ...]) -> None:
    for name, kind, default in columns:
        op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))
        if default is not None and op.get_bind().dialect.name != "sqlite":
            op.alter_column(table, name, server_default=None)


def _make_unique(*columns: str) -> None:
    """Exchange what a chunk's place is unique by. SQLite copies the table for it, which loses the triggers."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        found = bind.execute(
            sa.text(
                "SELECT conname FROM pg_constraint WHERE conrelid = 'chunk'::regclass AND contype = 'u' "
                "AND pg_get_constraintdef(oid) LIKE '%document_id%'"
            )
        )
        op.drop_constraint(found.scalar_one(), "chunk", type_="unique")
        op.create_unique_constraint(UNIQUE, "chunk", list(columns))
        return
    triggers = bind.execute(sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'chunk'"))
    kept = list(triggers.scalars())
    with op.batch_alter_table("chunk", naming_convention=NAMES) as batch:
        batch.drop_constraint(UNIQUE, type_="unique")
        batch.create_unique_constraint(UNIQUE, list(columns))
    for trigger in kept:
        op.execute(trigger)
