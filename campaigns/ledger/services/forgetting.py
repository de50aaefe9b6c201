"""What stays when a person is forgotten or was never known: messages and replies, without number or name."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, exists, select, update

from app.core.db import db
from app.core.personal.retaining import NOBODY, without_name
from app.employers.models import Contact
from campaigns.drafting.models import AudienceMember
from campaigns.ledger.models import Message, Reply
from campaigns.ledger.workflow import OPEN


def forget_people(_sender: object, names: Mapping[int, str]) -> None:
    """Receiver of `people_forgotten`. What is still on its way keeps the number until it has arrived."""
    query = select(Message).where(Message.contact_id.in_(names), Message.state.not_in(OPEN))
    messages = db.session.scalars(query).all()
    for message in messages:
        message.phone, message.recipient_key = None, f"forgotten:{message.id}"
        message.text = message.text.replace(names[message.contact_id or 0], NOBODY)
    answered = Reply.message_id.in_([message.id for message in messages])
    db.session.execute(update(Reply).where(answered).values(phone=""))
    for member in db.session.scalars(select(AudienceMember).where(AudienceMember.contact_id.in_(names))):
        name = names[member.contact_id or 0]
        member.phone = None
        member.variables = without_name(member.variables, name)
        member.own_variables = without_name(member.own_variables, name)
    db.session.flush()


def strangers_replies(before: datetime) -> Select[int]:
    """The ids of replies that came before, from numbers that are nobody's, or nobody's any more."""
    somebodys = exists().where(Contact.mobile == Reply.phone)
    return select(Reply.id).where(Reply.at < before, Reply.phone != "", ~somebodys)


def forget_replies(ids: Sequence[int]) -> int:
    """That there was a reply stays, so that the gateway's repetition of it is known; number and words go."""
    db.session.execute(update(Reply).where(Reply.id.in_(ids)).values(phone="", text=NOBODY))
    return len(ids)
