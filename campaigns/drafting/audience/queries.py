"""Reckons an audience in a handful of statements, however many employers it has."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true, union_all

from app.accounts.models import User
from app.core.clock import SHANGHAI, local, now, today
from app.core.criteria.trees import compile_tree
from app.core.db import among, db
from app.employers.lists import employer_fields
from app.employers.models import Contact, Employer, EmployerContact
from app.employers.policy import not_merged, visible_to
from app.lifecycle.workflow import LIFECYCLE
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.audience.policy import (
    CONTACT_DAY,
    CONTACT_WEEK,
    EMPLOYER_WEEK,
    AnyRow,
    Care,
    choose,
    written,
)
from campaigns.drafting.content.models import Facts
from campaigns.drafting.content.policy import Filling, filling, missing
from campaigns.drafting.models import (
    AudienceMember,
    AudienceRemoval,
    Campaign,
    CampaignState,
    Exclusion,
    MessageClass,
)
from campaigns.drafting.policy import SERVICE_TO_ALL
from campaigns.gateways import words

#: Campaigns whose recipients count as written to: an approved one will be sent any moment, and of a cancelled
#: one those who got nothing are excluded by then.
SPOKEN = tuple(
    state for state in CampaignState if state not in (CampaignState.DRAFT, CampaignState.SUBMITTED)
)


#: Stages in which an employer is written to at all.
_WRITTEN_TO = LIFECYCLE.open_to("write")


@dataclass(frozen=True, slots=True)
class Member:
    """One employer of the audience; `lead` is the employer whose message speaks for this one too."""

    employer_id: int
    contact_id: int | None
    phone: str | None
    excluded: Exclusion | None
    variables: dict[str, str]
    own_variables: dict[str, str]
    lead: int | None = None
    address: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Member):
    """One that would get an SMS, with what the text may say of it."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class Audience:
    members: tuple[Member, ...]
    outside_scope: int

    @property
    def recipients(self) -> int:
        return sum(member.excluded is None for member in self.members)


def reckon(campaign: Campaign, phone: str) -> Audience:
    """Everybody the campaign's criteria mean within its author's reach, each with a number or a reason.

    `phone` is the number that the department answers. Reads only.
    """
    fits = compile_tree(campaign.criteria, employer_fields(), campaign.created_by)
    reach = visible_to(campaign.created_by)
    people = people_of(fits & reach)
    shut = _Shut(
        _opted_out(campaign),
        _recent_phones(campaign),
        recent_employers(campaign),
        removed(campaign),
        Care(_goes_to_all(campaign), campaign.verified_only),
        *_sated(campaign),
    )
    wording = filling(campaign)
    members = [
        _candidate(row, people.get(row.id, ()), shut, campaign, (wording, phone))
        for row in db.session.execute(_employers(fits & reach))
    ]
    merged = _merge(members, wording, Lot(campaign.id, campaign.hold_out))
    return Audience(tuple(merged), outside(fits, reach))


def outside(fits: ColumnElement[bool], reach: ColumnElement[bool]) -> int:
    """How many employers fit and lie beyond the author's reach."""
    query = select(func.count()).select_from(Employer).where(fits, not_merged(), ~reach)
    return db.session.scalar(query) or 0


def next_contacts(campaign: Campaign, employer_ids: Sequence[int], phone: str) -> Sequence[Candidate]:
    """For each of these employers of an approved audience the next person to write to, or why there is none.

    Nobody is asked twice in one campaign, at whichever employer; whom to try in which order stays the
    campaign's. How often people were written to lately is left to the caps of sending.
    """
    ours = among(Employer.id, employer_ids)
    tried = select(AudienceMember.contact_id, AudienceMember.phone).where(
        AudienceMember.campaign_id == campaign.id
    )
    contacts, phones = (set(column) for column in zip(*db.session.execute(tried), strict=True))
    care = Care(_goes_to_all(campaign), campaign.verified_only)
    shut = _Shut(_opted_out(campaign), frozenset(), frozenset(), frozenset(), care)
    wording = filling(campaign)
    people = {
        employer_id: [one for one in found if one.id not in contacts and written(one.mobile) not in phones]
        for employer_id, found in people_of(ours).items()
    }
    found = [
        _candidate(row, people.get(row.id, ()), shut, campaign, (wording, phone))
        for row in db.session.execute(_employers(ours))
    ]
    return _merge(found, wording, Lot(campaign.id, 0))


