"""For which employers a step is due, decided by the database from what came of the messages."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.core.clock import SHANGHAI, today
from app.core.db import db
from app.core.rules import workdays
from app.employers.models import Employer
from app.lifecycle.workflow import LIFECYCLE
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.drafting.models import (
    AudienceMember,
    Campaign,
    CampaignState,
    CampaignStep,
    StepCondition,
    StepKind,
)
from campaigns.following.models import StepResult, StepRun
from campaigns.following.policy import UNREACHED
from campaigns.ledger.letters.policy import PATIENCE
from campaigns.ledger.models import Message, MessageState, Reply
from campaigns.ledger.workflow import OPEN

S = MessageState
SETTLED = (S.DELIVERED, S.FAILED, S.EXPIRED)
#: as with messages: who is written to at all
_FOLLOWED = LIFECYCLE.open_to("write")


def to_follow() -> Sequence[int]:
    """Running campaigns with steps that are still to be taken."""
    left = exists().where(CampaignStep.campaign_id == Campaign.id, CampaignStep.ended_at.is_(None))
    query = select(Campaign.id).where(
        Campaign.state == CampaignState.RUNNING, Campaign.planned_at.is_not(None), left
    )
    return db.session.scalars(query.order_by(Campaign.id)).all()


def due(step: CampaignStep, steps: Sequence[CampaignStep]) -> Select[*tuple[Any, ...]]:
    """The employers (id, and whether anything was delivered) for which the step is to be taken now."""
    facts = _facts(step.campaign_id)
    earlier = [one for one in steps if one.position < step.position]
    until = waited_until(step.wait_days)
    done = _runs(earlier, facts)
    later = done.where(StepRun.result != StepResult.IMPOSSIBLE, StepRun.at > until).correlate(facts).exists()
    taken = [_is_past(one, facts) for one in earlier]
    letters = _letters(step, facts)
    arrived = letters.where(Letter.state == LetterState.DELIVERED)
    delivered = case((or_(facts.c.delivered == 1, arrived.exists()), 1), else_=0).label("delivered")
    return (
        select(facts.c.employer_id, delivered)
        .join(Employer, Employer.id == facts.c.employer_id)
        .where(
            facts.c.tried == 1,
            facts.c.under_way == 0,
            facts.c.settled_at <= until,
            *_wants(step, facts),
            ~letters.where(_on_its_way()).exists(),
            ~arrived.where(Letter.settled_on >= until.date()).exists(),
            ~later,
            *taken,
        )
        .order_by(facts.c.employer_id)
    )


def is_pending(step: CampaignStep) -> bool:
    """Whether the step may still have to be taken for somebody, now or when its time has passed."""
    facts = _facts(step.campaign_id)
    query = select(facts.c.employer_id).join(Employer, Employer.id == facts.c.employer_id)
    reached = or_(facts.c.tried == 1, facts.c.under_way == 1)
    found = db.session.scalars(query.where(reached, *_wants(step, facts)).limit(1))
    return found.first() is not None


def _facts(campaign_id: int) -> Subquery:
    """One row for each employer of the audience: what came of the messages that spoke for it."""
    lead = func.coalesce(AudienceMember.merged_into_id, AudienceMember.id)
    replied = exists().where(Reply.message_id == Message.id, Reply.opt_out.is_(False))
    written = exists().where(Letter.order_key == Message.public_id, _answered(Letter))
    answered = or_(_answered(Message), replied, written)
    unreached = and_(Message.state == S.SUPPRESSED, Message.reason.in_(UNREACHED))
    return (
        select(
            AudienceMember.employer_id,
            _any(Message.state == S.DELIVERED).label("delivered"),
            _any(Message.state.in_(OPEN)).label("under_way"),
            _any(answered).label("answered"),
            _any(or_(Message.state.in_(SETTLED), unreached)).label("tried"),
            func.max(Message.settled_at).label("settled_at"),
        )
        .join(Message, Message.member_id == lead)
        .where(AudienceMember.campaign_id == campaign_id)
        .group_by(AudienceMember.employer_id)
        .subquery()
    )


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0))


def _answered(record: type[Message] | type[Letter]) -> ColumnElement[bool]:
    """Whether the reader said something on the notice page."""
    return or_(record.confirmed_at.is_not(None), record.asked_at.is_not(None))


def _letters(step: CampaignStep, facts: Subquery) -> Select[int]:
    """What steps of this campaign wrote to an employer."""
    return (
        select(Letter.id)
        .join(StepRun, StepRun.letter_id == Letter.id)
        .join(CampaignStep, CampaignStep.id == StepRun.step_id)
        .where(CampaignStep.campaign_id == step.campaign_id, StepRun.employer_id == facts.c.employer_id)
        .correlate(facts)
    )


def _on_its_way() -> ColumnElement[bool]:
    """A letter that may still arrive: the post has not said, and has not been silent for too long."""
    patience = today() - timedelta(days=PATIENCE.value())
    under_way = Letter.state.in_((LetterState.ISSUED, LetterState.POSTED))
    return and_(under_way, func.coalesce(Letter.posted_on, Letter.issued_on) >= patience)


def _wants(step: CampaignStep, facts: Subquery) -> list[ColumnElement[bool]]:
    """Nobody answered, the step's condition holds, and it was not taken yet."""
    letters = _letters(step, facts)
    conditions = [
        facts.c.answered == 0,
        ~letters.where(_answered(Letter)).exists(),
        ~_taken(step, facts),
        Employer.merged_into_id.is_(None),
        Employer.stage.in_(_FOLLOWED),
    ]
    if step.condition is StepCondition.UNDELIVERED:
        conditions += [facts.c.delivered == 0, ~letters.where(Letter.state == LetterState.DELIVERED).exists()]
    return conditions


