"""What a monthly statement file looks like."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.contributions.arrears import services as cases
from app.contributions.arrears.asking.queries import named_by
from app.contributions.handlers import services as handlers
from app.contributions.ordinary.services import ORDINARY_LINES
from app.contributions.policy import Permission
from app.contributions.reminding.policy import REMINDER
from app.contributions.reminding.services import settle_paid
from app.contributions.representatives import services as representatives
from app.contributions.services import applied, plan, preparing
from app.core import signals
from app.core.db import db
from app.core.importing.spec import Column, Context, ImportSpec
from app.core.personal.sealed import IdNumber
from app.core.rules.identifiers import credit_code, mobile
from app.core.sheets.cells import Cell, CellError, plain_text
from app.core.sheets.parsing import account_number, code, code_text, day, money, period, rate, text, whole
from app.employers.models import SOURCE_LABELS, AccountStatus, Employer
from app.employers.people.services.weighing import document
from app.employers.sources.policy import REASONS, REMARKS
from app.lifecycle.closing.helping.services import HELP
from app.lifecycle.services import GOES_WITH_EMPLOYERS, removing_employers, reverted_employers
from app.tasks.models import DEADLINE, Task

#: table A.4 of JGJ/T 320, by code and by name
STATUSES = {
    **{status.value: status for status in AccountStatus},
    "正常": AccountStatus.NORMAL,
    "开户": AccountStatus.OPENED,
    "缓缴": AccountStatus.DEFERRED,
    "销户": AccountStatus.CLOSED,
    "封存": AccountStatus.SEALED,
    "其他": AccountStatus.OTHER,
}

#: contributions are paid ahead for a year at most; beyond it the year is a slip of the pen
PAID_AHEAD = 12


def _document(cell: Cell) -> IdNumber:
    """What cannot be a number stays as written, for its row to leave it out: the month's account is kept."""
    try:
        return document(cell)
    except CellError:
        return IdNumber(plain_text(cell))


