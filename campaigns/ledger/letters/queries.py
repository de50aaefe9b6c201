"""What letters of campaigns are made of, and which wait for something. Nothing here writes."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select

from app.accounts.models import User
from app.core.clock import now
from app.core.db import among, db
from app.employers.models import Contact, Employer
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.sheaves.services import Order
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState
from campaigns.ledger.models import LETTER, Message, MessageState
from campaigns.ledger.printing.models import PrintBatch, PrintLine, PrintState

S = MessageState

#: A message with the letter that counts for it.
OF_MESSAGE = and_(Letter.order_key == Message.public_id, Letter.state != LetterState.VOID)


def orders(message_ids: Sequence[int]) -> list[Order]:
    """What is wanted for these messages, in the order of the ledger."""
    query = (
        select(
            Message.public_id,
            Message.employer_id,
            Employer.name,
            AudienceMember.address,
            AudienceMember.postal_code,
            Contact.mobile,
            Employer.employer_account_no,
            User.name,
            AudienceMember.variables,
        )
        .join(AudienceMember, AudienceMember.id == Message.member_id)
        .join(Employer, Employer.id == Message.employer_id)
        .outerjoin(Contact, Contact.id == Message.contact_id)
        .outerjoin(User, User.id == Employer.owner_id)
        .where(Message.id.in_(message_ids))
        .order_by(Message.id)
    )
    return [
        Order(key, employer_id, name, address or "", postal_code or "", *rest)
        for key, employer_id, name, address, postal_code, *rest in db.session.execute(query)
    ]


def to_make() -> Sequence[int]:
    """Running campaigns with letters that could be made now, and nobody at work on them."""
    mine = (Message.campaign_id == Campaign.id, Message.channel == LETTER)
    due = exists().where(
        *mine, Message.state == S.PLANNED, or_(Message.due_at.is_(None), Message.due_at <= now())
    )
    worked_on = exists().where(*mine, Message.state == S.CLAIMED, Message.due_at > now())
    query = select(Campaign.id).where(
        Campaign.state == CampaignState.RUNNING,
        Campaign.channel == LETTER,
        Campaign.planned_at.is_not(None),
        or_(Campaign.send_from.is_(None), Campaign.send_from <= now()),
        due,
        ~worked_on,
    )
    return db.session.scalars(query).all()


def goes_on(campaign_id: int) -> bool:
    """Whether nobody has paused or cancelled it."""
    running = exists().where(Campaign.id == campaign_id, Campaign.state == CampaignState.RUNNING)
    return bool(db.session.scalar(select(running)))


def unprinted() -> ColumnElement[bool]:
    """Letters in no batch, or in one that was not handed out."""
    return ~exists().where(
        PrintLine.letter_id == Letter.id,
        PrintBatch.id == PrintLine.batch_id,
        PrintBatch.state != PrintState.READY,
    )


def hold_batches(letter_ids: Sequence[int]) -> None:
    """Nobody hands these letters out to print until the transaction ends. In one order, against deadlocks."""
    theirs = exists().where(PrintLine.batch_id == PrintBatch.id, among(PrintLine.letter_id, letter_ids))
    db.session.execute(select(PrintBatch.id).where(theirs).order_by(PrintBatch.id).with_for_update()).all()


def to_withdraw() -> Sequence[int]:
    """Letters of cancelled campaigns that nobody has printed.

    What a worker is setting in type now is looked at again later.
    """
    query = (
        select(Letter.id)
        .join(Message, Message.public_id == Letter.order_key)
        .join(Campaign, Campaign.id == Message.campaign_id)
        .where(
            Campaign.state == CampaignState.CANCELLED,
            Message.state.in_((S.SUPPRESSED, S.SUBMITTED)),
            Letter.state == LetterState.ISSUED,
            unprinted(),
        )
    )
    return db.session.scalars(query).all()
