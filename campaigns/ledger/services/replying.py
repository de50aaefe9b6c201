"""What people answer: an opt-out is honoured at once, everything else reaches the employer's owner."""

from collections.abc import Iterable

from app.core import signals
from app.core.clock import local, now
from app.core.db import among, db, insert_new
from app.core.language.i18n import msgid
from app.employers.models import VerifiedHow
from campaigns.channels.sms.models import OptOut
from campaigns.channels.sms.text import is_disowned, is_opt_out
from campaigns.drafting.queries import signatures
from campaigns.gateways.protocol import Reply as Incoming
from campaigns.gateways.protocol import sound_reply
from campaigns.ledger import queries
from campaigns.ledger.models import Message, Reply
from campaigns.ledger.services.planning import hold_back, suppress_opted_out
from campaigns.ledger.services.settling import open_tasks, tell
from campaigns.outcomes.policy import Outcome

REPLIED = msgid("%(name)s answered by SMS: %(text)s")
LEFT = msgid("%(name)s wants no more SMS of this kind: %(text)s")
ANSWER_TITLE = msgid("Answer the reply to an SMS")


def take_replies(gateway: str, replies: Iterable[Incoming]) -> int:
    """Keep replies that are new; gives how many. A reply pushed twice is taken once. Flushes."""
    moment = now()
    received = [sound_reply(reply, moment) for reply in replies]
    if leaving := {_number(reply) for reply in received if is_opt_out(reply.text)}:
        hold_back(among(Message.phone, leaving))
    return sum(_take(gateway, reply) for reply in received)


def _number(reply: Incoming) -> str:
    return reply.phone.removeprefix("+").removeprefix("86")[-11:]


def _take(gateway: str, reply: Incoming) -> bool:
    phone = _number(reply)
    last = queries.last_message_to(phone, reply.signature)
    leaving = is_opt_out(reply.text)
    kept = insert_new(Reply).values(
        gateway=gateway,
        gateway_id=reply.id,
        message_id=last.id if last else None,
        phone=phone,
        text=reply.text,
        opt_out=leaving,
        at=reply.at,
    )
    new = db.session.scalar(kept.returning(Reply.id)) is not None
    if new and leaving:
        # what a stranger answers may be long forgotten here: it holds for all who might have written
        _leave(phone, reply, {last.campaign.signature} if last else signatures(reply.signature))
    if new and last:
        _follow(last, reply, leaving)
    return new


def _leave(phone: str, reply: Incoming, signed: Iterable[str]) -> None:
    for signature in sorted(signed):
        db.session.execute(
            insert_new(OptOut).values(phone=phone, signature=signature, source=reply.text[:120], at=reply.at)
        )
    suppress_opted_out(Message.phone == phone)


def _follow(last: Message, reply: Incoming, leaving: bool) -> None:
    if not leaving:
        open_tasks([last.id], Outcome.REPLY, ANSWER_TITLE, note=reply.text)
        _verify(last, reply)
    tell([last], LEFT if leaving else REPLIED, at=reply.at, text=reply.text)


def _verify(last: Message, reply: Incoming) -> None:
    """Whoever answers what was sent to a person has that person's number, unless he says otherwise."""
    if last.contact is not None and last.phone and not is_disowned(reply.text):
        signals.number_answered.send(
            last.contact, number=last.phone, how=VerifiedHow.SMS_REPLY, on=local(reply.at).date()
        )
