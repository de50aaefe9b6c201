"""Reckons an audience in a handful of statements, however many employers it has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, true, union_all

from app.accounts.models import User
from app.core.cells import CellError
from app.core.clock import now, today
from app.core.criteria import compile_tree
from app.core.db import db
from app.core.identifiers import mobile
from app.employers.lists import employer_fields
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, PreferredChannel
from app.employers.policy import not_merged, visible_to
from app.lifecycle.workflow import LIFECYCLE
from campaigns.channels.sms import text as sms
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.content.models import Facts
from campaigns.drafting.content.policy import missing, values
from campaigns.drafting.models import (
    AudienceMember,
    Campaign,
    CampaignState,
    ContactOrder,
    Exclusion,
    MessageClass,
)
from campaigns.drafting.policy import SERVICE_TO_ALL

R = ContactRole
AnyRow = Row[*tuple[Any, ...]]

#: Whom to try, first to last.
ROLES: dict[ContactOrder, tuple[ContactRole, ...]] = {
    ContactOrder.HANDLER_FIRST: (R.HANDLER, R.PERSON_IN_CHARGE, R.FINANCE, R.HR, R.LEGAL_REP),
    ContactOrder.HANDLER_ONLY: (R.HANDLER,),
    ContactOrder.IN_CHARGE_FIRST: (R.PERSON_IN_CHARGE, R.LEGAL_REP, R.HANDLER, R.FINANCE, R.HR),
    ContactOrder.LEGAL_REP_FIRST: (R.LEGAL_REP, R.PERSON_IN_CHARGE, R.HANDLER, R.FINANCE, R.HR),
}

#: Why somebody gets no SMS who would rather be reached in another way.
PREFERENCES = {
    PreferredChannel.CALL: Exclusion.PREFERS_CALL,
    PreferredChannel.WECHAT: Exclusion.PREFERS_WECHAT,
    PreferredChannel.EMAIL: Exclusion.PREFERS_EMAIL,
    PreferredChannel.LETTER: Exclusion.PREFERS_LETTER,
    PreferredChannel.VISIT: Exclusion.PREFERS_VISIT,
}

#: Campaigns whose recipients count as written to: an approved one will be sent any moment, and of a cancelled
#: one those who got nothing are excluded by then.
SPOKEN = tuple(
    state for state in CampaignState if state not in (CampaignState.DRAFT, CampaignState.SUBMITTED)
)


#: Stages in which an employer is written to at all.
_WRITTEN_TO = LIFECYCLE.open_to("write")


@dataclass(frozen=True, slots=True)
class Reached:
    """The person chosen at one employer, or why there is none to choose."""

    contact_id: int | None
    name: str
    phone: str | None
    excluded: Exclusion | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One employer of the audience; `lead` is the employer whose message speaks for this one too."""

    employer_id: int
    contact_id: int | None
    phone: str | None
    facts: Facts
    excluded: Exclusion | None
    variables: dict[str, str]
    own_variables: dict[str, str]
    lead: int | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    members: tuple[Candidate, ...]
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
    people = _people(fits & reach)
    shut = _Shut(
        _opted_out(campaign), _recent_phones(campaign), _recent_employers(campaign), _goes_to_all(campaign)
    )
    used = sms.placeholders(campaign.template_text)
    members = [
        _candidate(row, people.get(row.id, ()), shut, campaign, (used, phone))
        for row in db.session.execute(_employers(fits & reach))
    ]
    outside = select(func.count()).select_from(Employer).where(fits, not_merged(), ~reach)
    return Audience(tuple(_merge(members, used)), db.session.scalar(outside) or 0)


@dataclass(frozen=True, slots=True)
class _Shut:
    """Numbers and employers that may not be written to now; whether preferences of channels stand back."""

    opted_out: frozenset[str]
    recent_phones: frozenset[str]
    recent_employers: frozenset[int]
    to_all: bool

    def reason(self, employer_id: int, phone: str | None) -> Exclusion | None:
        if phone in self.opted_out:
            return Exclusion.OPTED_OUT
        if phone in self.recent_phones or employer_id in self.recent_employers:
            return Exclusion.FREQUENCY
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


def _people(condition: ColumnElement[bool]) -> dict[int, list[AnyRow]]:
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


