"""Finding records that may be one employer, set by set.

Every employer gets a handful of keys; those that share a key are a pair to be weighed. A key that a crowd
shares tells nothing and is left out, so the work grows with the number of employers, not with its square.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import delete, func, select

from app.core.bulk import insert_rows
from app.core.db import among, db
from app.core.language.text import match_key, phone_digits, search_key
from app.core.merging.pairing import Ids, Weighed, scored, store
from app.core.undoing.reversible import table_of
from app.employers.merging.models import DuplicatePair, MatchKey, MatchKind
from app.employers.merging.policy import CROWD, LISTED, SIMILAR, WEIGHTS
from app.employers.models import Contact, Employer, EmployerContact, FormerName
from app.employers.policy import not_merged

CHUNK = 5000
#: shorter addresses, and those without a number, are streets rather than places
SHORTEST_ADDRESS = 6


def refresh() -> int:
    """Makes the keys anew, weighs every pair that shares one, and brings the worklist up to date.

    Gives how many pairs are open. What a person decided is left alone; open pairs that nothing speaks for
    any more go away. Running it twice changes nothing.
    """
    _rebuild_keys()
    return store(DuplicatePair, _weighed(_candidates()))


def _rebuild_keys() -> None:
    db.session.execute(delete(MatchKey))
    ids = db.session.scalars(select(Employer.id).where(not_merged()).order_by(Employer.id)).all()
    table = table_of(MatchKey)
    for chunk in (ids[i : i + CHUNK] for i in range(0, len(ids), CHUNK)):
        names = ("employer_id", "kind", "key", "former")
        keys = dict.fromkeys(key for key in _keys(chunk) if key[2])
        insert_rows(table, [dict(zip(names, key, strict=True)) for key in keys])


_Key = tuple[int, MatchKind, str, bool]


def _keys(ids: Sequence[int]) -> Iterator[_Key]:
    columns = (Employer.id, Employer.name, Employer.uscc, Employer.employer_account_no, Employer.address)
    for id_, name, code, account, address in db.session.execute(
        select(*columns).where(among(Employer.id, ids))
    ):
        yield id_, MatchKind.NAME, match_key(name), False
        yield id_, MatchKind.CODE, organisation_of(code), False
        yield id_, MatchKind.ACCOUNT, account_key(account), False
        yield id_, MatchKind.ADDRESS, address_key(address), False
    former = select(FormerName.employer_id, FormerName.name).where(among(FormerName.employer_id, ids))
    for id_, name in db.session.execute(former):
        yield id_, MatchKind.NAME, match_key(name), True
    people = (
        select(EmployerContact.employer_id, Contact.mobile, Contact.landline)
        .join(Contact)
        .where(among(EmployerContact.employer_id, ids), EmployerContact.until.is_(None))
    )
    for id_, *numbers in db.session.execute(people):
        for number in numbers:
            yield id_, MatchKind.PHONE, phone_digits(number or ""), False


def organisation_of(code: str | None) -> str:
    """The nine characters of a credit code that name the organisation, wherever it is registered."""
    return code[8:17] if code and len(code) == 18 else ""


def account_key(account: str | None) -> str:
    return search_key(account or "").lstrip("0")


def address_key(address: str | None) -> str:
    key = search_key(address or "")
    return key if len(key) >= SHORTEST_ADDRESS and any(sign.isdigit() for sign in key) else ""


def _candidates() -> dict[Ids, set[str]]:
    """The pairs that share a key, with the rules that found them; one statement."""
    a, b = MatchKey.__table__.alias(), MatchKey.__table__.alias()
    shared = (
        select(MatchKey.kind, MatchKey.key)
        .group_by(MatchKey.kind, MatchKey.key)
        .having(func.count(MatchKey.employer_id.distinct()).between(2, CROWD))
        .subquery()
    )
    query = (
        select(a.c.employer_id, b.c.employer_id, a.c.kind, a.c.former, b.c.former)
        .select_from(shared)
        .join(a, (a.c.kind == shared.c.kind) & (a.c.key == shared.c.key))
        .join(b, (b.c.kind == a.c.kind) & (b.c.key == a.c.key) & (b.c.employer_id > a.c.employer_id))
    )
    found: dict[Ids, set[str]] = {}
    for first, second, kind, *former in db.session.execute(query):
        rule = "former_name" if kind is MatchKind.NAME and any(former) else kind.value
        found.setdefault((first, second), set()).add(rule)
    return found


def _weighed(candidates: Mapping[Ids, set[str]]) -> dict[Ids, Weighed]:
    """The candidates that are worth a look: score and rules, the weightiest first."""
    facts = _facts({id_ for pair in candidates for id_ in pair})
    weighed = {pair: weigh(rules, facts[pair[0]], facts[pair[1]]) for pair, rules in candidates.items()}
    return {pair: found for pair, found in weighed.items() if found[0] >= LISTED}


_Facts = tuple[str, str | None]


def _facts(ids: Iterable[int]) -> dict[int, _Facts]:
    """Name key and credit code of employers."""
    wanted = sorted(ids)
    found: dict[int, _Facts] = {}
    for chunk in (wanted[i : i + CHUNK] for i in range(0, len(wanted), CHUNK)):
        query = select(Employer.id, Employer.name, Employer.uscc).where(among(Employer.id, chunk))
        found |= {id_: (match_key(name), code) for id_, name, code in db.session.execute(query)}
    return found


def weigh(rules: set[str], first: _Facts, second: _Facts) -> Weighed:
    """The score of a pair, and every rule that made it."""
    held = set(rules)
    if "name" in held:
        held.discard("former_name")
    elif similar(first[0], second[0]):
        held.add("similar_name")
    if first[1] and second[1] and organisation_of(first[1]) != organisation_of(second[1]):
        held.add("other_code")
    return scored(held, WEIGHTS)


def similar(first: str, second: str) -> bool:
    """Whether most neighbouring characters of two names are the same (Dice's coefficient)."""
    one, other = ({name[i : i + 2] for i in range(len(name) - 1)} for name in (first, second))
    return bool(one and other) and 2 * len(one & other) / (len(one) + len(other)) >= SIMILAR
