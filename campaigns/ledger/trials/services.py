"""Sending tests by the ledger's rules: written down first, claimed, committed, handed over at most once."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.accounts.models import User
from app.config import current_settings
from app.core.clock import now
from app.core.db import AnyRow, db
from app.core.errors import DomainError, NotFound
from app.core.permissions import Actor
from app.core.rules.identifiers import mobile
from campaigns.channels.sms.text import segments
from campaigns.drafting.content.policy import check
from campaigns.drafting.content.queries import draft_sample, preview
from campaigns.drafting.models import Campaign, Channel, Sender
from campaigns.drafting.queries import sender_of
from campaigns.gateways.protocol import (
    Answer,
    Asked,
    Gateway,
    Outcome,
    Outgoing,
    Receipt,
    Submission,
    sound,
)
from campaigns.ledger.models import MessageState
from campaigns.ledger.services.settling import ASK_AFTER, ORDER, VERDICTS
from campaigns.ledger.services.sweeping import ASKING, PATIENCE
from campaigns.ledger.trials import queries
from campaigns.ledger.trials.models import Trial, TrialReader
from campaigns.ledger.trials.policy import A_DAY
from campaigns.ledger.workflow import sources

S = MessageState


def enlist(user_id: int, actor: Actor) -> TrialReader:
    """A colleague in reach receives tests from now on. NotFound for anybody else."""
    if user_id not in {one.id for one in queries.candidates(actor)}:
        raise NotFound(_l("There is no such colleague with a mobile number who is not listed yet."))
    reader = TrialReader(user_id=user_id, added_by_id=actor.id)
    db.session.add(reader)
    db.session.flush()
    return reader


def strike(user_id: int, actor: Actor) -> None:
    """No more tests to this colleague."""
    found = next((one for one in queries.readers(actor) if one.user_id == user_id), None)
    if found is None:
        raise NotFound(_l("This colleague is not listed."))
    db.session.delete(found)
    db.session.flush()


def demand_sms(campaign: Campaign) -> None:
    """Raises DomainError for letters: they are looked at on paper."""
    if campaign.channel is not Channel.SMS:
        raise DomainError(_l("Only the text of an SMS campaign can be sent as a test."))


def send(campaign: Campaign, reader_ids: Sequence[int], longest: bool, actor: Actor) -> list[Trial]:
    """Plans one test to each of these listed colleagues; the campaign's own balance is not touched.

    The text is filled in for an employer that does not exist, or as the longest recipient would get it.
    """
    demand_sms(campaign)
    check(campaign)
    readers = [one.user for one in queries.readers(actor) if one.user_id in reader_ids]
    if not readers or len(readers) != len(set(reader_ids)):
        raise DomainError(_l("Tests go to listed colleagues only: choose at least one of them."))
    _refuse_too_many(readers)
    text = _text(campaign, longest)
    trials = [
        Trial(
            campaign_id=campaign.id,
            reader_id=reader.id,
            phone=mobile(reader.mobile or ""),
            text=text,
            segments=segments(text),
            sent_by_id=actor.id,
        )
        for reader in readers
    ]
    db.session.add_all(trials)
    db.session.flush()
    return trials


def _refuse_too_many(readers: Sequence[User]) -> None:
    sent = queries.sent_today([reader.id for reader in readers])
    full = [reader.name for reader in readers if sent.get(reader.id, 0) >= A_DAY.value()]
    if full:
        raise DomainError(
            _l("%(names)s got as many tests today as the department allows.", names=", ".join(full))
        )


def _text(campaign: Campaign, longest: bool) -> str:
    if longest and (found := preview(campaign).longest) is not None:
        return found.text
    sender = Sender(
        signature=campaign.signature, phone=sender_of(campaign.branch).phone, price=campaign.price
    )
    return draft_sample(
        campaign.template_text,
        campaign.message_class,
        sender,
        campaign.branch.name,
        campaign.template_version,
        campaign.template_values,
    ).text


def claim(gateway: Gateway, most: int) -> Sequence[AnyRow]:
    """Takes planned tests for one hand-over; commit before handing over. Flushes."""
    # a CTE, because PostgreSQL may run a plain subquery with a LIMIT more than once
    waiting = queries.planned().order_by(Trial.id).limit(most).with_for_update(skip_locked=True).cte("due")
    lease = timedelta(seconds=60 + 2 * current_settings().gateway_timeout_seconds)
    statement = (
        update(Trial)
        .where(Trial.id.in_(select(waiting.c[0])))
        .values(state=S.CLAIMED, claim=uuid.uuid4().hex, gateway=gateway.name, due_at=now() + lease)
        .returning(Trial.public_id, Trial.phone, Trial.text, Trial.claim)
        .execution_options(synchronize_session=False)
    )
    return db.session.execute(statement).all()


def batch(rows: Sequence[AnyRow]) -> list[Outgoing]:
    """Claimed tests as a gateway takes them."""
    return [Outgoing(row.public_id, row.phone, row.text, row.claim or "") for row in rows]


def record(submissions: Sequence[Submission]) -> None:
    """Writes down what the gateway said. What it did not take waits; what it left open is asked about."""
    states = {
        Answer.ACCEPTED: S.SUBMITTED,
        Answer.REJECTED: S.FAILED,
        Answer.NOT_TAKEN: S.PLANNED,
        Answer.UNKNOWN: S.UNKNOWN,
    }
    for one in submissions:
        state = states[one.answer]
        values = {"code": one.code, "gateway_id": one.gateway_id, "due_at": now() + ASK_AFTER}
        if state is S.SUBMITTED:
            values["submitted_at"] = now()
        elif state is S.FAILED:
            values["settled_at"] = now()
        _move(one.key, state, only_from=(S.CLAIMED,), **values)


def apply_receipts(gateway: str, receipts: Sequence[Receipt]) -> None:
    """Settles tests by what their gateway reports; what is about no test changes nothing."""
    moment = now()
    sane = [sound(receipt, moment) for receipt in receipts]
    for receipt in sorted(sane, key=lambda one: ORDER.index(one.outcome)):
        key = receipt.key or _key_of(gateway, receipt)
        if receipt.outcome is Outcome.PENDING:
            _move(key, S.SUBMITTED, only_from=(S.UNKNOWN,), submitted_at=receipt.at)
        else:
            verdict = VERDICTS[receipt.outcome]
            _move(key, verdict, code=receipt.code, settled_at=receipt.at, due_at=None)


def _key_of(gateway: str, receipt: Receipt) -> str:
    """For providers that know no keys: phone and number name the message."""
    number = (Trial.claim == receipt.number) | (Trial.gateway_id == receipt.number)
    query = select(Trial.public_id).where(Trial.phone == receipt.phone, Trial.gateway == gateway, number)
    return db.session.scalars(query.order_by(Trial.id.desc())).first() or ""


def _move(key: str, state: MessageState, only_from: Sequence[MessageState] = (), **values: object) -> None:
    allowed = sources(state) & frozenset(only_from) if only_from else sources(state)
    db.session.execute(
        update(Trial)
        .where(Trial.public_id == key, Trial.state.in_(sorted(allowed)))
        .values(state=state, **values)
        .execution_options(synchronize_session=False)
    )


def expire_leases() -> None:
    """Claims whose worker never came back: handed over or not, nobody knows; never sent again."""
    db.session.execute(
        update(Trial)
        .where(Trial.state == S.CLAIMED, Trial.due_at < now())
        .values(state=S.UNKNOWN, code="LEASE_EXPIRED", due_at=now())
        .execution_options(synchronize_session=False)
    )


def questions(gateway: Gateway) -> list[Asked]:
    """Takes tests to ask the gateway about; those of which nobody will say more any more expire."""
    open_ = (Trial.gateway == gateway.name, Trial.state.in_((S.SUBMITTED, S.UNKNOWN)))
    old = update(Trial).where(*open_, Trial.created_at < now() - PATIENCE)
    db.session.execute(
        old.values(state=S.EXPIRED, code="NO_RECEIPT", settled_at=now()).execution_options(
            synchronize_session=False
        )
    )
    due = select(Trial).where(*open_, Trial.due_at <= now()).limit(gateway.limits.batch)
    found = db.session.scalars(due).all()
    for one in found:
        one.due_at = now() + max(ASKING, now() - one.created_at)
    db.session.flush()
    return [Asked(one.public_id, one.phone, one.gateway_id, one.claim, one.created_at) for one in found]
