"""What the file of a gateway's bill looks like."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.core.importing.spec import Column, ImportSpec
from app.core.rules.identifiers import mobile
from app.core.sheets.parsing import money, text, whole
from campaigns.drafting.policy import Permission
from campaigns.results.reconciling import services

COLUMNS = (
    Column(
        "account", _l("SMS account"), ("短信账户", "账户名称", "通道", "账户", "account"),
        text(60, narrow=True),
    ),
    Column(
        "message", _l("Number of the message"),
        ("消息编号", "消息ID", "短信编号", "流水号", "回执编号", "bizid", "msgid", "message id"),
        text(64, narrow=True), True,
    ),
    Column(
        "phone", _l("Mobile"), ("手机号码", "手机号", "接收号码", "被叫号码", "number", "phone"), mobile,
        personal=True,
    ),
    Column(
        "segments", _l("Billed segments"), ("计费条数", "条数", "短信条数", "segments"), whole(0, 100), True
    ),
    Column(
        "price", _l("Price of a segment (yuan)"), ("单价", "单价（元）", "每条单价", "price"),
        money(high=Decimal(10), step=Decimal("0.0001")), True,
    ),
)  # fmt: skip
#: a cell of each column, as offices write it
EXAMPLES = {
    "account": "主账户", "message": "20260105-0001", "phone": "13800000001", "segments": "1",
    "price": "0.045",
}  # fmt: skip

BILL = ImportSpec(
    name="gateway_bill",
    title=_l("Gateway's bill"),
    help=_l(
        "A line for each message: its number (ours, or the gateway's together with the mobile), the billed "
        "segments and the price of one; where two accounts give the same number, also the account. Each line "
        "is held against the ledger; what differs is listed there."
    ),
    columns=COLUMNS,
    examples=EXAMPLES,
    key=("account", "message", "phone"),
    plan=services.plan,
    subject="gateway_bill_lines",
    needs_period=True,
    permission=Permission.CONTROL,
    reasons={
        "no_account": _l("there is no SMS account of this name: %(value)s"),
        "which_account": _l("two accounts have given this number: name the account of the line"),
    },
    remarks={"missing_here": _l("the ledger knows no such message: %(value)s")},
    labels={"message_id": None, "branch_id": None, "period": None, "message_key": None},
)
