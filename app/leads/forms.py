"""What the lists of the lead ledger look like: registry, new bank accounts, insured employees."""

from functools import partial

from flask_babel import lazy_gettext as _l

from app.core.importing.spec import Column, ImportSpec
from app.core.language.i18n import translated
from app.core.rules.identifiers import credit_code
from app.core.sheets.parsing import day, text, whole
from app.employers.models import SOURCE_LABELS
from app.employers.sources.policy import REASONS, REMARKS
from app.leads.eligibility.models import Eligibility
from app.leads.policy import Permission
from app.leads.services import applied, plan_bank, plan_insured, plan_registry, reverted
from app.lifecycle.services import GOES_WITH_EMPLOYERS, removing_employers

_CODE = ("统一社会信用代码", "社会信用代码", "信用代码", "uscc", "credit code")
_AREA = ("所属街镇", "街镇", "所属街道", "area")

REGISTRY_COLUMNS = (
    Column("name", _l("Name"), ("企业名称", "单位名称", "名称", "company name", "name"), text(255), True),
    Column("uscc", _l("Credit code"), _CODE, credit_code, True),
    Column("established_on", _l("Established"), ("注册日期", "成立日期", "设立日期", "established"), day()),
    Column("registry_type", _l("Registry type"), ("企业类型", "类型", "company type"), text(60)),
    Column(
        "registered_capital",
        _l("Registered capital"),
        ("注册资金", "注册资本", "registered capital"),
        text(60),
    ),
    Column(
        "industry_code",
        _l("Industry code"),
        ("行业代码", "国民经济行业代码", "行业小类代码", "DWSSHY", "industry code"),
        text(20, narrow=True),
    ),
    Column(
        "industry_written",
        _l("Industry in words"),
        ("行业", "所属行业", "行业名称", "行业门类", "行业大类", "单位所属行业", "国民经济行业", "industry"),
        text(80),
    ),
    Column(
        "operating_status",
        _l("Operating status"),
        ("登记状态", "经营状态", "企业状态", "市场主体状态", "operating status"),
        text(40, narrow=True),
    ),
    Column(
        "operating_status_as_of",
        _l("Operating status: as of"),
        ("注吊销日期", "注销日期", "吊销日期", "状态日期", "状态变更日期", "status as of"),
        day(),
    ),
    Column("business_scope", _l("Business scope"), ("经营范围", "business scope"), text(10_000)),
    Column("area", _l("Area"), ("地区", "所属街镇", "area"), text(60)),
    Column("address", _l("Address"), ("注册地址", "地址", "住所", "address"), text(255)),
)
BANK_COLUMNS = (
    Column(
        "name",
        _l("Name"),
        ("企业名称", "单位名称", "账户名称", "户名", "客户名称", "company name", "name"),
        text(255),
        True,
    ),
    Column("uscc", _l("Credit code"), _CODE, credit_code),
    Column("account_opened_on", _l("Bank account opened on"), ("开户日期", "开户时间", "opened on"), day()),
    Column(
        "outlet",
        _l("Bank outlet"),
        ("开户网点", "开户银行", "开户行", "网点", "outlet"),
        text(120, narrow=True),
    ),
    Column("phone", _l("Telephone"), ("联系电话", "电话", "联系方式", "phone"), text(30, narrow=True)),
    Column("address", _l("Address"), ("地址", "注册地址", "住所", "address"), text(255)),
)
INSURANCE_COLUMNS = (
    Column(
        "name",
        _l("Name"),
        ("单位名称", "参保单位名称", "参保单位", "企业名称", "company name", "name"),
        text(255),
        True,
    ),
    Column("uscc", _l("Credit code"), _CODE, credit_code),
    Column(
        "insured_heads",
        _l("Insured employees"),
        ("参保人数", "参保职工人数", "参保缴费人数", "insured heads"),
        whole(),
        True,
    ),
    Column("area", _l("Street or town"), _AREA, text(60)),
)

#: a cell of each column, as offices write it
EXAMPLES = {
    "name": "示范精密机械有限公司", "uscc": "91000000000000019G", "established_on": "2022-09-01",
    "registry_type": "有限责任公司", "registered_capital": "500万元", "industry_code": "3411",
    "industry_written": "通用设备制造业", "operating_status": "存续",
    "operating_status_as_of": "2026-01-05", "business_scope": "通用设备制造；机械零件加工",
    "area": "新城街道", "address": "示范区新城街道一号", "account_opened_on": "2022-09-05",
    "outlet": "新城支行", "phone": "022-66271234", "insured_heads": "35",
}  # fmt: skip

_list = partial(
    ImportSpec,
    examples=EXAMPLES,
    key=("uscc",),
    applied=applied,
    endpoint="employers.show",
    argument="employer_id",
    needs_as_of=True,
    permission=Permission.IMPORT,
    reasons=REASONS,
    remarks={
        **REMARKS,
        "unknown_industry": _l("is in no table of codes: it is kept as written"),
        "unknown_status": _l("is not known as an operating status and left out"),
    },
    coded={"industry": "industry", "operating_status": "operating_status"},
    worded={"source": SOURCE_LABELS, "ineligible_reason": translated},
    labels={
        "name_key": None,
        "until": _l("Former name until"),
        "source": _l("Source"),
        "source_as_of": _l("First named on"),
        "insured_as_of": _l("Insured employees as of"),
        "insured_source": None,
        "industry": _l("Industry"),
        "operating_status_source": None,
        "eligible": _l("Must contribute"),
        "ineligible_reason": _l("Why it need not contribute"),
        "registry_as_of": _l("Registry as of"),
        "told": None,
        "listed_on": None,
        "said": None,
    },
    carried=GOES_WITH_EMPLOYERS | {"eligibility": Eligibility.by_id.is_(None)},
    removing=removing_employers,
    reverted=reverted,
)

REGISTRY = _list(
    name="registry",
    title=_l("Company registry"),
    help=_l("A list of registered companies. New ones become prospects in your branch."),
    columns=REGISTRY_COLUMNS,
    plan=plan_registry,
)
BANK_ACCOUNTS = _list(
    name="bank_accounts",
    title=_l("New bank accounts"),
    help=_l(
        "A bank's list of firms that opened an account. Rows without a credit code are matched by their name."
    ),
    columns=BANK_COLUMNS,
    key_otherwise=("name",),
    plan=plan_bank,
)
SOCIAL_INSURANCE = _list(
    name="social_insurance",
    title=_l("Insured employees"),
    help=_l(
        "The social insurance's list of units with their insured employees, to compare with contributions."
    ),
    columns=INSURANCE_COLUMNS,
    key_otherwise=("name",),
    plan=plan_insured,
)
