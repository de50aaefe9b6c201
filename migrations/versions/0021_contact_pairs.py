"""People who may be recorded twice have a worklist, which is looked for every night.

Revision ID: 0021
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "contact_pairs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_contact_pairs_decided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_pairs")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_contact_pairs_first_id_second_id")),
    )
    op.create_index("ix_contact_pairs_state", "contact_pairs", ["state", "score", "id"])
    op.create_index("ix_contact_pairs_second", "contact_pairs", ["second_id"])


def downgrade():
    op.drop_table("contact_pairs")
