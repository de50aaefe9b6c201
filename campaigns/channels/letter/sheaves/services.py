"""Numbers many letters in one transaction, and archives the document that they were set in in another.

Between the two nothing is held: whoever is killed there leaves letters with a number and all their data,
which the next one sets as they are. So no order gets two letters, and no number is lost.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update

from app.attachments.queries import kind_of
from app.attachments.services import attach, checked
from app.audit import services as audit
from app.core import timeline
from app.core.clock import now, today
from app.core.db import AnyRow, db
from app.core.documents.pdf_pages import starts
from app.core.language.i18n import msgid
from campaigns.channels.letter import text
from campaigns.channels.letter.issued.models import Letter, LetterState, Sheaf
from campaigns.channels.letter.issued.services import (
    ENDPOINT,
    ISSUED,
    KIND,
    new_marks,
    next_number,
    note_of,
    printed,
)
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.letter.queries import as_frozen
from campaigns.channels.letter.sheaves.queries import waiting

NUMBERED = msgid("Letters numbered")
LETTERS: Table = db.metadata.tables[Letter.__tablename__]


@dataclass(frozen=True)
class Order:
    """One letter that is wanted. `values` are the employer's own, as letters write them."""

    key: str
    employer_id: int
    addressee: str
    address: str
    postal_code: str
    phone: str | None
    account: str | None
    specialist: str | None
    values: Mapping[str, str]


@dataclass(frozen=True)
class Terms:
    """What all letters of a campaign have in common; `kept` is of `channels.letter.queries.frozen`."""

    version: LetterVersion
    kept: Mapping[str, Any]
    branch_id: int
    by_id: int


@dataclass(frozen=True)
class Mark:
    """What tells a letter from every other one. Drawing one takes a while: do it before the transaction."""

    token: str
    code: str
    printed: Mapping[str, str]


def fresh_marks(count: int) -> list[Mark]:
    """So many new ones."""
    made = (new_marks() for _each in range(count))
    return [Mark(token, code, printed(token, code)) for token, code in made]


def number(terms: Terms, orders: Sequence[Order], marks: Sequence[Mark]) -> Sequence[AnyRow]:
    """Every order gets its letter, if it has none yet; gives what is to be set, in the order of numbers.

    There must be as many marks as orders. Flushes.
    """
    there = select(Letter.order_key).where(
        Letter.order_key.in_([one.key for one in orders]), Letter.state != LetterState.VOID
    )
    known = set(db.session.scalars(there))
    new = [one for one in orders if one.key not in known]
    if new:
        day, prefix = today(), terms.kept["head"]["prefix"]
        first = next_number(prefix, day.year, len(new))
        rows = [
            _row(terms, one, mark, day, first + n)
            for n, (one, mark) in enumerate(zip(new, marks, strict=False))
        ]
        db.session.execute(insert(LETTERS), rows)
        details = {"prefix": prefix, "year": day.year, "first": first, "count": len(new)}
        audit.record(NUMBERED, details=details)
    return waiting([one.key for one in orders])


def _row(terms: Terms, order: Order, mark: Mark, day: date, serial: int) -> dict[str, Any]:
    prefix = terms.kept["head"]["prefix"]
    data = as_frozen(
        terms.version, terms.kept, order.values,
        number=f"{prefix}〔{day.year}〕{serial}号", addressee=order.addressee, date=text.day(day),
        note=note_of(order.specialist), **mark.printed,
    )  # fmt: skip
    return {
        "version_id": terms.version.id,
        "employer_id": order.employer_id,
        "branch_id": terms.branch_id,
        "prefix": prefix,
        "year": day.year,
        "serial": serial,
        "issued_on": day,
        "data": data,
        "address": order.address,
        "postal_code": order.postal_code,
        "phone": order.phone,
        "account": order.account,
        "token": mark.token,
        "code": mark.code,
        "order_key": order.key,
        "sha256": "",
        "state": LetterState.ISSUED,
        "by_id": terms.by_id,
        "tries": 0,
        "created_at": now(),
        "updated_at": now(),
    }


def archive(terms: Terms, letters: Sequence[AnyRow], document: bytes) -> Sheaf:
    """Keeps the document that these letters were set in, and tells each employer of its letter. Flushes."""
    begins, pages = starts(document)
    if len(begins) != len(letters):
        raise ValueError(f"{len(letters)} letters were set, and {len(begins)} begin")
    sheaf = Sheaf(branch_id=terms.branch_id, by_id=terms.by_id, letters=len(letters), pages=pages)
    with checked(io.BytesIO(document)) as incoming:
        sheaf.sha256 = incoming.draft.sha256
        db.session.add(sheaf)
        db.session.flush()
        attach(kind_of(sheaf), sheaf, incoming, f"{letters[0].data['number']}.pdf", None)
    ends = [*begins[1:], pages]
    db.session.execute(
        update(LETTERS).where(LETTERS.c.id == bindparam("letter")),
        [
            {
                "letter": letter.id, "sheaf_id": sheaf.id, "sha256": sheaf.sha256, "first_page": begin,
                "pages": end - begin, "updated_at": now(),
            }
            for letter, begin, end in zip(letters, begins, ends, strict=True)
        ],
    )  # fmt: skip
    _tell(letters)
    return sheaf


def _tell(letters: Sequence[AnyRow]) -> None:
    happenings = (
        timeline.Happening(
            letter.employer_id,
            ISSUED,
            {"number": letter.data["number"], "title": letter.data["title"]},
            link_id=letter.id,
        )
        for letter in letters
    )
    timeline.record_many(KIND, happenings, endpoint=ENDPOINT)
