"""Tasks: opened once, closed once, and followed by the deadlines of workflow states."""

from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import transition
from app.core.workflow.sets import SetMove, transition_many
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, Stage
from app.lifecycle.onboarding.models import Opening, OpeningState
from app.lifecycle.workflow import LIFECYCLE
from app.tasks import queries, services
from app.tasks.following.services import WELCOME
from app.tasks.models import Task, TaskState
from tests.factories import create_branch, create_employer, create_user, sign_in

TOMORROW = timedelta(days=1)


def open_tasks(employer: Employer) -> list[Task]:
    query = select(Task).where(Task.employer_id == employer.id, Task.state == TaskState.OPEN)
    return list(db.session.scalars(query.order_by(Task.id)))


def test_the_same_source_opens_a_task_once(app: Flask) -> None:
    employer = create_employer()
    first = services.open_task("next_step", "回访", today(), employer=employer, source=("visit", 7))
    again = services.open_task("next_step", "回访", today(), employer=employer, source=("visit", 7))
    assert first is again
    services.complete(first, None)
    assert services.open_task("next_step", "回访", today(), employer=employer, source=("visit", 7)) is first
    renewed = services.open_task(
        "next_step", "回访", today(), employer=employer, source=("visit", 7), again=True
    )
    assert renewed is not first


def test_a_task_goes_to_the_employers_owner_unless_told_otherwise(app: Flask) -> None:
    owner, other = create_user(), create_user()
    employer = create_employer(owner.branch, owner_id=owner.id)
    assert services.open_task("other", "a", today(), employer=employer).owner_id == owner.id
    given = services.open_task("other", "b", today(), employer=employer, owner_id=other.id)
    assert given.owner_id == other.id


def test_a_done_task_tells_the_timeline_and_cannot_be_done_twice(app: Flask) -> None:
    owner = create_user()
    employer = create_employer(owner.branch, owner_id=owner.id)
    task = services.open_task("other", "回访", today(), employer=employer)
    services.complete(task, owner, "已答复")
    entry = db.session.scalars(select(TimelineEntry)).one()
    assert (entry.kind, entry.params["comment"]) == ("task", "已答复")
    with pytest.raises(Conflict):
        services.complete(task, owner)


def test_somebody_elses_task_is_for_leaders_only(app: Flask) -> None:
    owner = create_user()
    colleague, manager = create_user(branch=owner.branch), create_user(Role.MANAGER, branch=owner.branch)
    task = services.open_task("other", "回访", today(), branch_id=owner.branch_id, owner_id=owner.id)
    with pytest.raises(Forbidden):
        services.complete(task, colleague)
    services.reassign(task, colleague, manager)
    assert task.owner_id == colleague.id
    with pytest.raises(DomainError):
        services.reassign(task, create_user(), manager)  # of another branch


def test_putting_off_keeps_the_first_day_and_refuses_the_past(app: Flask) -> None:
    owner = create_user()
    task = services.open_task("other", "回访", today(), branch_id=owner.branch_id, owner_id=owner.id)
    services.put_off(task, today() + TOMORROW, owner)
    services.put_off(task, today() + 2 * TOMORROW, owner)
    assert (task.first_due_on, task.due_on) == (today(), today() + 2 * TOMORROW)
    with pytest.raises(DomainError):
        services.put_off(task, today() - TOMORROW, owner)
    with pytest.raises(DomainError):
        services.open_by_hand("x", today() - TOMORROW, owner)


