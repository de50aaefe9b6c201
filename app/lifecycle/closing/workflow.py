"""The steps of a closing and of a central sealing.

A closing ends with the account itself: the lifecycle closes it, or the statement does, and the file follows.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.clock import today
from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.rules.workdays import on_or_after
from app.core.workflow.engine import Ask, Deadline, Move, Reason, State, Tone, Transition, Workflow
from app.core.workflow.parts import Act, Nobody
from app.lifecycle.closing.models import Closing, Sealing
from app.lifecycle.closing.policy import (
    PAPERS,
    PLACE_DAYS,
    SEALING_DAYS,
    Permission,
    papers_for,
    place_clock,
    sealing_visible_to,
    visible_to,
)
from app.lifecycle.papers.policy import incomplete, unchecked


def event_known(closing: Closing, _actor: Actor | None) -> Reason | None:
    if closing.reason and closing.event_on and closing.event_source:
        return None
    return _l("Say what happened, on which day, and who says so.")


def papers_in_order(closing: Closing, _actor: Actor | None) -> list[Reason] | None:
    asked = papers_for(closing.reason)
    missing, open_ = unchecked(asked, closing.checks), incomplete(closing.checks)
    found: list[Reason] = []
    if missing:
        found.append(_l("Not checked yet: %(papers)s.", papers=PAPERS.names(missing)))
    if wrong := [code for code in open_ if code in asked]:
        found.append(_l("Not complete yet: %(papers)s.", papers=PAPERS.names(wrong)))
    return found or None


def registered_after_the_event(closing: Closing, answers: Mapping[str, Any]) -> Reason | None:
    day, event = answers.get("registered_on"), closing.event_on
    if day is None or event is None or event <= day <= today():
        return None
    return _l("The registration lies between the event, %(day)s, and today.", day=event.isoformat())


def _registered(closing: Closing, _move: Move) -> None:
    closing.registered_on = closing.registered_on or today()


def _placed_by(closing: Closing) -> date | None:
    """The end of the term; somebody has to be at work to see to it."""
    day = place_clock(closing.registered_on, None).due_on
    return on_or_after(day) if day else None


_OVER = dict.fromkeys(("note_event", "check_papers"), Nobody(_l("This closing has ended.")))
_TAKEN_IN = Nobody(_l("The papers were taken in: send the file back first, if they have to change."))
CLOSING_STATES = (
    State("preparing", _l("Papers being checked"), Tone.ACTIVE),
    State(
        "registered",
        _l("Deregistration registered"),
        Tone.WARNING,
        Deadline(
            _l("Have the employees' accounts transferred or sealed"),
            PLACE_DAYS,
            calendar=True,
            own=_placed_by,
        ),
        acts={"check_papers": _TAKEN_IN},
    ),
    State("completed", _l("Account closed"), Tone.DONE, final=True, acts=_OVER),
    State("withdrawn", _l("Withdrawn"), Tone.DONE, final=True, acts=_OVER),
)
_STANDING = ("preparing", "registered")
CLOSING_STEPS = (
    Transition(
        "register",
        _l("Register the deregistration: all papers are in order"),
        ("preparing",),
        "registered",
        Permission.WORK,
        asks=(Ask("registered_on", _l("Registered on"), "date"),),
        guards=(event_known, papers_in_order),
        checks=(registered_after_the_event,),
        effects=(_registered,),
        tone=Tone.GOOD,
    ),
    Transition(
        "send_back",
        _l("Back to the check of papers"),
        ("registered",),
        "preparing",
        Permission.WORK,
        asks=(Ask("reason_back", _l("Reason")),),
    ),
    Transition("complete", _l("The account was closed"), _STANDING, "completed", None),
    Transition("withdraw", _l("The closing was given up"), _STANDING, "withdrawn", None),
    Transition("go_on", _l("The closing of the account was taken back"), ("completed",), "preparing", None),
    Transition(
        "go_on_registered",
        _l("The closing of the account was taken back, registered before"),
        ("completed",),
        "registered",
        None,
    ),
)


def load(closing_id: int, actor: Actor) -> Closing:
    """The closing, or NotFound when its employer is out of the actor's reach."""
    return the_one(
        select(Closing).where(Closing.id == closing_id, visible_to(actor)), _l("There is no such closing.")
    )


CLOSING: Workflow[Closing] = Workflow(
    name="closing",
    title=_l("Closing of the account"),
    model=Closing,
    states=CLOSING_STATES,
    transitions=CLOSING_STEPS,
    acts=(
        Act("note_event", _l("Note what happened and when"), Permission.WORK),
        Act("check_papers", _l("Note the papers"), Permission.WORK),
    ),
    since="since",
    kind="closing",
    load=load,
    endpoint="closing.show",
)


def somebody_else(sealing: Sealing, actor: Actor | None) -> Reason | None:
    if actor is None or actor.id != sealing.proposed_by_id:
        return None
    return _l("You proposed it yourself: somebody else approves.")


SEALING_STATES = (
    State("drafted", _l("Being drafted"), Tone.NEUTRAL),
    State(
        "proposed",
        _l("Proposed"),
        Tone.ACTIVE,
        Deadline(_l("Decide on the central sealing of employees' accounts"), SEALING_DAYS),
    ),
    State(
        "approved",
        _l("Approved"),
        Tone.WARNING,
        Deadline(_l("Have the employees' accounts centrally sealed"), SEALING_DAYS),
    ),
    State("done", _l("Sealed"), Tone.GOOD, final=True),
    State("refused", _l("Refused"), Tone.DONE, final=True),
    State("withdrawn", _l("Withdrawn"), Tone.DONE, final=True),
)
SEALING_STEPS = (
    Transition("propose", _l("Propose the central sealing"), ("drafted",), "proposed", Permission.WORK),
    Transition(
        "approve",
        _l("Approve the central sealing"),
        ("proposed",),
        "approved",
        Permission.APPROVE,
        guards=(somebody_else,),
        tone=Tone.GOOD,
    ),
    Transition(
        "refuse",
        _l("Refuse"),
        ("proposed",),
        "refused",
        Permission.APPROVE,
        asks=(Ask("reason", _l("Reason")),),
        tone=Tone.DANGER,
    ),
    Transition(
        "carry_out",
        _l("Record that they are sealed"),
        ("approved",),
        "done",
        Permission.WORK,
        asks=(
            Ask("sealed_on", _l("Sealed on"), "date"),
            Ask("proof", _l("List of accounts or document number")),
        ),
        tone=Tone.GOOD,
    ),
    Transition(
        "withdraw",
        _l("Withdraw"),
        ("proposed", "approved"),
        "withdrawn",
        Permission.WORK,
        asks=(Ask("reason", _l("Reason")),),
    ),
)


def load_sealing(sealing_id: int, actor: Actor) -> Sealing:
    query = select(Sealing).where(Sealing.id == sealing_id, sealing_visible_to(actor))
    return the_one(query, _l("There is no such central sealing."))


SEALING: Workflow[Sealing] = Workflow(
    name="central_sealing",
    title=_l("Central sealing"),
    model=Sealing,
    states=SEALING_STATES,
    transitions=SEALING_STEPS,
    since="since",
    kind="closing",
    load=load_sealing,
    url=lambda sealing: url_for("closing.people", employer_id=sealing.employer_id),
)
