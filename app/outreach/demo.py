"""Half a year of visits and calls in the synthetic department, and the next steps agreed there."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from app.accounts.models import User
from app.attachments.demo import hang, paper, photo, roster
from app.core import timeline
from app.core.db import db
from app.core.demo import Demo
from app.core.rules.workdays import calendar
from app.employers.models import Employer, Stage
from app.outreach.models import Outcome, Visit, VisitKind
from app.outreach.services import OUTCOMES, SOURCE, TOLD
from app.tasks.models import Task

VISITS, PHOTOS = 420, 6
DAYS = 180
KINDS = ((VisitKind.CALL, 5), (VisitKind.VISIT, 3), (VisitKind.ONLINE, 1), (VisitKind.COUNTER, 1))

#: what was said and agreed: outcome, topics, summary, next step
LEADS = (
    (
        Outcome.UNDECIDED,
        ["opening", "policy"],
        "负责人对缴存政策尚不了解，已送达政策明白纸。",
        "一周后回访，了解开户意向",
    ),
    (Outcome.AGREED, ["opening"], "同意办理开户，资料已预审，缺授权委托书。", "上门协助办理开户登记"),
    (Outcome.NOT_REACHED, ["opening"], "电话无人接听。", "换时间再次联系"),
    (Outcome.REFUSED, ["opening", "policy"], "认为职工流动大，暂不愿开户，已说明法律规定。", ""),
)
ARREARS = (
    (Outcome.AGREED, ["arrears"], "资金周转原因，承诺月底前补缴。", "核对补缴是否到账"),
    (
        Outcome.UNDECIDED,
        ["arrears", "relief"],
        "经营困难，询问缓缴条件，已一次性告知所需材料。",
        "跟进缓缴申请材料",
    ),
    (Outcome.INFORMED, ["arrears"], "经办人更换未及时办理，已指导网上汇缴。", ""),
)
OTHERS = (
    (Outcome.SOLVED, ["online_signing"], "指导完成网缴签约及数字证书登录。", ""),
    (Outcome.SOLVED, ["base_adjustment"], "协助核对年度基数调整清册。", ""),
    (Outcome.INFORMED, ["policy"], "讲解租房提取与贷款新政，发放宣传资料。", ""),
    (Outcome.SOLVED, ["sealed", "changes"], "核实封存职工劳动关系，办理封存原因变更。", ""),
    (Outcome.AGREED, ["difficulty"], "反映增员流程不熟悉，约定上门培训。", "准备增员操作培训"),
)


def load(demo: Demo) -> None:
    """Visits with their timeline entries, and open tasks for the next steps of the last three weeks."""
    employers = _visited()
    days = sorted(demo.today - timedelta(days=demo.random.randrange(DAYS)) for _ in range(VISITS))
    rows = [_visit(demo, demo.random.choice(employers), day) for day in days]
    adding = insert(Visit).returning(Visit.id, sort_by_parameter_order=True)
    ids = list(db.session.scalars(adding, rows))
    _tell(rows, ids, {user.id: user for user in db.session.scalars(select(User))})
    _open_tasks(demo, rows, ids, {employer.id: employer for employer in employers})
    _photograph(demo)
    last = {row["employer_id"]: row["at"].date() for row in rows}
    db.session.execute(update(Employer), [{"id": id_, "last_contact_on": day} for id_, day in last.items()])


def _visited() -> list[Employer]:
    """Employers with an owner; leads and those behind several times, as that is where the work goes."""
    often = (Stage.ENGAGED, Stage.IN_ARREARS, Stage.REGISTERED, Stage.ENROLLED)
    query = select(Employer).where(Employer.owner_id.is_not(None), Employer.stage != Stage.CLOSED)
    found = list(db.session.scalars(query.order_by(Employer.id)))
    return found + [employer for employer in found if employer.stage in often for _ in range(6)]


def _visit(demo: Demo, employer: Employer, day: date) -> dict[str, Any]:
    if employer.stage in (Stage.PROSPECT, Stage.ENGAGED):
        said = demo.random.choice(LEADS)
    else:
        said = demo.random.choice(ARREARS if employer.stage is Stage.IN_ARREARS else OTHERS)
    outcome, topics, summary, next_step = said
    kind = VisitKind.CALL if outcome is Outcome.NOT_REACHED else demo.shares(KINDS)
    return {
        "employer_id": employer.id,
        "kind": kind,
        "at": demo.moment(day),
        "by_id": employer.owner_id,
        "topics": topics,
        "outcome": outcome,
        "summary": summary,
        "next_step": next_step,
        "next_due_on": day + timedelta(days=demo.random.randrange(5, 25)) if next_step else None,
    }


def _tell(rows: list[dict[str, Any]], ids: list[int], people: dict[int, User]) -> None:
    happenings = (
        timeline.Happening(
            row["employer_id"],
            TOLD[row["kind"]],
            {"outcome": {"msgid": OUTCOMES[row["outcome"]]}, "comment": row["summary"]},
            row["at"],
            visit_id,
            people[row["by_id"]],
        )
        for row, visit_id in zip(rows, ids, strict=True)
    )
    timeline.record_many(SOURCE, happenings, endpoint="outreach.show")


def _open_tasks(
    demo: Demo, rows: list[dict[str, Any]], ids: list[int], employers: dict[int, Employer]
) -> None:
    """Some are overdue, some due today, most to come."""
    working = calendar(demo.today.year, provisional=True)
    tasks = [
        {
            "kind": "next_step",
            "title": row["next_step"],
            "employer_id": row["employer_id"],
            "branch_id": employers[row["employer_id"]].branch_id,
            "owner_id": row["by_id"],
            "created_by_id": row["by_id"],
            "due_on": working.on_or_after(row["next_due_on"]),
            "source_type": SOURCE,
            "source_id": visit_id,
        }
        for row, visit_id in zip(rows, ids, strict=True)
        if row["next_due_on"] and row["next_due_on"] >= demo.today - timedelta(days=3)
    ]
    db.session.execute(insert(Task), tasks)


def _photograph(demo: Demo) -> None:
    """A photo with place and time of each of the latest visits, and a paper that was handed over there."""
    latest = select(Visit).where(Visit.kind == VisitKind.VISIT).order_by(Visit.at.desc(), Visit.id.desc())
    for number, visit in enumerate(db.session.scalars(latest.limit(PHOTOS)), 1):
        hang(visit, photo(demo, visit.at), f"现场{number}.jpg", "现场走访照片", visit.by, visit.at)
        if number % 2:
            hang(visit, paper(demo), f"授权委托书{number}.pdf", "经办人授权委托书", visit.by, visit.at)
        else:
            hang(visit, roster(demo), f"职工名册{number}.csv", "职工名册", visit.by, visit.at, lists=True)
