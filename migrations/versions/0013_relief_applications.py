"""Relief is applied for, runs, ends, and is made up.

Decisions that were imported stand as approved: the clock of the next morning begins or closes them. What they
concern (employees, amount a month) is not known of them until then.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "relief_applications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("request", sa.String(length=32), nullable=False),
        sa.Column("from_month", sa.Integer(), nullable=False),
        sa.Column("to_month", sa.Integer(), nullable=False),
        sa.Column("employer_rate", sa.BigInteger(), nullable=True),
        sa.Column("employee_rate", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("present_employer_rate", sa.BigInteger(), nullable=True),
        sa.Column("present_employee_rate", sa.BigInteger(), nullable=True),
        sa.Column("deferred", sa.BigInteger(), nullable=False),
        sa.Column("employer_saves", sa.BigInteger(), nullable=False),
        sa.Column("employees_save", sa.BigInteger(), nullable=False),
        sa.Column(
            "documents",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column("vote_body", sa.String(length=32), nullable=True),
        sa.Column("voted_on", sa.Date(), nullable=True),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("attended", sa.Integer(), nullable=True),
        sa.Column("votes_for", sa.Integer(), nullable=True),
        sa.Column("votes_against", sa.Integer(), nullable=True),
        sa.Column("announced_from", sa.Date(), nullable=True),
        sa.Column("announced_to", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("review_no", sa.String(length=60), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("document_no", sa.String(length=60), nullable=True),
        sa.Column("authority", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name=op.f("fk_relief_applications_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_relief_applications_employer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name=op.f("fk_relief_applications_made_by_id")),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["users.id"], name=op.f("fk_relief_applications_reviewed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relief_applications")),
    )
    op.create_index("ix_relief_applications_employer", "relief_applications", ["employer_id", "state"])
    op.create_index("ix_relief_applications_state", "relief_applications", ["state", "id"])
    with op.batch_alter_table("relief_decisions") as batch_op:
        batch_op.add_column(sa.Column("application_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("state", sa.String(length=32), server_default="approved", nullable=False)
        )
        batch_op.add_column(sa.Column("state_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ended_month", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("heads", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("monthly_amount", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_relief_decisions_application_id"), ["application_id"]
        )
        batch_op.create_index("ix_relief_decisions_state", ["state", "to_month"])
        batch_op.create_foreign_key(
            batch_op.f("fk_relief_decisions_application_id"),
            "relief_applications",
            ["application_id"],
            ["id"],
        )
    # after the decisions, which SQLite makes anew
    op.create_table(
        "relief_instalments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("statement", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["relief_decisions.id"],
            name=op.f("fk_relief_instalments_decision_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relief_instalments")),
        sa.UniqueConstraint("decision_id", "month", name=op.f("uq_relief_instalments_decision_id_month")),
    )


def downgrade():
    op.drop_table("relief_instalments")
    with op.batch_alter_table("relief_decisions") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_relief_decisions_application_id"), type_="foreignkey")
        batch_op.drop_index("ix_relief_decisions_state")
        batch_op.drop_index(batch_op.f("ix_relief_decisions_application_id"))
        for name in ("monthly_amount", "heads", "ended_month", "state_since", "state", "application_id"):
            batch_op.drop_column(name)
    op.drop_table("relief_applications")
