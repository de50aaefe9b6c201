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

_NUMBER = re.compile(r"(.+?)[〔\[(](\d{4})[〕\])]第?(\d{1,9})号?")


def number_of(written: str) -> Number | None:
    """A document number in any of the brackets that people write; None for what is none."""
    plain = unicodedata.normalize("NFKC", written).replace(" ", "")
    found = _NUMBER.fullmatch(plain)
    return (found[1], int(found[2]), int(found[3])) if found else None


def named(file_name: str) -> tuple[Number | None, str]:
    """The document number and the tracking number in the name of a file, as far as there is one."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", file_name))
    found, parcel = _NUMBER.search(plain), re.search(r"[A-Z]{2}\d{9}[A-Z]{2}|\d{13}", plain.upper())
    number = (found[1], int(found[2]), int(found[3])) if found else None
    return number, parcel[0] if parcel else ""


def of_names(file_names: Sequence[str], actor: Actor | None) -> list[Letter | None]:
    """For each name the letter in the actor's reach whose number, or whose parcel's, stands in it."""
    said = [named(one) for one in file_names]
    known = numbered({number for number, _parcel in said if number}, actor)
    parcels = select(Letter).where(
        Letter.tracking_no.in_({parcel for _number, parcel in said if parcel}), visible_to(actor)
    )
    tracked = {one.tracking_no: one for one in db.session.scalars(parcels)}
    return [known.get(number) if number else tracked.get(parcel) for number, parcel in said]


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
