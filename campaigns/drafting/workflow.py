"""The life of a campaign, as data.

Its steps carry more than a change of state (an audience is frozen, a ledger is planned), so they are taken by
the services here and in the ledger, never by the generic page: the workflow declares no `load`.
"""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.permissions import Actor, Role
from app.core.workflow.engine import State, Tone, Transition, Workflow
from app.core.workflow.parts import Act, Nobody
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.drafting.policy import Permission, approval_stands, needs_head, schedule_faults

S = CampaignState


def has_recipients(campaign: Campaign, _actor: Actor | None) -> Any:
    """A campaign to nobody is a mistake."""
    if campaign.recipients == 0:
        return _l("Nobody would receive it: choose another segment, or look at the reasons for exclusion.")
    return None


def not_the_author(campaign: Campaign, actor: Actor | None) -> Any:
    """Four eyes: whoever drafted a campaign, or changed it since it was last approved, cannot approve it."""
    if actor is not None and actor.id in (campaign.created_by_id, *campaign.editor_ids):
        return _l("You wrote or changed this campaign: somebody else has to approve it.")
    return None


def large_ones_need_the_head(campaign: Campaign, actor: Actor | None) -> Any:
    """The more people it reaches, or the more it costs, the higher the approval."""
    if actor is None or Role.BRANCH_HEAD in actor.role_set:
        return None
    return needs_head(campaign)


def approval_holds(campaign: Campaign, _actor: Actor | None) -> Any:
    """The approval is bound to the text, the audience and the times it was given for."""
    if not approval_stands(campaign):
        return _l("Text, audience or times changed since the approval; it has to be approved again.")
    return None


def its_time_is_to_come(campaign: Campaign, _actor: Actor | None) -> Any:
    """Whoever approved a window did not approve that everything goes out at once after it."""
    return schedule_faults(campaign)


def forget_approval(campaign: Campaign, _move: Any) -> None:
    """Back in draft, nothing of an earlier approval is left to lean on."""
    campaign.approved_hash = campaign.approved_by_id = campaign.approved_at = None


_LAUNCHED = Nobody(_l("This campaign has been launched: it cannot be changed any more. Write a new one."))
_OVER = Nobody(_l("This campaign has ended: it cannot be changed any more. Write a new one."))
_APPROVED = Nobody(_l("The audience stands still after the approval. Take the campaign back to change it."))
_SUBMITTED = Nobody(_l("It awaits approval. Take the campaign back to change whom it goes to."))

#: Changing a submitted or approved campaign takes it back to draft (`services.revise`).
ACTS = (
    Act("edit", _l("Change text and audience"), Permission.DRAFT),
    Act("reckon", _l("Reckon the audience again"), Permission.DRAFT),
    Act("pick", _l("Leave employers out by hand"), Permission.DRAFT),
)
LAUNCHED_ACTS = {"edit": _LAUNCHED, "reckon": _LAUNCHED, "pick": _LAUNCHED}
OVER_ACTS = {"edit": _OVER, "reckon": _OVER, "pick": _OVER}

CAMPAIGN = Workflow[Campaign](
    name="campaign",
    title=_l("Campaign"),
    model=Campaign,
    kind="campaign",
    endpoint="drafting.show",
    employer_id=lambda _campaign: None,
    states=(
        State(S.DRAFT, _l("Draft")),
        State(S.SUBMITTED, _l("Awaiting approval"), Tone.ACTIVE, acts={"pick": _SUBMITTED}),
        State(S.APPROVED, _l("Approved"), Tone.GOOD, acts={"reckon": _APPROVED, "pick": _APPROVED}),
        State(S.RUNNING, _l("Sending"), Tone.ACTIVE, acts=LAUNCHED_ACTS),
        State(S.PAUSED, _l("Paused"), Tone.WARNING, acts=LAUNCHED_ACTS),
        State(S.FINISHED, _l("Finished"), Tone.DONE, final=True, acts=OVER_ACTS),
        State(S.CANCELLED, _l("Cancelled"), Tone.DONE, final=True, acts=OVER_ACTS),
    ),
    acts=ACTS,
    transitions=(
        Transition(
            "submit",
            _l("Submit for approval"),
            (S.DRAFT,),
            S.SUBMITTED,
            Permission.DRAFT,
            guards=(has_recipients,),
        ),
        Transition(
            "revise",
            _l("Take back to change"),
            (S.SUBMITTED, S.APPROVED),
            S.DRAFT,
            Permission.DRAFT,
            effects=(forget_approval,),
        ),
        Transition(
            "return",
            _l("Return to the author"),
            (S.SUBMITTED, S.APPROVED),
            S.DRAFT,
            Permission.APPROVE,
            effects=(forget_approval,),
        ),
        Transition(
            "approve",
            _l("Approve"),
            (S.SUBMITTED,),
            S.APPROVED,
            Permission.APPROVE,
            guards=(has_recipients, not_the_author, large_ones_need_the_head, its_time_is_to_come),
        ),
        Transition(
            "launch",
            _l("Launch"),
            (S.APPROVED,),
            S.RUNNING,
            Permission.LAUNCH,
            guards=(approval_holds, its_time_is_to_come),
        ),
        Transition("pause", _l("Pause"), (S.RUNNING,), S.PAUSED, Permission.CONTROL),
        Transition("resume", _l("Resume"), (S.PAUSED,), S.RUNNING, Permission.CONTROL),
        Transition(
            "discard",
            _l("Discard"),
            (S.DRAFT, S.SUBMITTED, S.APPROVED),
            S.CANCELLED,
            Permission.DRAFT,
            tone=Tone.DANGER,
        ),
        Transition(
            "cancel",
            _l("Cancel"),
            (S.APPROVED, S.RUNNING, S.PAUSED),
            S.CANCELLED,
            Permission.CONTROL,
            tone=Tone.DANGER,
        ),
        Transition("finish", _l("Finish"), (S.RUNNING,), S.FINISHED, None),
    ),
)
