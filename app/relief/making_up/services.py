"""Make-up plans: drawn up, and held against the statements; a reduced rate that is raised again, too."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import signals, timeline
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.rules.workdays import add_working_days
from app.core.workflow.acts import demand
from app.core.workflow.engine import transition
from app.core.workflow.sets import SetMove, note_restored
from app.relief import queries
from app.relief.models import (
    InstalmentState,
    ReliefDecision,
    ReliefInstalment,
    ReliefKind,
    ReliefPlan,
    ReliefState,
)
from app.relief.policy import ANSWER_DAYS, INSTALMENTS, made_up, marks_of, shared_out
from app.relief.workflow import FAILING, INSTALMENT, OVER, PLAN, RELIEF_TERM, evidence
from app.tasks.models import Task
from app.tasks.services import open_task, settle

SETTLED = msgid("A statement shows it as made up, or it need not be made up yet")
MISSED = msgid("The instalment of %(month)s was not made up in full")
PLANNED = msgid("Make-up plan agreed: %(count)s instalments, %(amount)s yuan")


def tell_terms(employer_ids: Sequence[int]) -> None:
    """What is deferred, or made up by a plan, is another: arrears are reckoned anew."""
    if employer_ids:
        signals.terms_changed.send("relief", employer_ids=employer_ids)


def plan_instalments(decision: ReliefDecision, rows: Sequence[tuple[Period, Decimal]], actor: Actor) -> None:
    """Sets the make-up plan anew. All objections at once; what was deferred must be covered to the fen."""
    demand(decision, PLAN.name, actor)
    if reasons := _objections_to_plan(decision, rows):
        raise DomainError(_l("The make-up plan is not possible:"), reasons)
    _draw_up(decision, sorted(rows))
    timeline.record(
        decision.employer_id,
        "relief",
        PLANNED,
        params={"count": len(rows), "amount": f"{sum((one for _m, one in rows), Decimal(0)):,.2f}"},
        actor=actor,
        endpoint="relief_register.show",
        link_id=decision.id,
    )


def _draw_up(decision: ReliefDecision, rows: Sequence[tuple[Period, Decimal]]) -> None:
    """In place of what is only drawn up so far; a plan that was given up stays as it was."""
    drawn = decision.plan
    if drawn is None:
        drawn = ReliefPlan()
        decision.plans.append(drawn)
    drawn.instalments.clear()
    db.session.flush()
    marks = marks_of(decision, [amount for _month, amount in rows])
    drawn.instalments.extend(
        ReliefInstalment(month=month, amount=amount, through=through)
        for (month, amount), through in zip(rows, marks, strict=True)
    )
    db.session.flush()


def _objections_to_plan(decision: ReliefDecision, rows: Sequence[tuple[Period, Decimal]]) -> list[Any]:
    months, most = [month for month, _amount in rows], INSTALMENTS.value()
    total = sum((amount for _month, amount in rows), Decimal(0))
    found: list[Any] = []
    if decision.kind is not ReliefKind.DEFERMENT:
        found.append(_l("It is a rate reduction: there is nothing to make up."))
    if not rows or len(rows) > most:
        found.append(_l("A plan has 1 to %(most)s instalments.", most=most))
    if len(set(months)) < len(months):
        found.append(_l("A month has one instalment."))
    if any(month <= decision.last_month for month in months):
        found.append(_l("Instalments begin after the last month of relief."))
    if any(amount <= 0 for _month, amount in rows):
        found.append(_l("An instalment is more than nothing."))
    if (owed := decision.owed) is not None and total != owed:
        found.append(
            _l(
                "The instalments come to %(planned)s, but %(amount)s was deferred.",
                planned=f"{total:,.2f}",
                amount=f"{owed:,.2f}",
            )
        )
    return found


@signals.statement_withdrawn.connect
@signals.statement_recorded.connect
def _on_statement(_sender: object, employer_ids: Collection[int], **_more: Any) -> None:
    if employer_ids:
        follow_statements(employer_ids)


def follow_statements(employer_ids: Collection[int] | None = None) -> None:
    """Compares make-up plans and rates with the latest statements; of these employers, or of all."""
    _reopen(queries.falsely_made_up(employer_ids) | queries.falsely_restored(employer_ids))
    marked = []
    for decision in queries.with_plans(employer_ids):
        if decision.kind is ReliefKind.RATE_CUT:
            _restore(decision)
        elif decision.state is ReliefState.RESUMED:
            if _mark(decision):
                marked.append(decision.employer_id)
            if decision.employer.statement_period:
                _track(decision, decision.employer.statement_period)
        elif (paid := decision.employer.paid_through) is not None and paid >= decision.last_month:
            _note_made_up(decision)
    db.session.flush()
    tell_terms(marked)


def _reopen(states: Mapping[int, ReliefState]) -> None:
    """What a statement that does not hold any more had shown as made up or restored goes on as it stood."""
    restored = []
    for decision_id, state in states.items():
        decision = db.session.get_one(ReliefDecision, decision_id)
        move = SetMove(decision.id, decision.employer_id, decision.state.value, evidence(decision))
        decision.state, decision.state_since = state, now()
        restored.append((move, state.value))
    db.session.flush()
    note_restored(RELIEF_TERM, restored)


def _note_made_up(decision: ReliefDecision) -> None:
    """The latest statement shows all months of the term as paid, agreed on or not."""
    statement = decision.employer.statement_period
    proof = {**evidence(decision), "statement": str(statement) if statement else ""}
    transition(RELIEF_TERM, decision, "statement_made_up", None, evidence=proof)


def _restore(decision: ReliefDecision) -> None:
    paid, granted = decision.employer.employer_rate, decision.employer_rate
    if decision.state.value in OVER and paid is not None and granted is not None and paid > granted:
        statement = decision.employer.statement_period
        shown = {"employer_rate": str(paid), "statement": str(statement) if statement else ""}
        proof = {**evidence(decision), **shown}
        transition(RELIEF_TERM, decision, "statement_restored", None, evidence=proof)


def _track(decision: ReliefDecision, statement: Period) -> None:
    rows = decision.instalments
    paid = _shown(decision, decision.employer.paid_through)
    for row, shown in zip(
        rows, shared_out([(r.month, r.amount) for r in rows], paid, statement), strict=True
    ):
        failed = row.state in FAILING
        row.paid, row.state = shown
        row.statement = statement
        if row.state in FAILING:
            _report(decision, row)
        elif failed:
            settle((INSTALMENT, row.id), (INSTALMENT,), SETTLED)
    db.session.flush()
    if rows and all(row.state is InstalmentState.PAID for row in rows):
        _note_made_up(decision)


def _shown(decision: ReliefDecision, paid_through: Period | None) -> Decimal:
    """How much of the plan is made up; of an amount that nobody knows, by the months of the instalments."""
    if decision.owed is not None or paid_through is None:
        return made_up(decision, paid_through)
    rows = [row for row in decision.instalments if row.through and row.through <= paid_through]
    return sum((row.amount for row in rows), Decimal(0))


def _mark(decision: ReliefDecision) -> bool:
    """Fills in the months of a plan from before they were told with its instalments; whether it was one.

    Only with them can statements break it.
    """
    rows = decision.instalments
    if all(row.through is not None for row in rows):
        return False
    for row, through in zip(rows, marks_of(decision, [row.amount for row in rows]), strict=True):
        row.through = through
    return True


def _report(decision: ReliefDecision, row: ReliefInstalment) -> None:
    """Asks once; again only where a statement that had shown it as made up does not hold any more."""
    asked = (Task.kind == INSTALMENT, Task.source_type == INSTALMENT, Task.source_id == row.id)
    results = db.session.scalars(select(Task.result).where(*asked)).all()
    open_task(
        INSTALMENT,
        MISSED,
        add_working_days(today(), ANSWER_DAYS.value(), provisional=True),
        employer=decision.employer,
        params={"month": {"period": str(row.month)}},
        source=(INSTALMENT, row.id),
        again=all(result == SETTLED for result in results),
    )
