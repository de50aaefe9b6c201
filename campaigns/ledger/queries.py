"""What the ledger can say of a campaign. Nothing here writes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from app.accounts.queries import name_of
from app.core.clock import now
from app.core.db import db
from app.core.errors import NotFound
from app.employers.models import Contact
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, CampaignStep, Channel
from campaigns.ledger.models import SMS, Message, MessageState
from campaigns.ledger.workflow import OPEN

S = MessageState

#: Handed over, or about to be, without an answer so far: a receipt or a reply may be the first that is heard.
_MAY_HAVE_GONE = (S.CLAIMED, S.UNKNOWN)


@dataclass(frozen=True)
class Progress:
    """Messages of one campaign by state; one indexed query, cheap enough to ask every second."""

    planned: int = 0
    claimed: int = 0
    submitted: int = 0
    delivered: int = 0
    failed: int = 0
    expired: int = 0
    unknown: int = 0
    suppressed: int = 0

    @property
    def total(self) -> int:
        """All rows of the ledger."""
        return sum(asdict(self).values())

    @property
    def to_send(self) -> int:
        """Rows that are or were to be sent."""
        return self.total - self.suppressed

    @property
    def sent(self) -> int:
        """Rows that the gateway has taken."""
        return self.submitted + self.settled

    @property
    def settled(self) -> int:
        """Rows with a verdict."""
        return self.delivered + self.failed + self.expired

    @property
    def open(self) -> int:
        """Rows with which something is still to happen."""
        return self.planned + self.claimed + self.submitted + self.unknown

    def of(self, state: MessageState) -> int:
        """The count of one state."""
        return int(getattr(self, state.value))


@dataclass(frozen=True)
class Balance:
    """Everybody in the audience accounted for once, with the reasons of those who got nothing."""

    campaign: int
    state: str
    audience: int
    progress: Progress
    suppressed_by: dict[str, int]
    not_delivered_by: dict[str, int]
    segments: int
    channel: str = SMS
    #: of a campaign by letter: its letters by their state, the void ones too
    letters_by: dict[str, int] | None = None
    #: before the launch nothing is planned
    launched: bool = True

    @property
    def letters(self) -> int | None:
        """Of a campaign by letter: how many of its rows have a letter that counts."""
        if self.letters_by is None:
            return None
        return sum(count for state, count in self.letters_by.items() if state != LetterState.VOID)

    @property
    def unexplained(self) -> int:
        """What was not delivered for no reason that a gateway gave: settled by hand, or never confirmed."""
        return max(self.progress.failed + self.progress.expired - sum(self.not_delivered_by.values()), 0)

    @property
    def adds_up(self) -> bool:
        """Whether the ledger accounts for the whole audience; false only while planning is under way.

        Of letters also whether every row that was made has its letter, and none has one that was left out.
        """
        p = self.progress
        made = p.submitted + p.settled - self.not_delivered_by.get("void", 0)
        whole = self.letters is None or made <= self.letters <= made + p.open
        return p.total == (self.audience if self.launched else 0) and whole

    def as_json(self) -> dict[str, Any]:
        """For the command line."""
        return {
            "campaign": self.campaign,
            "channel": self.channel,
            "state": self.state,
            "audience": self.audience,
            **asdict(self.progress),
            "sum": self.progress.total,
            "adds_up": self.adds_up,
            "suppressed_by": self.suppressed_by,
            "not_delivered_by": self.not_delivered_by,
            "segments": self.segments,
            **({} if self.letters is None else {"letters": self.letters}),
        }


def balance(campaign: Campaign) -> Balance:
    """The audience, counted from the audience, beside the ledger, counted from the ledger."""
    audience = select(func.count()).where(AudienceMember.campaign_id == campaign.id)
    # one statement, so that figures of messages that move meanwhile still add up
    rows = (
        select(Message.state, Message.reason, func.count(), func.coalesce(func.sum(Message.segments), 0))
        .where(Message.campaign_id == campaign.id)
        .group_by(Message.state, Message.reason)
    )
    states: Counter[str] = Counter()
    reasons: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    segments = 0
    for state, reason, count, sum_of_segments in db.session.execute(rows):
        suppressed = state is S.SUPPRESSED
        states[str(state)] += count
        segments += 0 if suppressed else sum_of_segments
        if reason is not None:
            reasons[suppressed][str(reason)] += count
    return Balance(
        campaign=campaign.id,
        state=str(campaign.state),
        audience=db.session.scalars(audience).one(),
        progress=Progress(**states),
        suppressed_by=dict(reasons[True]),
        not_delivered_by=dict(reasons[False]),
        segments=segments,
        channel=str(campaign.channel),
        letters_by=_letters(campaign.id) if campaign.channel is Channel.LETTER else None,
        launched=campaign.launched_at is not None,
    )


def _letters(campaign_id: int) -> dict[str, int]:
    query = (
        select(Letter.state, func.count())
        .join(Message, Message.public_id == Letter.order_key)
        .where(Message.campaign_id == campaign_id)
        .group_by(Letter.state)
    )
    return {str(state): count for state, count in db.session.execute(query)}


def messages(campaign_id: int) -> Select[Message]:
    """The ledger of one campaign, oldest first."""
    return select(Message).where(Message.campaign_id == campaign_id).order_by(Message.id)


_OF_EMPLOYER = (
    select(Message)
    .where(Message.employer_id == bindparam("employer_id"))
    .order_by(Message.id.desc())
    .limit(bindparam("most"))
)


def of_employer(employer_id: int, most: int = 20) -> Sequence[Message]:
    """The latest messages to one employer's contacts, those on their way included."""
    return db.session.scalars(_OF_EMPLOYER, {"employer_id": employer_id, "most": most}).all()


