"""From a change that came to light to its registration, with which the employer's record follows."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.clock import today
from app.core.db import db
from app.core.finding import the_one
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.rules.workdays import on_or_after
from app.core.workflow.engine import Ask, Move, Reason, State, Tone, Transition, Workflow
from app.core.workflow.parts import Act, Nobody
from app.lifecycle.changing.models import ENDED, RegisteredChange
from app.lifecycle.changing.policy import PAPERS, Permission, papers_for, visible_to
from app.lifecycle.changing.recording import services as recording
from app.lifecycle.papers.policy import incomplete, unchecked
from app.tasks.services import open_task, settle

TASK = "registered_change"
REGISTER = msgid("Have the change registered: %(old)s → %(new)s")


def ask_for_it(change: RegisteredChange, actor: Actor) -> None:
    """The owner's task is due with the term; where that has passed, today."""
    due = on_or_after(max(today(), change.due_on))
    params, source = {"old": change.old_value or "—", "new": change.new_value}, (TASK, change.id)
    task = open_task(
        TASK, REGISTER, due, employer=change.employer, params=params, source=source, actor=actor, again=True
    )
    task.due_on, task.params = due, params
    db.session.flush()


def papers_in_order(change: RegisteredChange, _actor: Actor | None) -> list[Reason] | None:
    asked = papers_for(change.kind)
    found: list[Reason] = []
    if missing := unchecked(asked, change.checks):
        found.append(_l("Not checked yet: %(papers)s.", papers=PAPERS.names(missing)))
    if wrong := [code for code in incomplete(change.checks) if code in asked]:
        found.append(_l("Not complete yet: %(papers)s.", papers=PAPERS.names(wrong)))
    return found or None


def document_named(change: RegisteredChange, _actor: Actor | None) -> Reason | None:
    if change.document:
        return None
    return _l("Name the document that proves the change, with number and date.")


def applied_in_time(change: RegisteredChange, answers: Mapping[str, Any]) -> Reason | None:
    day = answers.get("applied_on")
    if day is None or change.changed_on <= day <= today():
        return None
    return _l("The day lies between the change and today.")


def _take_over(change: RegisteredChange, move: Move) -> None:
    assert move.actor is not None  # noqa: S101 - a person's step
    change.completed_on, change.completed_by_id = today(), move.actor.id
    recording.take_over(change, move.actor)


def _take_back(change: RegisteredChange, move: Move) -> None:
    assert move.actor is not None  # noqa: S101 - a person's step
    change.completed_on = change.completed_by_id = None
    recording.take_back(change, move.actor)
    ask_for_it(change, move.actor)


def no_other_stands(change: RegisteredChange, _actor: Actor | None) -> Reason | None:
    query = select(RegisteredChange.id).where(
        RegisteredChange.employer_id == change.employer_id, RegisteredChange.kind == change.kind,
        RegisteredChange.state.not_in(ENDED),
    )  # fmt: skip
    if db.session.scalar(query) is None:
        return None
    return _l("A later change of this kind is noted: register it or give it up first.")


def _settle(change: RegisteredChange, _move: Move) -> None:
    settle((TASK, change.id), (TASK,))


_OVER = dict.fromkeys(("edit", "check_papers"), Nobody(_l("This change is registered, or was given up.")))
_NOT_HANDED_IN = Nobody(_l("Record first that the employer has handed the change in."))
STATES = (
    State("found", _l("Discovered, not handed in"), Tone.WARNING, acts={"check_papers": _NOT_HANDED_IN}),
    State("checking", _l("Papers being checked"), Tone.ACTIVE),
    State("completed", _l("Change registered"), Tone.DONE, final=True, acts=_OVER),
    State("withdrawn", _l("Change given up"), Tone.DONE, final=True, acts=_OVER),
)
_STANDING = ("found", "checking")
STEPS = (
    Transition(
        "hand_in", _l("The employer has handed it in"), ("found",), "checking", Permission.WORK,
        asks=(Ask("applied_on", _l("Handed in on"), "date"),), checks=(applied_in_time,), tone=Tone.GOOD,
    ),
    Transition(
        "complete", _l("Register the change: all papers are in order"), ("checking",), "completed",
        Permission.WORK, guards=(papers_in_order, document_named), effects=(_take_over, _settle),
        tone=Tone.GOOD,
    ),
    Transition(
        "take_back", _l("Take the registration back: it was wrong"), ("completed",), "checking",
        Permission.UNDO, asks=(Ask("why", _l("Reason")),), guards=(no_other_stands,),
        effects=(_take_back,), tone=Tone.WARNING,
    ),
    Transition(
        "withdraw", _l("Give it up: there is no such change"), _STANDING, "withdrawn", Permission.WORK,
        asks=(Ask("why", _l("Reason")),), effects=(_settle,), tone=Tone.WARNING,
    ),
)  # fmt: skip


def load(change_id: int, actor: Actor) -> RegisteredChange:
    """The change, or NotFound when its employer is out of the actor's reach."""
    query = select(RegisteredChange).where(RegisteredChange.id == change_id, visible_to(actor))
    return the_one(query, _l("There is no such change."))


CHANGING: Workflow[RegisteredChange] = Workflow(
    name="changing",
    title=_l("Registration of a change"),
    model=RegisteredChange,
    states=STATES,
    transitions=STEPS,
    acts=(
        Act("edit", _l("Correct what changed and when"), Permission.WORK),
        Act("check_papers", _l("Note the papers"), Permission.WORK),
    ),
    since="since",
    kind="changing",
    load=load,
    endpoint="changing.show",
)
