"""What a staff list looks like."""

from flask_babel import lazy_gettext as _l

from app.accounts.models import User
from app.accounts.policy import ROLE_OBJECTIONS, Permission
from app.accounts.staff.services import applied, plan, role_names, roles_in_words, username
from app.core.importing.spec import Column, ImportSpec
from app.core.permissions import ROLE_LABELS, Scope
from app.core.rules.identifiers import mobile
from app.core.sheets.parsing import code, text

#: scopes by code and by the words of the office
SCOPES = {
    **{scope.value: scope for scope in Scope},
    "本人": Scope.OWN,
    "本人经办": Scope.OWN,
    "本机构": Scope.BRANCH,
    "本机构及下级": Scope.BRANCH_AND_BELOW,
    "全部": Scope.ALL,
    "全部机构": Scope.ALL,
}

COLUMNS = (
    Column("username", _l("User name"), ("用户名", "登录名", "账号", "username"), username, True),
    Column("name", _l("Full name"), ("姓名", "name"), text(120), True),
    Column("branch", _l("Branch"), ("机构代码", "所属机构代码", "机构编码", "branch code"), text(20), True),
    Column("roles", _l("Roles"), ("角色", "岗位", "roles"), role_names, True),
    Column("mobile", _l("Mobile number"), ("手机号", "手机号码", "联系电话", "mobile"), mobile),
    Column("scope", _l("Reach"), ("数据范围", "范围", "scope"), code(SCOPES)),
)

#: a cell of each column, as offices write it
EXAMPLES = {
    "username": "lijing", "name": "李静", "branch": "01", "roles": "企业服务专员、执法人员",
    "mobile": "13800000001", "scope": "本机构",
}  # fmt: skip

USERS = ImportSpec(
    name="users",
    title=_l("Staff list"),
    help=_l(
        "Adds the users who are missing. Each gets a one-time password from his page and must change it."
    ),
    columns=COLUMNS,
    examples=EXAMPLES,
    words={"roles": tuple(ROLE_LABELS.values()), "scope": ("本人", "本机构", "本机构及下级", "全部")},
    key=("username",),
    plan=plan,
    applied=applied,
    permission=Permission.USERS_EDIT,
    administrative=True,
    subject=User.__tablename__,
    worded={"roles": roles_in_words},
    endpoint="administration.user",
    argument="user_id",
    reasons={
        "bad_username": _l(
            "begins with a letter and has only small letters, digits, dots, - and _: %(value)s"
        ),
        "unknown_branch": _l("is no branch in your reach: %(value)s"),
        "wider_scope": _l("is wider than your own"),
        **ROLE_OBJECTIONS,
    },
    remarks={
        "password": _l("The user has no password yet: hand out a one-time password from his page."),
        "differs": _l("The user is there already and differs from the list: change him on his page."),
        "inactive": _l("The user is deactivated and stays so."),
    },
)
