"""Whom a campaign speaks to at an employer, and who of them is passed over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from app.core.rules.identifiers import mobile
from app.core.sheets.cells import CellError
from app.employers.models import ContactRole, PreferredChannel
from campaigns.drafting.models import ContactOrder, Exclusion

R = ContactRole
#: a person of an employer as `queries` reads it
AnyRow = Row[*tuple[Any, ...]]

#: Whom to try, first to last.
ROLES: dict[ContactOrder, tuple[ContactRole, ...]] = {
    ContactOrder.HANDLER_FIRST: (R.HANDLER, R.PERSON_IN_CHARGE, R.FINANCE, R.HR, R.LEGAL_REP),
    ContactOrder.HANDLER_ONLY: (R.HANDLER,),
    ContactOrder.IN_CHARGE_FIRST: (R.PERSON_IN_CHARGE, R.LEGAL_REP, R.HANDLER, R.FINANCE, R.HR),
    ContactOrder.LEGAL_REP_FIRST: (R.LEGAL_REP, R.PERSON_IN_CHARGE, R.HANDLER, R.FINANCE, R.HR),
    ContactOrder.EMPLOYER: (R.HANDLER, R.PERSON_IN_CHARGE, R.FINANCE, R.HR, R.LEGAL_REP),
}

#: Why somebody gets no SMS who would rather be reached in another way.
PREFERENCES = {
    PreferredChannel.CALL: Exclusion.PREFERS_CALL,
    PreferredChannel.WECHAT: Exclusion.PREFERS_WECHAT,
    PreferredChannel.EMAIL: Exclusion.PREFERS_EMAIL,
    PreferredChannel.LETTER: Exclusion.PREFERS_LETTER,
    PreferredChannel.VISIT: Exclusion.PREFERS_VISIT,
}


@dataclass(frozen=True, slots=True)
class Reached:
    """The person chosen at one employer, or why there is none to choose."""

    contact_id: int | None
    name: str
    phone: str | None
    excluded: Exclusion | None


@dataclass(frozen=True, slots=True)
class Care:
    """Which people are passed over: who prefers another channel, unless the message is `to_all`, and whose
    number nobody has confirmed, where it is for confirmed ones."""

    to_all: bool = True
    verified_only: bool = False


def choose(people: Sequence[AnyRow], order: ContactOrder, care: Care) -> Reached:
    """The first in the order who can be reached; else the first in the order, with the reason why not."""
    roles = ROLES[order]
    ranked = sorted((p for p in people if p.role in roles), key=lambda p: roles.index(p.role))
    tried = [_reach(person, care) for person in ranked]
    usable = next((reached for reached in tried if reached.excluded is None), None)
    return usable or next(iter(tried), Reached(None, "", None, Exclusion.NO_CONTACT))


def one_by_one(people: Sequence[AnyRow], meant: Collection[int] | None) -> Sequence[Sequence[AnyRow]]:
    """The people of an employer to choose from: all of them once, or each that the campaign is meant for and
    that is still there by itself."""
    if meant is None:
        return [people]
    found = [[person for person in people if person.id == one] for one in sorted(meant)]
    return [theirs for theirs in found if theirs] or [()]


def order_for(meant: Collection[int] | None, order: ContactOrder) -> ContactOrder:
    """Whoever is meant by name is written to whatever the role is."""
    return order if meant is None else ContactOrder.HANDLER_FIRST


def addressed(people: Sequence[AnyRow], order: ContactOrder) -> AnyRow | None:
    """Whose name stands on a letter: the first in the order; a number is not needed for it."""
    roles = ROLES[order]
    ranked = sorted((p for p in people if p.role in roles), key=lambda p: roles.index(p.role))
    return next(iter(ranked), None)


def _reach(person: AnyRow, care: Care) -> Reached:
    if not person.mobile:
        return Reached(person.id, person.name, None, Exclusion.NO_MOBILE)
    number = written(person.mobile)
    if number is None:
        return Reached(person.id, person.name, None, Exclusion.BAD_NUMBER)
    return Reached(person.id, person.name, number, _passed_over(person, care))


def _passed_over(person: AnyRow, care: Care) -> Exclusion | None:
    if person.invalid_since:
        return Exclusion.DEAD_NUMBER
    if care.verified_only and not person.verified_on:
        return Exclusion.UNVERIFIED
    return None if care.to_all else PREFERENCES.get(person.preferred_channel)


def written(number: str | None) -> str | None:
    """The number as messages are sent to it; None for what is none."""
    try:
        return mobile(number) if number else None
    except CellError:
        return None
