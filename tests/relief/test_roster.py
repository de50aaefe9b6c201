"""Key employers on a roster: made from a segment or by hand, surveyed, and helped."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.core.clock import today
from app.core.criteria import segments
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.employers.lists import LIST, employer_fields
from app.relief.roster import services
from app.relief.roster.models import Intent, ReliefRoster, ReliefRosterLine
from app.relief.roster.queries import Progress, progress_of
from app.tasks.models import Task, TaskState
from tests.factories import create_branch, create_employer, create_user, sign_in


def test_a_roster_from_a_segment_asks_each_owner_and_counts_what_came_of_it(client: FlaskClient) -> None:
    branch = create_branch()
    head, owner = create_user(Role.BRANCH_HEAD, branch=branch), create_user(Role.SPECIALIST, branch=branch)
    large = [create_employer(branch, heads=heads, owner_id=owner.id) for heads in (300, 200)]
    small = create_employer(branch, heads=3, owner_id=owner.id)
    create_employer(create_branch(), heads=900)
    tree = {"match": "all", "rules": [rule("heads", "ge", "100")]}
    segment = segments.save(LIST, "百人以上", tree, employer_fields(), head)
    sign_in(client, head)
    due_on = today() + timedelta(days=9)
    form = {"title": "重点单位摸查", "due_on": due_on.isoformat(), "segment_id": segment.id}
    assert client.post("/relief/rosters/new", data={**form, "title": ""}).status_code == 422
    made = client.post("/relief/rosters/new", data=form)
    assert made.status_code == 302
    first, second = db.session.scalars(select(ReliefRosterLine).order_by(ReliefRosterLine.id)).all()
    roster = first.roster
    assert {first.employer_id, second.employer_id} == {one.id for one in large}
    asked = db.session.scalars(select(Task).where(Task.kind == services.SURVEY)).all()
    assert [(task.owner_id, task.due_on) for task in asked] == [(owner.id, due_on)] * 2
    with pytest.raises(DomainError):
        services.add(roster, first.employer, head)
    with pytest.raises(DomainError):
        services.handle(first, "已协助", owner)
    services.add(roster, small, head)
    sign_in(client, owner)
    answer = {"intent": "rate_cut", "note": "成本高", "handled_how": ""}
    assert client.post(f"/relief/rosters/lines/{first.id}", data=answer).status_code == 302
    services.survey(second, Intent.NONE, "", owner)
    services.survey(second, Intent.NONE, " ", owner)
    told = select(TimelineEntry).where(TimelineEntry.summary == services.SURVEYED)
    assert len(db.session.scalars(told.where(TimelineEntry.employer_id == second.employer_id)).all()) == 1
    assert progress_of(roster.id, owner) == Progress(3, 2, 1, 0)
    helped = db.session.scalars(select(Task).where(Task.kind == services.HELP)).one()
    assert (helped.state, helped.owner_id) == (TaskState.OPEN, owner.id)
    services.handle(first, "已提交申请", owner)
    assert (helped.state, progress_of(roster.id, owner).handled) == (TaskState.DONE, 1)
    page = client.get(made.location).text
    assert "有意降比" in page
    assert first.employer.name in client.get(made.location + "?intent.in=rate_cut").text
    sign_in(client, create_user(Role.MANAGER, branch=create_branch()))
    assert client.get(made.location).status_code == 404
    assert client.get(f"/relief/rosters/lines/{first.id}").status_code == 404


def test_a_roster_of_many_looks_nothing_up_for_each_of_them(app: Flask) -> None:
    head = create_user(Role.BRANCH_HEAD)
    tree = {"match": "all", "rules": [rule("heads", "ge", "100")]}
    segment = segments.save(LIST, "百人以上", tree, employer_fields(), head)
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    numbers = []
    for more in (2, 5):
        for _number in range(more):
            create_employer(head.branch, heads=300)
        db.session.flush()
        statements.clear()
        services.make(f"又{more}户", today(), head, segment)
        numbers.append(sum(one.startswith("SELECT") for one in statements))
    assert numbers == [1, 1]
    last = db.session.scalars(select(ReliefRoster).order_by(ReliefRoster.id.desc())).first()
    assert last is not None and progress_of(last.id, head).lines == 7
    assert len(db.session.scalars(select(Task).where(Task.kind == services.SURVEY)).all()) == 2 + 7
