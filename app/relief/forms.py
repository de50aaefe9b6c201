"""What a list of decisions on relief looks like, and the forms of plans and figures."""

from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DecimalField, Field, FieldList, FormField
from wtforms import Form as PlainForm
from wtforms.validators import NumberRange, Optional, ValidationError

from app.core.forms.decimals import Places
from app.core.forms.month_field import PeriodField
from app.core.importing.spec import Column, ImportSpec
from app.core.periods import Period
from app.core.rules.identifiers import credit_code
from app.core.rules.rates import HIGHEST_RATE, LOWEST_RATE
from app.core.sheets.parsing import account_number, code, day, money, period, rate, text, whole
from app.employers.sources.policy import REASONS
from app.relief.models import ReliefDecision, ReliefKind
from app.relief.policy import INSTALMENTS, Permission, equal_parts
from app.relief.services import applied, plan, removing, reverted, withdrawn

KINDS = {
    **{kind.value: kind for kind in ReliefKind},
    "缓缴": ReliefKind.DEFERMENT,
    "降低缴存比例": ReliefKind.RATE_CUT,
    "降低比例": ReliefKind.RATE_CUT,
    "降比": ReliefKind.RATE_CUT,
}
#: what can be a rate at all; which ones are lawful is a setting of the day (relief/services.py)
_RATE = rate(Decimal(LOWEST_RATE.low) / 100, Decimal(HIGHEST_RATE.high) / 100)

#: a deferment or a lower rate is granted for a year, and may be granted again (domain reference, B)
RELIEF_AHEAD = 36

COLUMNS = (
    Column("uscc", _l("Credit code"), ("统一社会信用代码", "信用代码", "uscc", "credit code"), credit_code),
    Column("employer_account_no", _l("Account number"), ("单位账号", "DWZH", "account no"), account_number()),
    Column("name", _l("Name"), ("单位名称", "企业名称", "name"), text(255)),
    Column("kind", _l("Kind of relief"), ("业务类型", "办理类型", "类型", "kind"), code(KINDS), True),
    Column(
        "from_month",
        _l("From month"),
        ("起始年月", "开始年月", "缓缴起始年月", "from month"),
        period(ahead=RELIEF_AHEAD),
        True,
    ),
    Column(
        "to_month",
        _l("To month"),
        ("终止年月", "截止年月", "结束年月", "缓缴终止年月", "to month"),
        period(ahead=RELIEF_AHEAD),
        True,
    ),
    Column(
        "employer_rate",
        _l("Approved employer rate"),
        ("批准单位缴存比例", "单位缴存比例", "employer rate"),
        _RATE,
    ),
    Column(
        "employee_rate",
        _l("Approved employee rate"),
        ("批准个人缴存比例", "个人缴存比例", "employee rate"),
        _RATE,
    ),
    Column("heads", _l("Employees"), ("缓缴职工人数", "缓缴人数", "职工人数", "heads"), whole()),
    Column("monthly_amount", _l("Amount a month"), ("月缓缴金额", "月缴存额", "monthly amount"), money()),
    Column("document_no", _l("Document number"), ("批准文号", "文号", "document no"), text(60)),
    Column("decided_on", _l("Decided on"), ("批准日期", "审批日期", "decided on"), day()),
)

#: a cell of each column, as offices write it
EXAMPLES = {
    "uscc": "91000000000000019G", "employer_account_no": "030100000001", "name": "示范精密机械有限公司",
    "kind": "缓缴", "from_month": "2026-01", "to_month": "2026-06", "employer_rate": "5%",
    "employee_rate": "5%", "heads": "35", "monthly_amount": "42,000.00",
    "document_no": "缓缴批〔2026〕1号", "decided_on": "2025-12-20",
}  # fmt: skip

RELIEF = ImportSpec(
    name="relief",
    title=_l("Decisions on relief"),
    help=_l("Approved deferments and rate reductions, by credit code or account number."),
    columns=COLUMNS,
    examples=EXAMPLES,
    words={"kind": ("缓缴", "降低缴存比例")},
    key=("uscc", "employer_account_no", "kind", "from_month"),
    plan=plan,
    subject=ReliefDecision.__tablename__,
    permission=Permission.IMPORT,
    applied=applied,
    removing=removing,
    reverted=reverted,
    withdrawn=withdrawn,
    reasons={
        "other_branch": REASONS["other_branch"],
        "nobody": _l("names no employer: give a credit code or an account number"),
        "contradicts": _l("Credit code and account number are of two employers."),
        "unknown": _l("No employer is known by %(value)s."),
        "no_account": _l("The employer has no account."),
        "ends_before": _l("lies before the first month"),
        "too_many_months": _l("is more than %(limit)s months from the first: the employer applies again"),
    },
    remarks={
        "overlaps": _l("It overlaps another decision of the same kind."),
        "withdrawn": _l("It was withdrawn before it began, and stays so: enter a new application."),
    },
)


class InstalmentForm(PlainForm):
    """One line of a plan; an empty one is left out."""

    month = PeriodField(_l("Month"), [Optional()])
    amount = DecimalField(_l("Amount"), [Optional(), Places(2), NumberRange(Decimal("0.01"))], places=2)

    def validate_amount(self, field: Field) -> None:
        if (self.month.data is None) is not (field.data is None):
            raise ValidationError(_("Give both the month and the amount."))


class PlanForm(FlaskForm):  # type: ignore[misc]
    rows = FieldList(FormField(InstalmentForm), min_entries=0, max_entries=36)

    def propose(self, decision: ReliefDecision, number: int | None, today: Period) -> None:
        """What is planned already; or a number of equal parts from next month on, as long as the term was."""
        most = INSTALMENTS.value()
        if decision.instalments and number is None:
            rows = [(one.month, one.amount) for one in decision.instalments]
        else:
            parts = max(1, min(most, number or decision.months))
            first = max(decision.last_month, today) + 1
            amounts = equal_parts(decision.owed or Decimal(0), parts)
            rows = [(first + place, amount) for place, amount in enumerate(amounts)]
        for month, amount in rows:
            self.rows.append_entry({"month": month, "amount": amount})

    @property
    def instalments(self) -> list[tuple[Period, Decimal]]:
        """Only of a valid form."""
        lines = [row.form for row in self.rows]
        return [(line.month.data, line.amount.data) for line in lines if line.month.data and line.amount.data]


class FiguresForm(FlaskForm):  # type: ignore[misc]
    """The months that the register is asked about."""

    first = PeriodField(_l("From month"), [Optional()])
    last = PeriodField(_l("As of month"), [Optional()])
