"""Setting the steps of a campaign; an approval that was given for others is void."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Actor
from app.core.workflow.acts import demand
from app.core.workflow.engine import transition
from campaigns.drafting.models import (
    Campaign,
    CampaignState,
    CampaignStep,
    Channel,
    MessageClass,
    StepCondition,
    StepKind,
)
from campaigns.drafting.policy import content_fingerprint
from campaigns.drafting.steps.queries import outline_objections
from campaigns.drafting.workflow import CAMPAIGN


class Step(NamedTuple):
    """One step as an author wishes it."""

    kind: StepKind
    condition: StepCondition
    wait_days: int
    outline: str | None = None


def possible(campaign: Campaign) -> Collection[StepKind]:
    """What may follow a campaign: after a letter nothing more is written."""
    letters = campaign.channel is Channel.LETTER
    return (StepKind.CALL, StepKind.VISIT) if letters else tuple(StepKind)


def set_steps(campaign: Campaign, steps: Sequence[Step], actor: Actor) -> None:
    """Gives a campaign these steps in place of those it had; a submitted or approved one is a draft again.

    Raises DomainError with everything that is wrong with them.
    """
    demand(campaign, "edit", actor)
    if reasons := _objections(campaign, steps):
        raise DomainError(_l("These steps cannot be taken:"), reasons)
    if campaign.state is not CampaignState.DRAFT:
        transition(CAMPAIGN, campaign, "revise", actor)
    campaign.follow_steps.clear()
    db.session.flush()
    campaign.follow_steps.extend(
        CampaignStep(position=number, **step._asdict()) for number, step in enumerate(steps, 1)
    )
    campaign.edited_by_id = actor.id
    campaign.touched_by(actor.id)
    campaign.content_hash = content_fingerprint(campaign)
    db.session.flush()


def _objections(campaign: Campaign, steps: Sequence[Step]) -> list[Any]:
    reasons: list[Any] = []
    if steps and campaign.message_class is not MessageClass.SERVICE:
        reasons.append(_l("Only a service notice is followed up: greetings and publicity are sent once."))
    if any(one.kind not in possible(campaign) for one in steps):
        reasons.append(_l("A letter is followed up by calls and visits."))
    for step in steps:
        if step.kind is StepKind.LETTER:
            reasons += outline_objections(step.outline, today())
    kinds = [step.kind for step in steps]
    if StepKind.LETTER in kinds and kinds.count(StepKind.LETTER) > 1:
        reasons.append(_l("One letter is enough: take the others out."))
    return reasons
