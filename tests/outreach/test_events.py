"""Events: who is invited, who came, and what stands in the way."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.accounts.models import Branch, User
from app.core.clock import local, now, today
from app.core.criteria import segments
from app.core.criteria.trees import rule
from app.core.db import db, writing
from app.core.errors import Conflict, DomainError, NotFound
from app.core.features import current_features
from app.core.periods import Period
from app.core.permissions import Role, Scope
from app.core.personal.retaining import people_forgotten
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import transition
from app.employers.lists import LIST, count_employers, employer_fields, select_employers
from app.employers.merging.services import merging
from app.employers.models import Employer, Stage
from app.employers.services import version_of
from app.leads.ledger.models import Lead
from app.outreach.events import services
from app.outreach.events.lists import ATTENDANCE
from app.outreach.events.models import EventState, Invitee, InviteeState
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.services import Plan
from app.outreach.events.workflow import EVENT, TASK, load
from app.outreach.models import VisitKind
from app.personal.services import carry_out
from app.tasks.models import Task, TaskState
from tests.factories import (
    create_branch,
    create_contact,
    create_employer,
    create_user,
    create_visit,
    seed_codes,
    sign_in,
)

ALL: Any = {"match": "all", "rules": []}


@pytest.fixture
def branch(app: Flask) -> Branch:
    seed_codes()
    return create_branch()


@pytest.fixture
def lin(branch: Branch) -> User:
    return create_user(branch=branch, name="林晓")


def planned(owner: User, begins: datetime | None = None, **more: Any) -> Event:
    begins = begins or now() - timedelta(hours=1)
    wish = Plan(
        title="新政宣讲会", kind="01", place="三楼会议室", starts_at=begins,
        ends_at=begins + timedelta(hours=2), owner_id=owner.id, **more,
    )  # fmt: skip
    return services.plan(wish, owner)


def told(employer: Employer) -> list[str]:
    query = select(TimelineEntry.summary).where(TimelineEntry.employer_id == employer.id)
    return [str(one).split(":")[0] for one in db.session.scalars(query.order_by(TimelineEntry.id))]


def test_a_segment_is_invited_once_and_in_reach_only(lin: User, branch: Branch) -> None:
    first, second, third = (create_employer(branch) for _ in range(3))
    create_employer()
    event = planned(lin, capacity=2)
    services.invite(event, first, lin)
    done = services.invite_all(event, ALL, lin)
    assert (done.added, done.there, done.beyond) == (2, 1, 1)
    again = services.invite_all(event, ALL, lin)
    assert (again.added, again.there) == (0, 3)
    assert db.session.scalar(select(func.count(Invitee.id))) == 3
    assert told(second) == told(third) == ["Invited to the event"]
    with pytest.raises(Conflict):
        services.invite(event, second, lin)


def test_who_came_is_told_and_counts_as_a_contact(lin: User, branch: Branch) -> None:
    came, stayed = create_employer(branch), create_employer(branch)
    event = planned(lin)
    one, other = services.invite(event, came, lin), services.invite(event, stayed, lin)
    with pytest.raises(DomainError):
        transition(EVENT, event, "hold", lin)  # nobody has said who came
    services.record(one, "attend", lin, 3)
    assert (one.state, one.persons, one.recorded_by_id) == (InviteeState.ATTENDED, 3, lin.id)
    assert came.last_contact_on == local(event.starts_at).date() and stayed.last_contact_on is None
    told_once = told(came)
    services.record(one, "attend", lin, 3)
    assert told(came) == told_once  # a second tap of the same
    services.record(one, "attend", lin, 4)
    assert one.persons == 4 and len(told(came)) > len(told_once)
    assert services.miss_the_rest(event, lin) == 1
    services.record(other, "miss", lin)
    assert other.state is InviteeState.ABSENT and other.persons is None
    transition(EVENT, event, "hold", lin)
    assert told(stayed) == ["Invited to the event", "Did not come to the event"]
    services.record(other, "set_back", lin)
    db.session.refresh(other)
    assert (other.state, other.persons) == (InviteeState.INVITED, None)


@pytest.mark.databases("sqlite")
def test_an_attendance_that_is_taken_back_was_no_contact(lin: User, branch: Branch) -> None:
    earlier = today() - timedelta(days=40)
    known, never, visited = (create_employer(branch, last_contact_on=day) for day in (earlier, None, earlier))
    event = planned(lin, now())
    invitees = [services.invite(event, one, lin) for one in (known, never, visited)]
    for invitee in invitees:
        services.record(invitee, "attend", lin, 1)
        services.record(invitee, "attend", lin, 2)  # corrected, which is no second coming
    create_visit(visited, lin, event.starts_at)
    assert {known.last_contact_on, never.last_contact_on} == {today()}
    for invitee, step in zip(invitees, ("set_back", "miss", "excuse"), strict=True):
        services.record(invitee, step, lin)
    assert (known.last_contact_on, never.last_contact_on) == (earlier, None)
    assert visited.last_contact_on == today()


@pytest.mark.databases("sqlite")
def test_a_lead_that_did_not_come_after_all_was_not_met_there(lin: User, branch: Branch) -> None:
    silent, called = (create_employer(branch, stage=Stage.PROSPECT) for _n in range(2))
    event = planned(lin, now())
    invitees = [services.invite(event, one, lin) for one in (silent, called)]
    for invitee in invitees:
        services.record(invitee, "attend", lin, 1)
    create_visit(called, lin, event.starts_at, kind=VisitKind.CALL)
    stays = {one.employer_id: one for one in db.session.scalars(select(Lead))}
    assert [stays[one.id].met_on for one in (silent, called)] == [today()] * 2
    for invitee in invitees:
        services.record(invitee, "set_back", lin)
    assert (stays[silent.id].contacted_on, stays[silent.id].met_on) == (None, None)
    assert (stays[called.id].contacted_on, stays[called.id].met_on) == (today(), None)


@pytest.mark.databases("sqlite")
def test_the_rate_of_attendance_counts_whom_somebody_recorded(lin: User, branch: Branch) -> None:
    event = planned(lin, now())
    for step in ("attend", "miss", "excuse", "accept"):
        services.record(services.invite(event, create_employer(branch), lin), step, lin)
    lin.scope = Scope.BRANCH
    month = Period.of(today())
    assert ATTENDANCE.denominator is not None
    trees = (ATTENDANCE.numerator(month), ATTENDANCE.denominator(month))
    assert [count_employers(tree, lin) for tree in trees] == [1, 3]
    assert count_employers(ATTENDANCE.denominator(month + -2), lin) == 0


def test_nobody_is_named_at_an_event_that_is_long_over(lin: User, branch: Branch) -> None:
    employer = create_employer(branch)
    contact = create_contact(employer, name="赵敏")
    event = planned(lin, now() - timedelta(days=800), notes="由赵敏带队")
    invitee = services.invite(event, employer, lin)
    lately = services.invite(planned(lin, notes="自带电脑"), employer, lin)
    for one in (invitee, lately):
        services.mean(one, contact.id, "赵敏会晚到", lin)
    services.record(invitee, "attend", lin, 2)
    db.session.commit()
    rule_ = current_features().retention["event_people"]
    assert sum(carry_out(rule_)) == 1 and sum(carry_out(rule_)) == 0
    db.session.expire_all()
    assert (invitee.contact_id, invitee.note, invitee.event.notes, invitee.persons) == (None, "", "", 2)
    assert (lately.contact_id, lately.event.notes) == (contact.id, "自带电脑")
    people_forgotten.send("contacts", names={contact.id: "赵敏"})
    db.session.expire_all()
    assert lately.note == "—会晚到"


def test_nobody_comes_to_what_has_not_begun_or_is_cancelled(lin: User, branch: Branch) -> None:
    employer = create_employer(branch)
    event = planned(lin, now() + timedelta(days=3))
    invitee = services.invite(event, employer, lin)
    for step in ("attend", "miss"):
        with pytest.raises(DomainError):
            services.record(invitee, step, lin)
    with pytest.raises(DomainError):
        transition(EVENT, event, "hold", lin)
    with pytest.raises(DomainError):
        transition(EVENT, event, "cancel", lin)  # without a reason
    services.record(invitee, "accept", lin)
    transition(EVENT, event, "cancel", lin, answers={"reason": "场地停电"})
    assert event.reason == "场地停电" and told(employer)[-1] == "The event is cancelled"
    for refused in (
        lambda: services.record(invitee, "attend", lin),
        lambda: services.invite(event, create_employer(branch), lin),
        lambda: services.invite_all(event, ALL, lin),
    ):
        with pytest.raises(DomainError):
            refused()
    assert invitee.state is InviteeState.ACCEPTED


def test_a_plan_that_cannot_be_is_refused(lin: User) -> None:
    event = planned(lin)
    elsewhere = create_user()
    good: dict[str, Any] = {
        "title": "培训会", "kind": "02", "place": "大厅", "starts_at": now(),
        "ends_at": now() + timedelta(hours=1), "owner_id": lin.id,
    }  # fmt: skip
    for wrong in ({"ends_at": now() - timedelta(hours=1)}, {"kind": "xx"}, {"owner_id": elsewhere.id}):
        with pytest.raises(DomainError):
            services.change(event, Plan(**{**good, **wrong}), lin)
    assert event.title == "新政宣讲会"
    services.change(event, Plan(**good), lin)
    assert event.title == "培训会"


def test_the_owner_is_asked_the_day_after_and_once(lin: User) -> None:
    over = planned(lin, now() - timedelta(days=2))
    planned(lin, now() + timedelta(days=2))
    assert services.ask_for_attendance() == 1
    assert services.ask_for_attendance() == 0
    task = db.session.scalars(select(Task).where(Task.kind == TASK)).one()
    assert (task.owner_id, task.source_id) == (lin.id, over.id)
    transition(EVENT, over, "hold", lin)
    assert task.state is TaskState.DONE


def test_employers_are_found_by_the_events_they_came_to(lin: User, branch: Branch) -> None:
    came, stayed, never = (create_employer(branch) for _ in range(3))
    event = planned(lin)
    services.record(services.invite(event, came, lin), "attend", lin)
    services.record(services.invite(event, stayed, lin), "miss", lin)
    stranger = create_user()

    def found(name: str, op: str, value: Any, reader: User = lin) -> set[int]:
        query = select_employers({"match": "all", "rules": [rule(name, op, value)]}, reader)
        return set(db.session.scalars(query.with_only_columns(Employer.id)))

    assert found("event_attended", "in_last_days", "30") == {came.id}
    assert found("event_attended", "not_in_last_days", "30") == {stayed.id, never.id}
    assert found("event_came", "in", [str(event.id)]) == {came.id}
    assert found("event_missed", "in", [str(event.id)]) == {stayed.id}
    assert found("event", "not_in", [str(event.id)]) == {never.id}
    stranger.scope = Scope.BRANCH
    assert count_employers({"match": "all", "rules": [rule("event", "in", [str(event.id)])]}, stranger) == 0


def test_what_a_merged_employer_was_invited_to_goes_along(lin: User, branch: Branch) -> None:
    manager = create_user(Role.MANAGER, branch=branch)
    kept, merged = create_employer(branch, uscc="91120116MA05EVNT01"), create_employer(branch)
    both, only = planned(lin), planned(lin)
    services.invite(both, kept, lin)
    services.invite(both, merged, lin)
    services.invite(only, merged, lin)
    db.session.commit()
    with writing():
        merging.merge(kept.id, merged.id, {}, "", (version_of(kept), version_of(merged)), manager)
        db.session.commit()
    db.session.expire_all()
    mine = select(Invitee.event_id).where(Invitee.employer_id == kept.id)
    assert set(db.session.scalars(mine)) == {both.id, only.id}


def test_the_pages_of_an_event(client: FlaskClient, lin: User, branch: Branch) -> None:
    employer = create_employer(branch, name="滨海灯具有限公司")
    contact = create_contact(employer, name="赵敏")
    segment = segments.save(LIST, "全部", ALL, employer_fields(), lin)
    sign_in(client, lin)
    form = {
        "title": "经办人培训会", "kind": "02", "place": "大厅", "starts_at": f"{today()}T00:01",
        "ends_at": f"{today()}T23:59", "owner_id": lin.id, "capacity": "", "notes": "",
    }  # fmt: skip
    assert client.post("/events/new", data={**form, "ends_at": f"{today()}T00:00"}).status_code >= 400
    assert client.post("/events/new", data=form).status_code == 303
    event = db.session.scalars(select(Event)).one()
    found = client.get(f"/events/{event.id}/invite?q=滨海灯具").text
    assert f"/events/{event.id}/invite/{employer.id}" in found
    answer = client.post(f"/events/{event.id}/invite/segment", data={"segment_id": segment.id})
    assert answer.status_code == 303
    invitee = db.session.scalars(select(Invitee)).one()
    meant = client.post(f"/events/invitees/{invitee.id}/meant", data={"contact_id": contact.id, "note": ""})
    assert meant.status_code == 303
    assert "赵敏" in client.get(f"/events/{event.id}/sheet").text
    tapped = client.post(f"/events/invitees/{invitee.id}/tap", data={"step": "attend", "persons": "2"})
    assert tapped.status_code == 303 and f"#i{invitee.id}" in tapped.location
    wrong = client.post(f"/events/invitees/{invitee.id}/tap", data={"step": "attend", "persons": "0"})
    assert wrong.status_code == 400
    db.session.refresh(invitee)
    assert invitee.persons == 2
    for page in ("", "/invitees", "/attendance", "/edit"):
        assert "经办人培训会" in client.get(f"/events/{event.id}{page}").text
    assert "滨海灯具" in client.get(f"/events/{event.id}/invitees").text
    assert "经办人培训会" in client.get("/events").text
    assert client.get(f"/events/invitees/{invitee.id}").status_code == 200


@pytest.mark.databases("sqlite")
def test_whoever_invites_many_at_once_is_told_of_the_places(
    client: FlaskClient, lin: User, branch: Branch
) -> None:
    event = planned(lin, capacity=3)
    services.invite(event, create_employer(branch), lin)
    chosen = [create_employer(branch).id for _ in range(3)]
    db.session.commit()
    sign_in(client, lin)
    ask = {"do": "bulk:invite_to_event", "ids": chosen}
    assert "剩余名额2家" in client.post("/employers", data=ask).text
    answer = {**ask, "event_id": event.id, "confirmed": "1", "expected": "3"}
    done = client.post("/employers", data=answer)
    assert done.status_code == 303 and "受邀单位超出名额1家" in client.get(done.location).text
    assert "名额已满" in client.post("/employers", data=ask).text


def test_other_branches_and_partners_see_nothing(client: FlaskClient, lin: User, branch: Branch) -> None:
    employer = create_employer(branch)
    event = planned(lin)
    invitee = services.invite(event, employer, lin)
    outsider = create_user(Role.BRANCH_HEAD)
    with pytest.raises(NotFound):
        load(event.id, outsider)
    sign_in(client, outsider)
    assert client.get(f"/events/{event.id}").status_code == 404
    assert client.post(f"/events/invitees/{invitee.id}/tap", data={"step": "attend"}).status_code == 404
    sign_in(client, create_user(Role.BANK_PARTNER, branch=branch))
    assert client.get("/events").status_code == 403
    assert event.state is EventState.PLANNED
