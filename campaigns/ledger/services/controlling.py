"""Launch, pause, resume, cancel, hold, finish: the campaign's own state, moved by its workflow.

What has to be woken afterwards (`jobs.wake`) is the business of the view, command or job that calls.
"""

from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.core.clock import now, today
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.permissions import Actor
from app.core.workflow.engine import transition
from app.tasks.services import open_task
from app.tasks.services import settle as settle_tasks
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.drafting.queries import find
from campaigns.drafting.times.policy import SHUT, Terms
from campaigns.drafting.times.queries import never_opens
from campaigns.drafting.workflow import CAMPAIGN
from campaigns.gateways import accounts, registry
from campaigns.gateways.codes import HOLDS, TOO_MANY_FAIL
from campaigns.gateways.protocol import FailureClass
from campaigns.ledger import queries
from campaigns.ledger.policy import FAILURE_LEAST, FAILURE_PERCENT
from campaigns.ledger.services.dispatching import Record
from campaigns.ledger.services.planning import spread, withdraw_planned

ALARM = "campaign_alarm"
HELD = msgid("The campaign “%(name)s” was paused by the system: %(why)s")
RESUMED = msgid("The campaign goes on")


def launch(campaign_id: int, actor: Actor | None) -> Campaign:
    """Start an approved campaign. Raises DomainError if it is not approved, or launched already."""
    campaign = find(campaign_id, actor, lock=True)
    transition(CAMPAIGN, campaign, "launch", actor)
    campaign.launched_at = now()
    db.session.flush()
    return campaign


def pause(campaign_id: int, actor: Actor | None) -> Campaign:
    """Stop after the batches that are under way."""
    campaign = find(campaign_id, actor, lock=True)
    transition(CAMPAIGN, campaign, "pause", actor)
    return campaign


def resume(campaign_id: int, actor: Actor | None) -> Campaign:
    """Go on; whatever made the system hold it is taken as repaired."""
    campaign = find(campaign_id, actor, lock=True)
    transition(CAMPAIGN, campaign, "resume", actor)
    if campaign.hold_reason == FailureClass.ACCOUNT:
        accounts.wake_all()
    campaign.hold_reason = None
    campaign.resumed_at = now()
    settle_tasks(("campaign", campaign.id), (ALARM,), RESUMED)
    db.session.flush()
    return campaign


def cancel(campaign_id: int, actor: Actor | None) -> Campaign:
    """Nothing more goes out; what is under way is still followed to its verdict."""
    campaign = find(campaign_id, actor, lock=True)
    transition(CAMPAIGN, campaign, "cancel", actor)
    withdraw_planned(campaign.id)
    return campaign


def heed(campaign_id: int, gateway: str, outcome: Record) -> None:
    """Act on what a hand-over taught: another account takes over where there is one, else the system pauses.

    A refused text is refused whoever carries it.
    """
    if outcome.silent:
        accounts.rest(gateway, registry.UNREACHABLE)
    elif outcome.hold is FailureClass.ACCOUNT:
        accounts.rest(gateway, outcome.code or outcome.hold.value)
        others = [one for one, _weight in registry.usable() if one.name != gateway]
        if not others:
            hold(campaign_id, outcome.hold.value)
    elif outcome.hold:
        hold(campaign_id, outcome.hold.value)


def hold(campaign_id: int, reason: str) -> None:
    """The system pauses a campaign, says why, and asks somebody to look at it today."""
    campaign = find(campaign_id, None, lock=True)
    if campaign.state is not CampaignState.RUNNING:
        return
    transition(CAMPAIGN, campaign, "pause", None, evidence={"reason": reason})
    campaign.hold_reason = reason
    open_task(
        ALARM,
        HELD,
        today(),
        branch_id=campaign.branch_id,
        owner_id=campaign.approved_by_id or campaign.created_by_id,
        params={"name": campaign.name, "why": {"msgid": msgid_of(HOLDS[reason])}},
        source=("campaign", campaign.id),
        again=True,
    )
    db.session.flush()


def watch_failures() -> int:
    """Pause campaigns of which too many messages are not delivered; gives how many."""
    found = queries.failing(FAILURE_PERCENT.value(), FAILURE_LEAST.value())
    for campaign_id in found:
        hold(campaign_id, TOO_MANY_FAIL)
    return len(found)


def watch_refusals(campaign_id: int) -> None:
    """Pause a campaign in the middle of its hand-overs if too many messages are refused or do not arrive."""
    if queries.failing(FAILURE_PERCENT.value(), FAILURE_LEAST.value(), campaign_id):
        hold(campaign_id, TOO_MANY_FAIL)


def set_schedule(
    campaign_id: int,
    actor: Actor | None,
    send_from: datetime | None,
    send_until: datetime | None,
    working_days_only: bool,
) -> Campaign:
    """Puts off what is left of a launched campaign; what is planned already follows.

    The times were approved with the text: nothing may go out sooner, or on days that were ruled out. Of a
    campaign that is not launched they are changed like its text, which voids the approval.
    """
    campaign = find(campaign_id, actor, lock=True)
    if campaign.state in (CampaignState.FINISHED, CampaignState.CANCELLED):
        raise DomainError(_l("This campaign has ended: it cannot be changed any more. Write a new one."))
    if campaign.state not in (CampaignState.RUNNING, CampaignState.PAUSED):
        raise DomainError(_l("The times are approved with the text: change the campaign instead."))
    if _sooner(campaign.send_from, send_from) or _sooner(campaign.send_until, send_until):
        raise DomainError(_l("Nothing may go out sooner than it was approved: choose later times."))
    if campaign.working_days_only and not working_days_only:
        raise DomainError(_l("It was approved for working days only."))
    if send_until and (send_until <= (send_from or now()) or send_until <= now()):
        raise DomainError(_l("The window must end after it begins, and in the future."))
    if never_opens(Terms(campaign.message_class, working_days_only, send_from, send_until)):
        raise DomainError(SHUT)
    campaign.send_from, campaign.send_until = send_from, send_until
    campaign.working_days_only = working_days_only
    db.session.flush()
    spread(campaign)
    return campaign


def _sooner(approved: datetime | None, wished: datetime | None) -> bool:
    return approved is not None and (wished is None or wished < approved)


def finish_if_done(campaign_id: int) -> bool:
    """Finish a running campaign in which nothing is open any more; True if this call did."""
    if not queries.is_done(campaign_id):
        return False
    campaign = find(campaign_id, None, lock=True)
    if campaign.state is not CampaignState.RUNNING:
        return False
    transition(CAMPAIGN, campaign, "finish", None)
    campaign.finished_at = now()
    db.session.flush()
    return True


def finish_done() -> int:
    """Finish every campaign in which nothing is open any more; gives how many."""
    return sum(finish_if_done(campaign_id) for campaign_id in queries.done())
