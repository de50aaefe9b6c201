"""Who must contribute: rules as data, and what they or a person said of an employer.

The rules that the product ships with come in; the first night judges the firms without an account. Their
reasons are msgids of the application.

Revision ID: 0018
Revises: 0017
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SHIPPED = (
    ("code", "92", "not_obliged", "Individual business: not an employing unit under the Regulation"),
    ("code", "93", "unclear", "Farmers' cooperative: find out whether it has employees"),
    (
        "registry_type",
        "常驻代表机构",
        "unclear",
        "Representative office of a foreign firm: find out who employs its staff",
    ),
    (
        "name_ends",
        "代表处",
        "unclear",
        "Representative office of a foreign firm: find out who employs its staff",
    ),
    (
        "name_contains",
        "分公司",
        "unclear",
        "Branch: find out whether its head office registers for it or it registers itself",
    ),
    (
        "registry_type",
        "分公司",
        "unclear",
        "Branch: find out whether its head office registers for it or it registers itself",
    ),
)


def seeds():
    """The rows of the shipped rules, without stamps."""
    return [
        {"position": number * 10, "sign": sign, "pattern": pattern, "verdict": verdict, "reason": reason}
        for number, (sign, pattern, verdict, reason) in enumerate(SHIPPED, start=1)
    ]


def upgrade():
    moment = datetime.now(UTC)
    stamps = [
        sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")
    ]
    rules = op.create_table(
        "eligibility_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sign", sa.String(length=32), nullable=False),
        sa.Column("pattern", sa.String(length=60), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        *stamps,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eligibility_rules")),
    )
    op.bulk_insert(rules, [{**row, "created_at": moment, "updated_at": moment} for row in seeds()])
    op.create_table(
        "eligibility",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_eligibility_by_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name=op.f("fk_eligibility_employer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["rule_id"], ["eligibility_rules.id"], name=op.f("fk_eligibility_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eligibility")),
        sa.UniqueConstraint("employer_id", name=op.f("uq_eligibility_employer_id")),
    )
    op.create_index("ix_eligibility_verdict", "eligibility", ["verdict", "employer_id"])


def downgrade():
    op.drop_table("eligibility")
    op.drop_table("eligibility_rules")
