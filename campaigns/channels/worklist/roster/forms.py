"""What the file of a roster looks like."""

from flask_babel import lazy_gettext as _l

from app.core.importing.spec import Column, ImportSpec
from app.core.periods import Period
from app.core.personal.sealed import IdNumber
from app.core.rules import identifiers
from app.core.sheets.cells import Cell
from app.core.sheets.parsing import period, text, whole
from campaigns.channels.worklist.models import DrivePerson
from campaigns.channels.worklist.policy import Permission
from campaigns.channels.worklist.roster import services


def id_number(cell: Cell) -> IdNumber:
    return IdNumber(identifiers.id_number(cell))


COLUMNS = (
    Column("drive", _l("Number of the drive"), ("专项行动编号", "行动编号", "drive"), whole(1)),
    Column(
        "code", _l("Account or credit code"),
        ("单位公积金账号", "单位账号", "统一社会信用代码", "DWZH", "account", "credit code"),
        text(30, narrow=True), True,
    ),
    Column("name", _l("Employer name"), ("单位名称", "DWMC", "employer"), text(255)),
    Column("number", _l("How many matters"), ("事项数", "涉及人数", "账户数", "number"), whole(0)),
    Column(
        "person", _l("Name of the person"), ("职工姓名", "姓名", "XINGMING", "person"), text(120),
        personal=True,
    ),
    Column(
        "id_number", _l("ID number"), ("证件号码", "身份证号", "ZJHM", "id number"), id_number, personal=True
    ),
    Column("since", _l("Contributing here since"), ("本地起缴年月", "缴存起始年月", "since"), period()),
)  # fmt: skip
#: a cell of each column, as offices write it
EXAMPLES = {
    "drive": "3", "code": "030100000001", "name": "示范精密机械有限公司", "number": "4", "person": "李明",
    "id_number": "11010519491231002X", "since": "2022-01",
}  # fmt: skip

ROSTER = ImportSpec(
    name="roster",
    title=_l("Roster of a drive"),
    help=_l(
        "Employers by account or credit code, each with a count, or one line for each person; whoever is "
        "named is among those counted. The number of the drive stands on its page; without it the only "
        "running drive is meant."
    ),
    columns=COLUMNS,
    examples=EXAMPLES,
    key=("drive", "code", "person", "id_number"),
    plan=services.plan,
    applied=services.applied,
    removing=services.removing,
    reverted=services.reverted,
    endpoint="drives.row",
    permission=Permission.RUN,
    carried={DrivePerson.__tablename__: None},
    reasons={
        "no_drive": _l("no drive of your branch is running: start one first"),
        "which_drive": _l("several drives are running: say the number of the drive"),
        "unknown_drive": _l("no running drive of your branch has this number: %(value)s"),
        "unknown": _l("no employer has this account or credit code: %(value)s"),
        "other_branch": _l("belongs to another branch"),
        "too_soon": _l(
            "will not have contributed here long enough before the drive ends: bring it into the next one, "
            "from %(month)s on"
        ),
    },
    remarks={
        "closed": _l("the employer is finished or given up in this drive: reopen it"),
        "also": _l("the employer is still to be done in another drive: %(drive)s"),
    },
    worded={"since": lambda value: Period.parse(str(value))},
    labels={
        "id_number_index": None, "row_id": None, "drive_id": None, "employer_id": None, "owner_id": None,
        "branch_id": None, "area_id": None,
        "ripe": _l("To be told from"), "state": _l("State"), "since": None,
        "due_on": _l("Due on"), "done": None, "tries": None,
    },
)  # fmt: skip
