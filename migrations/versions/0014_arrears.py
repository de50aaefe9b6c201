"""Arrears cases with their promises, the reasons for arrears, and facts that can be reckoned on any day.

A fact now keeps the pay day, and the first month of who never paid. Facts of before take both from the employer,
which the latest statement left so; without them every line of a repeated file would be a correction.

Revision ID: 0014
Revises: 0013
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_on IS NULL")

#: code, family, Chinese, English; the product acts upon the families 10 and 20
REASONS = (
    ("10", None, "经营困难", "In difficulty"),
    ("11", "10", "资金周转困难", "Short of cash"),
    ("12", "10", "停产、半停产", "Production stopped"),
    ("13", "10", "亏损", "Losses"),
    ("20", None, "不再经营", "No longer operating"),
    ("21", "20", "已停业或歇业", "Business ceased"),
    ("22", "20", "已无在职职工", "No employees left"),
    ("23", "20", "正在办理注销", "Being deregistered"),
    ("30", None, "办理问题", "Trouble with the procedure"),
    ("31", "30", "经办人变更未交接", "New handler, nothing handed over"),
    ("32", "30", "经办人疏忽遗忘", "The handler forgot"),
    ("33", "30", "网厅或银行扣款问题", "Online hall or bank"),
    ("34", "30", "已汇款未入账", "Paid, not booked yet"),
    ("40", None, "不愿缴存", "Unwilling"),
    ("41", "40", "对政策有异议", "Objects to the policy"),
    ("42", "40", "负责人拖延", "Put off by the person in charge"),
    ("50", None, "无法联系", "Cannot be reached"),
    ("99", None, "其他", "Other"),
)


def upgrade():
    _create_cases()
    op.create_table(
        "arrears_promises",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("pay_by", sa.Date(), nullable=False),
        sa.Column("through", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("decided_in", sa.Integer(), nullable=True),
        *_stamps(),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name="fk_arrears_promises_by_id"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["arrears_cases.id"], name="fk_arrears_promises_case_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_arrears_promises"),
    )
    op.create_index("ix_arrears_promises_case_id", "arrears_promises", ["case_id"])
    op.add_column("contribution_facts", sa.Column("pay_day", sa.Integer(), nullable=True))
    op.add_column("contribution_facts", sa.Column("first_contribution_month", sa.Integer(), nullable=True))
    _fill_facts()
    _seed_reasons()


def downgrade():
    op.execute("DELETE FROM code_values WHERE code_table = 'arrears_reason'")
    op.drop_column("contribution_facts", "first_contribution_month")
    op.drop_column("contribution_facts", "pay_day")
    op.drop_table("arrears_promises")
    op.drop_table("arrears_cases")


def _stamps():
    names = ("created_at", "updated_at")
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in names]


def _create_cases():
    op.create_table(
        "arrears_cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_period", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("last_period", sa.Integer(), nullable=False),
        sa.Column("reckoned_on", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("paid_through", sa.Integer(), nullable=True),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("monthly_amount", sa.BigInteger(), nullable=True),
        sa.Column("most_months", sa.Integer(), nullable=False),
        sa.Column("closed_period", sa.Integer(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=2), nullable=True),
        sa.Column("contacted_on", sa.Date(), nullable=True),
        sa.Column("promised_for", sa.Date(), nullable=True),
        sa.Column("urged_on", sa.Date(), nullable=True),
        *_stamps(),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employers.id"], name="fk_arrears_cases_employer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_arrears_cases"),
    )
    op.create_index("ix_arrears_cases_employer", "arrears_cases", ["employer_id", "first_period"])
    op.create_index("ix_arrears_cases_state", "arrears_cases", ["state", "employer_id"])
    op.create_index(
        "uq_arrears_cases_open",
        "arrears_cases",
        ["employer_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def _fill_facts():
    op.execute(
        "UPDATE contribution_facts SET pay_day ="
        " (SELECT e.pay_day FROM employers e WHERE e.id = contribution_facts.employer_id)"
    )
    op.execute(
        "UPDATE contribution_facts SET first_contribution_month ="
        " (SELECT e.first_contribution_month FROM employers e WHERE e.id = contribution_facts.employer_id)"
        " WHERE paid_through IS NULL"
    )


def _seed_reasons():
    moment = datetime.now(UTC)
    table = sa.table(
        "code_values",
        *(
            sa.column(name)
            for name in ("code_table", "code", "label_zh", "label_en", "parent_code", "sort")
        ),
        sa.column("valid_from", sa.Date()),
        sa.column("valid_until", sa.Date()),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("updated_at", sa.DateTime(timezone=True)),
    )
    op.bulk_insert(table, [{**row, "created_at": moment, "updated_at": moment} for row in seeds()])


def seeds():
    """The reasons for arrears that a department begins with, as rows."""
    return [
        {
            "code_table": "arrears_reason",
            "code": code,
            "label_zh": chinese,
            "label_en": english,
            "parent_code": family,
            "valid_from": None,
            "valid_until": None,
            "sort": 10 * place,
        }
        for place, (code, family, chinese, english) in enumerate(REASONS, start=1)
    ]
