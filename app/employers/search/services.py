"""Keeping the search index: set by set for imports, by itself for single edits."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, delete, event, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from app.core.bigrams import add, grams
from app.core.db import among, db
from app.core.text import mask_phone, phone_digits, pinyin, search_key
from app.employers.models import Contact, Employer, EmployerContact, FormerName
from app.employers.search.models import SEARCH_TERMS, TermKind
from app.employers.search.queries import SHORTEST

CHUNK = 2000


def reindex(employer_ids: Iterable[int] | None = None) -> int:
    """Rebuilds the search terms of these employers (all, if None) set by set; gives how many employers.

    For paths that write past the ORM, such as imports; single edits are followed by the session itself.
    """
    db.session.flush()
    ids = list(db.session.scalars(select(Employer.id)) if employer_ids is None else sorted(set(employer_ids)))
    _reindex(db.session.connection(), ids)
    return len(ids)


def _reindex(connection: Connection, ids: Sequence[int]) -> None:
    """Writes only the difference, as most of what is looked at has not changed."""
    terms = SEARCH_TERMS.c
    for chunk in (ids[i : i + CHUNK] for i in range(0, len(ids), CHUNK)):
        wanted = dict.fromkeys(
            (employer_id, kind, key, shown)
            for employer_id, kind, text, shown in _terms(connection, chunk)
            if text and (key := search_key(text))
        )
        stored = select(terms.id, terms.employer_id, terms.kind, terms.text, terms.shown)
        gone: list[int] = []
        for id_, *term in connection.execute(stored.where(among(terms.employer_id, chunk))).all():
            if tuple(term) in wanted:
                del wanted[tuple(term)]
            else:
                gone.append(id_)
        if gone:
            connection.execute(delete(SEARCH_TERMS).where(terms.id.in_(gone)))
        add(connection, SEARCH_TERMS, [_term_row(term) for term in wanted])


_Term = tuple[int, TermKind, str, str]


def _terms(connection: Connection, ids: Sequence[int]) -> Iterator[_Term]:
    """Everything by which the employers can be found: (employer, kind, text, how it is shown)."""
    columns = (Employer.id, Employer.name, Employer.uscc, Employer.employer_account_no)
    for id_, name, uscc, account in connection.execute(select(*columns).where(among(Employer.id, ids))).all():
        yield from _name_terms(id_, TermKind.NAME, name)
        yield id_, TermKind.USCC, uscc or "", uscc or ""
        yield id_, TermKind.ACCOUNT, account or "", account or ""
    former = select(FormerName.employer_id, FormerName.name).where(among(FormerName.employer_id, ids))
    for id_, name in connection.execute(former):
        yield from _name_terms(id_, TermKind.FORMER_NAME, name)
    people = (
        select(EmployerContact.employer_id, Contact.name, Contact.mobile, Contact.landline)
        .join(Contact)
        .where(among(EmployerContact.employer_id, ids), EmployerContact.until.is_(None))
        .distinct()
    )
    for id_, name, mobile, landline in connection.execute(people).all():
        yield id_, TermKind.CONTACT, name, name
        for number in (mobile, landline):
            yield id_, TermKind.PHONE, phone_digits(number or ""), f"{name} {mask_phone(number)}"


def _name_terms(employer_id: int, kind: TermKind, name: str) -> Iterator[_Term]:
    typed = pinyin(name)
    yield employer_id, kind, name, name
    yield employer_id, TermKind.INITIALS, typed.initials, name
    yield employer_id, TermKind.PINYIN, typed.full, name


def _term_row(term: _Term) -> dict[str, Any]:
    employer_id, kind, key, shown = term
    return {
        "employer_id": employer_id,
        "kind": kind,
        "text": key,
        "shown": shown,
        "grams": grams(key, singles=SHORTEST.get(kind, 1) == 1),
    }


_SEARCHED: dict[type[Any], tuple[str, ...]] = {
    Employer: ("name", "uscc", "employer_account_no"),
    FormerName: ("name", "employer_id"),
    EmployerContact: ("employer_id", "contact_id", "until"),
    Contact: ("name", "mobile", "landline"),
}


def install() -> None:
    """Makes the index follow what sessions write; once for each process."""
    if not event.contains(Session, "after_flush", _follow_edits):
        event.listen(Session, "after_flush", _follow_edits)


def _follow_edits(session: Session, _context: UOWTransaction) -> None:
    """Keeps the index true to what this flush wrote; it is part of the same transaction."""
    touched = {
        id_ for record in (*session.new, *session.dirty) if _is_searched(record) for id_ in _owners(record)
    }
    gone = {
        record.employer_id for record in session.deleted if isinstance(record, FormerName | EmployerContact)
    }
    people = [record.id for record in session.dirty if isinstance(record, Contact) and _is_searched(record)]
    connection = session.connection() if touched or gone or people else None
    if connection is None:
        return
    if people:
        theirs = select(EmployerContact.employer_id).where(EmployerContact.contact_id.in_(people))
        touched |= set(connection.execute(theirs).scalars())
    _reindex(connection, sorted(touched | gone))


def _is_searched(record: object) -> bool:
    attributes = _SEARCHED.get(type(record), ())
    if not attributes:
        return False
    state = inspect(record)
    return any(state.attrs[name].history.has_changes() for name in attributes)


def _owners(record: object) -> Iterator[int]:
    if isinstance(record, Employer):
        yield record.id
    elif isinstance(record, FormerName | EmployerContact):
        yield record.employer_id
