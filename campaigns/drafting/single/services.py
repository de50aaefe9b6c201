"""Drafting a campaign that sends a record: to its employer, or to a circle of those it concerns.

Submitting, approving and launching are the same as of any other.
"""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Branch
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.permissions import Actor
from app.core.sendable import Circle, Sendable
from campaigns.channels.letter import text
from campaigns.channels.letter.queries import outline_named
from campaigns.drafting import services as drafting
from campaigns.drafting.letters import services as letters
from campaigns.drafting.letters.forms import asked
from campaigns.drafting.models import Campaign, Channel, ContactOrder, MessageClass
from campaigns.drafting.single.models import SingleSending
from campaigns.drafting.single.queries import unsent
from campaigns.drafting.templates.queries import named

#: the field whose rules name one employer by the number of its record
FIELD = "record_number"
LONGEST_NAME = 120


def draft(
    sendable: Sendable,
    record: Any,
    channel: Channel,
    actor: Actor,
    branch: Branch,
    circle: Circle | None = None,
) -> Campaign:
    """The campaign that sends the record, in draft; the same one until it has gone out.

    Raises DomainError when there is nothing to send, or no wording for it, or a value is missing.
    """
    model, name = type(record), circle.name if circle else ""
    db.session.scalar(select(model.id).where(model.id == record.id).with_for_update())
    known = unsent(sendable.kind, record.id, channel, name)
    if known is not None:
        return known
    make = _letter if channel is Channel.LETTER else _sms
    campaign = make(sendable, record, circle, actor, branch)
    sending = SingleSending(campaign_id=campaign.id, kind=sendable.kind, record_id=record.id, circle=name)
    db.session.add(sending)
    db.session.flush()
    return campaign


def _audience(record: Any, circle: Circle | None) -> dict[str, Any]:
    if circle is not None:
        return dict(circle.criteria(record))
    return {"match": "all", "rules": [rule(FIELD, "eq", str(record.employer_id))]}


def _name(sendable: Sendable, record: Any, circle: Circle | None) -> str:
    title = sendable.title(record)
    return (f"{title} · {circle.label}" if circle else title)[:LONGEST_NAME]


def _sms(sendable: Sendable, record: Any, circle: Circle | None, actor: Actor, branch: Branch) -> Campaign:
    code = circle.wording if circle else sendable.wording
    version = named(code)
    if version is None:
        raise _no_wording(code)
    wish = drafting.Wish(
        name=_name(sendable, record, circle),
        segment_id=None,
        criteria=_audience(record, circle),
        message_class=MessageClass(version.template.message_class),
        template_text="",
        deadline=None,
        contact_order=ContactOrder.HANDLER_FIRST,
        # an officer decided to write to these: what others sent lately is no reason against it
        frequency_days=0,
        template_version_id=version.id,
        values=sendable.values(record),
    )
    return drafting.draft(wish, actor, branch)


def _letter(sendable: Sendable, record: Any, circle: Circle | None, actor: Actor, branch: Branch) -> Campaign:
    code = circle.wording if circle else sendable.wording
    version = outline_named(code)
    if version is None:
        raise _no_wording(code)
    values: Mapping[str, str] = sendable.values(record)
    wish = letters.LetterWish(
        name=_name(sendable, record, circle),
        segment_id=None,
        criteria=_audience(record, circle),
        version=version,
        given=text.written(asked(version), values),
    )
    return letters.draft(wish, actor, branch)


def _no_wording(code: str) -> DomainError:
    return Conflict(
        _l(
            "There is no wording in use for this (%(code)s): publish one among the templates, then send.",
            code=code,
        )
    )
