"""Who runs drives and who works on them, what may come of a call, and the drives that are ready to start."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, or_, select

from app.accounts.policy import in_scope
from app.core.criteria.trees import Tree, rule
from app.core.language.i18n import msgid
from app.core.options import Option
from app.core.permissions import LEADERS, OFFICE, Actor, Grantable, Grants, Role
from app.employers.models import Employer, Stage
from app.employers.policy import visible_to as employers_visible_to
from app.outreach.models import Outcome, VisitKind
from campaigns.channels.worklist.models import Drive, DriveRow, DriveState, RowState

_WORKING = _l("working days")
AGAIN_DAYS = Option("drives.again_days", _l("Try again to reach an employer within"), 2, 1, 30, _WORKING)
FOLLOW_DAYS = Option("drives.follow_days", _l("Follow up the outcome of a drive within"), 5, 1, 60, _WORKING)
TRANSFER_MONTHS = Option(
    "drives.transfer_months", _l("Months of contributing here before a transfer from elsewhere"), 6, 1, 36,
    _l("months"),
)  # fmt: skip
OPTIONS = (AGAIN_DAYS, FOLLOW_DAYS, TRANSFER_MONTHS)
#: a drive is gone through one by one; more than this is a message
MOST = 2000


#: how the trail names fields
NAMES = (
    msgid("Purpose"),
    msgid("Action"),
    msgid("Outcomes"),
    msgid("Agency"),
    msgid("Results"),
    msgid("Counted"),
    msgid("Days"),
    msgid("Ends on"),
    msgid("Partner note"),
)


class Permission(Grantable):
    VIEW = "drives:view", _l("See drives and their worklists")
    WORK = "drives:work", _l("Record outcomes in the worklists of drives")
    RUN = "drives:run", _l("Start, assign and end drives, and import their rosters")


GRANTS: Grants = {
    Permission.VIEW: OFFICE,
    Permission.WORK: (Role.SPECIALIST, *LEADERS),
    Permission.RUN: LEADERS,
}


def rows_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The rows of employers in the actor's reach, and those given to the actor."""
    reach = DriveRow.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))
    return reach if actor is None else or_(reach, DriveRow.owner_id == actor.id)


def to_be_done() -> ColumnElement[bool]:
    """The rows that somebody still has to do: those of a drive that is over wait for nobody."""
    running = select(Drive.id).where(Drive.id == DriveRow.drive_id, Drive.state == DriveState.RUNNING)
    return and_(DriveRow.state == RowState.OPEN, running.exists())


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The drives of the actor's reach and branch, and those with an employer that the actor sees."""
    reach = in_scope(actor, Drive.branch_id, Drive.begun_by_id)
    if actor is None:
        return reach
    own = select(DriveRow.id).where(DriveRow.drive_id == Drive.id, rows_visible_to(actor)).exists()
    return or_(reach, Drive.branch_id == actor.branch_id, own)


def managed_by(actor: Actor | None) -> ColumnElement[bool]:
    """The drives that the actor may steer: those of branches in reach."""
    return in_scope(actor, Drive.branch_id, Drive.begun_by_id)


# What may come of it ------------------------------------------------------------------------------------


class Follow(StrEnum):
    """What an outcome asks for next."""

    NOTHING = "nothing"
    AGAIN = "again"
    TASK = "task"
    VISIT = "visit"
    NUMBER = "number"


@dataclass(frozen=True)
class Come:
    """What came of a call or visit: how the visit is logged, whether the employer is done, what follows."""

    label: Any
    told: Outcome
    follow: Follow = Follow.NOTHING
    ends: bool = False
    tone: str = "active"


OUTCOMES = {
    "settled": Come(_l("Everything is done"), Outcome.SOLVED, ends=True, tone="good"),
    "part": Come(_l("Part of it is done"), Outcome.AGREED, Follow.TASK),
    "promised": Come(_l("The employer will see to it"), Outcome.AGREED, Follow.TASK),
    "informed": Come(_l("Explained; the people concerned are told"), Outcome.INFORMED, Follow.TASK),
    "visit": Come(_l("A visit is wanted"), Outcome.INFORMED, Follow.VISIT, tone="warning"),
    "number": Come(
        _l("The number was wrong; there is another"), Outcome.NOT_REACHED, Follow.NUMBER, tone="warning"
    ),
    "not_reached": Come(_l("Nobody was reached"), Outcome.NOT_REACHED, Follow.AGAIN, tone="neutral"),
    "gone": Come(_l("The employer is not to be found"), Outcome.NOT_REACHED, Follow.VISIT, tone="danger"),
    "nothing": Come(_l("There is nothing to be done"), Outcome.INFORMED, ends=True, tone="done"),
    "refused": Come(_l("It refuses"), Outcome.REFUSED, Follow.TASK, tone="danger"),
}  # fmt: skip
ASKED_AGAIN = {
    Follow.AGAIN: msgid("Try again: %(drive)s"),
    Follow.TASK: msgid("See what has become of it: %(drive)s"),
    Follow.VISIT: msgid("Visit the employer: %(drive)s"),
    Follow.NUMBER: msgid("Call the new number: %(drive)s"),
}


@dataclass(frozen=True)
class Result:
    """What became of one person's account; whether that ends the matter."""

    label: Any
    ends: bool = True