COLUMNS = (
    Column(
        "employer_account_no",
        _l("Account number"),
        ("单位账号", "DWZH", "account no"),
        account_number(),
        True,
    ),
    Column("name", _l("Name"), ("单位名称", "企业名称", "DWMC", "name"), text(255, narrow=False), True),
    Column("uscc", _l("Credit code"), ("统一社会信用代码", "信用代码", "ZZJGDM", "uscc"), credit_code, True),
    Column(
        "account_status",
        _l("Account status"),
        ("单位账户状态", "账户状态", "DWZHZT", "status"),
        code(STATUSES, 2),
        True,
    ),
    Column(
        "economic_type",
        _l("Economic type"),
        ("单位经济类型", "经济类型", "DWJJLX"),
        text(3, narrow=True),
    ),
    Column(
        "heads", _l("Contributing employees"), ("缴存人数", "单位缴存人数", "DWJCRS", "heads"), whole(), True
    ),
    Column("sealed_heads", _l("Sealed employees"), ("封存人数", "单位封存人数", "DWFCRS"), whole()),
    Column(
        "employer_rate",
        _l("Employer rate"),
        ("单位缴存比例", "DWJCBL"),
        rate(Decimal("0.05"), Decimal("0.12")),
    ),
    Column(
        "employee_rate",
        _l("Employee rate"),
        ("个人缴存比例", "GRJCBL"),
        rate(Decimal("0.05"), Decimal("0.12")),
    ),
    Column("monthly_amount", _l("Monthly amount"), ("月缴存额", "月汇缴额", "amount"), money()),
    Column(
        "paid_through", _l("Paid through"), ("缴至年月", "JZNY", "paid through"), period(ahead=PAID_AHEAD)
    ),
    Column("pay_day", _l("Pay day"), ("发薪日", "DWFXR", "pay day"), whole(1, 31)),
    Column("handler_name", _l("Handler"), ("经办人姓名", "经办人", "JBRXM"), text(120)),
    Column("handler_mobile", _l("Handler's mobile"), ("经办人手机号", "经办人手机", "JBRSJHM"), mobile),
    Column(
        handlers.LANDLINE,
        _l("Handler's landline"),
        ("经办人固定电话号码", "经办人固定电话", "经办人座机", "JBRGDDHHM"),
        text(60),
    ),
    Column(
        handlers.PAPER.kind,
        _l("Handler's identity document"),
        ("经办人证件类型", "JBRZJLX"),
        text(60),
    ),
    Column(
        handlers.PAPER.number,
        _l("Number of the handler's document"),
        ("经办人证件号码", "经办人证件号", "JBRZJHM"),
        _document,
        personal=True,
    ),
    Column("area", _l("Area"), ("所属街镇", "街镇", "区域"), text(60)),
    Column("account_opened_on", _l("Account opened on"), ("开户日期", "DWKHRQ"), day()),
    Column("online_signed_on", _l("Online signed on"), ("网缴签约日期", "签约日期"), day()),
    Column(
        "first_contribution_month",
        _l("First contribution month"),
        ("首次汇缴年月", "DWSCHJNY"),
        period(ahead=PAID_AHEAD),
    ),
    Column(
        "bank_code",
        _l("Entrusted bank"),
        ("受托银行代码", "受托银行编码", "STYHDM", "bank code"),
        code_text(3),
    ),
    Column(
        "bank_name",
        _l("Office of the entrusted bank"),
        ("受托银行名称", "受托银行", "STYHMC", "bank"),
        text(255, narrow=True),
    ),
    Column(
        "account_balance",
        _l("Account balance"),
        ("单位账户余额", "账户余额", "DWZHYE", "balance"),
        money(),
    ),
    Column("account_closed_on", _l("Account closed on"), ("销户日期", "DWXHRQ", "closed on"), day()),
    Column(
        "account_closing_reason",
        _l("Reason for closing the account"),
        ("销户原因", "销户原因代码", "DWXHYY", "closing reason"),
        code_text(2),
    ),
    Column("address", _l("Address"), ("单位地址", "地址", "DWDZ", "address"), text(255, narrow=False)),
    Column("established_on", _l("Established on"), ("设立日期", "成立日期", "DWSLRQ"), day()),
    Column("unit_type", _l("Unit type"), ("单位类型", "单位类别", "单位性质", "DWLB", "unit type"), text(60)),
    Column("industry", _l("Industry"), ("单位所属行业", "所属行业", "行业", "DWSSHY"), text(80)),
    Column("affiliation", _l("Affiliation"), ("单位隶属关系", "隶属关系", "DWLSGX"), text(60)),
    Column("postal_code", _l("Postal code"), ("单位邮编", "邮编", "邮政编码", "DWYB"), text(60)),
    Column("email", _l("E-mail"), ("单位电子信箱", "单位电子邮箱", "电子信箱", "DWDZXX"), text(255)),
    Column(
        representatives.NAME,
        _l("Legal representative"),
        ("法人代表姓名", "法定代表人", "法人代表", "法定代表人姓名", "DWFRDBXM"),
        text(120),
    ),
    Column(
        representatives.TYPE,
        _l("Legal representative's identity document"),
        ("法人代表证件类型", "法定代表人证件类型", "DWFRDBZJLX"),
        text(60),
    ),
    Column(
        representatives.NUMBER,
        _l("Number of the legal representative's document"),
        ("法人代表证件号码", "法定代表人证件号码", "法定代表人证件号", "DWFRDBZJHM"),
        _document,
        personal=True,
    ),
)


#: what the house itself asked for at employers that a statement had brought
OWN_TASKS = Task.kind.in_((DEADLINE, HELP, REMINDER, "welcome")) & Task.closed_by_id.is_(None)


def removing(table: str, ids: Sequence[int], context: Context) -> None:
    """Clears what hangs on employers and roles that are about to go with the statement that brought them."""
    handlers.removing(table, ids, context)
    if table == Employer.__tablename__:
        cases.forget_those_of(ids)
    removing_employers(table, ids, context)


def reverted(restored: Mapping[str, Sequence[int]], context: Context) -> None:
    """Brings stages and the search up to date after an undo."""
    reverted_employers(restored, context)
    handlers.reverted(restored, context)


def finished(context: Context) -> None:
    """All lines are written, whichever way they took: reminders and cases follow the facts."""
    settle_paid()
    cases.recorded(context)


