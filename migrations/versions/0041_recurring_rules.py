"""Recurring rules with their runs and whose turn it was, and the greeting calendar of the coming years.

Revision ID: 0041
Revises: 0038
"""

from datetime import date

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

#: those of the lunar calendar move, so each year's day is a row
FESTIVALS = (
    ("元旦", "2027-01-01"),
    ("春节", "2027-02-06"),
    ("端午节", "2027-06-09"),
    ("中秋节", "2027-09-15"),
    ("国庆节", "2027-10-01"),
    ("元旦", "2028-01-01"),
    ("春节", "2028-01-26"),
    ("端午节", "2028-05-28"),
    ("中秋节", "2028-10-03"),
    ("国庆节", "2028-10-01"),
)


def upgrade():
    op.create_table(
        "greeting_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_greeting_days")),
        sa.UniqueConstraint("name", "day", name=op.f("uq_greeting_days_name_day")),
    )
    op.create_table(
        "campaign_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("edited_by_id", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(length=32), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("festival", sa.String(length=40), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=True),
        sa.Column(
            "criteria",
            _JSON,
            nullable=False,
        ),
        sa.Column("template_version_id", sa.Integer(), nullable=False),
        sa.Column(
            "template_values",
            _JSON,
            nullable=False,
        ),
        sa.Column("deadline_days", sa.Integer(), nullable=False),
        sa.Column("contact_order", sa.String(length=32), nullable=False),
        sa.Column("frequency_days", sa.Integer(), nullable=False),
        sa.Column("verified_only", sa.Boolean(), nullable=False),
        sa.Column("hold_out", sa.Integer(), nullable=False),
        sa.Column("send_hour", sa.Integer(), nullable=False),
        sa.Column("spread_hours", sa.Integer(), nullable=False),
        sa.Column("working_days_only", sa.Boolean(), nullable=False),
        sa.Column("most_recipients", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("approved_hash", sa.String(length=64), nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["users.id"], name=op.f("fk_campaign_rules_approved_by_id")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_campaign_rules_branch_id")),
        sa.ForeignKeyConstraint(["edited_by_id"], ["users.id"], name=op.f("fk_campaign_rules_edited_by_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_campaign_rules_owner_id")),
        sa.ForeignKeyConstraint(
            ["template_version_id"],
            ["sms_template_versions.id"],
            name=op.f("fk_campaign_rules_template_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_rules")),
    )
    with op.batch_alter_table("campaign_rules", schema=None) as batch_op:
        batch_op.create_index("ix_campaign_rules_branch", ["branch_id", "id"], unique=False)

    op.create_table(
        "campaign_rule_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("employers", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_campaign_rule_runs_campaign_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["campaign_rules.id"], name=op.f("fk_campaign_rule_runs_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_rule_runs")),
    )
    with op.batch_alter_table("campaign_rule_runs", schema=None) as batch_op:
        batch_op.create_index("ix_campaign_rule_runs_rule", ["rule_id", "id"], unique=False)

    op.create_table(
        "campaign_rule_turns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employers.id"],
            name=op.f("fk_campaign_rule_turns_employer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["campaign_rules.id"],
            name=op.f("fk_campaign_rule_turns_rule_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["campaign_rule_runs.id"],
            name=op.f("fk_campaign_rule_turns_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_rule_turns")),
        sa.UniqueConstraint(
            "rule_id",
            "employer_id",
            "occasion",
            name=op.f("uq_campaign_rule_turns_rule_id_employer_id_occasion"),
        ),
    )
    with op.batch_alter_table("campaign_rule_turns", schema=None) as batch_op:
        batch_op.create_index("ix_campaign_rule_turns_employer", ["employer_id", "run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_campaign_rule_turns_run_id"), ["run_id"], unique=False)
    days = sa.table("greeting_days", sa.column("name", sa.String), sa.column("day", sa.Date))
    rows = [{"name": name, "day": date.fromisoformat(day)} for name, day in FESTIVALS]
    op.bulk_insert(days, rows)


def downgrade():
    with op.batch_alter_table("campaign_rule_turns", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_rule_turns_run_id"))
        batch_op.drop_index("ix_campaign_rule_turns_employer")

    op.drop_table("campaign_rule_turns")
    with op.batch_alter_table("campaign_rule_runs", schema=None) as batch_op:
        batch_op.drop_index("ix_campaign_rule_runs_rule")

    op.drop_table("campaign_rule_runs")
    with op.batch_alter_table("campaign_rules", schema=None) as batch_op:
        batch_op.drop_index("ix_campaign_rules_branch")

    op.drop_table("campaign_rules")
    op.drop_table("greeting_days")
