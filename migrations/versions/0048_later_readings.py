"""What a statement says on a later day than its own: a case is opened when deferment ends, not when the next one comes.

Revision ID: 0048
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "later_readings",
        sa.Column("fact_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fact_id"],
            ["contribution_facts.id"],
            name=op.f("fk_later_readings_fact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_later_readings")),
    )


def downgrade():
    op.drop_table("later_readings")