@time_machine.travel(date(2026, 11, 23))  # a Monday
def test_a_state_with_a_deadline_opens_a_task_and_leaving_it_settles_it(app: Flask) -> None:
    owner = create_user()
    employer = create_employer(
        owner.branch, owner_id=owner.id, stage=Stage.ENGAGED, uscc="91000000000000012A", heads=0
    )
    contact = Contact(name="王芳", mobile="13800000000")
    employer.contacts.append(EmployerContact(contact=contact, role=ContactRole.HANDLER))
    db.session.flush()
    db.session.add(
        Opening(employer_id=employer.id, state=OpeningState.APPROVED, begun_on=today(), begun_by=owner)
    )
    # recorded on Monday, opened on the Friday before: the twenty days of the law run from then
    opened = date(2026, 11, 20)
    transition(LIFECYCLE, employer, "register", owner, answers={"account_opened_on": opened})
    (task,) = open_tasks(employer)
    assert (task.kind, task.title, task.owner_id) == ("deadline", "Set up the employee accounts", owner.id)
    assert task.due_on == date(2026, 12, 10)
    answers = {"online_signed_on": today(), "signing_method": "01"}
    transition(LIFECYCLE, employer, "enrol", owner, answers=answers)
    assert open_tasks(employer) == []
    assert task.state is TaskState.DONE


def test_a_set_of_moves_opens_and_settles_deadlines_alike(app: Flask) -> None:
    owner = create_user()
    employers = [create_employer(owner.branch, owner_id=owner.id, stage=Stage.CONTRIBUTING) for _ in range(3)]
    moves = [SetMove(e.id, e.id, "contributing") for e in employers]
    transition_many(LIFECYCLE, "statement_in_arrears", moves)
    assert [len(open_tasks(e)) for e in employers] == [1, 1, 1]
    back = [SetMove(e.id, e.id, "in_arrears") for e in employers[:2]]
    transition_many(LIFECYCLE, "statement_contributing", back)
    assert [len(open_tasks(e)) for e in employers] == [0, 0, 1]
    transition_many(LIFECYCLE, "statement_in_arrears", moves[:1])
    assert len(open_tasks(employers[0])) == 1


@time_machine.travel(date(2026, 11, 23))  # a Monday
def test_accounts_of_a_statement_have_the_time_since_each_was_opened(app: Flask) -> None:
    owner = create_user()
    days = [date(2026, 11, 23), date(2026, 11, 2), date(2026, 11, 2), date(2020, 1, 1), None]
    employers = [create_employer(owner.branch, account_opened_on=day) for day in days]
    moves = [SetMove(e.id, e.id, "prospect") for e in employers]
    transition_many(LIFECYCLE, "statement_registered", moves)
    due = [task.due_on for e in employers for task in open_tasks(e)]
    # the thirteenth of December is a Sunday; what the law wanted long ago is due today
    late, soon = date(2026, 12, 14), date(2026, 11, 23)
    assert due == [late, soon, soon, soon, late]


@time_machine.travel(date(2026, 11, 18))  # a Wednesday
def test_my_day_sorts_by_urgency_and_shows_only_mine(client: FlaskClient) -> None:
    me = create_user(name="李婷")
    mate = create_user(branch=me.branch)
    for offset, title in ((-2, "逾期事"), (0, "今日事"), (4, "周日事"), (5, "下周事")):
        due = today() + timedelta(days=offset)
        services.open_task("other", title, due, branch_id=me.branch_id, owner_id=me.id)
    services.open_task("other", "别人的事", today(), branch_id=me.branch_id, owner_id=mate.id)
    day = queries.my_day(me)
    assert [[t.title for t in group] for group in (day.overdue, day.today, day.this_week, day.later)] == [
        ["逾期事"],
        ["今日事"],
        ["周日事"],
        ["下周事"],
    ]
    sign_in(client, me)
    page = client.get("/").text
    assert "下周事" in page
    assert "别人的事" not in page


@pytest.mark.databases("sqlite")
def test_a_list_says_what_to_do_where_there_is_nothing_and_only_to_those_who_may(client: FlaskClient) -> None:
    owner = create_user()
    sign_in(client, owner)
    assert "暂无待办" in client.get("/tasks").text
    assert "没有符合条件的记录" in client.get("/tasks?state.in=done").text
    task = services.open_task("other", "回访", today(), branch_id=owner.branch_id, owner_id=owner.id)
    services.complete(task, owner)
    db.session.commit()
    assert "没有符合条件的记录" in client.get("/tasks").text  # there is one, which is done
    assert 'class="btn btn-primary" href="/imports"' in client.get("/employers").text
    sign_in(client, create_user(Role.BANK_PARTNER))
    page = client.get("/employers").text
    assert ("暂无单位" in page, 'href="/imports"' in page) == (True, False)


