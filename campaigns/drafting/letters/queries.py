"""Reckons the audience of a letter in a handful of statements, and shows one as it will be on paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import User
from app.core.clock import today
from app.core.criteria.trees import compile_tree
from app.core.db import AnyRow, db
from app.core.errors import DomainError, NotFound
from app.employers.lists import employer_fields
from app.employers.models import Employer
from app.employers.policy import visible_to
from campaigns.channels.letter import text
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.issued.queries import (
    BY_MONTH,
    OF_THE_HANDOVER,
    deferred,
    handlers,
    handover,
    known_values,
)
from campaigns.channels.letter.issued.services import note_of
from campaigns.channels.letter.queries import as_frozen, document, frozen
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.audience.models import Audience, Member, Who
from campaigns.drafting.audience.policy import addressed, one_by_one, order_for
from campaigns.drafting.audience.queries import closed, outside, people_of, persons_meant, removed
from campaigns.drafting.frequency.queries import recent_employers
from campaigns.drafting.letters.policy import plain, unreachable
from campaigns.drafting.merged.policy import Lot
from campaigns.drafting.models import AudienceMember, Campaign, ContactOrder, Exclusion, MessageClass


@dataclass(frozen=True, slots=True)
class _Shut:
    """Employers, addresses and people that no letter may go to now."""

    removed: frozenset[int]
    recent: frozenset[int]
    returned: frozenset[tuple[int, str]]
    unwilling: frozenset[int]

    def reason(self, row: AnyRow, contact_id: int | None) -> Exclusion | None:
        if row.id in self.removed:
            return Exclusion.BY_HAND
        if (row.id, row.address) in self.returned:
            return Exclusion.DEAD_ADDRESS
        if contact_id in self.unwilling:
            return Exclusion.OPTED_OUT
        return Exclusion.FREQUENCY if row.id in self.recent else None


def reckon_letters(campaign: Campaign, phone: str) -> Audience:
    """Every employer that the criteria mean within the author's reach, or each person of it for whom it is
    meant, with an address or a reason.

    `phone` is the number that the department answers. Reads only.
    """
    fits = compile_tree(campaign.criteria, employer_fields(), campaign.created_by)
    reach = visible_to(campaign.created_by)
    people = people_of(fits & reach)
    shut = _Shut(removed(campaign), recent_employers(campaign), _returned(fits & reach), _unwilling(campaign))
    needed = _needed(campaign)
    rows = db.session.execute(_employers(fits & reach)).all()
    served = handlers(fits & reach) if needed & OF_THE_HANDOVER else {}
    unsure = deferred(fits & reach) if needed & BY_MONTH else frozenset()
    said = (needed, phone, served)
    meant, order = persons_meant(campaign), campaign.contact_order
    members = [
        _member(
            row,
            addressed(theirs, order_for(meant.get(row.id), order)),
            shut,
            campaign,
            said,
            row.id in unsure,
        )
        for row in rows
        for theirs in one_by_one(people.get(row.id, ()), meant.get(row.id))
    ]
    names = {row.id: row.name_key for row in rows}
    return Audience(tuple(_once(members, names, campaign)), outside(fits, reach))


def _employers(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Employer.id,
            Employer.name,
            Employer.name_key,
            Employer.stage,
            Employer.eligible,
            Employer.address,
            Employer.postal_code,
            Employer.employer_account_no,
            Employer.established_on,
            Employer.insured_heads,
            Employer.paid_through,
            Employer.arrears_months,
            Employer.monthly_amount,
            Employer.heads,
            Employer.sealed_heads,
            User.name.label("specialist"),
        )
        .outerjoin(User, User.id == Employer.owner_id)
        .where(condition)
        .order_by(Employer.id)
    )


def _returned(condition: ColumnElement[bool]) -> frozenset[tuple[int, str]]:
    """Employers with the address that their last letter with an outcome came back from."""
    settled = Letter.state.in_((LetterState.RETURNED, LetterState.DELIVERED))
    last = select(func.max(Letter.id)).where(settled).group_by(Letter.employer_id)
    query = (
        select(Letter.employer_id, Letter.address)
        .join(Employer, Employer.id == Letter.employer_id)
        .where(condition, Letter.id.in_(last), Letter.state == LetterState.RETURNED)
    )
    return frozenset((employer_id, address) for employer_id, address in db.session.execute(query))


def _unwilling(campaign: Campaign) -> frozenset[int]:
    """People who want nothing of this class; an official letter is owed to them all the same."""
    if campaign.message_class is MessageClass.SERVICE:
        return frozenset()
    query = select(OptOut.contact_id).where(
        OptOut.contact_id.is_not(None), OptOut.message_class == campaign.message_class
    )
    return frozenset(one for one in db.session.scalars(query) if one)


def _needed(campaign: Campaign) -> frozenset[str]:
    """The variables that are an employer's own."""
    if campaign.letter_version is None:
        return frozenset()
    given = frozenset((campaign.letter or {}).get("values", {}))
    return frozenset(text.placeholders(text.wording(campaign.letter_version))) - given


