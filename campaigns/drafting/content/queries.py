"""What the recipients of a campaign will read, before anything is sent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from app.core.clock import today
from app.core.db import db
from app.core.finding import the_one
from app.core.periods import Period
from campaigns.channels.letter.models import VariableKind
from campaigns.channels.sms import text as sms
from campaigns.channels.sms import text_in_sql
from campaigns.channels.sms.models import SmsVersion
from campaigns.drafting.content.models import LINK, VARIABLES, Facts, declared
from campaigns.drafting.content.policy import (
    SAMPLE_TOKEN,
    filling,
    missing,
    notice_link,
    objections,
    says_how_to_leave,
)
from campaigns.drafting.merged.policy import Stop
from campaigns.drafting.models import AudienceMember, Campaign, Channel, Exclusion, MessageClass, Sender
from campaigns.gateways import words

#: how many of the first recipients the preview shows, and of those a value is missing for
SHOWN = 3

#: What stands for an author's value while there is none.
EXAMPLES = {
    VariableKind.TEXT: "示例内容",
    VariableKind.DATE: "2026-12-31",
    VariableKind.MONTH: "2026-12",
    VariableKind.NUMBER: "12",
    VariableKind.MONEY: "12600.00",
    VariableKind.RATE: "5",
}


@dataclass(frozen=True)
class Sample:
    """One message as the phone will show it; `gaps` names the variables that have no value."""

    member: AudienceMember
    text: str
    segments: int
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """`by_segments` says how many messages take how many segments; `cost` is yuan for all of them."""

    first: tuple[Sample, ...]
    longest: Sample | None
    incomplete: tuple[Sample, ...]
    by_segments: dict[int, int]
    messages: int
    segments: int
    cost: Decimal


@dataclass(frozen=True)
class DraftSample:
    """A text while it is written, filled in for an employer that does not exist."""

    text: str
    units: int
    segments: int
    cost: Decimal
    objections: tuple[str, ...]


def draft_sample(
    text: str,
    kind: MessageClass,
    sender: Sender,
    department: str,
    version: SmsVersion | None = None,
    given: Mapping[str, str] | None = None,
) -> DraftSample:
    """How a text will look on a phone and what is wrong with it; `cost` is yuan for one message.

    Of a wording with variables of its own: `given` is what the author fills in, else each shows an example.
    """
    day = today() + timedelta(days=14)
    examples = {one.name: EXAMPLES[one.kind] for one in declared(version).values() if not one.known}
    drafted = Campaign(
        template_text=text, signature=sender.signature, message_class=kind, deadline=day, price=sender.price,
        template_version=version, template_values=examples | {k: v for k, v in (given or {}).items() if v},
    )  # fmt: skip
    faults = tuple(str(reason) for reason in objections(drafted))
    facts = Facts(
        employer="示例科技有限公司",
        handler="王小明",
        department=department,
        phone=sender.phone,
        specialist="李静",
        months=3,
        paid_through=Period.of(day) + -4,
        heads=25,
        monthly_amount=Decimal("12600.00"),
        deadline=day,
    )
    shown = text if faults else final_text(
        drafted, filling(drafted).values([facts]), notice_link(SAMPLE_TOKEN)
    )  # fmt: skip
    count = sms.segments(shown)
    return DraftSample(shown, sms.units(shown), count, sms.cost(count, sender.price), faults)


def final_text(campaign: Campaign, variables: dict[str, str], link: str) -> str:
    """The complete text of one message: signature, body with its values, and the way out where one is due.

    Raises DomainError naming the variables without a value.
    """
    body = sms.render(campaign.template_text, {**variables, LINK: link})
    return sms.complete(campaign.signature, body, opt_out=says_how_to_leave(campaign.message_class))


def stop(campaign: Campaign) -> Stop:
    """What keeps a message with such values from being sent, of the campaign's text."""
    used, refused = sms.placeholders(campaign.template_text), words.refused()
    link = notice_link(SAMPLE_TOKEN)

    def why(values: Mapping[str, str]) -> Exclusion | None:
        if missing(used, values):
            return Exclusion.MISSING_VALUE
        text = final_text(campaign, dict(values), link)
        # a word may begin in what is fixed and end in a value; the sample's token is nobody's
        if refused and words.found(text.replace(SAMPLE_TOKEN, ""), refused):
            return Exclusion.FORBIDDEN_WORD
        length = sms.units(text)
        return Exclusion.TOO_LONG if length > sms.LONGEST else None

    return why


