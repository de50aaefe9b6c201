"""Keeping the search index: set by set for imports, by itself for single edits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, event, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from app.core.bulk import Columns
from app.core.db import among, db
from app.core.language.bigrams import add, grams
from app.core.language.text import phone_digits, pinyin, search_key
from app.employers.models import Contact, Employer, EmployerContact, FormerName
from app.employers.search.models import MARKS, SEARCH, TermKind
from app.employers.search.policy import SHORTEST

CHUNK = 2000
#: the searched columns in the order of `_Document`
COLUMNS = tuple(kind.value for kind in TermKind)
#: of each column: its mark, and whether one character finds it
INDEXED = tuple((MARKS[kind], SHORTEST.get(kind, 1) == 1) for kind in TermKind)
_Document = tuple[str, ...]
#: a document and its grams
Prepared = tuple[_Document, str]


def reindex(employer_ids: Iterable[int] | None = None) -> int:
    """Rebuilds the search documents of these employers (all, if None); gives how many employers.

    For paths that write past the ORM, such as imports; single edits are followed by the session itself.
    """
    db.session.flush()
    ids = list(db.session.scalars(select(Employer.id)) if employer_ids is None else sorted(set(employer_ids)))
    _reindex(db.session.connection(), ids)
    return len(ids)


def index_missing(after: int = 0) -> int | None:
    """Indexes the next employers without a whole document; the last one's id, or None without any."""
    whole = (SEARCH.c.id == Employer.id, SEARCH.c.contact_pinyin.is_not(None))
    indexed = select(SEARCH.c.id).where(*whole).exists()
    query = select(Employer.id).where(~indexed, Employer.id > after).order_by(Employer.id).limit(CHUNK)
    ids = db.session.scalars(query).all()
    _reindex(db.session.connection(), ids)
    return ids[-1] if ids else None


def prepared(
    name: str, uscc: str | None, account: str | None, person: str | None, mobile: str | None
) -> Prepared:
    """What finds an employer that is yet to be created, with at most one contact."""
    people = [(person, mobile, None)] if person else []
    document = _document(name, (), [uscc], [account], people)
    return document, _grams(document)


def index_new(documents: Mapping[int, Prepared], connection: Connection | None = None) -> None:
    """Makes employers found that have no document, by what was prepared for each."""
    if documents:
        columns: Columns = {"id": list(documents), "grams": [words for _, words in documents.values()]}
        texts = zip(*(document for document, _ in documents.values()), strict=True)
        add(connection or db.session.connection(), SEARCH, columns | dict(zip(COLUMNS, texts, strict=True)))


def _reindex(connection: Connection, ids: Sequence[int]) -> None:
    """Writes only the difference, as most of what is looked at has not changed."""
    columns = [SEARCH.c.id, *(SEARCH.c[name] for name in COLUMNS)]
    for chunk in (ids[i : i + CHUNK] for i in range(0, len(ids), CHUNK)):
        wanted = _documents(connection, chunk)
        gone: list[int] = []
        for id_, *stored in connection.execute(select(*columns).where(among(SEARCH.c.id, chunk))).all():
            if wanted.get(id_) == tuple(stored):
                del wanted[id_]
            else:
                gone.append(id_)
        if gone:
            connection.execute(delete(SEARCH).where(among(SEARCH.c.id, gone)))
        index_new({id_: (document, _grams(document)) for id_, document in wanted.items()}, connection)


def _documents(connection: Connection, ids: Sequence[int]) -> dict[int, _Document]:
    """Everything by which the employers can be found, by employer."""
    former, people = _former_names(connection, ids), _people(connection, ids)
    merged = _merged_codes(connection, ids)
    columns = (Employer.id, Employer.name, Employer.uscc, Employer.employer_account_no)
    return {
        id_: _document(
            name,
            former.get(id_, ()),
            [uscc, *merged[id_].codes] if id_ in merged else [uscc],
            [account, *merged[id_].accounts] if id_ in merged else [account],
            people.get(id_, ()),
        )
        for id_, name, uscc, account in connection.execute(
            select(*columns).where(among(Employer.id, ids)).order_by(Employer.id)
        )
    }


