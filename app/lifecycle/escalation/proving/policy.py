"""Guards and checks of the steps, and the evidence that is filed with each."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.clock import today
from app.core.db import db
from app.core.escalating import Breach, Exhibit, Outcome, Step
from app.core.features import current_features
from app.core.language.i18n import msgid
from app.core.language.text import name_key
from app.core.options import Option
from app.core.permissions import Actor, may
from app.core.rules import legal
from app.core.rules.workdays import add_working_days
from app.core.workflow.engine import Effect, Guard, Move, Reason
from app.lifecycle.escalation.models import Escalation, EscalationEvidence, EscalationState, SkipRequest
from app.lifecycle.escalation.policy import (
    LAW,
    LETTER_DAYS,
    LOOK_BACK,
    ORDER_DAYS,
    Permission,
    objections_to_pursuit,
)

LAW_CITED = msgid("%(basis)s (%(version)s)")
LETTER_SENT = msgid("Letter %(number)s, time until %(day)s")
PAPER_SENT = msgid("Letter on paper %(number)s, time until %(day)s; filed: %(kept)s")
ORDER_SERVED = msgid("Order %(number)s, time until %(day)s")
DECIDED = msgid("Decision %(number)s")


# -- guards ----------------------------------------------------------------------------------------------


def may_be_pursued(one: Escalation, _actor: Actor | None) -> list[Reason]:
    return objections_to_pursuit(one.employer)


def exhibits(one: Escalation, step: Step) -> list[tuple[str, Exhibit]]:
    """What the features' records say for a step, by kind of evidence."""
    since = one.begun_on - timedelta(days=LOOK_BACK.value())
    kinds = [kind for kind in current_features().evidence.values() if step in kind.steps]
    return [(kind.name, found) for kind in kinds for found in kind.find(one.employer_id, since)]


def proven(step: Step, refusal: Any) -> Guard:
    """A step that some kind of evidence can prove waits for it."""

    def guard(one: Escalation, _actor: Actor | None) -> Reason | None:
        kinds = [kind for kind in current_features().evidence.values() if step in kind.proves]
        since = one.begun_on - timedelta(days=LOOK_BACK.value())
        return None if any(kind.find(one.employer_id, since) for kind in kinds) else refusal

    return guard


def has_law(step: Step) -> Guard:
    def guard(one: Escalation, _actor: Actor | None) -> Reason | None:
        missing = [code for code in LAW[one.breach][step] if legal.find(code) is None]
        if not missing:
            return None
        return _l("The table of legal bases has nothing for today: %(codes)s.", codes=", ".join(missing))

    return guard


def letter_ran_out(one: Escalation, _actor: Actor | None) -> Reason | None:
    return _still_running(one.letter_until, _l("The letter gives time until %(day)s.", day=one.letter_until))


def order_ran_out(one: Escalation, _actor: Actor | None) -> Reason | None:
    return _still_running(one.order_until, _l("The order gives time until %(day)s.", day=one.order_until))


def _still_running(until: date | None, refusal: Any) -> Reason | None:
    return refusal if until is not None and today() <= until else None


def is_about(breach: Breach, refusal: Any) -> Guard:
    return lambda one, _actor: None if one.breach is breach else refusal


def no_open_request(one: Escalation, _actor: Actor | None) -> Reason | None:
    asked = select(SkipRequest.id).where(SkipRequest.escalation_id == one.id, SkipRequest.state == "asked")
    if db.session.scalar(asked.limit(1)) is None:
        return None
    return _l("A request to pass steps over is waiting for an answer: answer or withdraw it first.")


def somebody_else(one: Escalation, actor: Actor | None) -> Reason | None:
    """Whoever ordered, proposed or carries it does not decide on it."""
    if actor is None or actor.id not in (one.ordered_by_id, one.proposed_by_id, one.holder_id):
        return None
    return _l("You ordered, proposed or carry this matter: a second person decides.")


# -- checks of answers -----------------------------------------------------------------------------------


def gives_time(served: str, until: str, option: Option) -> Callable[[Any, Mapping[str, Any]], Reason | None]:
    """A later day may be named, never an earlier one than the setting grants."""

    def check(_one: Escalation, answers: Mapping[str, Any]) -> Reason | None:
        start, named = answers.get(served), answers.get(until)
        if start is None or named is None:
            return None
        least = add_working_days(start, option.value())
        return None if named >= least else _l("It gives time until %(day)s at least.", day=least)

    return check


