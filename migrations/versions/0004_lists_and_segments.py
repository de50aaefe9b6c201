"""What is asked of many rows is kept with its results, segments can be chosen by hand, and lists remember more.

Revision ID: 0004
Revises: 0003

Plain new tables and columns with defaults: no row that is there has to change.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "list_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("list_name", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("args", JSON, nullable=False),
        sa.Column("tree", JSON, nullable=False),
        sa.Column("sort", sa.String(length=60), nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("back", sa.Text(), nullable=False),
        sa.Column("reach", sa.String(length=160), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("total", "done", "skipped", "followed", "undone", "kept", "attempts")
        ),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_list_runs_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_runs")),
    )
    op.create_index(op.f("ix_list_runs_actor_id"), "list_runs", ["actor_id"])
    op.create_index("ix_list_runs_state", "list_runs", ["state", "updated_at"])
    op.create_table(
        "list_run_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("notes", JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["list_runs.id"], name=op.f("fk_list_run_rows_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_run_rows")),
    )
    op.create_index("ix_list_run_rows_run", "list_run_rows", ["run_id", "state", "id"])
    op.create_table(
        "segment_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.id"], name=op.f("fk_segment_members_added_by_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_segment_members_employer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_segment_members_segment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment_members")),
        sa.UniqueConstraint(
            "segment_id", "employer_id", name=op.f("uq_segment_members_segment_id_employer_id")
        ),
    )
    op.create_index(op.f("ix_segment_members_employer_id"), "segment_members", ["employer_id"])
    op.add_column(
        "list_preferences", sa.Column("sort", sa.String(length=60), server_default="", nullable=False)
    )
    op.add_column("list_preferences", sa.Column("pins", JSON, server_default="[]", nullable=False))
    op.add_column("segments", sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    # without its members, and the field that its tree names, a segment chosen by hand means nothing
    segments = sa.table("segments", sa.column("id"), sa.column("by_hand", sa.Boolean()))
    campaigns = sa.table("campaigns", sa.column("segment_id"))
    by_hand = sa.select(segments.c.id).where(segments.c.by_hand)
    op.execute(campaigns.update().where(campaigns.c.segment_id.in_(by_hand)).values(segment_id=None))
    op.execute(segments.delete().where(segments.c.by_hand))
    op.drop_column("segments", "by_hand")
    op.drop_column("list_preferences", "pins")
    op.drop_column("list_preferences", "sort")
    op.drop_table("segment_members")
    op.drop_table("list_run_rows")
    op.drop_table("list_runs")