def withdrawn(context: Context) -> None:
    """All is taken back: cases follow the facts that are left, and so does whoever listens."""
    cases.withdrawn(context)
    named = db.session.scalars(named_by(context.batch_id))
    signals.statement_withdrawn.send("contributions", employer_ids=sorted({id_ for id_ in named if id_}))


#: a cell of each column, as offices write it
EXAMPLES = {
    "employer_account_no": "030100000001", "name": "示范精密机械有限公司", "uscc": "91000000000000019G",
    "account_status": "正常", "economic_type": "159", "heads": "35", "sealed_heads": "2",
    "employer_rate": "12%", "employee_rate": "12%", "monthly_amount": "42,000.00",
    "paid_through": "2022-08", "pay_day": "10", "handler_name": "王芳", "handler_mobile": "13800000001",
    handlers.LANDLINE: "022-66271234", handlers.PAPER.kind: "身份证",
    handlers.PAPER.number: "11010519491231002X", "area": "新城街道", "account_opened_on": "2019-03-01",
    "online_signed_on": "2019-03-05", "first_contribution_month": "2019-04", "bank_code": "105",
    "bank_name": "新城支行", "account_balance": "1,250.00", "account_closed_on": "2022-08-31",
    "account_closing_reason": "01", "address": "示范区新城街道一号", "established_on": "2019-01-02",
    "unit_type": "国有企业", "industry": "通用设备制造业", "affiliation": "县", "postal_code": "300280",
    "email": "unit@example.com", representatives.NAME: "赵立", representatives.TYPE: "身份证",
    representatives.NUMBER: "11010519491231002X",
}  # fmt: skip

STATEMENT = ImportSpec(
    name="statement",
    title=_l("Monthly statement"),
    help=_l(
        "The core system's list of employer accounts of one month: status, heads, amounts, paid-through."
    ),
    columns=COLUMNS,
    examples=EXAMPLES,
    words={"account_status": ("正常", "开户", "缓缴", "销户", "封存", "其他")},
    key=("uscc",),
    plan=plan,
    preparing=preparing,
    setwise=ORDINARY_LINES,
    applied=applied,
    needs_as_of=True,
    needs_period=True,
    permission=Permission.IMPORT,
    reasons={**REASONS, "account_taken": _l("already is the account of another employer: %(value)s")},
    remarks={
        **REMARKS,
        "verified_stays": _l("differs from what was verified, which stays"),
        "other_number": _l("differs from other lines of this person, and holds for this employer alone"),
        "older_list": _l("is older than what is known, which stays"),
        "unreadable": _l("could not be read and was left out: %(value)s"),
        "not_an_id_number": _l("is no ID number and was left out: check the digits"),
        "document_of_another": _l("is recorded for somebody else and was left out: check who is meant"),
        "other_document": _l("is another than the person's on record, which stays"),
    },
    coded={
        "unit_type": "unit_type",
        "economic_type": "economic_type",
        "bank_code": "bank",
        "account_closing_reason": "closing_reason",
        "industry": "industry",
        "affiliation": "affiliation",
        "id_type": "id_type",
        representatives.TYPE: "id_type",
        handlers.PAPER.kind: "id_type",
    },
    worded={"source": SOURCE_LABELS},
    labels={
        "name_key": None,
        "told": None,
        "told_by": None,
        "told_on": None,
        "id_number": None,
        "id_number_index": None,
        "id_type": _l("Type of identity document"),
        "source": _l("Source"),
        "source_as_of": _l("First named on"),
        "stage": _l("Stage"),
        "arrears_months": _l("Months in arrears"),
        "arrears_as_of": _l("Arrears reckoned on"),
        "statement_period": _l("Latest statement"),
        "until": _l("Handler until"),
        "mobile": _l("Handler's mobile"),
        "landline": _l("Handler's landline"),
        "invalid_since": _l("Out of use since"),
    },
    carried={**GOES_WITH_EMPLOYERS, **cases.UNTOUCHED, "tasks": OWN_TASKS, "later_readings": None},
    derived={"employers": frozenset({"arrears_months", "arrears_as_of"})},
    removing=removing,
    reverted=reverted,
    finished=finished,
    withdrawn=withdrawn,
)
