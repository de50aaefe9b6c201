"""Drives: each employer as a call or visit of a specialist, people of rosters, what other offices said.

Revision ID: 0037
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade():
    op.create_table(
        "worklist_drives",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("tree", JSON, nullable=True),
        sa.Column("counted", sa.String(length=40), nullable=False),
        sa.Column("script_id", sa.Integer(), nullable=True),
        sa.Column(
            "outcomes",
            JSON,
            nullable=False,
        ),
        sa.Column(
            "results",
            JSON,
            nullable=False,
        ),
        sa.Column(
            "topics",
            JSON,
            nullable=False,
        ),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["begun_by_id"], ["users.id"], name=op.f("fk_worklist_drives_begun_by_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_worklist_drives_branch_id")),
        sa.ForeignKeyConstraint(["script_id"], ["scripts.id"], name=op.f("fk_worklist_drives_script_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worklist_drives")),
    )
    with op.batch_alter_table("worklist_drives", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_worklist_drives_branch_id"), ["branch_id"], unique=False)

    op.create_table(
        "worklist_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("drive_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["drive_id"], ["worklist_drives.id"], name=op.f("fk_worklist_rows_drive_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_worklist_rows_employer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_worklist_rows_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worklist_rows")),
        sa.UniqueConstraint("drive_id", "employer_id", name=op.f("uq_worklist_rows_drive_id_employer_id")),
    )
    with op.batch_alter_table("worklist_rows", schema=None) as batch_op:
        batch_op.create_index("ix_worklist_rows_employer", ["employer_id", "drive_id"], unique=False)
        batch_op.create_index("ix_worklist_rows_owner", ["owner_id", "state"], unique=False)

    op.create_table(
        "worklist_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_worklist_notes_by_id")),
        sa.ForeignKeyConstraint(
            ["row_id"], ["worklist_rows.id"], name=op.f("fk_worklist_notes_row_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worklist_notes")),
    )
    with op.batch_alter_table("worklist_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_worklist_notes_row_id"), ["row_id"], unique=False)

    op.create_table(
        "worklist_people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("id_number", sa.String(length=255), nullable=True),
        sa.Column("id_number_index", sa.String(length=80), nullable=True),
        sa.Column("result", sa.String(length=40), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_worklist_people_by_id")),
        sa.ForeignKeyConstraint(
            ["row_id"], ["worklist_rows.id"], name=op.f("fk_worklist_people_row_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worklist_people")),
    )
    with op.batch_alter_table("worklist_people", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_worklist_people_id_number_index"), ["id_number_index"], unique=False
        )
        batch_op.create_index("ix_worklist_people_row", ["row_id", "settled_on"], unique=False)


def downgrade():
    with op.batch_alter_table("worklist_people", schema=None) as batch_op:
        batch_op.drop_index("ix_worklist_people_row")
        batch_op.drop_index(batch_op.f("ix_worklist_people_id_number_index"))

    op.drop_table("worklist_people")
    with op.batch_alter_table("worklist_notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_worklist_notes_row_id"))

    op.drop_table("worklist_notes")
    with op.batch_alter_table("worklist_rows", schema=None) as batch_op:
        batch_op.drop_index("ix_worklist_rows_owner")
        batch_op.drop_index("ix_worklist_rows_employer")

    op.drop_table("worklist_rows")
    with op.batch_alter_table("worklist_drives", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_worklist_drives_branch_id"))

    op.drop_table("worklist_drives")