def not_before(name: str, earlier: str, refusal: Any) -> Callable[[Any, Mapping[str, Any]], Reason | None]:
    def check(one: Escalation, answers: Mapping[str, Any]) -> Reason | None:
        day, first = answers.get(name), getattr(one, earlier)
        return refusal if day is not None and first is not None and day < first else None

    return check


def letter_known(one: Escalation, answers: Mapping[str, Any]) -> Reason | None:
    """The number is that of a letter sent to the employer, with its day; or it is said to be none of ours."""
    if answers.get("letter_kept"):
        return None
    number, day = answers.get("letter_no"), answers.get("letter_on")
    if number is None or day is None:
        return None
    letters = (found.answers for _kind, found in exhibits(one, Step.URGE) if "letter_no" in found.answers)
    sent = {name_key(found["letter_no"]): found["letter_on"] for found in letters}
    known = sent.get(name_key(number))
    if known is None:
        return _l(
            "No letter of this number was sent to it: issue it first, or say where the paper letter is filed."
        )
    return None if known == day.isoformat() else _l("This letter was sent on %(day)s.", day=known)


# -- effects ---------------------------------------------------------------------------------------------


def due_in(option: Option) -> Effect:
    def effect(one: Escalation, _move: Move) -> None:
        one.due_on = add_working_days(today(), option.value(), provisional=True)

    return effect


def file_evidence(step: Step) -> Effect:
    """What proves the step, and the law it rests on, is written down as it stands today."""

    def effect(one: Escalation, _move: Move) -> None:
        for kind, exhibit in exhibits(one, step):
            _file(one, step, kind, exhibit)
        for code in LAW[one.breach][step]:
            basis = legal.find(code)
            if basis is not None:
                params = {"basis": str(basis), "version": basis.version}
                _file(one, step, "law", Exhibit(today(), LAW_CITED, params, basis.id))

    return effect


def _file(one: Escalation, step: Step, kind: str, exhibit: Exhibit) -> None:
    one.evidence.append(
        EscalationEvidence(
            step=step, kind=kind, record_id=exhibit.record_id, on=exhibit.on, title=exhibit.title,
            params=dict(exhibit.params),
        )
    )  # fmt: skip


def letter_sent(one: Escalation, move: Move) -> None:
    sent = move.answers["letter_on"]
    if not move.answers.get("letter_until"):
        one.letter_until = add_working_days(sent, LETTER_DAYS.value())
    one.due_on = one.letter_until
    params = {"number": one.letter_no, "day": str(one.letter_until)}
    if kept := move.answers.get("letter_kept"):
        _file(one, Step.URGE, "letter", Exhibit(sent, PAPER_SENT, {**params, "kept": kept}))
    else:
        _file(one, Step.URGE, "letter", Exhibit(sent, LETTER_SENT, params))


def order_served(one: Escalation, move: Move) -> None:
    served = move.answers["order_on"]
    if not move.answers.get("order_until"):
        one.order_until = add_working_days(served, ORDER_DAYS.value())
    one.due_on, one.ordered_by_id = one.order_until, move.actor.id if move.actor else None
    if move.actor and not (one.holder and may(one.holder, Permission.ORDER)):
        one.holder_id = move.actor.id  # what follows is not for whoever carried it so far
    params = {"number": one.order_no, "day": str(one.order_until)}
    _file(one, Step.ORDER, "order", Exhibit(served, ORDER_SERVED, params))


def proposed(one: Escalation, move: Move) -> None:
    one.proposed_by_id = move.actor.id if move.actor else None


def decided(step: Step) -> Effect:
    def effect(one: Escalation, move: Move) -> None:
        one.decided_by_id = move.actor.id if move.actor else None
        params = {"number": one.decision_no}
        _file(one, step, "decision", Exhibit(move.answers["decided_on"], DECIDED, params))

    return effect


def ended(one: Escalation, move: Move) -> None:
    outcome = move.evidence.get("outcome", Outcome.STOPPED)
    one.ended_on, one.ended_in, one.due_on = today(), EscalationState(move.source), None
    one.outcome = Outcome(outcome)