def _member(
    row: AnyRow,
    person: AnyRow | None,
    shut: _Shut,
    campaign: Campaign,
    said: tuple[frozenset[str], str, Mapping[int, Sequence[AnyRow]]],
    unsure: bool,
) -> Member:
    needed, phone, served = said
    known = known_values(row, person.name if person else None, campaign.branch.name, row.specialist)
    known = {"phone": phone, **known, **handover(served.get(row.id, ()), person.id if person else None)}
    named = needed - BY_MONTH if unsure else needed
    values = {name: known[name] for name in sorted(named) if known.get(name)}
    nobody = person is None and campaign.contact_order is not ContactOrder.EMPLOYER
    excluded = (
        closed(row)
        or (Exclusion.NO_CONTACT if nobody else None)
        or unreachable(row.address)
        or shut.reason(row, person.id if person else None)
        or (Exclusion.MISSING_VALUE if needed - values.keys() else None)
    )
    contact_id = person.id if person else None
    address = (row.address or "").strip() or None
    return Member(row.id, contact_id, None, excluded, values, values, None, address, row.postal_code)


def _once(members: Sequence[Member], names: Mapping[int, str], campaign: Campaign) -> list[Member]:
    """One letter for records of the same name at the same address, unless it is meant for several people of
    one record; and where nothing is said of the single employer's account, one for the same person there."""
    lot = Lot(campaign.id, campaign.hold_out)
    leads: dict[tuple[str, str | int], Who] = {}
    found = []
    for member in members:
        if member.excluded is None and lot.falls_on(f"employer:{member.employer_id}"):
            member = replace(member, excluded=Exclusion.HOLD_OUT)
        if member.excluded is not None:
            found.append(member)
            continue
        place = plain(member.address or "")
        same = leads.setdefault((place, names[member.employer_id]), member.who)
        if same[0] != member.employer_id:
            found.append(replace(member, excluded=Exclusion.DUPLICATE, lead=same))
            continue
        person = (place, member.contact_id or -member.employer_id)
        spoken_for = campaign.message_class is not MessageClass.SERVICE
        same = leads.setdefault(person, member.who) if spoken_for else member.who
        joined = same != member.who
        found.append(replace(member, excluded=Exclusion.MERGED, lead=same) if joined else member)
    return found


def quote_law(campaign: Campaign) -> None:
    """The letters of an open campaign cite the law, and are headed, as they would be today."""
    if campaign.letter_version is not None:
        given = (campaign.letter or {}).get("values", {})
        campaign.letter = frozen(campaign.letter_version, campaign.branch, given, today())


def samples(campaign: Campaign, most: int = 5) -> Sequence[AudienceMember]:
    """Some of those who will get a letter, the first ones."""
    query = (
        select(AudienceMember)
        .where(AudienceMember.campaign_id == campaign.id, AudienceMember.excluded.is_(None))
        .order_by(AudienceMember.id)
        .limit(most)
        .options(joinedload(AudienceMember.employer).load_only(Employer.id, Employer.name))
    )
    return db.session.scalars(query).all()


def on_paper(campaign: Campaign, member_id: int | None = None) -> bytes:
    """The letter to one member, the first one if not said, as it will be but for its number; marked as a
    sample. Raises NotFound for who is no member, DomainError where a value is missing."""
    query = select(AudienceMember).where(AudienceMember.campaign_id == campaign.id)
    wanted = AudienceMember.excluded.is_(None) if member_id is None else AudienceMember.id == member_id
    member = db.session.scalars(query.where(wanted).order_by(AudienceMember.id).limit(1)).first()
    if member is None:
        raise NotFound(_l("Nobody of this campaign gets such a letter."))
    if campaign.letter_version is None or campaign.letter is None:
        raise DomainError(_l("Choose the outline of the letter."))
    owner = member.employer.owner
    letter = as_frozen(
        campaign.letter_version, campaign.letter, member.variables,
        number=f"{campaign.letter['head']['prefix']}〔{today().year}〕×号", addressee=member.employer.name,
        date=text.day(today()), note=note_of(owner.name if owner else None),
    )  # fmt: skip
    return document([letter], draft=True)