@dataclass(frozen=True, slots=True)
class _Shut:
    """Numbers and employers that may not be written to now, and which people are passed over."""

    opted_out: frozenset[str]
    recent_phones: frozenset[str]
    recent_employers: frozenset[int]
    removed: frozenset[int]
    care: Care
    sated_phones: frozenset[str] = frozenset()
    sated_employers: frozenset[int] = frozenset()

    def reason(self, employer_id: int, phone: str | None) -> Exclusion | None:
        if employer_id in self.removed:
            return Exclusion.BY_HAND
        if phone in self.opted_out:
            return Exclusion.OPTED_OUT
        if phone in self.recent_phones or employer_id in self.recent_employers:
            return Exclusion.FREQUENCY
        if phone in self.sated_phones or employer_id in self.sated_employers:
            return Exclusion.OVER_CAP
        return None


def _employers(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Employer.id,
            Employer.name,
            Employer.stage,
            Employer.eligible,
            Employer.arrears_months,
            Employer.paid_through,
            Employer.heads,
            Employer.monthly_amount,
            User.name.label("specialist"),
        )
        .outerjoin(User, User.id == Employer.owner_id)
        .where(condition)
        .order_by(Employer.id)
    )


def people_of(condition: ColumnElement[bool]) -> dict[int, list[AnyRow]]:
    """The present contacts of all those employers, by employer."""
    query = (
        select(
            EmployerContact.employer_id,
            EmployerContact.role,
            Contact.id,
            Contact.name,
            Contact.mobile,
            Contact.invalid_since,
            Contact.preferred_channel,
            Contact.verified_on,
        )
        .join(Contact, Contact.id == EmployerContact.contact_id)
        .join(Employer, Employer.id == EmployerContact.employer_id)
        .where(condition, or_(EmployerContact.until.is_(None), EmployerContact.until >= today()))
        .order_by(EmployerContact.id.desc())
    )
    people: dict[int, list[AnyRow]] = {}
    for row in db.session.execute(query):
        people.setdefault(row.employer_id, []).append(row)
    return people


def _goes_to_all(campaign: Campaign) -> bool:
    """Whether it is sent to those as well who would rather not hear of it by SMS."""
    return campaign.message_class is MessageClass.SERVICE and bool(SERVICE_TO_ALL.value())


def _candidate(
    row: AnyRow,
    people: Sequence[AnyRow],
    shut: _Shut,
    campaign: Campaign,
    said: tuple[Filling, str],
) -> Candidate:
    wording, phone = said
    reached = choose(people, campaign.contact_order, shut.care)
    facts = Facts(
        employer=row.name,
        handler=reached.name,
        department=campaign.branch.name,
        phone=phone,
        specialist=row.specialist,
        months=row.arrears_months,
        paid_through=row.paid_through,
        heads=row.heads,
        monthly_amount=row.monthly_amount,
        deadline=campaign.deadline,
    )
    excluded = closed(row) or reached.excluded or shut.reason(row.id, reached.phone)
    own = wording.values([facts])
    return Candidate(row.id, reached.contact_id, reached.phone, excluded, own, own, facts=facts)


def closed(row: AnyRow) -> Exclusion | None:
    """Why an employer in this stage is not written to at all."""
    if row.stage not in _WRITTEN_TO:
        return Exclusion.CLOSED
    return None if row.eligible else Exclusion.INELIGIBLE


@dataclass(frozen=True, slots=True)
class Lot:
    """Who is held out: the same people each time the audience is reckoned, others in another campaign."""

    campaign_id: int
    of_hundred: int

    def falls_on(self, whom: str | None) -> bool:
        """`whom`: the number that is written to, or what stands for it."""
        drawn = hashlib.sha256(f"{self.campaign_id}:{whom}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") % 100 < self.of_hundred


def _merge(members: Iterable[Candidate], wording: Filling, lot: Lot) -> list[Candidate]:
    """One person, one message: the employers that share a number are spoken for by the first of them."""
    members = list(members)
    groups: dict[str, list[Candidate]] = {}
    for member in members:
        if member.excluded is None and member.phone is not None:
            groups.setdefault(member.phone, []).append(member)
    settled: dict[int, Candidate] = {}
    refused = words.refused()
    for group in groups.values():
        settled |= {member.employer_id: member for member in _spoken_for(group, wording, (lot, refused))}
    return [settled.get(member.employer_id, member) for member in members]


