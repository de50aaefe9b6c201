"""Who drafts, approves and sends campaigns, whose they see, and what an approval is bound to."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.accounts.policy import in_scope
from app.core.clock import now
from app.core.db import db
from app.core.options import Option
from app.core.permissions import LEADERS, OFFICE, Actor, Grantable, Grants, Role
from campaigns.channels.sms import text as sms
from campaigns.drafting.models import AudienceMember, Campaign, Channel

#: Whoever was written to within so many days is left out, unless the author says otherwise.
FREQUENCY_DAYS = 7

#: Of a hundred recipients so many may be held out at most: a notice is still meant to be heard.
MOST_HELD_OUT = 50

#: Above either of these only a branch head may approve.
HEAD_ABOVE_RECIPIENTS = Option(
    "campaigns.head_above_recipients",
    _l("A branch head approves campaigns with more recipients than"),
    usual=500,
    low=1,
    high=1_000_000,
    unit=_l("people"),
)
HEAD_ABOVE_COST = Option(
    "campaigns.head_above_cost",
    _l("A branch head approves campaigns that cost more than"),
    usual=200,
    low=1,
    high=10_000_000,
    unit=_l("yuan"),
)

#: Of a service notice, the department owes the employer the notice, not the way.
SERVICE_TO_ALL = Option(
    "campaigns.service_to_all",
    _l("Service notices by SMS to contacts who prefer another channel"),
    usual=1,
    low=0,
    high=1,
    choices=((1, _l("are sent")), (0, _l("are not sent"))),
    help=_l("Greetings and publicity are never sent to them; who prefers what stands on the contact's page."),
)


class Permission(Grantable):
    VIEW = "campaigns:view", _l("See campaigns, their messages and results")
    DRAFT = "campaigns:draft", _l("Draft campaigns and submit them for approval")
    APPROVE = "campaigns:approve", _l("Approve or return campaigns that others drafted")
    LAUNCH = "campaigns:launch", _l("Launch approved campaigns")
    #: pause, resume and cancel what is being sent
    CONTROL = "campaigns:control", _l("Pause, resume and cancel running campaigns; settle messages in doubt")
    #: how the branch signs, and what a segment costs
    CONFIGURE = "campaigns:configure", _l("Set the branch's signature and the price of a message")


GRANTS: Grants = {
    Permission.VIEW: OFFICE,
    Permission.DRAFT: (Role.SPECIALIST, *LEADERS),
    Permission.APPROVE: LEADERS,
    Permission.LAUNCH: LEADERS,
    Permission.CONTROL: LEADERS,
    Permission.CONFIGURE: (Role.BRANCH_HEAD,),
}


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The campaigns of the branches the actor reaches; within own scope, the ones the actor drafted."""
    return in_scope(actor, Campaign.branch_id, Campaign.created_by_id)


#: What of a member counts: whom, by which number, with which values, and why not.
FINGERPRINTED = (
    AudienceMember.employer_id,
    AudienceMember.contact_id,
    AudienceMember.phone,
    AudienceMember.variables,
    AudienceMember.excluded,
    AudienceMember.address,
    AudienceMember.postal_code,
)

#: So many of these every member has; those of letters are left out where there are none, so that what was
#: approved before there were letters still is.
_ALWAYS = 5


def content_fingerprint(campaign: Campaign) -> str:
    """sha-256 over everything the author decided: the text, how it is signed, for whom it is, and when."""
    decided: list[Any] = [
        campaign.name,
        campaign.template_text,
        campaign.signature,
        campaign.message_class,
        campaign.deadline.isoformat() if campaign.deadline else None,
        campaign.contact_order,
        campaign.frequency_days,
        campaign.verified_only,
        campaign.hold_out,
        campaign.segment_id,
        campaign.criteria,
    ]
    if campaign.template_version_id is not None:
        decided += [campaign.template_version_id, campaign.template_values]
    if campaign.send_from or campaign.send_until or campaign.working_days_only:
        decided += [_moment(campaign.send_from), _moment(campaign.send_until), campaign.working_days_only]
    if campaign.channel is Channel.LETTER:
        decided += [campaign.channel, campaign.letter_version_id, campaign.letter]
    if campaign.follow_steps:
        decided.append(
            [[s.position, s.kind, s.condition, s.wait_days, s.outline] for s in campaign.follow_steps]
        )
    return _digest([json.dumps(decided, sort_keys=True, ensure_ascii=False)])


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def schedule_faults(campaign: Campaign) -> list[Any]:
    """What is wrong with the times of a campaign that is yet to be launched."""
    until = campaign.send_until
    if until is None:
        return []
    if until <= (campaign.send_from or now()) or until <= now():
        return [_l("The window must end after it begins, and in the future.")]
    return []


def audience_fingerprint(rows: Sequence[Sequence[Any]]) -> str:
    """sha-256 over the members, by employer and contact; each row as `FINGERPRINTED` lists it."""
    return _digest(
        [json.dumps(_stated(row), sort_keys=True, ensure_ascii=False) for row in sorted(rows, key=_who)]
    )


def _who(row: Sequence[Any]) -> Any:
    """Employer and contact: several people of one may be meant."""
    return row[0], row[1] or 0


def _stated(row: Sequence[Any]) -> list[Any]:
    return [*row[:_ALWAYS], *(more for more in row[_ALWAYS:] if more)]


def stored_audience_fingerprint(campaign_id: int) -> str:
    """The fingerprint of the audience as it stands in the database now."""
    query = select(*FINGERPRINTED).where(AudienceMember.campaign_id == campaign_id)
    return audience_fingerprint([tuple(row) for row in db.session.execute(query)])


def fingerprint(content: str, audience: str) -> str:
    """What an approval is given for: both at once."""
    return _digest([content, audience])


def cost_of(campaign: Campaign) -> Decimal:
    """Yuan for all its messages, as the audience was last reckoned."""
    return sms.cost(campaign.segments, campaign.price)


def needs_head(campaign: Campaign) -> Any:
    """Why only a branch head may approve it; None where any second leader may."""
    if campaign.recipients > (most := HEAD_ABOVE_RECIPIENTS.value()):
        return _l("More than %(limit)s recipients: a branch head has to approve it.", limit=most)
    if cost_of(campaign) > (most := HEAD_ABOVE_COST.value()):
        return _l("It costs more than %(limit)s yuan: a branch head has to approve it.", limit=most)
    return None


def approval_stands(campaign: Campaign) -> bool:
    """True while text and audience are, bit for bit, what was approved."""
    if campaign.approved_hash is None:
        return False
    now = fingerprint(content_fingerprint(campaign), stored_audience_fingerprint(campaign.id))
    return now == campaign.approved_hash


def _digest(parts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\n")
    return digest.hexdigest()
