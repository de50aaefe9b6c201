"""Readers of tests, and the tests of a campaign."""

from collections.abc import Sequence
from datetime import datetime, time

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import User
from app.accounts.policy import in_scope
from app.accounts.queries import name_of
from app.core.clock import SHANGHAI, now, today
from app.core.db import db
from app.core.permissions import Actor
from campaigns.ledger.models import MessageState
from campaigns.ledger.trials.models import Trial, TrialReader


def readers(actor: Actor) -> Sequence[TrialReader]:
    """The listed colleagues in the actor's reach and branch who have a number, by name."""
    query = (
        select(TrialReader)
        .join(TrialReader.user)
        .where(User.active, User.mobile.is_not(None), _mates(actor))
        .options(joinedload(TrialReader.user))
        .order_by(User.name, User.id)
    )
    return db.session.scalars(query).all()


def candidates(actor: Actor) -> Sequence[User]:
    """Colleagues who could be listed: those with a number who are not yet."""
    listed = select(TrialReader.user_id)
    query = select(User).where(User.active, User.mobile.is_not(None), _mates(actor), User.id.not_in(listed))
    return db.session.scalars(query.order_by(User.name, User.id)).all()


def _mates(actor: Actor) -> ColumnElement[bool]:
    return in_scope(actor, User.branch_id) | (User.branch_id == actor.branch_id)


def of_campaign(campaign_id: int, most: int = 50) -> Sequence[Trial]:
    """The latest tests of a campaign."""
    query = (
        select(Trial)
        .where(Trial.campaign_id == campaign_id)
        .options(name_of(Trial.reader), name_of(Trial.sent_by))
        .order_by(Trial.id.desc())
        .limit(most)
    )
    return db.session.scalars(query).all()


def sent_today(reader_ids: Sequence[int]) -> dict[int, int]:
    """How many tests each of these readers was sent today."""
    midnight = datetime.combine(today(), time.min, SHANGHAI)
    query = select(Trial.reader_id, func.count()).where(
        Trial.reader_id.in_(reader_ids), Trial.created_at >= midnight
    )
    return {reader: count for reader, count in db.session.execute(query.group_by(Trial.reader_id))}


def planned() -> Select[int]:
    """The ids of tests that may be handed over now; what a gateway did not take waits a little."""
    due = or_(Trial.due_at.is_(None), Trial.due_at <= now())
    return select(Trial.id).where(Trial.state == MessageState.PLANNED, due)


def gateways_to_ask(moment: datetime) -> Sequence[str]:
    """Gateways with tests about which it is time to ask."""
    open_ = Trial.state.in_((MessageState.SUBMITTED, MessageState.UNKNOWN))
    query = select(Trial.gateway).where(open_, Trial.due_at <= moment).distinct()
    return [name for name in db.session.scalars(query) if name]
