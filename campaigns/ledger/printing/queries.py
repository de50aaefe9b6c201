"""Print batches: what is in them, what is not yet in any. Nothing here writes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import joinedload

from app.attachments.queries import path_of
from app.core.clock import now
from app.core.db import AnyRow, db
from app.core.permissions import Actor
from app.employers.models import Contact, Employer
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.issued.queries import content_hash, envelope
from campaigns.channels.letter.issued.queries import envelopes as set_envelopes
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.ledger.models import LETTER, Message, MessageState
from campaigns.ledger.printing.models import PrintBatch, PrintLine
from campaigns.ledger.printing.policy import visible_to

S = MessageState


def listed(actor: Actor | None) -> Select[PrintBatch]:
    """The batches in reach, with their campaigns."""
    return select(PrintBatch).where(visible_to(actor)).join(Campaign).options(joinedload(PrintBatch.campaign))


def of_campaign(campaign_id: int) -> Sequence[PrintBatch]:
    """The batches of one campaign, in their order."""
    query = select(PrintBatch).where(PrintBatch.campaign_id == campaign_id)
    return db.session.scalars(query.order_by(PrintBatch.number)).all()


def unbatched(campaign_id: int) -> Sequence[AnyRow]:
    """Made letters of a campaign that are in no batch, in the order of their numbers."""
    lined = exists().where(PrintLine.letter_id == Letter.id)
    query = (
        select(Letter.id, Letter.serial)
        .join(Message, Message.public_id == Letter.order_key)
        .where(
            Message.campaign_id == campaign_id,
            Message.state == S.SUBMITTED,
            Letter.state == LetterState.ISSUED,
            Letter.sheaf_id.is_not(None),
            ~lined,
        )
    )
    return db.session.execute(query.order_by(Letter.year, Letter.serial)).all()


def being_made(campaign_id: int) -> bool:
    """Whether more letters of the campaign are to come before its last batch is full."""
    coming = exists().where(
        Message.campaign_id == campaign_id,
        Message.state.in_((S.PLANNED, S.CLAIMED)),
        Message.channel == LETTER,
    )
    return bool(db.session.scalar(select(coming)))


def to_form() -> Sequence[int]:
    """Campaigns with made letters in no batch, nothing of which is being made at the moment."""
    lined = exists().where(PrintLine.letter_id == Letter.id)
    loose = exists().where(
        Message.campaign_id == Campaign.id,
        Message.state == S.SUBMITTED,
        Letter.order_key == Message.public_id,
        Letter.state == LetterState.ISSUED,
        Letter.sheaf_id.is_not(None),
        ~lined,
    )
    coming = exists().where(
        Message.campaign_id == Campaign.id,
        Message.channel == LETTER,
        or_(Message.state == S.PLANNED, (Message.state == S.CLAIMED) & (Message.due_at > now())),
    )
    running = Campaign.state.in_((CampaignState.RUNNING, CampaignState.PAUSED))
    query = select(Campaign.id).where(Campaign.channel == LETTER, running, loose, ~coming)
    return db.session.scalars(query).all()


def to_bind() -> Sequence[int]:
    """Batches whose document was not put together yet."""
    return db.session.scalars(select(PrintBatch.id).where(PrintBatch.sha256 == "")).all()


def lines(batch_id: int) -> Select[PrintLine]:
    """The lines of one batch with letter and employer, in no order."""
    return (
        select(PrintLine)
        .where(PrintLine.batch_id == batch_id)
        .join(Letter, Letter.id == PrintLine.letter_id)
        .join(Employer, Employer.id == Letter.employer_id)
        .options(
            joinedload(PrintLine.letter).joinedload(Letter.employer).load_only(Employer.id, Employer.name)
        )
    )


def in_order(batch_id: int) -> Sequence[PrintLine]:
    """The lines as they lie on the pile."""
    return db.session.scalars(lines(batch_id).order_by(PrintLine.number)).all()


def counts(batch_id: int) -> dict[str, int]:
    """How many letters of a batch stand where, and how many lines are spoilt."""
    spoilt = PrintLine.spoilt_at.is_not(None)
    query = (
        select(Letter.state, spoilt, func.count())
        .join(PrintLine, PrintLine.letter_id == Letter.id)
        .where(PrintLine.batch_id == batch_id)
        .group_by(Letter.state, spoilt)
    )
    found: Counter[str] = Counter()
    for state, is_spoilt, count in db.session.execute(query):
        found["spoilt" if is_spoilt else str(state)] += count
    return dict(found)


def document_of(batch: PrintBatch) -> Path:
    """Where the archive keeps what is printed. Raises NotFound until there is one."""
    return path_of(batch.sha256)


def manifest(batch: PrintBatch) -> Iterable[Sequence[Any]]:
    """A row a line: line, number, employer, address, postal code, page, hash, tracking number, spoilt."""
    for line in in_order(batch.id):
        letter = line.letter
        yield (
            line.number, letter.number, letter.data["addressee"], letter.address, letter.postal_code,
            line.page, content_hash(letter), letter.tracking_no, line.reason if line.spoilt_at else None,
        )  # fmt: skip


def envelopes(batch: PrintBatch) -> bytes:
    """The envelopes of a batch, in the order of its lines, the spoilt ones left out."""
    query = (
        select(PrintLine.number, Letter, Contact.name)
        .join(Letter, Letter.id == PrintLine.letter_id)
        .join(Message, Message.public_id == Letter.order_key)
        .outerjoin(Contact, Contact.id == Message.contact_id)
        .where(PrintLine.batch_id == batch.id, PrintLine.spoilt_at.is_(None))
        .order_by(PrintLine.number)
    )
    written = [
        envelope(letter, name, f"{batch.number}-{number}")
        for number, letter, name in db.session.execute(query)
    ]
    return set_envelopes(batch.campaign.branch, written)
