"""Whose file an import was, how its headings were read, and what was decided of people's corrections.

What people said of headings is remembered for the next file of the same source; which files are expected by
when is kept, with each time that one was late.

Revision ID: 0011
Revises: 0010
"""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

#: columns of employers that statements may carry from now on
BY_HAND = ("bank_code", "bank_name", "account_balance", "account_closed_on", "account_closing_reason")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade():
    op.create_table(
        "import_columns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("spec", sa.String(length=40), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("titles", JSON, nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("said_by_id", sa.Integer(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_import_columns_branch_id")),
        sa.ForeignKeyConstraint(["said_by_id"], ["users.id"], name=op.f("fk_import_columns_said_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_columns")),
        sa.UniqueConstraint(
            "branch_id",
            "spec",
            "source",
            "fingerprint",
            name=op.f("uq_import_columns_branch_id_spec_source_fingerprint"),
        ),
    )
    op.create_table(
        "import_expectations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("spec", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("rhythm", sa.String(length=32), nullable=False),
        sa.Column("month", sa.Integer(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("workdays_only", sa.Boolean(), nullable=False),
        sa.Column("lag", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branches.id"], name=op.f("fk_import_expectations_branch_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_import_expectations_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_expectations")),
    )
    op.create_index(op.f("ix_import_expectations_branch_id"), "import_expectations", ["branch_id"])
    op.create_table(
        "import_dues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("expectation_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], name=op.f("fk_import_dues_batch_id")),
        sa.ForeignKeyConstraint(
            ["expectation_id"],
            ["import_expectations.id"],
            name=op.f("fk_import_dues_expectation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_dues")),
        sa.UniqueConstraint("expectation_id", "period", name=op.f("uq_import_dues_expectation_id_period")),
    )
    op.add_column("import_batches", sa.Column("source", sa.String(length=80), nullable=True))
    op.add_column("import_batches", sa.Column("layout", JSON, nullable=True))
    op.add_column(
        "import_batches", sa.Column("conflicts", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("import_batches", sa.Column("answers", JSON, nullable=True))
    _what_people_said()
    op.add_column("import_rows", sa.Column("conflict", sa.Boolean(), nullable=True))
    op.create_index(
        "ix_import_rows_conflict",
        "import_rows",
        ["batch_id", "number"],
        sqlite_where=sa.text("conflict = 1"),
        postgresql_where=sa.text("conflict"),
    )


def _what_people_said():
    """No file could set these columns until now: what stands there is a person's word, and is asked about."""
    employers = sa.table(
        "employers", sa.column("id"), sa.column("told", JSON), *(sa.column(name) for name in BY_HAND)
    )
    connection, day = op.get_bind(), date.today().isoformat()
    said = sa.or_(*(employers.c[name].is_not(None) for name in BY_HAND))
    for row in connection.execute(sa.select(employers).where(said)).mappings().all():
        by_hand = {name: ["office", day] for name in BY_HAND if row[name] is not None}
        told = {**by_hand, **(row["told"] or {})}
        connection.execute(employers.update().where(employers.c.id == row["id"]).values(told=told))


def downgrade():
    op.drop_index("ix_import_rows_conflict", "import_rows")
    op.drop_column("import_rows", "conflict")
    op.drop_column("import_batches", "answers")
    op.drop_column("import_batches", "conflicts")
    op.drop_column("import_batches", "layout")
    op.drop_column("import_batches", "source")
    op.drop_table("import_dues")
    op.drop_index(op.f("ix_import_expectations_branch_id"), table_name="import_expectations")
    op.drop_table("import_expectations")
    op.drop_table("import_columns")
