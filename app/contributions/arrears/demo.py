"""Arrears of the synthetic department: cases in every state, as its statements and its people made them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app.contributions.arrears.models import ArrearsCase
from app.contributions.arrears.services import reckon
from app.contributions.arrears.workflow import ARREARS
from app.contributions.models import ContributionFact
from app.core.db import db
from app.core.demo import Demo
from app.core.periods import Period
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import WorkflowHistory, transition
from app.employers.models import AccountStatus, Employer, Stage

#: how many employers of each stage were behind some months ago, and how long ago that was
EARLIER = ((Stage.CONTRIBUTING, 12, (2, 5, 9)), (Stage.ON_RELIEF, 2, (1, 2)), (Stage.SEALED, 2, (1, 2)))
REASONS = ("32", "31", "33", "34", "11", "42")


def load(demo: Demo) -> None:
    """Late months of the past, the cases that follow from all statements, and what people did about them."""
    for stage, number, back in EARLIER:
        query = select(Employer).where(Employer.stage == stage, Employer.paid_through.is_not(None))
        for place, employer in enumerate(db.session.scalars(query.order_by(Employer.id).limit(number))):
            months = back if stage is not Stage.CONTRIBUTING else back[place % 3 :]
            _be_late(employer.id, [demo.month + -ago for ago in months])
    everybody = select(Employer.id)
    reckon(everybody)
    for place, case in enumerate(_open_cases()):
        _work(demo, place, case)
    # the statement of this month judges the promises
    reckon(everybody)
    _date(demo)


def _be_late(employer_id: int, months: Sequence[Period]) -> None:
    """The facts of these months say that the month itself was not paid."""
    fact = ContributionFact
    for month in months:
        late = update(fact).where(fact.employer_id == employer_id, fact.period == month)
        db.session.execute(
            late.values(account_status=AccountStatus.NORMAL, paid_through=month + -1, arrears_months=1)
        )


def _open_cases() -> Sequence[ArrearsCase]:
    query = select(ArrearsCase).join(Employer).where(ArrearsCase.closed_on.is_(None))
    return db.session.scalars(query.where(Employer.owner_id.is_not(None)).order_by(ArrearsCase.id)).all()


def _work(demo: Demo, place: int, case: ArrearsCase) -> None:
    """What the owner did, of seven kinds in turn: nothing yet, spoken to, and so on."""
    kind = place % 7
    if kind == 0:
        return
    reason = {5: "10", 6: "20"}.get(kind) or REASONS[place % len(REASONS)]
    spoken = demo.today - timedelta(days=demo.random.randrange(1, 20))
    _take(case, "contact", {"reason": reason, "contacted_on": spoken})
    if kind in (2, 3):
        _take(case, "promise", {"promised_for": demo.today + timedelta(days=9)})
    if kind == 3:
        (promise,) = case.promises
        promise.made_on, promise.pay_by = spoken, demo.today
        case.promised_for = demo.today
    elif kind == 4:
        _take(case, "urge", {"urged_on": demo.today})
    elif kind == 5:
        _take(case, "seek_relief", {})
    elif kind == 6:
        _take(case, "assist_closing", {})
    db.session.flush()


def _take(case: ArrearsCase, step: str, answers: dict[str, Any]) -> None:
    transition(ARREARS, case, step, case.employer.owner, answers=answers)


def _date(demo: Demo) -> None:
    """The statements' steps happened on the statements' days."""
    for case in db.session.scalars(select(ArrearsCase)):
        for target, day in (("opened", case.opened_on), (case.state.value, case.closed_on)):
            if day is None:
                continue
            moment = demo.moment(day)
            steps = select(WorkflowHistory).where(
                WorkflowHistory.workflow == ARREARS.name,
                WorkflowHistory.record_id == case.id,
                WorkflowHistory.target == target,
            )
            for step in db.session.scalars(steps):
                step.at = moment
            told = select(TimelineEntry).where(
                TimelineEntry.kind == ARREARS.kind, TimelineEntry.link_id == case.id
            )
            for entry in db.session.scalars(told):
                if entry.params.get("target") == target and entry.actor_id is None:
                    entry.at = moment