def test_tasks_are_found_by_what_is_read_and_not_by_what_is_stored(client: FlaskClient) -> None:
    me = create_user()
    for title in (WELCOME, "send Touch pens"):
        services.open_task(
            "other", title, today(), branch_id=me.branch_id, owner_id=me.id, params={"name": "王芳"}
        )
    sign_in(client, me)
    found = {words: client.get(f"/tasks?title.matches={words}").text for words in ("touch", "新经办人")}
    assert ["send Touch pens" in found["touch"], "王芳" in found["touch"]] == [True, False]
    assert ["send Touch pens" in found["新经办人"], "王芳" in found["新经办人"]] == [False, True]


def test_a_task_is_closed_in_place_with_its_result(client: FlaskClient) -> None:
    me = create_user()
    task = services.open_task("other", "回访", today(), branch_id=me.branch_id, owner_id=me.id)
    sign_in(client, me)
    assert "<form" in client.get(f"/tasks/{task.id}/close").text
    done = client.post(
        f"/tasks/{task.id}/complete", data={"result": "已答复"}, headers={"HX-Request": "true"}
    )
    assert "is-done" in done.text
    assert task.result == "已答复"
    assert client.post(f"/tasks/{task.id}/complete").status_code == 409


def test_without_scripts_the_same_works_by_plain_forms(client: FlaskClient) -> None:
    me = create_user()
    mate = create_user(branch=me.branch)
    task = services.open_task("other", "回访", today(), branch_id=me.branch_id, owner_id=me.id)
    sign_in(client, me)
    assert client.get(f"/tasks/{task.id}").status_code == 200
    client.post(f"/tasks/{task.id}/put-off", data={"due_on": str(today() + TOMORROW)})
    assert task.due_on == today() + TOMORROW
    client.post(f"/tasks/{task.id}/put-off", data={"due_on": str(today() - TOMORROW)})
    assert task.due_on == today() + TOMORROW
    client.post(f"/tasks/{task.id}/reassign", data={"owner_id": str(mate.id)})
    assert task.owner_id == mate.id


def test_a_new_task_is_refused_for_the_past_or_for_a_stranger(client: FlaskClient) -> None:
    me, stranger = create_user(), create_user()
    sign_in(client, me)
    form = {"title": "送材料", "due_on": str(today()), "owner_id": str(me.id)}
    assert client.post("/tasks/new", data={**form, "due_on": "2020-01-01"}).status_code == 422
    assert client.post("/tasks/new", data={**form, "owner_id": str(stranger.id)}).status_code == 422
    assert client.post("/tasks/new", data=form).status_code == 302
    assert db.session.query(Task).count() == 1


def test_tasks_of_another_branch_do_not_exist(client: FlaskClient) -> None:
    there = create_branch()
    task = services.open_task("other", "回访", today(), branch_id=there.id, owner_id=None)
    sign_in(client, create_user(Role.MANAGER))
    assert client.get(f"/tasks/{task.id}").status_code == 404
    assert client.post(f"/tasks/{task.id}/complete").status_code == 404


def test_administrators_have_a_home_but_no_tasks_to_work_on(client: FlaskClient) -> None:
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    assert client.get("/").status_code == 200
    assert client.get("/tasks/new").status_code == 403


def owned_tasks(employer: Employer) -> dict[str, int | None]:
    return {task.title: task.owner_id for task in open_tasks(employer)}


