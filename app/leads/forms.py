"""What a file of the company registry looks like."""

from flask_babel import lazy_gettext as _l

from app.core.identifiers import credit_code
from app.core.import_spec import Column, ImportSpec
from app.core.parsing import day, text
from app.leads.policy import Permission
from app.leads.services import applied, plan
from app.lifecycle.services import GOES_WITH_EMPLOYERS, removing_employers, reverted_employers

COLUMNS = (
    Column("name", _l("Name"), ("企业名称", "单位名称", "名称", "company name", "name"), text(255), True),
    Column(
        "uscc", _l("Credit code"), ("统一社会信用代码", "信用代码", "uscc", "credit code"), credit_code, True
    ),
    Column("established_on", _l("Established"), ("注册日期", "成立日期", "设立日期", "established"), day()),
    Column("registry_type", _l("Registry type"), ("企业类型", "类型", "company type"), text(60)),
    Column(
        "registered_capital",
        _l("Registered capital"),
        ("注册资金", "注册资本", "registered capital"),
        text(60),
    ),
    Column("business_scope", _l("Business scope"), ("经营范围", "business scope"), text(10_000)),
    Column("area", _l("Area"), ("地区", "所属街镇", "area"), text(60)),
    Column("address", _l("Address"), ("注册地址", "地址", "住所", "address"), text(255)),
)

REGISTRY = ImportSpec(
    name="registry",
    title=_l("Company registry"),
    help=_l("A list of registered companies. New ones become prospects in your branch."),
    columns=COLUMNS,
    key=("uscc",),
    plan=plan,
    applied=applied,
    permission=Permission.IMPORT,
    reasons={
        "other_branch": _l("belongs to another branch; ask the department to import it"),
        "merged": _l("belongs to a record that was merged into another; close or correct it at its source"),
    },
    labels={"name_key": _l("Name for matching"), "until": _l("Former name until")},
    carried=GOES_WITH_EMPLOYERS,
    removing=removing_employers,
    reverted=reverted_employers,
)