def _spoken_for(
    group: Sequence[Candidate], wording: Filling, stops: tuple[Lot, Sequence[words.Refused]]
) -> list[Candidate]:
    first, (lot, refused) = group[0], stops
    together = wording.values([member.facts for member in group]) if len(group) > 1 else first.own_variables
    excluded = None
    if missing(wording.used, together):
        excluded = Exclusion.MISSING_VALUE
    elif refused and words.found(" ".join(together.values()), refused):
        excluded = Exclusion.FORBIDDEN_WORD
    elif lot.falls_on(first.phone):
        excluded = Exclusion.HOLD_OUT
    if excluded:
        return [replace(member, excluded=excluded) for member in group]
    lead = replace(first, variables=together)
    others = [replace(m, excluded=Exclusion.MERGED, lead=first.employer_id) for m in group[1:]]
    return [lead, *others]


def _opted_out(campaign: Campaign) -> frozenset[str]:
    """Numbers that left this signature by a reply, and those of people who want no message of this class.

    A service notice is owed to the first all the same; the others said expressly that they want none.
    """
    told = (
        select(Contact.mobile)
        .join(OptOut, OptOut.contact_id == Contact.id)
        .where(OptOut.message_class == campaign.message_class, Contact.mobile.is_not(None))
    )
    answered = select(OptOut.phone).where(
        OptOut.signature == campaign.signature, OptOut.phone.is_not(None)
    )  # fmt: skip
    service = campaign.message_class is MessageClass.SERVICE
    numbers = db.session.scalars(told if service else union_all(told, answered))
    return frozenset(as_sent for number in numbers if (as_sent := written(number)))


def removed(campaign: Campaign) -> frozenset[int]:
    """Employers that an officer left out."""
    query = select(AudienceRemoval.employer_id).where(AudienceRemoval.campaign_id == campaign.id)
    return frozenset(db.session.scalars(query))


def _written_to(campaign: Campaign, column: Any, since: datetime, *once: ColumnElement[bool]) -> Select[Any]:
    """Members of other campaigns that were sent since then, or will be any moment."""
    return (
        select(column)
        .join(Campaign, Campaign.id == AudienceMember.campaign_id)
        .where(
            Campaign.id != campaign.id,
            # a letter is no reason against an SMS, nor the other way round
            Campaign.channel == campaign.channel,
            Campaign.state.in_(SPOKEN),
            func.coalesce(Campaign.launched_at, Campaign.approved_at) >= since,
            or_(Campaign.state != CampaignState.CANCELLED, Campaign.launched_at.is_not(None)),
            *once,
        )
    )


def _recent(campaign: Campaign, column: Any) -> Select[Any]:
    since = now() - timedelta(days=campaign.frequency_days)
    heard = or_(AudienceMember.excluded.is_(None), AudienceMember.excluded == Exclusion.MERGED)
    within = true() if campaign.frequency_days else ~true()
    return _written_to(campaign, column, since, heard, within).distinct()


def _recent_phones(campaign: Campaign) -> frozenset[str]:
    return frozenset(db.session.scalars(_recent(campaign, AudienceMember.phone)))


def recent_employers(campaign: Campaign) -> frozenset[int]:
    """Employers that were written to within the days of the campaign."""
    return frozenset(db.session.scalars(_recent(campaign, AudienceMember.employer_id)))


def _sated(campaign: Campaign) -> tuple[frozenset[str], frozenset[int]]:
    """Numbers and employers that have had all the messages they may get for longer than the campaign lasts.

    Whoever has had enough for today alone waits at the sending, and so does whoever gets too many meanwhile:
    it looks at the same caps.
    """
    last = campaign.send_until or max(campaign.send_from or now(), now())
    week, day = last - timedelta(days=7), datetime.combine(local(now()).date(), time.min, SHANGHAI)
    ends_today = campaign.send_until is not None and local(campaign.send_until).date() == local(now()).date()
    phones = _more_than(campaign, AudienceMember.phone, CONTACT_WEEK.value(), week)
    if ends_today:
        phones |= _more_than(campaign, AudienceMember.phone, CONTACT_DAY.value(), day)
    return phones, _more_than(campaign, AudienceMember.employer_id, EMPLOYER_WEEK.value(), week)


def _more_than(campaign: Campaign, column: Any, most: int, since: datetime) -> frozenset[Any]:
    """Those with as many messages as the cap; a cap of 0 is none."""
    if not most:
        return frozenset()
    found = _written_to(campaign, column, since, AudienceMember.excluded.is_(None), column.is_not(None))
    return frozenset(db.session.scalars(found.group_by(column).having(func.count() >= most)))
