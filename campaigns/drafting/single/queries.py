"""What was sent of a record, and what is about to be."""

from collections.abc import Sequence
from typing import Any

from flask import has_request_context
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select

from app.attachments.queries import kind_named, record_for
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.features import current_features
from app.core.permissions import Actor, current_actor
from app.core.sendable import Circle, Sendable
from app.employers.models import Employer
from app.employers.policy import in_reach
from campaigns.drafting.lists import UNSENT
from campaigns.drafting.models import Campaign, Channel
from campaigns.drafting.policy import visible_to
from campaigns.drafting.single.models import SingleSending


def sendable(kind: str) -> Sendable:
    """Raises NotFound for a kind of record that is not sent."""
    found = current_features().sendables.get(kind)
    if found is None:
        raise NotFound(_l("There is nothing of this kind to send."))
    return found


def circles(sendable: Sendable, record: Any) -> list[Circle]:
    """Those who can be told something of the record as it stands."""
    return [one for one in sendable.circles if one.fits(record)]


def circle(sendable: Sendable, record: Any, name: str) -> Circle | None:
    """The circle of this name; None for a record that goes to its own employer. Raises DomainError."""
    if not sendable.circles and not name:
        return None
    found = next((one for one in circles(sendable, record) if one.name == name), None)
    if found is None:
        raise DomainError(_l("Choose whom to write to, of those whom the page names."))
    return found


def record(kind: str, record_id: int, actor: Actor) -> Any:
    """The record, which the actor may read. Raises NotFound, Forbidden."""
    known = kind_named(sendable(kind).kind)
    return record_for(known, record_id, actor, known.view)


def _campaigns(kind: str, record_id: int) -> Select[Campaign]:
    return (
        select(Campaign)
        .join(SingleSending, SingleSending.campaign_id == Campaign.id)
        .where(SingleSending.kind == kind, SingleSending.record_id == record_id)
        .order_by(Campaign.id.desc())
    )


def sent(kind: str, record_id: int, actor: Actor, most: int = 10) -> Sequence[Campaign]:
    """The campaigns that sent the record, or are to, in the actor's reach; the latest first."""
    return db.session.scalars(_campaigns(kind, record_id).where(visible_to(actor)).limit(most)).all()


def unsent(kind: str, record_id: int, channel: Channel, circle: str) -> Campaign | None:
    """The one that is drafted, submitted or approved already, whoever drafted it."""
    waiting = (Campaign.state.in_(UNSENT), Campaign.channel == channel, SingleSending.circle == circle)
    return db.session.scalars(_campaigns(kind, record_id).where(*waiting).limit(1)).first()


def employer_told(number: str) -> str | None:
    """That it is this employer, by its name; None for whoever has it out of reach, and where nobody reads."""
    if not has_request_context():
        return None
    query = select(Employer.name).where(Employer.id == int(number), in_reach(current_actor()))
    name = db.session.scalar(query)
    return None if name is None else str(_("The employer is %(name)s", name=name))
