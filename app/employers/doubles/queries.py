"""Finding records that may be one person: those that share a number, or a name at one employer."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from app.core.db import among, db
from app.core.merging.pairing import Ids, Weighed, scored
from app.core.permissions import Actor
from app.employers.doubles.models import ContactPair
from app.employers.doubles.policy import CROWD, LISTED, WEIGHTS, pair_visible_to
from app.employers.models import Contact, EmployerContact

CHUNK = 5000

#: Made once: an alias of so wide a table takes milliseconds to make.
_one, _other = aliased(Contact), aliased(Contact)
_ones, _others = aliased(EmployerContact), aliased(EmployerContact)
_KNOWN = (Contact.merged_into_id.is_(None), Contact.forgotten_on.is_(None))


def pairs(actor: Actor | None) -> Select[ContactPair]:
    """The pairs in reach, for the worklist."""
    return select(ContactPair).where(pair_visible_to(actor))


def found_pairs() -> dict[Ids, Weighed]:
    """Every pair that is worth a look, in any branch."""
    candidates = {*_sharing(Contact.mobile), *_sharing(Contact.id_number_index), *_namesakes()}
    facts = _facts({id_ for pair in candidates for id_ in pair})
    weighed = {
        pair: _weighed(facts[pair[0]], facts[pair[1]])
        for pair in candidates
        if pair[0] in facts and pair[1] in facts
    }
    return {pair: found for pair, found in weighed.items() if found[0] >= LISTED}


def _sharing(column: Any) -> list[Ids]:
    """The pairs that have the same in a column, unless a crowd has."""
    shared = (
        select(column)
        .where(column.is_not(None), *_KNOWN)
        .group_by(column)
        .having(func.count().between(2, CROWD))
        .subquery()
    )
    value = shared.c[0]
    query = (
        select(_one.id, _other.id)
        .select_from(shared)
        .join(_one, getattr(_one, column.key) == value)
        .join(_other, (getattr(_other, column.key) == value) & (_other.id > _one.id))
    )
    return [(first, second) for first, second in db.session.execute(query)]


def _namesakes() -> list[Ids]:
    """The pairs of one name that serve, or served, the same employer."""
    query = (
        select(_one.id, _other.id)
        .join(_ones, _ones.contact_id == _one.id)
        .join(_others, (_others.employer_id == _ones.employer_id) & (_others.contact_id > _ones.contact_id))
        .join(_other, (_other.id == _others.contact_id) & (_other.name == _one.name))
        .distinct()
    )
    return [(first, second) for first, second in db.session.execute(query)]


#: name, mobile, index of the ID number, employers
_Facts = tuple[str, str | None, str | None, set[int]]


def _facts(ids: set[int]) -> dict[int, _Facts]:
    """What is weighed, of those who are not merged or forgotten."""
    wanted = sorted(ids)
    found: dict[int, _Facts] = {}
    for chunk in (wanted[i : i + CHUNK] for i in range(0, len(wanted), CHUNK)):
        query = select(Contact.id, Contact.name, Contact.mobile, Contact.id_number_index)
        for id_, name, mobile, index in db.session.execute(query.where(among(Contact.id, chunk), *_KNOWN)):
            found[id_] = (name, mobile, index, set())
        roles = select(EmployerContact.contact_id, EmployerContact.employer_id)
        for id_, employer_id in db.session.execute(roles.where(among(EmployerContact.contact_id, chunk))):
            if id_ in found:
                found[id_][3].add(employer_id)
    return found


def _weighed(first: _Facts, second: _Facts) -> Weighed:
    rules = {"same_name" if first[0] == second[0] else "other_name"}
    if first[1] and first[1] == second[1]:
        rules.add("mobile")
    if first[2] and second[2]:
        rules.add("id_number" if first[2] == second[2] else "other_id_number")
    if first[3] & second[3]:
        rules.add("same_employer")
    return scored(rules, WEIGHTS)
