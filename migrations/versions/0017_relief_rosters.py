"""Key employers are surveyed one by one on rosters: asked, what they intend, what was done for them.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "relief_rosters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_relief_rosters_branch_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name=op.f("fk_relief_rosters_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relief_rosters")),
    )
    op.create_index("ix_relief_rosters_branch_id", "relief_rosters", ["branch_id"])

    op.create_table(
        "relief_roster_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roster_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("surveyed_on", sa.Date(), nullable=True),
        sa.Column("surveyed_by_id", sa.Integer(), nullable=True),
        sa.Column("intent", sa.String(length=32), nullable=True),
        sa.Column("note", sa.String(length=255), nullable=False),
        sa.Column("handled_on", sa.Date(), nullable=True),
        sa.Column("handled_by_id", sa.Integer(), nullable=True),
        sa.Column("handled_how", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_relief_roster_lines_employer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["handled_by_id"], ["users.id"], name=op.f("fk_relief_roster_lines_handled_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["roster_id"],
            ["relief_rosters.id"],
            name=op.f("fk_relief_roster_lines_roster_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["surveyed_by_id"], ["users.id"], name=op.f("fk_relief_roster_lines_surveyed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relief_roster_lines")),
        sa.UniqueConstraint(
            "roster_id", "employer_id", name=op.f("uq_relief_roster_lines_roster_id_employer_id")
        ),
    )
    op.create_index("ix_relief_roster_lines_employer", "relief_roster_lines", ["employer_id"])


def downgrade():
    op.drop_table("relief_roster_lines")
    op.drop_table("relief_rosters")
