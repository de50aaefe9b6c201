"""Reckons an audience in a handful of statements, however many employers it has."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, union_all

from app.accounts.models import User
from app.core import signals
from app.core.clock import today
from app.core.criteria.trees import compile_tree
from app.core.db import among, db
from app.employers.lists import employer_fields
from app.employers.models import Contact, Employer, EmployerContact
from app.employers.policy import not_merged, visible_to
from app.lifecycle.workflow import LIFECYCLE
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.audience.models import Audience, Candidate
from campaigns.drafting.audience.policy import (
    AnyRow,
    Care,
    Reached,
    choose,
    one_by_one,
    order_for,
    written,
)
from campaigns.drafting.content.models import Facts
from campaigns.drafting.content.policy import Filling, filling
from campaigns.drafting.content.queries import stop
from campaigns.drafting.frequency.queries import recent_employers, recent_phones, sated
from campaigns.drafting.merged.policy import Lot, merge
from campaigns.drafting.models import (
    AudienceMember,
    AudienceRemoval,
    Campaign,
    Exclusion,
    MessageClass,
)
from campaigns.drafting.policy import SERVICE_TO_ALL

#: Stages in which an employer is written to at all.
_WRITTEN_TO = LIFECYCLE.open_to("write")


def reckon(campaign: Campaign, phone: str) -> Audience:
    """Everybody the campaign's criteria mean within its author's reach, each with a number or a reason.

    `phone` is the number that the department answers. Reads only.
    """
    fits = compile_tree(campaign.criteria, employer_fields(), campaign.created_by)
    reach = visible_to(campaign.created_by)
    people = people_of(fits & reach)
    shut = _Shut(
        _opted_out(campaign),
        recent_phones(campaign),
        recent_employers(campaign),
        removed(campaign),
        Care(_goes_to_all(campaign), campaign.verified_only),
        *sated(campaign),
    )
    wording = filling(campaign)
    said = wording, phone
    meant, order = persons_meant(campaign), campaign.contact_order
    members = [
        _candidate(row, choose(theirs, order_for(meant.get(row.id), order), shut.care), shut, campaign, said)
        for row in db.session.execute(_employers(fits & reach))
        for theirs in one_by_one(people.get(row.id, ()), meant.get(row.id))
    ]
    merged = merge(members, wording, Lot(campaign.id, campaign.hold_out), stop(campaign))
    return Audience(tuple(merged), outside(fits, reach))


def persons_meant(campaign: Campaign) -> dict[int, Collection[int]]:
    """The contacts that the campaign is meant for, of employers where that is known."""
    meant: dict[int, Collection[int]] = {}
    for _receiver, answer in signals.persons_meant.send(campaign):
        meant |= answer or {}
    return meant


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
    said = wording, phone
    people = {
        employer_id: [one for one in found if one.id not in contacts and written(one.mobile) not in phones]
        for employer_id, found in people_of(ours).items()
    }
    found = [
        _candidate(row, choose(people.get(row.id, ()), campaign.contact_order, care), shut, campaign, said)
        for row in db.session.execute(_employers(ours))
    ]
    return merge(found, wording, Lot(campaign.id, 0), stop(campaign))


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
    reached: Reached,
    shut: _Shut,
    campaign: Campaign,
    said: tuple[Filling, str],
) -> Candidate:
    wording, phone = said
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
