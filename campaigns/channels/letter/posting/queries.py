"""Letters by the document numbers of a file."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import joinedload

from app.core.db import db
from app.core.features import current_features
from app.core.permissions import Actor
from app.employers.models import Employer
from campaigns.channels.letter.issued.models import Letter
from campaigns.channels.letter.issued.policy import visible_to
from campaigns.channels.letter.issued.workflow import LETTER

#: prefix, year, serial
Number = tuple[str, int, int]

#: a tracking number, or what looks like one: no letters or digits stand beside it
_PARCEL = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{8,20}(?![A-Z0-9])")
_NUMBER = re.compile(r"(.+?)[〔\[(](\d{4})[〕\])]第?(\d{1,9})号?")


def number_of(written: str) -> Number | None:
    """A document number in any of the brackets that people write; None for what is none."""
    plain = unicodedata.normalize("NFKC", written).replace(" ", "")
    found = _NUMBER.fullmatch(plain)
    return (found[1], int(found[2]), int(found[3])) if found else None


def named(file_name: str) -> tuple[Number | None, list[str]]:
    """The document number in the name of a file, if there is one, and all that may be a tracking number."""
    written = unicodedata.normalize("NFKC", file_name)
    joined = re.sub(r"\s", "", written)
    found = _NUMBER.search(joined)
    number = (found[1], int(found[2]), int(found[3])) if found else None
    return number, [*_PARCEL.findall(written.upper()), *_PARCEL.findall(joined.upper())]


def of_names(file_names: Sequence[str], actor: Actor | None) -> list[Letter | None]:
    """For each name the letter in the actor's reach whose number, or whose parcel's, stands in it."""
    said = [named(one) for one in file_names]
    known = numbered({number for number, _parcels in said if number}, actor)
    sought = {parcel for _number, parcels in said for parcel in parcels}
    found = db.session.scalars(select(Letter).where(Letter.tracking_no.in_(sought), visible_to(actor)))
    by_parcel = {one.tracking_no: one for one in found}
    return [
        known.get(number) if number else next((by_parcel[one] for one in parcels if one in by_parcel), None)
        for number, parcels in said
    ]


def of_ids(ids: Sequence[int], actor: Actor | None) -> Sequence[Letter]:
    """The letters with these ids in the actor's reach, with their employers' names."""
    named = joinedload(Letter.employer).load_only(Employer.id, Employer.name)
    query = select(Letter).where(Letter.id.in_(ids), visible_to(actor)).options(named)
    return db.session.scalars(query.order_by(Letter.id)).all() if ids else ()


def numbered(numbers: Collection[Number], actor: Actor | None) -> dict[Number, Letter]:
    """The letters with these numbers in the actor's reach."""
    key = tuple_(Letter.prefix, Letter.year, Letter.serial)
    query = select(Letter).where(key.in_(list(numbers)), visible_to(actor))
    return {(one.prefix, one.year, one.serial): one for one in db.session.scalars(query)}


def tracked(tracking_numbers: Collection[str]) -> Mapping[str, int]:
    """Whose these tracking numbers are already."""
    query = select(Letter.tracking_no, Letter.id).where(Letter.tracking_no.in_(tracking_numbers))
    return {str(tracking_no): letter_id for tracking_no, letter_id in db.session.execute(query)}


def why_not_posted(letter: Letter, actor: Actor | None) -> Sequence[str]:
    """What other features object to posting it now, such as that it has not come back from printing."""
    found = (guard(letter, actor) for guard in current_features().guards_for(LETTER.name, "post"))
    return [str(reason) for reason in found if reason is not None]
