"""What a line says of a person's identity document.

A number that cannot be, or is somebody else's, is left out and the row says so: the month's account must not
wait for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.contributions.papers import queries
from app.core.importing.spec import Context, Plan, Ref
from app.core.personal.sealed import ID_NUMBER, IdNumber, indexes, sealed_with_index
from app.employers.models import Contact
from app.employers.people.services.weighing import is_miswritten

#: by ID number: name and record, in the database and made by this run
Owners = dict[str, tuple[str, int | Ref]]


class Paper(NamedTuple):
    """The columns of a statement that tell of a person's document: its number, and of which kind it is."""

    number: str
    kind: str


def owners(paper: Paper, values: Sequence[Mapping[str, Any]], context: Context) -> Owners:
    """Whose the documents of the lines are; all roles of a run share it."""
    found: Owners = context.memory.setdefault("papers", {})
    numbers = {one[paper.number].number for one in values if one.get(paper.number)} - found.keys()
    if numbers:
        found.update(queries.owners_of(numbers))
    return found


def plan(made: Plan, paper: Paper, contact: int, name: str, index: str | None, known: Owners) -> None:
    """Seals the number of a known person who has none yet; `index`: what the one on record is found by."""
    number: IdNumber | None = made.line.values.get(paper.number)
    if number is None:
        return
    if index is not None:
        if index not in indexes(number.number, ID_NUMBER):
            made.remark("other_document", paper.number)
        return
    if known.get(number.number) == (name, contact):
        return  # an earlier line has said it
    if values := sealed(made, paper, name, contact, known):
        made.update(Contact, {**dict.fromkeys(values), "id": contact}, values)


def sealed(made: Plan, paper: Paper, name: str, contact: int | Ref, known: Owners) -> dict[str, Any]:
    """The columns of the line's identity document; none where it names none, or one that cannot be."""
    number: IdNumber | None = made.line.values.get(paper.number)
    if number is None:
        return {}
    kind = made.line.values.get(paper.kind)
    if is_miswritten(number, kind):
        made.remark("not_an_id_number", paper.number)
        return {}
    if known.get(number.number, (name, contact)) != (name, contact):
        made.remark("document_of_another", paper.number)
        return {}
    known[number.number] = (name, contact)
    token, index = sealed_with_index(number.number, ID_NUMBER)
    return {"id_number": token, "id_number_index": index, "id_type": kind}
