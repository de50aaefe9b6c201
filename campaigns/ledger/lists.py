"""What criteria over employers may ask of the messages they got."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.criteria.trees import Field, Kind
from app.employers.models import Employer
from campaigns.ledger.models import Message, MessageState


def _written(found: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(Message.id).where(Message.employer_id == Employer.id, found).exists()


def _delivered(found: ColumnElement[bool]) -> ColumnElement[bool]:
    return _written(found & (Message.state == MessageState.DELIVERED))


_CARE = _l("Care")

EMPLOYER_FIELDS = (
    Field("message_sent", _l("SMS sent"), Kind.EVENT, Message.submitted_at, within=_written, group=_CARE),
    Field(
        "message_delivered",
        _l("SMS delivered"),
        Kind.EVENT,
        Message.settled_at,
        within=_delivered,
        group=_CARE,
    ),
    Field("notice_opened", _l("Notice opened"), Kind.EVENT, Message.opened_at, within=_written, group=_CARE),
)