RESULTS = {
    "still_employed": Result(_l("Still employed: the reason holds")),
    "reason_changed": Result(_l("Has left: the reason of sealing is changed")),
    "withdrawn": Result(_l("Withdrawn and closed")),
    "loan_offset": Result(_l("Balance used to repay the loan")),
    "transferred": Result(_l("Transferred in from elsewhere")),
    "not_wanted": Result(_l("Told, and does not want it")),
    "reminded": Result(_l("Person or next of kin reminded"), ends=False),
    "guided": Result(_l("Guided through the app by telephone"), ends=False),
    "untraceable": Result(_l("Not to be found"), ends=False),
}


# The drives that are ready ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """A drive as data: a manager starts it with one form, in which all of this may be changed.

    `script` is what the specialist says; it is written into the scripts with the first drive, and kept
    there in versions from then on. With `endpoint` the drive stands elsewhere, and is only led to.
    """

    code: str
    name: Any
    purpose: Any
    icon: str
    action: VisitKind = VisitKind.CALL
    tree: Tree | None = None
    counted: str = ""
    script_title: str = ""
    script: str = ""
    outcomes: tuple[str, ...] = tuple(OUTCOMES)
    results: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    days: int = 10
    endpoint: str = ""


def _stages(*stages: Stage) -> Tree:
    return rule("stage", "in", [stage.value for stage in stages])


_SEALED_ONES = rule("sealed_heads", "ge", "1")
OWN = Ready(
    "own", _l("A drive of one's own"), _l("Any employers, with a script and outcomes of your choice."),
    "list-check",
)  # fmt: skip
READY = {
    one.code: one
    for one in (
        Ready(
            "account_cleanup",
            _l("Account clean-up"),
            _l(
                "Wake up money that sleeps in accounts of people who have left: find them through their "
                "former employer, the social insurance centre, the retirement office or the police station."
            ),
            "archive",
            tree={"match": "all", "rules": [_stages(Stage.SEALED, Stage.CLOSING), _SEALED_ONES]},
            counted="sealed_heads",
            script_title="专项行动话术：账户清理",
            script="您好，我是住房公积金管理部的服务专员。贵单位有已离职或退休职工的公积金账户长期封存，资金一直没有领取。\n"
            "一、请协助核对这些职工是否已离职、退休，以及现在的联系方式。\n"
            "二、职工已退休或者离职满足提取条件的，可以通过手机App办理销户提取，不必到现场。\n"
            "三、职工名下有公积金贷款的，账户余额可以用来还贷。\n"
            "四、联系不上本人的，请告知近亲属或者户籍所在街道、派出所，我们来核实。",
            results=("withdrawn", "loan_offset", "reminded", "guided", "not_wanted", "untraceable"),
            topics=("sealed",),
            days=20,
        ),
        Ready(
            "sealed_check",
            _l("Sealed-account check"),
            _l(
                "Check accounts that are sealed because employment goes on: whoever has left gets the reason "
                "changed, by the handler for all at once, and can then withdraw online."
            ),
            "person-lock",
            tree={
                "match": "all",
                "rules": [_stages(Stage.CONTRIBUTING, Stage.IN_ARREARS, Stage.ON_RELIEF), _SEALED_ONES],
            },
            counted="sealed_heads",
            script_title="专项行动话术：封存账户核实",
            script="您好，我是住房公积金管理部的服务专员。贵单位有部分职工的账户以“保留劳动关系”封存，需要逐一核实。\n"
            "一、请核对名单上的职工是否仍与贵单位保留劳动关系。\n"
            "二、已解除劳动关系的，请经办人统一提交封存原因变更，可在网上办事大厅批量办理。\n"
            "三、变更以后，职工可以自己在线上办理销户提取。\n"
            "四、名单较长的，我们可以上门协助。请问哪一天方便？",
            results=("still_employed", "reason_changed", "untraceable"),
            topics=("sealed", "changes"),
            days=15,
        ),
        Ready(
            "transfer_reminder",
            _l("Off-site transfer reminder"),
            _l(
                "Whoever came from elsewhere and has contributed here long enough is told how to bring the "
                "balance along. The roster names them; their employer gives the way to reach them."
            ),
            "arrow-left-right",
            script_title="专项行动话术：异地转移提醒",
            script="您好，我是住房公积金管理部的服务专员。贵单位有从外地转来的职工，在我市连续缴存已满规定月数。\n"
            "一、请提供这些职工的联系方式，以及原来在哪里缴存。\n"
            "二、职工可以在手机App或者全国住房公积金小程序申请异地转移接续，不必回原缴存地。\n"
            "三、转入以后，缴存时间合并计算，申请贷款、提取都更方便。\n"
            "四、需要的话，我们可以电话指导职工本人办理。",
            results=("transferred", "guided", "reminded", "not_wanted", "untraceable"),
            topics=("changes", "policy"),
            days=10,
        ),
        Ready(
            "base_adjustment",
            _l("Annual base adjustment"),
            _l("Invite every contributing employer, gather the bases of the year and check them."),
            "sliders",
            endpoint="adjustment.index",
        ),
    )
}


def ready(code: str) -> Ready:
    """The drive of this code; the free one for codes that have gone since."""
    return READY.get(code, OWN)
