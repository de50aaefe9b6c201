"""The life of a decision on relief: it runs, ends, and is extended, made up or restored.

The clock moves it by the day (`services.keep_clocks`), statements show what was made up, and people agree on
what follows. The employer's stage follows through the lifecycle, with the decision as evidence.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import signals
from app.core.clock import today
from app.core.db import db
from app.core.finding import the_one
from app.core.language import formats
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.workflow.engine import (
    Ask,
    Deadline,
    Move,
    Reason,
    State,
    Tone,
    Transition,
    Workflow,
    transition,
)
from app.core.workflow.parts import Act, Nobody
from app.employers.models import Employer
from app.lifecycle.workflow import LIFECYCLE
from app.relief.models import InstalmentState, ReliefDecision, ReliefKind
from app.relief.policy import PLAN_BREAKS, SETTLE_DAYS, Permission, visible_to
from app.tasks.services import settle

#: kinds of the tasks that remind of the end, from the earliest on
REMINDER_KINDS = ("relief_reminder_1", "relief_reminder_2", "relief_reminder_3")

#: what breaks a plan
FAILING = (InstalmentState.SHORT, InstalmentState.MISSED)
#: the kind of the tasks that ask about an instalment, and of their source
INSTALMENT = "relief_instalment"

#: what is over, and waits for what follows
OVER = ("ended", "ended_early", "overdue")


def evidence(decision: ReliefDecision) -> dict[str, Any]:
    """The decision as it is kept beside each move that it proves."""
    return {
        "relief": decision.id,
        "kind": decision.kind.value,
        "document_no": decision.document_no,
        "from": str(decision.from_month),
        "to": str(decision.last_month),
    }


def is_deferment(decision: ReliefDecision, _actor: Actor | None) -> Reason | None:
    if decision.kind is ReliefKind.DEFERMENT:
        return None
    return _l("It is a rate reduction: there is nothing to make up.")


def is_rate_cut(decision: ReliefDecision, _actor: Actor | None) -> Reason | None:
    if decision.kind is ReliefKind.RATE_CUT:
        return None
    return _l("It is a deferment: it ends with a make-up plan.")


def has_plan(decision: ReliefDecision, _actor: Actor | None) -> Reason | None:
    """The instalments must come to what was deferred, to the fen."""
    if decision.kind is not ReliefKind.DEFERMENT:
        return None
    if not decision.instalments:
        return _l("There is no make-up plan yet: agree on instalments.")
    planned = sum((one.amount for one in decision.instalments), Decimal(0))
    # what was deferred is not known of every decision that a list brought
    if decision.owed is not None and planned != decision.owed:
        return _l(
            "The instalments come to %(planned)s, but %(amount)s was deferred.",
            planned=f"{planned:,.2f}",
            amount=f"{decision.owed:,.2f}",
        )
    return None


def ends_within_its_months(decision: ReliefDecision, answers: Mapping[str, Any]) -> Reason | None:
    month = answers.get("ended_month")
    if month is None or decision.from_month <= month < decision.to_month:
        return None
    return _l(
        "The last month lies between %(first)s and the month before %(last)s.",
        first=formats.period(decision.from_month),
        last=formats.period(decision.to_month),
    )


def is_not_begun(decision: ReliefDecision, _actor: Actor | None) -> Reason | None:
    """In its first month it is ended early, if at all: the clock of that month may not have run yet."""
    if Period.of(today()) < decision.from_month:
        return None
    return _l("It has begun: end it early instead.")


def _holds_for_no_month(decision: ReliefDecision, _move: Move) -> None:
    decision.ended_month = decision.from_month + -1
    db.session.flush()


def _holds_as_approved(decision: ReliefDecision, _move: Move) -> None:
    decision.ended_month = None
    db.session.flush()


def drop_reminders(decision: ReliefDecision, _move: Move) -> None:
    """Nobody need be reminded of an end that has come."""
    settle(("relief", decision.id), REMINDER_KINDS)


def drop_instalments(decision: ReliefDecision, _move: Move) -> None:
    """Nobody need ask about the instalments of a plan that is over."""
    for row in decision.instalments:
        settle((INSTALMENT, row.id), (INSTALMENT,))


def follow(step: str) -> Any:
    """An effect: the employer stage follows by this step, with the decision as evidence."""

    def effect(decision: ReliefDecision, _move: Move) -> None:
        employer = db.session.get_one(Employer, decision.employer_id)
        if decision.kind is ReliefKind.DEFERMENT and employer.stage.value in LIFECYCLE.named(step).sources:
            transition(LIFECYCLE, employer, step, None, evidence=evidence(decision))

    return effect


def terms_change(decision: ReliefDecision, _move: Move) -> None:
    """Arrears are reckoned anew from the months as they are approved and agreed on now."""
    if decision.kind is ReliefKind.DEFERMENT:
        db.session.flush()
        signals.terms_changed.send("relief", employer_ids=[decision.employer_id])


def is_not_kept(decision: ReliefDecision, _actor: Actor | None) -> Reason | None:
    """As the latest statement shows it."""
    missed = sum(1 for one in decision.instalments if one.state in FAILING)
    if missed >= PLAN_BREAKS.value():
        return None
    return _l("The plan is kept: %(missed)s instalments are short or missed.", missed=missed)


def _of_plan(column: str) -> Any:
    """An effect: the plan keeps the day that was answered, in this column."""

    def effect(decision: ReliefDecision, move: Move) -> None:
        if decision.plan is not None:
            setattr(decision.plan, column, move.answers.get(column) or today())
            db.session.flush()

    return effect


def _since_agreed(column: str) -> Any:
    """A check: the day is not before the one on which the plan was agreed on."""

    def check(decision: ReliefDecision, answers: Mapping[str, Any]) -> Reason | None:
        day, agreed = answers.get(column), decision.plan.agreed_on if decision.plan else None
        if day is None or agreed is None or agreed <= day:
            return None
        return _l("The plan was agreed on only on %(day)s.", day=agreed.isoformat())

    return check


#: the make-up plan is agreed on in the states that are over
PLAN = Act("plan", _l("Set the make-up plan"), Permission.APPLY)
_CLOSED = {
    PLAN.name: Nobody(_l("A make-up plan is agreed on when relief has ended, and before it is resumed."))
}
_FOLLOWS = _l("Agree on what follows the relief that ended")

STATES = (
    State("approved", _l("Approved, not begun"), Tone.ACTIVE, acts=_CLOSED),
    State("withdrawn", _l("Withdrawn before it began"), Tone.DONE, final=True, acts=_CLOSED),
    State("running", _l("Running"), Tone.GOOD, acts=_CLOSED),
    State("ended", _l("Ended"), Tone.WARNING, Deadline(_FOLLOWS, SETTLE_DAYS)),
    State("ended_early", _l("Ended early"), Tone.WARNING, Deadline(_FOLLOWS, SETTLE_DAYS)),
    State("overdue", _l("Overdue"), Tone.DANGER, Deadline(_l("Settle the overdue relief"), SETTLE_DAYS)),
    State("resumed", _l("Resumed, making up"), Tone.ACTIVE, acts=_CLOSED),
    State("extended", _l("Extended"), Tone.DONE, final=True, acts=_CLOSED),
    State("made_up", _l("Made up"), Tone.DONE, final=True, acts=_CLOSED),
    State("restored", _l("Rate restored"), Tone.DONE, final=True, acts=_CLOSED),
    State("past", _l("Over when it was entered"), Tone.DONE, final=True, acts=_CLOSED),
)  # fmt: skip

#: steps of people
PEOPLES = (
    Transition(
        "withdraw", _l("Withdraw it before it begins"), ("approved",), "withdrawn", Permission.REVIEW,
        asks=(Ask("why", _l("Reason")),), guards=(is_not_begun,), effects=(_holds_for_no_month, terms_change),
        tone=Tone.WARNING,
    ),
    Transition(
        "end_early", _l("End it early"), ("running",), "ended_early", Permission.REVIEW,
        asks=(Ask("ended_month", _l("Last month of relief"), "month"), Ask("why", _l("Reason"))),
        checks=(ends_within_its_months,), effects=(drop_reminders, terms_change), tone=Tone.WARNING,
    ),
    Transition(
        "resume", _l("Resume with the make-up plan"), OVER, "resumed", Permission.APPLY,
        asks=(Ask("agreed_on", _l("Agreed on"), "date"),), guards=(is_deferment, has_plan),
        effects=(_of_plan("agreed_on"), follow("relief_resumed"), terms_change), tone=Tone.GOOD,
    ),
    Transition(
        "give_up_plan", _l("Give the plan up: it is not kept"), ("resumed",), "overdue", Permission.APPLY,
        asks=(Ask("given_up_on", _l("Given up on"), "date"), Ask("why", _l("Reason"))), guards=(is_not_kept,),
        checks=(_since_agreed("given_up_on"),),
        effects=(drop_instalments, _of_plan("given_up_on"), follow("relief_overdue"), terms_change),
        tone=Tone.DANGER,
    ),
    Transition(
        "restore", _l("Record that the rate is raised again"), OVER, "restored", Permission.APPLY,
        asks=(Ask("restored_on", _l("Raised on"), "date"),), guards=(is_rate_cut,), tone=Tone.GOOD,
    ),
    Transition(
        "confirm_made_up", _l("Record that all is made up"), ("resumed",), "made_up", Permission.REVIEW,
        asks=(
            Ask("made_up_on", _l("Made up on"), "date"),
            Ask("proof", _l("Proof, such as the number of the bank's slip")),
        ),
        checks=(_since_agreed("made_up_on"),),
        effects=(drop_instalments, _of_plan("made_up_on"), terms_change), tone=Tone.GOOD,
    ),
)  # fmt: skip

#: steps of the calendar and of statements
SYSTEMS = (
    Transition(
        "grant_anew", _l("Approved anew"), ("withdrawn",), "approved", None,
        effects=(_holds_as_approved, terms_change),
    ),
    Transition(
        "begin", _l("It begins"), ("approved",), "running", None, effects=(follow("relief_begins"),)
    ),
    Transition("enter_past", _l("It was over when it was entered"), ("approved",), "past", None),
    Transition("expire", _l("Its term ends"), ("running",), "ended", None, effects=(drop_reminders,)),
    Transition(
        "extend", _l("A new approval follows"), ("running", *OVER), "extended", None,
        effects=(drop_reminders,),
    ),
    Transition(
        "fall_overdue", _l("Nothing was agreed in time"), ("ended", "ended_early"), "overdue", None,
        effects=(follow("relief_overdue"),),
    ),
    Transition(
        "lengthen", _l("A list lengthened its term"), ("ended", "overdue", "past"), "running", None,
        effects=(follow("relief_begins"),),
    ),
    Transition("statement_made_up", _l("Statement: all is made up"), ("resumed", *OVER), "made_up", None),
    Transition("statement_restored", _l("Statement: the rate is raised again"), OVER, "restored", None),
)  # fmt: skip


def load(decision_id: int, actor: Actor) -> ReliefDecision:
    """The decision, or NotFound when it is out of the actor's reach."""
    query = select(ReliefDecision).where(ReliefDecision.id == decision_id, visible_to(actor))
    return the_one(query, _l("There is no such decision."))


RELIEF_TERM: Workflow[ReliefDecision] = Workflow(
    name="relief",
    title=_l("Relief"),
    model=ReliefDecision,
    states=STATES,
    transitions=(*PEOPLES, *SYSTEMS),
    acts=(PLAN,),
    since="state_since",
    kind="relief",
    load=load,
    endpoint="relief_register.show",
)