def _taken(step: CampaignStep, facts: Subquery) -> ColumnElement[bool]:
    run = aliased(StepRun)
    return exists().where(run.step_id == step.id, run.employer_id == facts.c.employer_id)


def _is_past(step: CampaignStep, facts: Subquery) -> ColumnElement[bool]:
    """It was taken, or whoever got the message is not in need of it."""
    if step.condition is StepCondition.UNDELIVERED:
        return or_(_taken(step, facts), facts.c.delivered == 1)
    return _taken(step, facts)


def _runs(steps: Sequence[CampaignStep], facts: Subquery) -> Select[int]:
    ids = [one.id for one in steps]
    return select(StepRun.id).where(StepRun.step_id.in_(ids), StepRun.employer_id == facts.c.employer_id)


def waited_until(working_days: int) -> datetime:
    """What happened before then has waited for so many working days: the last of them is today, or is over.

    What happened on a day off waits no longer than what happened on the working day before it.
    """
    tomorrow = today() + timedelta(days=1)
    first = workdays.calendar(today().year, provisional=True).add(tomorrow, -working_days)
    return datetime.combine(first, time.min, SHANGHAI)


def counts(campaign_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """How often each step came to which result."""
    query = (
        select(StepRun.step_id, StepRun.result, func.count())
        .join(CampaignStep, CampaignStep.id == StepRun.step_id)
        .where(CampaignStep.campaign_id == campaign_id)
        .group_by(StepRun.step_id, StepRun.result)
        .order_by(StepRun.step_id, StepRun.result)
    )
    return db.session.execute(query).all()


def letters_of(campaign_id: int) -> Select[StepRun]:
    """What came of the steps by letter: a row for each employer, with its letter if there is one."""
    return of_campaign(campaign_id).where(CampaignStep.kind == StepKind.LETTER)


def of_campaign(campaign_id: int) -> Select[StepRun]:
    """What was done for each employer, at any step."""
    return (
        select(StepRun)
        .join(CampaignStep, CampaignStep.id == StepRun.step_id)
        .join(Employer, Employer.id == StepRun.employer_id)
        .outerjoin(Letter, Letter.id == StepRun.letter_id)
        .where(CampaignStep.campaign_id == campaign_id)
    )


def latest(campaign_id: int, most: int = 100) -> Sequence[StepRun]:
    """What was done last, with the employers' names."""
    query = (
        select(StepRun)
        .join(StepRun.step)
        .where(CampaignStep.campaign_id == campaign_id)
        .options(joinedload(StepRun.employer).load_only(Employer.id, Employer.name), joinedload(StepRun.step))
        .order_by(StepRun.id.desc())
        .limit(most)
    )
    return db.session.scalars(query).all()