def test_what_the_old_owner_had_to_do_goes_to_the_new_owner_with_a_notice(client: FlaskClient) -> None:
    manager = create_user(Role.MANAGER)
    old, new, helper = (create_user(branch=manager.branch, name=name) for name in ("李婷", "赵敏", "王强"))
    employer = create_employer(manager.branch, owner_id=old.id, backup_owner_id=helper.id)
    for title, owner in (("回访", old), ("送材料", old), ("核对名册", helper)):
        services.open_task("other", title, today(), employer=employer, owner_id=owner.id)
    done = services.open_task("other", "办完的", today(), employer=employer)
    services.complete(done, old)
    other = create_employer(manager.branch, owner_id=old.id)
    services.open_task("other", "别的单位", today(), employer=other)
    sign_in(client, manager)
    form = {"owner_id": new.id, "backup_owner_id": helper.id}
    page = client.post(f"/employers/{employer.id}/assign", data=form, follow_redirects=True).text
    assert "2 项未办任务一并移交" in page
    assert "未办任务由李婷移交赵敏：2项" in page
    assert owned_tasks(employer) == {"回访": new.id, "送材料": new.id, "核对名册": helper.id}
    assert (employer.backup_owner_id, done.owner_id) == (helper.id, old.id)
    assert owned_tasks(other) == {"别的单位": old.id}


def test_a_change_of_the_backup_alone_moves_no_task(client: FlaskClient) -> None:
    manager = create_user(Role.MANAGER)
    owner, backup = create_user(branch=manager.branch), create_user(branch=manager.branch)
    employer = create_employer(manager.branch, owner_id=owner.id)
    services.open_task("other", "回访", today(), employer=employer)
    sign_in(client, manager)
    form = {"owner_id": owner.id, "backup_owner_id": backup.id}
    page = client.post(f"/employers/{employer.id}/assign", data=form, follow_redirects=True).text
    assert "一并移交" not in page
    assert owned_tasks(employer) == {"回访": owner.id}


def test_a_refused_owner_leaves_the_tasks_where_they_are(client: FlaskClient) -> None:
    manager = create_user(Role.MANAGER)
    owner, retired = create_user(branch=manager.branch), create_user(branch=manager.branch, active=False)
    employer = create_employer(manager.branch, owner_id=owner.id)
    services.open_task("other", "回访", today(), employer=employer)
    sign_in(client, manager)
    client.post(f"/employers/{employer.id}/assign", data={"owner_id": retired.id, "backup_owner_id": 0})
    assert owned_tasks(employer) == {"回访": owner.id}
    assert employer.owner_id == owner.id


def test_tasks_wait_for_the_next_owner_where_an_employer_has_none(client: FlaskClient) -> None:
    manager = create_user(Role.MANAGER)
    owner, heir = create_user(branch=manager.branch), create_user(branch=manager.branch)
    employer = create_employer(manager.branch, owner_id=owner.id)
    services.open_task("other", "回访", today(), employer=employer)
    sign_in(client, manager)
    address = f"/employers/{employer.id}/assign"
    client.post(address, data={"owner_id": 0, "backup_owner_id": 0})
    assert owned_tasks(employer) == {"回访": None}
    client.post(address, data={"owner_id": heir.id, "backup_owner_id": 0})
    assert owned_tasks(employer) == {"回访": heir.id}


def test_owners_changed_for_many_employers_say_how_many_tasks_went_along(client: FlaskClient) -> None:
    manager = create_user(Role.MANAGER)
    old, new = create_user(branch=manager.branch), create_user(branch=manager.branch)
    employers = [create_employer(manager.branch, owner_id=old.id) for _ in range(2)]
    for employer in employers:
        services.open_task("other", "回访", today(), employer=employer)
    sign_in(client, manager)
    form = {"do": "bulk:assign", "ids": [e.id for e in employers], "confirmed": "1", "expected": "2"}
    page = client.post("/employers", data={**form, "owner_id": new.id}, follow_redirects=True).text
    assert "2 项未办任务一并移交" in page
    assert [owned_tasks(employer) for employer in employers] == [{"回访": new.id}] * 2
