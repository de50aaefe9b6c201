"""The steps of an employer through the adjustment of bases."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.contributions.adjustment.models import Adjustment
from app.contributions.adjustment.policy import AGAIN_DAYS, CHECK_DAYS, Permission, objections, visible_to
from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.workflow.engine import Ask, Deadline, State, Tone, Transition, Workflow


def within_bounds(row: Adjustment, _actor: Actor | None) -> list[Any] | None:
    return objections(row) or None


STATES = (
    State("listed", _l("To be invited"), Tone.NEUTRAL),
    State("invited", _l("Invited"), Tone.ACTIVE),
    State("attended", _l("Has attended"), Tone.ACTIVE),
    State(
        "submitted", _l("Submitted"), Tone.WARNING, Deadline(_l("Check the submitted bases"), CHECK_DAYS)
    ),
    State(
        "returned", _l("Returned"), Tone.DANGER,
        Deadline(_l("Have the bases submitted again"), AGAIN_DAYS),
    ),
    State("checked", _l("Checked"), Tone.GOOD, final=True),
)  # fmt: skip
BEFORE = ("listed", "invited", "attended")
TRANSITIONS = (
    Transition(
        "invite", _l("Record the invitation"), ("listed",), "invited", Permission.WORK,
        asks=(Ask("invited_on", _l("Invited on"), "date"),), tone=Tone.ACTIVE,
    ),
    Transition(
        "attend", _l("Record the attendance"), ("listed", "invited"), "attended", Permission.WORK,
        asks=(Ask("attended_on", _l("Attended on"), "date"),), tone=Tone.ACTIVE,
    ),
    Transition("submit", _l("Bases submitted"), (*BEFORE, "submitted", "returned"), "submitted", None),
    Transition(
        "fall_short", _l("Returned: outside of floor or ceiling"), ("submitted",), "returned", None
    ),
    Transition(
        "check", _l("Checked and in order"), ("submitted",), "checked", Permission.WORK,
        guards=(within_bounds,), tone=Tone.GOOD,
    ),
    Transition(
        "return", _l("Return with the reason"), ("submitted", "checked"), "returned", Permission.WORK,
        asks=(Ask("note", _l("Reason")),), tone=Tone.DANGER,
    ),
)  # fmt: skip


def load(row_id: int, actor: Actor) -> Adjustment:
    """The row, or NotFound when its employer is out of the actor's reach."""
    return the_one(
        select(Adjustment).where(Adjustment.id == row_id, visible_to(actor)),
        _l("There is no such adjustment."),
    )


ADJUSTMENT: Workflow[Adjustment] = Workflow(
    name="adjustment",
    title=_l("Adjustment of bases"),
    model=Adjustment,
    states=STATES,
    transitions=TRANSITIONS,
    since="since",
    kind="adjustment",
    load=load,
    endpoint="adjustment.show",
)
