"""Letters leave the ledger as messages do: claimed, made, recorded; and the post's verdict comes back.

A claim and the document numbers that it takes are one transaction. Setting the letters in type happens
outside of any; the document and the new states are a second one. Whoever dies between leaves numbered
letters under a lease; they are claimed again with the same numbers, and set as they were to be.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import exists, or_, select, update

from app.core import signals
from app.core.clock import now, today
from app.core.db import AnyRow, among, changed, db
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.workflow.engine import Move, Workflow
from app.core.workflow.sets import RESTORED, SetMove, transition_many
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.issued.workflow import LETTER as LETTER_LIFE
from campaigns.channels.letter.policy import CHUNK
from campaigns.channels.letter.queries import document
from campaigns.channels.letter.sheaves.services import LETTERS, Mark, Terms, archive, number
from campaigns.drafting.models import Campaign, CampaignState, Exclusion
from campaigns.gateways.codes import TYPESETTING
from campaigns.ledger.letters import queries
from campaigns.ledger.letters.policy import AGAIN, LEASE, PATIENCE
from campaigns.ledger.models import LETTER, MESSAGES, MessageState
from campaigns.ledger.printing.models import PrintLine
from campaigns.ledger.services import controlling
from campaigns.ledger.services.planning import release_unsent
from campaigns.ledger.workflow import lock, move_letters

S, M = MessageState, MESSAGES.c
CANCELLED = msgid("The campaign was cancelled")


@dataclass(frozen=True)
class Claim:
    """Letters that this worker, and no other, is about to set in type; `letters` have number and data."""

    campaign_id: int
    token: str
    ids: Sequence[int]
    letters: Sequence[AnyRow]
    terms: Terms


def claim(campaign_id: int, marks: Sequence[Mark]) -> Claim | None:
    """Claims as many due letters of a running campaign as there are marks; numbers those without a number.

    Flushes; commit before they are set. None when nothing is to be made.
    """
    token = uuid.uuid4().hex
    statement = move_letters(
        S.CLAIMED,
        M.id.in_(select(_due(campaign_id, min(len(marks), CHUNK)).c.id)),
        M.state == S.PLANNED,
        claim=token,
        attempts=M.attempts + 1,
        due_at=now() + LEASE,
    ).returning(M.id)
    ids = sorted(db.session.scalars(statement))
    if not ids:
        return None
    campaign = db.session.get_one(Campaign, campaign_id)
    if campaign.letter_version is None or campaign.letter is None:
        raise ValueError(f"campaign {campaign_id} sends no letters")
    terms = Terms(campaign.letter_version, campaign.letter, campaign.branch_id, campaign.created_by_id)
    letters = number(terms, queries.orders(ids), marks)
    return Claim(campaign_id, token, ids, letters, terms)


def _due(campaign_id: int, most: int) -> Any:
    """The rows to claim.

    As a CTE, because PostgreSQL may run a plain subquery with a LIMIT more than once.
    """
    running = exists().where(
        Campaign.id == campaign_id,
        Campaign.state == CampaignState.RUNNING,
        Campaign.planned_at.is_not(None),
        or_(Campaign.send_from.is_(None), Campaign.send_from <= now()),
    )
    query = select(M.id).where(
        M.campaign_id == campaign_id,
        M.state == S.PLANNED,
        M.channel == LETTER,
        or_(M.due_at.is_(None), M.due_at <= now()),
        running,
    )
    return query.order_by(M.id).limit(most).with_for_update(skip_locked=True, of=MESSAGES).cte("due")


def set_in_type(claimed: Claim) -> bytes:
    """The document of these letters; holds no transaction. Raises DomainError when it cannot be made."""
    return document([letter.data for letter in claimed.letters], marks=True)


def record(claimed: Claim, made: bytes) -> bool:
    """Archives the document; the letters are made now. False, and nothing is kept, when the lease ran out and
    another worker has them. Flushes."""
    held = (M.id.in_(claimed.ids), M.claim == claimed.token, M.state == S.CLAIMED)
    lock(*held)
    statement = move_letters(S.SUBMITTED, *held, submitted_at=now(), due_at=None, reason=None, code=None)
    with db.session.begin_nested() as trial:
        if changed(statement) != len(claimed.ids):
            trial.rollback()
            return False
    archive(claimed.terms, claimed.letters, made)
    return True


def give_back(claimed: Claim, due_at: datetime | None = None) -> None:
    """The letters were not set: they keep their numbers, and may be claimed again. Flushes."""
    held = (M.id.in_(claimed.ids), M.claim == claimed.token, M.state == S.CLAIMED)
    db.session.execute(move_letters(S.PLANNED, *held, due_at=due_at))


def fail(claimed: Claim) -> None:
    """The letters could not be set: the campaign waits for a person. Flushes."""
    give_back(claimed, now() + AGAIN)
    controlling.hold(claimed.campaign_id, TYPESETTING)


def expire_leases() -> int:
    """Letters whose worker never came back are made by another; gives how many. Flushes."""
    return changed(move_letters(S.PLANNED, M.state == S.CLAIMED, M.due_at < now(), due_at=None))


def give_up() -> int:
    """The post never said what became of these; gives how many. Flushes."""
    before = today() - timedelta(days=PATIENCE.value())
    silent = exists().where(
        Letter.order_key == M.public_id, Letter.state == LetterState.POSTED, Letter.posted_on < before
    )
    given = changed(move_letters(S.EXPIRED, M.state == S.SUBMITTED, silent, settled_at=now()))
    controlling.finish_done()
    return given


def withdraw(letter_ids: Sequence[int]) -> None:
    """Letters of a cancelled campaign that were not printed: their numbers are void, nobody gets them.

    What is printed or posted by now stays as it is, and so does its row in the ledger.
    """
    reason = CANCELLED
    queries.hold_batches(letter_ids)
    query = select(Letter.id, Letter.employer_id, Letter.order_key)
    rows = db.session.execute(query.where(among(Letter.id, letter_ids), queries.unprinted())).all()
    moves = [SetMove(row.id, row.employer_id, LetterState.ISSUED) for row in rows]
    moved = set(transition_many(LETTER_LIFE, "void", moves, comment=reason))
    db.session.execute(update(LETTERS).where(among(LETTERS.c.id, moved)).values(reason=reason))
    _spoil(list(moved), reason)
    keys = [row.order_key for row in rows if row.id in moved]
    statement = move_letters(
        S.SUPPRESSED, among(M.public_id, keys), reason=Exclusion.CANCELLED, settled_at=now(), due_at=None
    )
    campaigns = db.session.scalars(statement.returning(M.campaign_id)).all()
    for campaign_id in set(campaigns):
        release_unsent(campaign_id)


def _spoil(letter_ids: Sequence[int], reason: str) -> None:
    """Void letters are no good lines of a print batch any more."""
    spoilt = update(PrintLine).where(among(PrintLine.letter_id, letter_ids), PrintLine.spoilt_at.is_(None))
    values = spoilt.values(spoilt_at=now(), reason=reason[:200])
    db.session.execute(values.execution_options(synchronize_session=False))


def make_anew(letter: Letter) -> None:
    """The next letter for the same order, once this one is void."""
    if letter.order_key is None:
        raise DomainError(_("Only a campaign's letter is made anew by itself: write this one again."))
    statement = move_letters(
        S.PLANNED, M.public_id == letter.order_key, M.state == S.SUBMITTED, due_at=None, submitted_at=None
    )
    if not changed(statement):
        raise DomainError(_("This letter is settled already."))


#: And what the states of letters mean, when a list of the post's is taken back.
MEANINGS: Mapping[LetterState, tuple[MessageState, str | None]] = {
    LetterState.ISSUED: (S.SUBMITTED, None),
    LetterState.POSTED: (S.SUBMITTED, None),
    LetterState.DELIVERED: (S.DELIVERED, None),
    LetterState.REFUSED: (S.FAILED, "refused"),
    LetterState.RETURNED: (S.FAILED, "returned"),
}


@signals.after_transition.connect
def restore(
    workflow: Workflow[Any], set_moves: Sequence[SetMove] = (), transition: Any = None, **_more: object
) -> None:
    """Rows of the ledger follow letters that an undo set back."""
    if workflow is not LETTER_LIFE or transition is None or transition.name != RESTORED:
        return
    state = LetterState(transition.target)
    if (meaning := MEANINGS.get(state)) is None:
        return
    letters = select(Letter.order_key).where(among(Letter.id, [one.record_id for one in set_moves]))
    settled = None if meaning[0] is S.SUBMITTED else now()
    db.session.execute(
        move_letters(meaning[0], M.public_id.in_(letters), reason=meaning[1], code=None, settled_at=settled)
    )


#: What a step of a letter makes of its row in the ledger, and the reason where it did not arrive.
VERDICTS: Mapping[str, tuple[MessageState, str | None]] = {
    "post": (S.SUBMITTED, None),
    "deliver": (S.DELIVERED, None),
    "refuse": (S.FAILED, "refused"),
    "return": (S.FAILED, "returned"),
    "void": (S.FAILED, "void"),
}


@signals.after_transition.connect
def follow(workflow: Workflow[Any], record: Any = None, move: Move | None = None, **_more: object) -> None:
    """What becomes of a campaign's letter becomes of its row in the ledger, in the same transaction."""
    if workflow is not LETTER_LIFE or move is None or not record.order_key:
        return
    verdict, reason = VERDICTS[move.transition.name]
    if reason == "void":
        _spoil([record.id], record.reason or "")
    settled = None if verdict is S.SUBMITTED else now()
    code = record.reason[:40] if reason == "returned" and record.reason else None
    statement = move_letters(
        verdict, M.public_id == record.order_key, reason=reason, code=code, settled_at=settled
    ).returning(M.id, M.campaign_id)
    if (row := db.session.execute(statement).first()) is not None and settled is not None:
        signals.message_settled.send("campaigns", message_ids=[row.id], outcome=verdict)
        controlling.finish_if_done(row.campaign_id)
