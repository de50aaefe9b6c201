"""Handing over when somebody rotates, the branch board, and the end-of-day check."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Branch, User
from app.contributions.adjustment.models import Adjustment, AdjustmentDrive
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.features import current_features
from app.core.handing_over import undeclared
from app.core.options import set_value
from app.core.periods import Period
from app.core.permissions import Role
from app.employers.models import Employer, Stage
from app.leads.pool.services import set_capacity
from app.lifecycle.closing.models import Closing
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.tasks import services as tasks
from app.tasks.daily import queries as daily
from app.tasks.daily.models import DayClosing
from app.tasks.daily.policy import ASKED
from app.tasks.daily.services import Reason, close_day, end_leave, mark_gaps, take_leave
from app.tasks.models import Task, TaskState
from app.tasks.rotation import queries, services
from app.tasks.rotation.models import HandOver
from tests.factories import (
    create_branch,
    create_campaign,
    create_employer,
    create_escalation,
    create_user,
    seed_codes,
    sign_in,
)

LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)
MONDAY_DAY = date(2026, 11, 16)
MONDAY, TUESDAY = "2026-11-16 09:00+08:00", "2026-11-17 09:00+08:00"


@pytest.fixture
def branch(app: Flask) -> Branch:
    seed_codes()
    return create_branch()


@pytest.fixture
def chen(branch: Branch) -> User:
    return create_user(Role.SPECIALIST, branch=branch, name="陈静", created_at=LONG_AGO)


@pytest.fixture
def zhao(branch: Branch) -> User:
    return create_user(Role.SPECIALIST, branch=branch, name="赵磊", created_at=LONG_AGO)


@pytest.fixture
def wu(branch: Branch) -> User:
    return create_user(Role.BRANCH_HEAD, branch=branch, name="吴建国", created_at=LONG_AGO)


def all_names() -> list[str]:
    return list(current_features().matters)


def work_of(branch: Branch, chen: User, zhao: User) -> tuple[Employer, Employer]:
    """An employer that is escalated with a task, and a lead that the colleague backs up; a draft besides."""
    employer = create_employer(branch, owner=chen, stage=Stage.IN_ARREARS)
    lead = create_employer(branch, owner=chen, backup_owner=zhao, stage=Stage.ENGAGED)
    create_escalation(employer, chen)
    tasks.open_task("other", "回访", today(), employer=employer, owner_id=chen.id)
    create_campaign(chen)
    return employer, lead


def test_no_column_that_says_who_carries_something_is_forgotten(app: Flask) -> None:
    features = current_features()
    assert undeclared(features.matters.values(), features.kept) == set()
    without = [matter for name, matter in features.matters.items() if name != "escalations"]
    assert undeclared(without, features.kept) == {"escalations.holder_id"}


@pytest.mark.databases("sqlite")
def test_what_follows_an_employer_is_shown_and_written_down_with_the_hand_over(
    branch: Branch, chen: User, zhao: User, wu: User
) -> None:
    employer = create_employer(branch, owner=chen, stage=Stage.CLOSING)
    drive = AdjustmentDrive(year=2026, opens_on=today(), closes_on=today())
    month = Period.of(today())
    term = {"kind": ReliefKind.DEFERMENT, "from_month": month, "to_month": month, "state": ReliefState.ENDED}
    db.session.add_all((
        Closing(employer=employer, begun_on=today()), Adjustment(drive=drive, employer=employer),
        ReliefDecision(employer=employer, **term),
    ))  # fmt: skip
    db.session.flush()
    along = {"closings": 1, "adjustments": 1, "relief_terms": 1}
    assert along.items() <= queries.loads([chen.id])[chen.id].items()
    made = services.hand_over(chen, zhao, all_names(), "轮岗", wu)
    assert set(along) <= {item.matter for item in made.items if item.along}
    assert along.items() <= queries.loads([zhao.id])[zhao.id].items()


def test_everything_goes_in_one_go_and_comes_back_as_it_was(
    branch: Branch, chen: User, zhao: User, wu: User
) -> None:
    employer, lead = work_of(branch, chen, zhao)
    seen = {matter.name: len(rows) for matter, rows in queries.everything(chen.id)}
    assert seen == {"employers": 2, "tasks": 1, "escalations": 1, "leads": 1, "arrears": 1, "campaigns": 1}
    assert queries.loads([chen.id])[chen.id] == seen
    made = services.hand_over(chen, zhao, all_names(), "轮岗", wu)
    assert not queries.everything(chen.id) and len(made.items) == 7
    assert (employer.owner_id, lead.owner_id, lead.backup_owner_id) == (zhao.id, zhao.id, None)
    asked = db.session.scalars(select(Task).where(Task.kind == "handover")).one()
    assert asked.owner_id == zhao.id and "陈静" in asked.sentence
    with pytest.raises(DomainError):
        services.confirm(made, wu)
    services.confirm(made, zhao)
    assert asked.state is TaskState.DONE
    services.undo(made, wu)
    assert (employer.owner_id, lead.owner_id, lead.backup_owner_id) == (chen.id, chen.id, zhao.id)
    assert queries.loads([chen.id])[chen.id] == seen
    with pytest.raises(Conflict):
        services.undo(made, wu)


def test_a_hand_over_is_refused_whole_or_not_undone_upon_something_newer(
    branch: Branch, chen: User, zhao: User, wu: User
) -> None:
    employer, _lead = work_of(branch, chen, zhao)
    stranger, former = create_user(Role.SPECIALIST), create_user(Role.SPECIALIST, branch=branch, active=False)
    for receiver in (stranger, former, chen):
        with pytest.raises(DomainError, match="本部门另一位在岗同事"):
            services.hand_over(chen, receiver, all_names(), "轮岗", wu)
    with pytest.raises(DomainError, match="交接原因"):
        services.hand_over(chen, zhao, all_names(), " ", wu)
    with pytest.raises(DomainError, match="没有所选类别"):
        services.hand_over(chen, zhao, ["relief"], "轮岗", wu)
    set_capacity(zhao, 0)
    db.session.commit()
    with pytest.raises(DomainError):  # the leads are too many for the receiver: nothing of it goes
        services.hand_over(chen, zhao, all_names(), "轮岗", wu)
    db.session.rollback()
    assert employer.owner_id == chen.id and not db.session.scalars(select(HandOver)).all()
    set_capacity(zhao, 5)
    made = services.hand_over(chen, zhao, all_names(), "轮岗", wu)
    third = create_user(Role.SPECIALIST, branch=branch)
    services.hand_over(zhao, third, ["escalations"], "再轮岗", wu)
    with pytest.raises(DomainError, match="转由他人负责"):
        services.undo(made, wu)


def test_a_day_closes_only_with_a_reason_for_what_stays_open(chen: User, wu: User) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        late = tasks.open_task("other", "核对到账", today(), branch_id=chen.branch_id, owner_id=chen.id)
        tasks.open_task(
            "other", "明日走访", today() + timedelta(days=1), branch_id=chen.branch_id, owner_id=chen.id
        )
        with pytest.raises(DomainError, match="未办结的原因"):
            close_day(chen, today(), {late.id: Reason("because")}, "走访")
        with pytest.raises(DomainError, match="次日首要事项"):
            close_day(chen, today(), {late.id: Reason("employer")}, " ")
        with pytest.raises(DomainError, match="上一工作日"):
            close_day(chen, today() - timedelta(days=4), {late.id: Reason("employer")}, "走访")
        closing = close_day(chen, today(), {late.id: Reason("employer", "等回执")}, "走访")
        assert [(one["what"], one["why"]) for one in closing.rest] == [("核对到账", "employer")]
        again = close_day(chen, today(), {late.id: Reason("time")}, "先走访")
        assert again.id == closing.id and again.first_next == "先走访"


def test_each_night_the_gaps_are_told_to_the_head_once(
    branch: Branch, chen: User, zhao: User, wu: User
) -> None:
    with time_machine.travel(MONDAY, tick=False):
        close_day(chen, today(), {}, "走访")
    with time_machine.travel(TUESDAY, tick=False):
        newcomer = create_user(Role.SPECIALIST, branch=branch)
        assert not daily.owes(newcomer.id, daily.last_working_day(today()))
        assert mark_gaps() == 1 and mark_gaps() == 0
        gap = db.session.scalars(select(DayClosing).where(DayClosing.closed_at.is_(None))).one()
        told = db.session.scalars(select(Task).where(Task.kind == "day_gap")).one()
        assert (gap.user_id, told.owner_id) == (zhao.id, wu.id)
        take_leave(zhao, gap.day, gap.day, wu)
        assert told.state is TaskState.DONE, "leave that is entered late leaves nothing to look into"
        end_leave(gap, wu)
        close_day(zhao, gap.day, {}, "补办")  # late, but closed
        assert gap.closed_at is not None
        set_value(ASKED, 0)
    with time_machine.travel("2026-11-18 09:00+08:00", tick=False):
        assert mark_gaps() == 0


def test_a_day_of_leave_is_no_gap_and_what_is_due_on_it_is_seen_by_the_backup(
    branch: Branch, chen: User, zhao: User, wu: User, client: FlaskClient
) -> None:
    with time_machine.travel(MONDAY, tick=False):
        employer = create_employer(branch=branch, owner=chen, backup_owner=zhao, name="备岗示例公司")
        tasks.open_task("other", "核对到账", today(), employer=employer, owner_id=chen.id)
        db.session.commit()
        sign_in(client, zhao)
        assert "核对到账" not in client.get("/").text
        span = {"first": "2026-11-16", "last": "2026-11-18"}
        assert client.post("/day/leave", data={"user_id": chen.id, **span}).status_code == 422
        late = client.post(
            "/day/leave", data={"user_id": zhao.id, "first": "2026-11-12", "last": "2026-11-13"}
        )
        assert late.status_code == 400 and not daily.leave_of(wu, today())
        sign_in(client, wu)
        assert client.post("/day/leave", data={"user_id": chen.id, **span}).status_code == 303
        assert [(one.user_id, one.day.day) for one in daily.leave_of(wu, today())] == [
            (chen.id, 16), (chen.id, 17), (chen.id, 18),
        ]  # fmt: skip
        assert client.post("/day/leave", data={"user_id": chen.id, **span}).status_code == 400
        sign_in(client, zhao)
        assert "核对到账" in client.get("/").text
        close_day(zhao, today(), {}, "走访")
    with time_machine.travel(TUESDAY, tick=False):
        assert mark_gaps() == 0 and daily.gaps(wu) == 0 and not daily.owes(chen.id, MONDAY_DAY)
        today_, monday = (daily.closing_of(chen.id, day) for day in (today(), MONDAY_DAY))
        assert today_ and monday
        with pytest.raises(DomainError, match="已过的休假日"):
            end_leave(monday, chen)
        end_leave(monday, wu)
        assert daily.gaps(wu) == 1
        end_leave(today_, chen)
        assert daily.covered_by(zhao.id) == []
        close_day(
            chen, MONDAY_DAY, {one.id: Reason("time") for one in daily.due_by(chen.id, MONDAY_DAY)}, "核对"
        )
        assert daily.gaps(wu) == 0


def test_the_boards_numbers_lead_to_their_rows(
    branch: Branch, chen: User, zhao: User, wu: User, client: FlaskClient
) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        for title, days in (("今日", 0), ("昨日", 1), ("上周", 12)):
            due_on = today() - timedelta(days=days)
            tasks.open_task("callback", title, due_on, branch_id=branch.id, owner_id=chen.id)
        row = next(row for row in daily.board(wu) if row.user is chen)
        assert (row.due_today, row.overdue, row.open, row.stuck) == (1, 2, 3, {"callback": 1})
        gone = create_user(Role.SPECIALIST, branch=branch, name="离职者")
        gone.active = False
        assert gone not in [row.user for row in daily.board(wu)]
        tasks.open_task("callback", "未交接", today(), branch_id=branch.id, owner_id=gone.id)
        assert [row.due_today for row in daily.board(wu) if row.user is gone] == [1]
        assert mark_gaps() == 2
        elsewhere = DayClosing(user_id=gone.id, branch_id=create_branch().id, day=today())
        db.session.add(elsewhere)
        db.session.commit()
        sign_in(client, wu)
        page = client.get("/board").text
        assert 'href="/board/days"' in page and client.get("/board/days").text.count('data-label="状态"') == 2
        assert "离职者" in page and "已停用" in page
        assert "回电" in page or "callback" in page
        stuck = f"/tasks?owner.in={chen.id}&state.in=open&kind.in=callback&due_on.lt={daily.stuck_before()}"
        listed = client.get(stuck).text
        assert "上周" in listed and "昨日" not in listed
        sign_in(client, chen)
        assert client.get("/board").status_code == client.get("/board/days").status_code == 403
        assert "办理日清日结" in client.get("/").text
        client.post("/day/close", data={"first_next": "走访"})  # without a word on what is due
        assert daily.closing_of(chen.id, today()) is None
        why = {f"why_{task.id}": "time" for task in daily.due_by(chen.id, today())}
        closed = client.post("/day/close", data={"first_next": "走访", **why})
        assert closed.status_code == 302 and "当日来不及办理" in client.get(closed.location).text


def test_the_screens_of_a_hand_over(
    branch: Branch, chen: User, zhao: User, wu: User, client: FlaskClient
) -> None:
    work_of(branch, chen, zhao)
    sign_in(client, wu)
    assert "陈静" in client.get("/handovers/new").text
    page = client.get(f"/handovers/new?user_id={chen.id}").text
    assert "负责单位" in page and "回访" in page
    data = {"to_id": zhao.id, "matters": all_names(), "reason": "轮岗"}
    made = client.post(f"/handovers/new?user_id={chen.id}", data=data | {"matters": ["tasks", "escalations"]})
    assert made.status_code == 302
    assert client.post(f"{made.location}/confirm").status_code == 400
    sign_in(client, zhao)
    assert "确认接收" in client.get(made.location).text
    assert client.post(f"{made.location}/confirm").status_code == 302
    assert client.post(f"{made.location}/undo").status_code == 403
    sign_in(client, create_user(Role.BRANCH_HEAD))
    assert client.get(made.location).status_code == 404
    assert client.get(f"/handovers/new?user_id={chen.id}").status_code == 404
