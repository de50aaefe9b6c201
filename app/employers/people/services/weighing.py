"""What a list may change of a person: the later day wins between lists, and a person's word is asked for.

A number that somebody verified stays. Where lines of one list contradict each other, the first by alphabet
holds.
"""

from collections.abc import Callable
from typing import Any

from app.core.importing.spec import Context, Plan, Ref
from app.core.language.text import mask_email, mask_phone
from app.core.personal.sealed import ID_NUMBER, IdNumber, indexes, sealed_with_index
from app.core.rules.identifiers import document_number
from app.core.sheets.cells import Cell, CellError
from app.employers.models import Contact
from app.employers.people.policy import LIST, NUMBERS, with_told
from app.employers.people.services.looking import Looked
from app.employers.sources.policy import BY_HAND

#: a document of whatever kind
OTHER_PAPER = "99"
#: how a contradiction shows what it is about: whoever imports need not see the numbers on record
MASKS: dict[str, Callable[[str], str]] = {"mobile": mask_phone, "landline": mask_phone, "email": mask_email}


def plan_numbers(made: Plan, known: dict[str, Any], looked: Looked, context: Context) -> None:
    """The list's numbers and address, as far as nobody knows better."""
    said = _said(made, known["id"], looked)
    taken = {name: value for name, value in said.items() if _counts(made, known, name, value, context)}
    if not taken:
        return
    new: dict[str, Any] = {name: value for name, value in taken.items() if value != known[name]}
    if "mobile" in new:
        made.extra.contact, made.extra.old_mobile = known["id"], known["mobile"]
        looked.people.pop((known["mobile"] or "", known["name"]), None)
        looked.people[new["mobile"], known["name"]] = known["id"]
        new["invalid_since"] = None
    values = {**new, "told": with_told(known["told"], taken, context.as_of, LIST)}
    # that a later list says the same is no news
    made.update(Contact, dict(known), values, beside=not new)
    known.update(values)  # another line of the same person finds it done


def _said(made: Plan, contact_id: int, looked: Looked) -> dict[str, str]:
    told = {name: value for name in NUMBERS if (value := made.line.values.get(name)) is not None}
    told = {name: min(value, looked.given.get((contact_id, name), value)) for name, value in told.items()}
    looked.given.update({(contact_id, name): value for name, value in told.items()})
    return told


def _counts(made: Plan, known: dict[str, Any], name: str, value: str, context: Context) -> bool:
    """Whether the list's word holds; if not, and it differs, the row says why."""
    present = known[name]
    teller, day = (known["told"] or {}).get(name, (None, ""))
    if present is None:
        return True
    if teller in BY_HAND:
        return value != present and _asked(made, known, name, value, day, context)
    if (named := known.get(f"{name}_on")) is not None:  # statements repeated it
        day = max(day, named.isoformat())
    if context.as_of.isoformat() < day:
        if value != present:
            made.remark("older_list", name)
        return False
    return _unless_verified(made, known, name, value)


def _unless_verified(made: Plan, known: dict[str, Any], name: str, value: str) -> bool:
    if value != known[name] and known["verified_on"] is not None:
        made.remark("verified_stays", name)
        return False
    return True


def _asked(made: Plan, known: dict[str, Any], name: str, value: str, since: str, context: Context) -> bool:
    """A person entered what is known: the contradiction is shown, and holds if somebody says so."""
    if known["verified_on"] is not None:
        made.remark("verified_stays", name)
        return False
    correction = MASKS[name](known[name])
    replaced = context.answers.take(made.line.number, name, correction)
    made.conflict(name, correction, MASKS[name](value), since=since, replaced=replaced)
    return replaced


# Identity documents -------------------------------------------------------------------------------


def document(cell: Cell) -> IdNumber:
    """The number of an identity document in its written form; the type tells later whether it can be."""
    return IdNumber(document_number(cell, OTHER_PAPER))


def refused_document(made: Plan, contact: int | Ref | None, looked: Looked) -> bool:
    """Rejects a line whose ID number cannot be, is somebody else's, or is another than the person's."""
    number: IdNumber | None = made.line.values.get("id_number")
    if number is None:
        return False
    name, owner = looked.papers.get(number.number, (made.line.values["name"], contact))
    if is_miswritten(number, made.line.values.get("id_type")):
        made.reject("not_an_id_number", "id_number")
    elif name != made.line.values["name"]:
        made.reject("document_of_another", "id_number")
    elif owner is not None and contact is not None and owner != contact:
        made.reject("two_records", "id_number")
    elif isinstance(contact, int) and _is_other(looked.contacts[contact], number):
        made.reject("other_document", "id_number")
    return bool(made.reasons)


def is_miswritten(number: IdNumber, id_type: str | None) -> bool:
    """Whether it cannot be a number of this type; of a resident's card, unless the type says otherwise."""
    try:
        document_number(number.number, id_type)
    except CellError:
        return True
    return False


def _is_other(known: dict[str, Any], number: IdNumber) -> bool:
    index = known["id_number_index"]
    return index is not None and index not in indexes(number.number, ID_NUMBER)


def plan_document(made: Plan, contact: int | Ref, looked: Looked) -> None:
    """Seals the number of a known person who has none yet."""
    number: IdNumber | None = made.line.values.get("id_number")
    if number is None or not isinstance(contact, int) or looked.contacts[contact]["id_number_index"]:
        return
    known = looked.contacts[contact]
    values = sealed(made)
    made.update(Contact, {**dict.fromkeys(values), "id": contact}, values)
    known.update(values)
    looked.papers[number.number] = (known["name"], contact)


def sealed(made: Plan) -> dict[str, Any]:
    """The columns of the line's identity document; none where it names none."""
    number: IdNumber | None = made.line.values.get("id_number")
    if number is None:
        return {}
    token, index = sealed_with_index(number.number, ID_NUMBER)
    return {"id_number": token, "id_number_index": index, "id_type": made.line.values.get("id_type")}