def _former_names(connection: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    query = select(FormerName.employer_id, FormerName.name).where(among(FormerName.employer_id, ids))
    for id_, name in connection.execute(query.order_by(FormerName.id)):
        found[id_].append(name)
    return found


@dataclass
class _Merged:
    """What the records that were merged into an employer are still known by elsewhere."""

    codes: list[str | None] = field(default_factory=list)
    accounts: list[str | None] = field(default_factory=list)


def _merged_codes(connection: Connection, ids: Sequence[int]) -> dict[int, _Merged]:
    """By the employer that goes on; the few merged records have an index of their own."""
    found: dict[int, _Merged] = defaultdict(_Merged)
    into = Employer.merged_into_id
    query = select(into, Employer.uscc, Employer.employer_account_no)
    merged = query.where(into.is_not(None), among(into, ids)).order_by(Employer.id)
    for id_, code, account in connection.execute(merged):
        if id_ is not None:
            found[id_].codes.append(code)
            found[id_].accounts.append(account)
    return found


#: name, mobile, landline
_Person = tuple[str, str | None, str | None]


def _people(connection: Connection, ids: Sequence[int]) -> dict[int, list[_Person]]:
    found: dict[int, list[_Person]] = defaultdict(list)
    query = (
        select(EmployerContact.employer_id, Contact.name, Contact.mobile, Contact.landline)
        .join(Contact)
        .where(among(EmployerContact.employer_id, ids), EmployerContact.until.is_(None))
        .order_by(EmployerContact.id)
    )
    for id_, name, mobile, landline in connection.execute(query):
        found[id_].append((name, mobile, landline))
    return found


def _document(
    name: str,
    former: Sequence[str],
    codes: Sequence[str | None],
    accounts: Sequence[str | None],
    people: Sequence[_Person],
) -> _Document:
    """The searched columns, in the order of `COLUMNS`."""
    spelled = [pinyin(one) for one in (name, *former)]
    called = [pinyin(person[0]) for person in people]
    return (
        _joined([search_key(name)]),
        _joined([search_key(one) for one in former]),
        _joined([search_key(one or "") for one in codes]),
        _joined([search_key(one or "") for one in accounts]),
        _joined([one.initials for one in spelled]),
        _joined([one.full for one in spelled]),
        _joined([phone_digits(number) for person in people for number in person[1:] if number]),
        _joined([search_key(person[0]) for person in people]),
        _joined([spelling for one in called for spelling in (one.initials, one.full)]),
    )


def _joined(keys: Sequence[str]) -> str:
    """Each key once, between line breaks; nothing for none."""
    if len(keys) == 1:
        return f"\n{keys[0]}\n" if keys[0] else ""
    found = "\n".join(key for key in dict.fromkeys(keys) if key)
    return f"\n{found}\n" if found else ""


def _grams(document: _Document) -> str:
    return " ".join(
        grams(column[1:-1].split("\n"), mark, singly=by_one)
        for column, (mark, by_one) in zip(document, INDEXED, strict=True)
        if column
    )


#: attributes by the model that has them
Watched = Mapping[type[Any], tuple[str, ...]]

_SEARCHED: Watched = {
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
    if ids := touched(session, _SEARCHED):
        _reindex(session.connection(), ids)


def touched(session: Session, watched: Watched) -> list[int]:
    """The employers of whom a flush wrote one of these attributes, of their own or of their people."""
    found = {
        id_
        for record in (*session.new, *session.dirty)
        if _is_watched(record, watched)
        for id_ in _owners(record)
    }
    found |= {
        record.employer_id for record in session.deleted if isinstance(record, FormerName | EmployerContact)
    }
    people = [
        record.id for record in session.dirty if isinstance(record, Contact) and _is_watched(record, watched)
    ]
    if people:
        theirs = select(EmployerContact.employer_id).where(EmployerContact.contact_id.in_(people))
        found |= set(session.connection().execute(theirs).scalars())
    return sorted(found)


def _is_watched(record: object, watched: Watched) -> bool:
    attributes = watched.get(type(record), ())
    if not attributes:
        return False
    state = inspect(record)
    return any(state.attrs[name].history.has_changes() for name in attributes)


def _owners(record: object) -> Iterator[int]:
    if isinstance(record, Employer):
        yield record.id
    elif isinstance(record, FormerName | EmployerContact):
        yield record.employer_id