def unfinished() -> ColumnElement[bool]:
    """Messages of campaigns that may have open ones: leads every search by state to the index."""
    launched = Campaign.state.in_((CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.CANCELLED))
    return Message.campaign_id.in_(select(Campaign.id).where(launched))


def unplanned(idle_seconds: int) -> Sequence[int]:
    """Launched campaigns whose planning has not moved for that long; of those that were cancelled meanwhile
    everybody is accounted for all the same."""
    idle = timedelta(seconds=idle_seconds)
    moving = exists().where(Message.campaign_id == Campaign.id, Message.created_at > now() - idle)
    query = select(Campaign.id).where(
        or_(
            Campaign.state == CampaignState.RUNNING,
            and_(Campaign.state == CampaignState.CANCELLED, Campaign.launched_at.is_not(None)),
        ),
        Campaign.planned_at.is_(None),
        or_(Campaign.launched_at.is_(None), Campaign.launched_at < now() - idle),
        ~moving,
    )
    return db.session.scalars(query).all()


def others_lately(campaign_id: int) -> bool:
    """Whether another campaign may have written to the same people within a week."""
    since = or_(Campaign.finished_at.is_(None), Campaign.finished_at > now() - timedelta(days=8))
    other = exists().where(Campaign.id != campaign_id, Campaign.launched_at.is_not(None), since)
    return bool(db.session.scalar(select(other)))


def failing(percent: int, least: int, only: int | None = None) -> Sequence[int]:
    """Running campaigns with messages left of which too large a share was not delivered, since the last
    time that somebody let them go on. What a gateway refused at the hand-over counts as well.

    Of `only` one campaign, asked in the middle of its hand-overs: what was taken counts as going well, as
    its receipts come later than refusals.
    """
    known = (S.DELIVERED, S.FAILED, S.EXPIRED, *(() if only is None else (S.SUBMITTED,)))
    failed = func.count().filter(Message.state.in_((S.FAILED, S.EXPIRED)))
    rest = aliased(Message)
    left = exists().where(rest.campaign_id == Campaign.id, rest.state == S.PLANNED)
    query = (
        select(Campaign.id)
        .join(Message, Message.campaign_id == Campaign.id)
        .where(
            Campaign.state == CampaignState.RUNNING,
            Message.state.in_(known),
            true() if only is None else Campaign.id == only,
            func.coalesce(Message.submitted_at, Message.settled_at)
            >= func.coalesce(Campaign.resumed_at, Campaign.launched_at),
            left,
        )
        .group_by(Campaign.id)
        .having(func.count() >= least, failed * 100 > func.count() * percent)
    )
    return db.session.scalars(query).all()


#: steps that are still to be taken for somebody keep a campaign running
_STEPS_OPEN = exists().where(CampaignStep.campaign_id == Campaign.id, CampaignStep.ended_at.is_(None))


def is_done(campaign_id: int) -> bool:
    """Whether nothing is open any more in a campaign that is planned."""
    still = exists().where(Message.campaign_id == campaign_id, Message.state.in_(OPEN))
    query = select(~still & ~_STEPS_OPEN).where(Campaign.id == campaign_id, Campaign.planned_at.is_not(None))
    return bool(db.session.scalar(query))


def done() -> Sequence[int]:
    """Running campaigns in which nothing is open any more."""
    still = exists().where(Message.campaign_id == Campaign.id, Message.state.in_(OPEN))
    query = select(Campaign.id).where(
        Campaign.state == CampaignState.RUNNING, Campaign.planned_at.is_not(None), ~still, ~_STEPS_OPEN
    )
    return db.session.scalars(query).all()


def gateways_to_ask() -> Sequence[str]:
    """Gateways with messages about which it is time to ask."""
    query = (
        select(Message.gateway)
        .where(unfinished(), Message.state.in_((S.SUBMITTED, S.UNKNOWN)), Message.due_at <= now())
        .distinct()
    )
    return [name for name in db.session.scalars(query) if name]


def gateways_in_use() -> Sequence[str]:
    """Gateways that carried something in the last days, after which nobody answers any more, or may have."""
    lately = or_(Message.submitted_at >= now() - timedelta(days=7), Message.state.in_(_MAY_HAVE_GONE))
    names = db.session.scalars(select(Message.gateway).where(lately).distinct())
    return sorted(name for name in names if name)


def last_message_to(phone: str, signature: str = "") -> Message | None:
    """The latest message that a number was sent, or may have been, in any campaign; one with this signature
    before all others."""
    gone = or_(Message.submitted_at.is_not(None), Message.state.in_(_MAY_HAVE_GONE))
    of_signature = case((Campaign.signature == signature, 0), else_=1)
    query = (
        select(Message)
        .join(Campaign, Campaign.id == Message.campaign_id)
        .where(Message.phone == phone, gone)
        .order_by(of_signature, func.coalesce(Message.submitted_at, Message.created_at).desc())
        .limit(1)
    )
    return db.session.scalars(query).first()


def opt_outs_of(contact: Contact) -> Sequence[OptOut]:
    """What a person wants no more of: told to somebody, or answered from the present number."""
    theirs = OptOut.contact_id == contact.id
    if contact.mobile:
        theirs |= OptOut.phone == contact.mobile
    query = select(OptOut).where(theirs).options(name_of(OptOut.recorded_by))
    return db.session.scalars(query.order_by(OptOut.at, OptOut.id)).all()


def find_opt_out(opt_out_id: int, contact: Contact) -> OptOut:
    """One of these, or NotFound."""
    found = next((one for one in opt_outs_of(contact) if one.id == opt_out_id), None)
    if found is None:
        raise NotFound(_l("There is no such entry."))
    return found
