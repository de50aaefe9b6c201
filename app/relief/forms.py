"""What a list of decisions on relief looks like."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.core.identifiers import credit_code
from app.core.import_spec import Column, ImportSpec
from app.core.parsing import account_number, code, day, period, rate, text
from app.employers.sources.policy import REASONS
from app.relief.models import ReliefKind
from app.relief.policy import Permission
from app.relief.services import plan

KINDS = {
    **{kind.value: kind for kind in ReliefKind},
    "缓缴": ReliefKind.DEFERMENT,
    "降低缴存比例": ReliefKind.RATE_CUT,
    "降低比例": ReliefKind.RATE_CUT,
    "降比": ReliefKind.RATE_CUT,
}
_LOW, _HIGH = Decimal("0.05"), Decimal("0.12")

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
        rate(_LOW, _HIGH),
    ),
    Column(
        "employee_rate",
        _l("Approved employee rate"),
        ("批准个人缴存比例", "个人缴存比例", "employee rate"),
        rate(_LOW, _HIGH),
    ),
    Column("document_no", _l("Document number"), ("批准文号", "文号", "document no"), text(60)),
    Column("decided_on", _l("Decided on"), ("批准日期", "审批日期", "decided on"), day()),
)

RELIEF = ImportSpec(
    name="relief",
    title=_l("Decisions on relief"),
    help=_l("Approved deferments and rate reductions, by credit code or account number."),
    columns=COLUMNS,
    key=("uscc", "employer_account_no", "kind", "from_month"),
    plan=plan,
    permission=Permission.IMPORT,
    reasons={
        "other_branch": REASONS["other_branch"],
        "nobody": _l("names no employer: give a credit code or an account number"),
        "contradicts": _l("Credit code and account number are of two employers."),
        "unknown": _l("No employer is known by %(value)s."),
        "no_account": _l("The employer has no account."),
        "ends_before": _l("lies before the first month"),
        "too_many_months": _l("is more than %(limit)s months from the first: the employer applies again"),
    },
    remarks={"overlaps": _l("It overlaps another decision of the same kind.")},
)
