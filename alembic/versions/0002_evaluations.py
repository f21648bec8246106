"""Golden questions, their runs, and gates."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _columns() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("knowledge_base_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "knowledge_base_id"],
            ["knowledge_base.workspace_id", "knowledge_base.id"],
            name="fk_knowledge_base_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "id"),
    ]


def _index(table: str) -> None:
    for column in ("knowledge_base_id", "workspace_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def upgrade() -> None:
    op.create_table(
        "golden_question",
        *_columns(),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("expected_phrases", sa.JSON(), nullable=False),
        sa.Column("expected_document", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
    )
    _index("golden_question")
    op.create_table(
        "golden_run",
        *_columns(),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("question_count", sa.Integer(), nullable=False),
        sa.Column("recall", sa.Float(), nullable=False),
        sa.Column("mean_reciprocal_rank", sa.Float(), nullable=False),
        sa.Column("changed_answers", sa.Integer(), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
    )
    _index("golden_run")
    op.create_table(
        "quality_gate",
        *_columns(),
        sa.Column("minimum_recall", sa.Float(), nullable=False),
        sa.UniqueConstraint("knowledge_base_id"),
    )
    _index("quality_gate")


def downgrade() -> None:
    for table in ("quality_gate", "golden_run", "golden_question"):
        op.drop_table(table)
