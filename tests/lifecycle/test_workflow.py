from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import WorkflowHistory, available, of_others, transition
from app.core.workflow.sets import SetMove, transition_many
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, Stage
from app.lifecycle.onboarding.models import Opening, OpeningState
from app.lifecycle.workflow import LIFECYCLE
from tests.factories import create_branch, create_employer, create_user


def prospect(**fields: Any) -> Employer:
    return create_employer(**{"stage": Stage.PROSPECT, **fields})


def give_handler(employer: Employer, mobile: str | None = "13800000000") -> None:
    contact = Contact(name="王芳", mobile=mobile)
    employer.contacts.append(EmployerContact(contact=contact, role=ContactRole.HANDLER))
    db.session.flush()


def test_a_step_writes_one_history_row_and_one_timeline_entry(app: Flask) -> None:
    user = create_user(Role.SPECIALIST)
    employer = prospect(owner_id=user.id, branch=user.branch)
    transition(LIFECYCLE, employer, "engage", user, comment="first call")
    assert employer.stage is Stage.ENGAGED
    row = db.session.scalars(select(WorkflowHistory)).one()
    assert (row.source, row.target, row.actor_name, row.comment) == (
        "prospect",
        "engaged",
        user.name,
        "first call",
    )
    entry = db.session.scalars(select(TimelineEntry)).one()
    assert (entry.employer_id, entry.kind, entry.params["target"]) == (employer.id, "stage", "engaged")


def test_a_refused_step_says_every_reason_at_once_and_changes_nothing(app: Flask) -> None:
    user = create_user(Role.SPECIALIST)
    employer = prospect(stage=Stage.ENGAGED, eligible=False)
    with pytest.raises(DomainError) as refusal:
        transition(LIFECYCLE, employer, "register", user)
    assert len(refusal.value.reasons) == 6  # the date, eligibility, code, owner, handler, approved papers
    assert employer.stage is Stage.ENGAGED
    assert db.session.scalars(select(WorkflowHistory)).all() == []


def test_a_step_from_the_wrong_state_is_refused_with_the_state_named(app: Flask) -> None:
    user = create_user(Role.SPECIALIST)
    with pytest.raises(DomainError, match="已销户"):
        transition(LIFECYCLE, prospect(stage=Stage.CLOSED), "engage", user)


def test_nobody_sets_or_clears_arrears_by_hand(app: Flask) -> None:
    head = create_user(Role.BRANCH_HEAD)
    for name in ("statement_in_arrears", "statement_contributing"):
        with pytest.raises(Forbidden):
            transition(LIFECYCLE, prospect(stage=Stage.REGISTERED), name, head)


def test_a_role_without_the_permission_is_refused_and_offered_nothing(app: Flask) -> None:
    auditor = create_user(Role.AUDIT_ADMIN)
    employer = prospect()
    assert available(LIFECYCLE, employer, auditor) == []
    with pytest.raises(Forbidden):
        transition(LIFECYCLE, employer, "engage", auditor)


def test_answers_named_like_columns_are_stored(app: Flask) -> None:
    user = create_user(Role.SPECIALIST)
    employer = prospect(stage=Stage.ENGAGED, owner_id=user.id, uscc="91000000000000000X")
    give_handler(employer)
    db.session.add(
        Opening(employer_id=employer.id, state=OpeningState.APPROVED, begun_on=today(), begun_by=user)
    )
    transition(LIFECYCLE, employer, "register", user, answers={"account_opened_on": date(2026, 11, 2)})
    assert employer.account_opened_on == date(2026, 11, 2)


def test_the_steps_that_others_take_are_named_with_their_roles(app: Flask) -> None:
    (step, roles), *_more = of_others(LIFECYCLE, prospect(), create_user(Role.AUDIT_ADMIN))
    assert (str(step), [str(role) for role in roles]) == (
        "标记为已接洽",
        ["企业服务专员", "业务主管", "机构负责人"],
    )


def test_blocked_steps_are_listed_with_their_reasons(app: Flask) -> None:
    user = create_user(Role.SPECIALIST)
    options = {o.transition.name: o for o in available(LIFECYCLE, prospect(), user)}
    assert not options["engage"].open and len(options["engage"].reasons) == 1
    assert options["dismiss"].open


def test_a_set_moves_like_its_records_would_and_leaves_changed_ones_alone(app: Flask) -> None:
    branch = create_branch()
    moving = [create_employer(branch, stage=Stage.CONTRIBUTING) for _ in range(3)]
    changed = create_employer(branch, stage=Stage.CLOSING)
    moves = [SetMove(e.id, e.id, "contributing", {"paid_through": "202207"}) for e in (*moving, changed)]
    assert transition_many(LIFECYCLE, "statement_in_arrears", moves) == [e.id for e in moving]
    assert {e.stage for e in moving} == {Stage.IN_ARREARS}
    assert changed.stage is Stage.CLOSING
    rows = db.session.scalars(select(WorkflowHistory)).all()
    assert [row.evidence for row in rows] == [{"paid_through": "202207"}] * 3
    assert len(db.session.scalars(select(TimelineEntry)).all()) == 3


def test_a_set_cannot_pass_by_guards(app: Flask) -> None:
    with pytest.raises(ValueError, match="guards"):
        transition_many(LIFECYCLE, "engage", [])


@pytest.mark.databases("postgresql")
def test_of_two_who_take_a_step_at_once_the_second_finds_it_taken(app: Flask) -> None:
    user = create_user(Role.SPECIALIST)
    employer = prospect(owner_id=user.id, branch=user.branch)
    db.session.commit()
    assert employer.stage is Stage.PROSPECT  # read, and by now known to this transaction

    def other() -> None:
        with app.app_context():
            transition(LIFECYCLE, db.session.get_one(Employer, employer_id), "engage", None)
            db.session.commit()

    employer_id = employer.id
    with ThreadPoolExecutor(1) as pool:
        pool.submit(other).result()
    with pytest.raises(DomainError):
        transition(LIFECYCLE, employer, "engage", user)
    db.session.rollback()
    assert len(db.session.scalars(select(WorkflowHistory)).all()) == 1
