"""Claim, hand over, record: how a message leaves the house at most once.

A claim is committed before the gateway hears of it, so a crash afterwards leaves a row whose lease runs out
and that is then asked about (`sweeping`), never one that looks unsent. Nothing is sent inside a transaction.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, exists, or_, select

from app.config import current_settings
from app.core.clock import now
from app.core.db import AnyRow, db
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.gateways.codes import classify
from campaigns.gateways.protocol import Answer, FailureClass, Gateway, Outgoing, Submission
from campaigns.gateways.registry import UNREACHABLE
from campaigns.ledger.models import MESSAGES, SMS, MessageState
from campaigns.ledger.services.planning import suppress_left
from campaigns.ledger.services.settling import ASK_AFTER, settle
from campaigns.ledger.workflow import lock, move

#: Columns of the tables, not attributes of the classes: the hot statements skip the mapper.
M = MESSAGES.c
C = cast(Table, Campaign.__table__).c

#: How long an unanswered hand-over may still turn up by itself before the gateway is asked.
DOUBT = timedelta(seconds=5)

#: How long to wait before trying a gateway again that took nothing; doubled at each attempt up to 64 times.
RETRY = timedelta(seconds=5)

#: Messages of one campaign to the same number are so far apart.
APART = timedelta(seconds=60)

#: Refusals that say nothing of the message: it goes out later.
NOT_THE_MESSAGE = frozenset({FailureClass.FLOW_CONTROL, FailureClass.ACCOUNT})

#: Refusals that every other message will meet too: the campaign waits for a person.
HOLDING = frozenset({FailureClass.ACCOUNT, FailureClass.CONTENT})


Held = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True)
class Claim:
    """Messages that this worker, and no other, is about to hand over. `source`: what they were before."""

    token: str
    source: MessageState
    rows: Sequence[AnyRow]
    gateway: Gateway

    @property
    def batch(self) -> list[Outgoing]:
        """What to hand over. Built only after the commit, so that the other workers need not wait for it."""
        token = self.token
        return [Outgoing(key, phone or "", text, token) for _id, key, phone, text, _attempts in self.rows]

    @property
    def ids(self) -> dict[str, int]:
        """The rows by their key."""
        return {row[1]: row[0] for row in self.rows}

    @property
    def attempts(self) -> int:
        """How often the most tried of them has been tried, this time included."""
        return max(int(row[4]) for row in self.rows)

    def held(self, ids: Collection[int]) -> Held:
        """Conditions for those of `ids` that are still under this claim; short where it is all of them."""
        if len(ids) == len(self.rows):
            return M.id.between(min(ids), max(ids)), M.claim == self.token
        return M.id.in_(ids), M.claim == self.token


@dataclass(frozen=True)
class Record:
    """What recording a batch taught: whether to slow down, and why the campaign has to stop, if it has to."""

    slow_down: bool
    hold: FailureClass | None
    #: the code behind `hold`
    code: str | None = None
    #: not one message was answered: the gateway could not be reached, or said nothing
    silent: bool = False
    #: how many messages were refused for good
    refused: int = 0


def claim(
    campaign_id: int, gateway: Gateway, most: int, source: MessageState = MessageState.PLANNED
) -> Claim | None:
    """Claim up to `most` due messages of a running campaign, or None. Flushes; commit before handing over.

    From UNKNOWN only where the gateway promises that a repeated key goes out once: raises ValueError
    otherwise.
    """
    if source is MessageState.UNKNOWN and not gateway.idempotent:
        raise ValueError("an unanswered message is never sent blindly again")
    token = uuid.uuid4().hex
    lease = timedelta(seconds=60 + 2 * current_settings().gateway_timeout_seconds)
    statement = (
        move(
            MessageState.CLAIMED,
            M.id.in_(select(_due(campaign_id, gateway, most, source).c.id)),
            only_from=(source,),
            claim=token,
            gateway=gateway.name,
            attempts=M.attempts + 1,
            due_at=now() + lease,
        )
    ).returning(M.id, M.public_id, M.phone, M.text, M.attempts)
    rows = db.session.execute(statement).all()
    return Claim(token, source, rows, gateway) if rows else None


def _due(campaign_id: int, gateway: Gateway, most: int, source: MessageState) -> Any:
    """The rows to claim.

    As a CTE, because PostgreSQL may run a plain subquery with a LIMIT more than once.
    """
    running = exists().where(C.id == campaign_id, C.state == CampaignState.RUNNING, C.planned_at.is_not(None))
    query = select(M.id).where(
        M.campaign_id == campaign_id,
        M.state == source,
        # what goes out by post or by hand is claimed by those who do that
        M.channel == SMS,
        _is_due(M),
        running,
        or_(M.recipient_key == M.phone, ~_has_just_had_one()),
    )
    if source is MessageState.UNKNOWN:
        query = query.where(M.gateway == gateway.name)
    # SQLite ignores the lock: there is one writer at a time anyway.
    return query.order_by(M.id).limit(most).with_for_update(skip_locked=True, of=MESSAGES).cte("due")


def _is_due(message: Any) -> ColumnElement[bool]:
    return or_(message.due_at.is_(None), message.due_at <= now())


def _has_just_had_one() -> ColumnElement[bool]:
    """Where each employer of a handler is written to alone, the number gets one message after the other.

    Operators refuse a second one within the minute, and receipts of one batch are told apart by the number.
    One in doubt may have just been taken: it counts until it is asked about.
    """
    other = MESSAGES.alias()
    before = and_(other.c.state == MessageState.PLANNED, other.c.id < M.id, _is_due(other.c))
    in_doubt = and_(other.c.state == MessageState.UNKNOWN, other.c.due_at > now())
    lately = or_(other.c.state == MessageState.CLAIMED, in_doubt, other.c.submitted_at > now() - APART)
    same = (other.c.phone == M.phone, other.c.campaign_id == M.campaign_id, other.c.id != M.id)
    return exists().where(*same, or_(before, lately))


def record(claim: Claim, gateway: Gateway, submissions: Sequence[Submission]) -> Record:
    """Write down what the gateway said to each message of a claim. Flushes.

    Messages that another worker has claimed since, because our lease ran out, are left to it.
    """
    keys: dict[tuple[Answer, str | None, str | None], list[str]] = {}
    for s in submissions:
        keys.setdefault((s.answer, s.code, s.gateway_id), []).append(s.key)
    planned_again: list[int] = []
    refused = 0
    failures = classify(gateway.name, (code for answer, code, _id in keys if answer is not Answer.ACCEPTED))
    ids_of = claim.ids
    lock(*claim.held(ids_of.values()))
    for (answer, code, gateway_id), group in keys.items():
        ids = [ids_of[key] for key in group]
        held = claim.held(ids)
        if answer is Answer.ACCEPTED:
            _accepted(held, gateway_id)
        elif answer is Answer.UNKNOWN:
            _release(claim, MessageState.UNKNOWN, held, code, DOUBT)
        elif answer is Answer.NOT_TAKEN or failures[code] in NOT_THE_MESSAGE:
            # a message whose earlier hand-over is in doubt stays in doubt
            _release(claim, claim.source, held, code, RETRY)
            planned_again += ids
        else:
            settle(MessageState.FAILED, *held, code=code, reason=failures[code])
            refused += len(ids)
    if planned_again:
        # whoever left while the gateway was spoken to was not among the planned
        suppress_left(M.id.in_(planned_again))
    said = {failures[c]: c for answer, c, _id in keys if answer in (Answer.REJECTED, Answer.NOT_TAKEN)}
    hold = next(iter(sorted(said.keys() & HOLDING)), None)
    silent = all(answer is Answer.UNKNOWN or code == UNREACHABLE for answer, code, _id in keys)
    return Record(FailureClass.FLOW_CONTROL in said, hold, said.get(hold) if hold else None, silent, refused)


def _accepted(held: Held, gateway_id: str | None) -> None:
    moment = now()
    db.session.execute(
        move(
            MessageState.SUBMITTED,
            *held,
            gateway_id=gateway_id,
            code=None,
            submitted_at=moment,
            due_at=moment + ASK_AFTER,
        )
    )


def _release(claim: Claim, target: MessageState, held: Held, code: str | None, wait: timedelta) -> None:
    """Open again, after a while that doubles with each attempt."""
    due_at = now() + wait * 2 ** min(claim.attempts - 1, 6)
    db.session.execute(move(target, *held, code=code, due_at=due_at))
