"""The life of a campaign, as data."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.permissions import Actor
from app.core.workflow import State, Tone, Transition, Workflow
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.drafting.policy import Permission

S = CampaignState


def not_the_author(campaign: Campaign, actor: Actor | None) -> Any:
    """Four eyes: whoever drafted a campaign cannot approve it."""
    blocked = actor is not None and actor.id == campaign.created_by_id
    return _l("Somebody else than its author has to approve a campaign.") if blocked else None


def approval_holds(campaign: Campaign, _actor: Actor | None) -> Any:
    """The approval is bound to the text and the audience it was given for."""
    blocked = campaign.approved_hash is None
    return (
        _l("Text or audience changed since the approval; it has to be approved again.") if blocked else None
    )


CAMPAIGN = Workflow[Campaign](
    name="campaign",
    title=_l("Campaign"),
    model=Campaign,
    kind="campaign",
    employer_id=lambda _campaign: None,
    states=(
        State(S.DRAFT, _l("Draft")),
        State(S.SUBMITTED, _l("Awaiting approval"), Tone.ACTIVE),
        State(S.APPROVED, _l("Approved"), Tone.GOOD),
        State(S.RUNNING, _l("Sending"), Tone.ACTIVE),
        State(S.PAUSED, _l("Paused"), Tone.WARNING),
        State(S.FINISHED, _l("Finished"), Tone.DONE, final=True),
        State(S.CANCELLED, _l("Cancelled"), Tone.DONE, final=True),
    ),
    transitions=(
        Transition("submit", _l("Submit for approval"), (S.DRAFT,), S.SUBMITTED, Permission.DRAFT),
        Transition(
            "return", _l("Return to the author"), (S.SUBMITTED, S.APPROVED), S.DRAFT, Permission.APPROVE
        ),
        Transition(
            "approve", _l("Approve"), (S.SUBMITTED,), S.APPROVED, Permission.APPROVE, guards=(not_the_author,)
        ),
        Transition(
            "launch", _l("Launch"), (S.APPROVED,), S.RUNNING, Permission.LAUNCH, guards=(approval_holds,)
        ),
        Transition("pause", _l("Pause"), (S.RUNNING,), S.PAUSED, Permission.LAUNCH),
        Transition("resume", _l("Resume"), (S.PAUSED,), S.RUNNING, Permission.LAUNCH),
        Transition(
            "cancel",
            _l("Cancel"),
            (S.DRAFT, S.SUBMITTED, S.APPROVED, S.RUNNING, S.PAUSED),
            S.CANCELLED,
            Permission.LAUNCH,
            tone=Tone.DANGER,
        ),
        Transition("finish", _l("Finish"), (S.RUNNING,), S.FINISHED, None),
    ),
)