def choose(people: Sequence[AnyRow], order: ContactOrder, *, to_all: bool) -> Reached:
    """The first in the order who can be reached; else the first in the order, with the reason why not.

    Who prefers another channel is passed over, unless the message is `to_all`.
    """
    roles = ROLES[order]
    ranked = sorted((p for p in people if p.role in roles), key=lambda p: roles.index(p.role))
    tried = [_reach(person, to_all) for person in ranked]
    usable = next((reached for reached in tried if reached.excluded is None), None)
    return usable or next(iter(tried), Reached(None, "", None, Exclusion.NO_CONTACT))


def _reach(person: AnyRow, to_all: bool) -> Reached:
    if not person.mobile:
        return Reached(person.id, person.name, None, Exclusion.NO_MOBILE)
    number = _written(person.mobile)
    if number is None:
        return Reached(person.id, person.name, None, Exclusion.BAD_NUMBER)
    dead = Exclusion.DEAD_NUMBER if person.invalid_since else None
    rather = None if to_all else PREFERENCES.get(person.preferred_channel)
    return Reached(person.id, person.name, number, dead or rather)


def _goes_to_all(campaign: Campaign) -> bool:
    """Whether it is sent to those as well who would rather not hear of it by SMS."""
    return campaign.message_class is MessageClass.SERVICE and bool(SERVICE_TO_ALL.value())


def _candidate(
    row: AnyRow,
    people: Sequence[AnyRow],
    shut: _Shut,
    campaign: Campaign,
    wording: tuple[Iterable[str], str],
) -> Candidate:
    used, phone = wording
    reached = choose(people, campaign.contact_order, to_all=shut.to_all)
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
    excluded = _closed(row) or reached.excluded or shut.reason(row.id, reached.phone)
    own = values(used, [facts])
    return Candidate(row.id, reached.contact_id, reached.phone, facts, excluded, own, own)


def _closed(row: AnyRow) -> Exclusion | None:
    if row.stage not in _WRITTEN_TO:
        return Exclusion.CLOSED
    return None if row.eligible else Exclusion.INELIGIBLE


def _merge(members: Iterable[Candidate], used: Iterable[str]) -> list[Candidate]:
    """One person, one message: the employers that share a number are spoken for by the first of them."""
    members = list(members)
    groups: dict[str, list[Candidate]] = {}
    for member in members:
        if member.excluded is None and member.phone is not None:
            groups.setdefault(member.phone, []).append(member)
    settled: dict[int, Candidate] = {}
    for group in groups.values():
        settled |= {member.employer_id: member for member in _spoken_for(group, used)}
    return [settled.get(member.employer_id, member) for member in members]


def _spoken_for(group: Sequence[Candidate], used: Iterable[str]) -> list[Candidate]:
    first = group[0]
    together = values(used, [member.facts for member in group]) if len(group) > 1 else first.own_variables
    if missing(used, together):
        return [replace(member, excluded=Exclusion.MISSING_VALUE) for member in group]
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
    return frozenset(written for number in numbers if (written := _written(number)))


def _written(number: str | None) -> str | None:
    """The number as messages are sent to it; None for what is none."""
    try:
        return mobile(number) if number else None
    except CellError:
        return None


def _recent(campaign: Campaign, column: Any) -> Select[Any]:
    since = now() - timedelta(days=campaign.frequency_days)
    return (
        select(column)
        .join(Campaign, Campaign.id == AudienceMember.campaign_id)
        .where(
            Campaign.id != campaign.id,
            Campaign.state.in_(SPOKEN),
            func.coalesce(Campaign.launched_at, Campaign.approved_at) >= since,
            or_(Campaign.state != CampaignState.CANCELLED, Campaign.launched_at.is_not(None)),
            true() if campaign.frequency_days else ~true(),
            or_(AudienceMember.excluded.is_(None), AudienceMember.excluded == Exclusion.MERGED),
        )
        .distinct()
    )


def _recent_phones(campaign: Campaign) -> frozenset[str]:
    return frozenset(db.session.scalars(_recent(campaign, AudienceMember.phone)))


def _recent_employers(campaign: Campaign) -> frozenset[int]:
    return frozenset(db.session.scalars(_recent(campaign, AudienceMember.employer_id)))
