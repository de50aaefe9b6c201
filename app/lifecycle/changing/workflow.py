"""From a change that came to light to its registration, with which the employer's record follows."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.acts import Act, Nobody
from app.core.clock import today
from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.workflow import Ask, Move, Reason, State, Tone, Transition, Workflow
from app.employers.services import edit_employer, rename, version_of
from app.lifecycle.changing.models import ChangeKind, RegisteredChange
from app.lifecycle.changing.policy import PAPERS, Permission, papers_for, visible_to
from app.lifecycle.papers.policy import incomplete, unchecked
from app.tasks.services import settle

TASK = "registered_change"


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
    """The employer's record follows: the former name stays findable, and the trail keeps the old address."""
    employer, actor = change.employer, move.actor
    change.completed_on, change.completed_by_id = today(), actor.id if actor else None
    if change.kind is ChangeKind.ADDRESS:
        edit_employer(employer, {"address": change.new_value}, version_of(employer), actor)
    elif employer.name != change.new_value and actor is not None:
        rename(employer, change.new_value, change.changed_on, actor, change.document)


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
