"""Two drives of the synthetic department: sealed accounts half way through, and a clean-up that is over."""

from datetime import timedelta
from decimal import Decimal
from itertools import cycle

from sqlalchemy import select

from app.accounts.models import User, UserRole
from app.core.criteria.trees import EVERYTHING
from app.core.db import db
from app.core.demo import Demo
from app.core.permissions import Role
from app.core.workflow.engine import transition
from app.employers.lists import select_employers
from app.employers.models import Employer
from campaigns.channels.worklist.models import Agency, Drive, DrivePerson, DriveRow
from campaigns.channels.worklist.policy import READY, Ready
from campaigns.channels.worklist.services import starting, telling
from campaigns.channels.worklist.services.starting import Wish
from campaigns.channels.worklist.services.telling import Told
from campaigns.channels.worklist.workflow import DRIVE

#: how many employers each drive has, at most
MOST = 18
SAID = (
    ("settled", "经办人已统一提交封存原因变更，全部核实完毕。"),
    ("part", "先核实了一部分，其余下周答复。"),
    ("not_reached", ""),
    ("promised", "经办人会在本月内批量办理。"),
    ("visit", "名单较长，希望上门协助。"),
    ("", ""),
)
PEOPLE = ("张伟", "李秀英", "王建军")
NOTES = (
    (Agency.SOCIAL_INSURANCE, "已核对参保状态，其中多数已转入外市参保。"),
    (Agency.COMMUNITY, "户籍所在街道协助联系到近亲属，已送达温馨提示。"),
)


def load(demo: Demo) -> None:
    managers = select(User).join(UserRole).where(UserRole.role == Role.MANAGER).order_by(User.id)
    manager = db.session.scalars(managers).unique().first()
    if manager is None:
        return
    for kind in (READY["account_cleanup"], READY["sealed_check"]):
        drive = _started(kind, demo, manager)
        rows = db.session.scalars(select(DriveRow).where(DriveRow.drive_id == drive.id).order_by(DriveRow.id))
        answers = cycle(SAID)
        for number, row in enumerate(rows):
            _tell(row, *next(answers), manager)
            if row.outcome == "part":
                _name_people(row, kind, demo)
            if number < len(NOTES):
                telling.note_partner(row, NOTES[number][0], demo.today, NOTES[number][1], manager)
        if kind.code == "account_cleanup":
            transition(DRIVE, drive, "give_up", manager, answers={"reason": "并入下一轮专项行动"})


def _name_people(row: DriveRow, kind: Ready, demo: Demo) -> None:
    """Two of the people are done; the last one waits."""
    for number, name in enumerate(PEOPLE):
        result = kind.results[0] if number < 2 else None
        day = demo.today if result else None
        db.session.add(DrivePerson(row_id=row.id, name=name, result=result, settled_on=day))
    db.session.flush()


def _started(kind: Ready, demo: Demo, manager: User) -> Drive:
    """By roster, so that it stays small; the employers are those of the criteria with most people."""
    wish = Wish(
        kind.code, f"{demo.today.year}年{kind.name}", demo.today + timedelta(weeks=8), kind.days,
        kind.outcomes, str(kind.purpose), results=kind.results,
    )  # fmt: skip
    drive = starting.start(wish, manager)
    query = select_employers(kind.tree or EVERYTHING, manager).order_by(
        Employer.sealed_heads.desc(), Employer.id
    )
    for employer in db.session.scalars(query.limit(MOST)).unique().all():
        starting.add(drive, employer, manager)
    return drive


def _tell(row: DriveRow, outcome: str, note: str, manager: User) -> None:
    if not outcome:
        return
    done = row.number if outcome == "settled" else row.number // 3 if outcome == "part" else None
    amount = Decimal(3200 * done) if done else None
    telling.tell(row, Told(outcome, row.drive.action, note, done, amount), row.employer.owner or manager)
