"""Decisions on deferment and rate reduction are kept with their months, rates and document.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "relief_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("from_month", sa.Integer(), nullable=False),
        sa.Column("to_month", sa.Integer(), nullable=False),
        sa.Column("employer_rate", sa.BigInteger(), nullable=True),
        sa.Column("employee_rate", sa.BigInteger(), nullable=True),
        sa.Column("document_no", sa.String(length=60), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batches.id"], name=op.f("fk_relief_decisions_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_relief_decisions_employer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relief_decisions")),
        sa.UniqueConstraint(
            "employer_id", "kind", "from_month", name=op.f("uq_relief_decisions_employer_id_kind_from_month")
        ),
    )
    op.create_index(op.f("ix_relief_decisions_batch_id"), "relief_decisions", ["batch_id"])


def downgrade():
    op.drop_index(op.f("ix_relief_decisions_batch_id"), table_name="relief_decisions")
    op.drop_table("relief_decisions")