def written_text(
    campaign: Campaign, variables: ColumnElement[dict[str, Any]], link: ColumnElement[str]
) -> ColumnElement[str]:
    """The same of each row of a statement; NULL where a variable has no value."""
    used = sms.placeholders(campaign.template_text)
    given = {name: variables[name].as_string() for name in used if name != LINK}
    body = text_in_sql.render(campaign.template_text, {**given, LINK: link})
    return text_in_sql.complete(campaign.signature, body, opt_out=says_how_to_leave(campaign.message_class))


def preview(campaign: Campaign) -> Preview:
    """The first messages, the worst ones, and what all of them cost together, reckoned one by one."""
    sized = sizes(campaign)
    by_segments = Counter(size.segments for size in sized)
    total = sum(size.segments for size in sized)
    longest = max(sized, default=None)
    return Preview(
        first=tuple(_sample(campaign, m) for m in _members(campaign, None, SHOWN)),
        longest=_sample(campaign, db.session.get_one(AudienceMember, longest.member_id)) if longest else None,
        incomplete=tuple(_sample(campaign, m) for m in _members(campaign, Exclusion.MISSING_VALUE, SHOWN)),
        by_segments=dict(sorted(by_segments.items())),
        messages=len(sized),
        segments=total,
        cost=sms.cost(total, campaign.price),
    )


class Size(NamedTuple):
    """How long one member's message is."""

    units: int
    segments: int
    member_id: int


def units(campaign: Campaign) -> int:
    """What its messages cost, in units of its price: segments of SMS, or letters."""
    if campaign.channel is Channel.LETTER:
        return campaign.recipients
    return sum(size.segments for size in sizes(campaign))


def sizes(campaign: Campaign) -> list[Size]:
    """How long the message of every member is that gets one."""
    query = select(AudienceMember.id, AudienceMember.variables).where(
        AudienceMember.campaign_id == campaign.id, AudienceMember.excluded.is_(None)
    )
    link = notice_link(SAMPLE_TOKEN)
    texts = [(final_text(campaign, v, link), member_id) for member_id, v in db.session.execute(query)]
    return [Size(sms.units(text), sms.segments(text), member_id) for text, member_id in texts]


def _members(campaign: Campaign, excluded: Exclusion | None, limit: int) -> Sequence[AudienceMember]:
    query = (
        select(AudienceMember)
        .where(
            AudienceMember.campaign_id == campaign.id, AudienceMember.excluded.is_not_distinct_from(excluded)
        )
        .order_by(AudienceMember.id)
        .limit(limit)
        .options(joinedload(AudienceMember.employer), joinedload(AudienceMember.contact))
    )
    return db.session.scalars(query).all()


@dataclass(frozen=True)
class Reading:
    """What one of the audience reads: `asked` is whose it is, who may be spoken for by somebody else's
    message; before and after are the neighbours in the order of the audience."""

    asked: AudienceMember
    sample: Sample
    values: tuple[tuple[Any, str], ...]
    before: int | None
    after: int | None


def reading(campaign: Campaign, member_id: int) -> Reading:
    """The message of any of the audience, of those who are left out as it would be. Raises NotFound."""
    ours = AudienceMember.campaign_id == campaign.id
    query = select(AudienceMember).where(ours, AudienceMember.id == member_id)
    people = (joinedload(AudienceMember.employer), joinedload(AudienceMember.contact))
    asked = the_one(query.options(*people), _l("Nobody of this campaign's audience is that."))
    lead = db.session.get(AudienceMember, asked.merged_into_id) if asked.merged_into_id else None
    said, shown = declared(campaign.template_version), lead or asked
    labels = {name: one.label for name, one in (VARIABLES | said).items()}
    before = select(func.max(AudienceMember.id)).where(ours, AudienceMember.id < member_id)
    after = select(func.min(AudienceMember.id)).where(ours, AudienceMember.id > member_id)
    around = db.session.execute(select(before.scalar_subquery(), after.scalar_subquery())).one()
    values = tuple((labels.get(name, name), value) for name, value in shown.variables.items())
    return Reading(asked, _sample(campaign, shown), values, *around)


def _sample(campaign: Campaign, member: AudienceMember) -> Sample:
    used = sms.placeholders(campaign.template_text)
    gaps = tuple(missing(used, member.variables))
    shown = {**member.variables, **{name: "＿＿" for name in gaps}}
    text = final_text(campaign, shown, notice_link(SAMPLE_TOKEN))
    return Sample(member, text, sms.segments(text), gaps)
