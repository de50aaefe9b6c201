"""The deadlines that the synthetic employers' stages have set."""

from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from app.accounts.models import User, UserRole
from app.core.db import db
from app.core.demo import Demo
from app.core.features import current_features
from app.core.language.i18n import msgid_of
from app.core.permissions import LEADERS, OFFICE, Role
from app.core.rules.workdays import calendar
from app.employers.models import Employer
from app.tasks.models import DEADLINE, Task, TaskState


def load(demo: Demo) -> None:
    """One open task for each employer in a stage with a deadline, due as the stage's clock says."""
    workflow = current_features().workflows["lifecycle"]
    working = calendar(demo.today.year, provisional=True)
    titles = {state.name: state.deadline for state in workflow.states if state.deadline}
    rows = []
    for employer in db.session.scalars(
        select(Employer).where(Employer.stage.in_(titles)).order_by(Employer.id)
    ):
        deadline = titles[employer.stage.value]
        entered = max(employer.stage_since.date(), demo.today - timedelta(days=demo.random.randrange(1, 12)))
        rows.append(
            {
                "kind": DEADLINE,
                "title": msgid_of(deadline.title),
                "employer_id": employer.id,
                "branch_id": employer.branch_id,
                "owner_id": employer.owner_id,
                "due_on": entered + timedelta(days=deadline.days)
                if deadline.calendar
                else working.add(entered, deadline.days),
                "source_type": workflow.name,
                "source_id": employer.id,
            }
        )
    own = [*_tasks_of(demo, LEADERS, LEADERS_TASKS), *_tasks_of(demo, OFFICERS, OFFICERS_TASKS)]
    db.session.execute(insert(Task), [*rows, *own])
    db.session.execute(insert(Task), list(_done(demo)))


#: what managers and heads have before them: words, and days until due
LEADERS_TASKS = (
    ("核对上月缴存指标完成情况", 0),
    ("审阅欠缴4个月以上单位的处理意见", 1),
    ("与受托银行对账，盘点联合工作清单", 3),
    ("准备半年指标研判会材料", 9),
)

#: what everybody in the office has done of late: words, days ago, what came of it
DONE_TASKS = (
    ("回访新开户单位", 2, "已确认收到开户资料"),
    ("核对单位经办人手机号", 5, "号码无误"),
    ("整理上月走访记录", 9, "已归档"),
)

OFFICERS = (Role.ENFORCEMENT_OFFICER,)
OFFICERS_TASKS = (
    ("整理欠缴6个月以上单位清单", 0),
    ("核对催缴函送达情况", 2),
    ("与人社、工会商定联合检查日程", 6),
)


def _tasks_of(demo: Demo, roles: Collection[Role], tasks: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """The same tasks for everybody who holds one of the roles."""
    query = select(User).join(UserRole).where(UserRole.role.in_(roles)).order_by(User.id)
    working = calendar(demo.today.year, provisional=True)
    return [
        {
            "kind": "other",
            "title": title,
            "employer_id": None,
            "branch_id": user.branch_id,
            "owner_id": user.id,
            "due_on": working.on_or_after(demo.today + timedelta(days=days)),
            "source_type": None,
            "source_id": None,
        }
        for user in db.session.scalars(query).unique()
        for title, days in tasks
    ]


def _done(demo: Demo) -> Iterator[dict[str, Any]]:
    for row in _tasks_of(demo, OFFICE, ((title, -days) for title, days, _result in DONE_TASKS)):
        days, result = next((days, result) for title, days, result in DONE_TASKS if title == row["title"])
        closed = demo.moment(demo.today - timedelta(days=days))
        yield row | {
            "state": TaskState.DONE,
            "result": result,
            "closed_at": closed,
            "closed_by_id": row["owner_id"],
            "created_at": closed - timedelta(days=3),
        }
