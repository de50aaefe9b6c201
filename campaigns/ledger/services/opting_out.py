"""What a person told somebody: no more messages of a class, or that they are welcome again."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.language.text import clean
from app.core.permissions import Actor
from app.employers.models import Contact
from app.employers.people.services.editing import tell
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.models import MessageClass
from campaigns.ledger.models import Message
from campaigns.ledger.services.planning import hold_back, suppress_opted_out

UNWANTED = msgid("%(name)s wants no more messages: %(what)s (%(source)s)")
WANTED = msgid("%(name)s wants messages again: %(what)s")
REPLIED = msgid("all but service notices of %(signature)s")


def record(contact: Contact, message_class: MessageClass, source: str, actor: Actor | None) -> OptOut:
    """The person wants no more messages of this class; those that are planned are not sent any more.

    `source`: how an officer heard of it, in the officer's words; without an actor the person did it, and it
    is a msgid.
    """
    source = clean(source)
    if not source:
        raise DomainError(_l("Say how the person told so."))
    same = select(OptOut.id).where(OptOut.contact_id == contact.id, OptOut.message_class == message_class)
    if db.session.scalar(same) is not None:
        raise Conflict(_l("This is on record already."))
    made = OptOut(
        contact_id=contact.id,
        message_class=message_class,
        source=source[:120],
        recorded_by_id=actor.id if actor else None,
    )
    db.session.add(made)
    db.session.flush()
    hold_back(Message.contact_id == contact.id)
    suppress_opted_out(Message.contact_id == contact.id)
    how = made.source if actor else {"msgid": made.source}
    tell(contact, UNWANTED, actor, what=_what(made), source=how)
    return made


def withdraw(opt_out: OptOut, contact: Contact, actor: Actor) -> None:
    """The person wants these messages again, from now on; the audit trail keeps what was said before."""
    tell(contact, WANTED, actor, what=_what(opt_out))
    db.session.delete(opt_out)
    db.session.flush()


def _what(opt_out: OptOut) -> dict[str, Any]:
    if opt_out.message_class:
        return {"msgid": msgid_of(MESSAGE_CLASS_LABELS[MessageClass(opt_out.message_class)])}
    return {"msgid": REPLIED, "params": {"signature": opt_out.signature}}
