"""Making one record of two of one person, and taking that back."""

from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.audit import services as audit
from app.core import signals
from app.core.clock import now
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.features import current_features
from app.core.language.i18n import msgid
from app.core.merging.joining import expanded, move_rows, note, settle
from app.core.merging.moving import PEOPLE
from app.core.permissions import Actor
from app.core.undoing.taking_back import NotedRow, take_back
from app.employers.merging.queries import obstacles_in_words, obstacles_to_moving
from app.employers.models import Contact, EmployerContact
from app.employers.people import queries
from app.employers.people.models import ContactMerge
from app.employers.people.policy import without_told
from app.employers.people.services import identifying
from app.employers.people.services.editing import tell
from app.employers.search.services import reindex

REFUSED = _l("These two records cannot be merged:")
STAYS = _l("Something newer depends on this merge, so it stays.")
MERGED = msgid("Two records of %(name)s were merged")
TAKEN_BACK = msgid("The merge of two records of %(name)s was taken back")

#: what a person chooses between the two records
CHOSEN = ("name", "mobile", "landline", "email", "preferred_channel")
#: what is known of a mobile number goes with it
OF_MOBILE = ("verified_on", "verified_how", "verified_by_id", "invalid_since")


def versions_of(kept: Contact, gone: Contact) -> str:
    """Changes whenever one of the two does."""
    return f"{kept.updated_at.isoformat()} {gone.updated_at.isoformat()}"


def objections(kept: Contact, gone: Contact, reason: str) -> list[object]:
    """Every reason why these may not be made one."""
    if kept.id == gone.id:
        return [_l("A record cannot be merged with itself. Choose another one.")]
    if kept.id_number_index and gone.id_number_index:
        return [_l("Both have an ID number: these are two persons.")]
    if kept.name != gone.name and not reason.strip():
        return [_l("The names differ. Say why they are one person all the same.")]
    return []


def merge(
    kept_id: int, merged_id: int, taken: Collection[str], reason: str, versions: str, actor: Actor
) -> ContactMerge:
    """Merges the second record into the first, which takes over the fields `taken` from it.

    Raises NotFound when one is not the actor's to keep or is merged already, Conflict when one changed since
    `versions`, DomainError with all reasons otherwise.
    """
    kept, gone = queries.two(kept_id, merged_id, actor, lock=True)
    if versions != versions_of(kept, gone):
        raise Conflict(_l("One of the two was changed after you compared them. Look at them again."))
    reasons = [*objections(kept, gone, reason), *obstacles_to_moving(kept_id, merged_id, PEOPLE)]
    if reasons:
        raise DomainError(REFUSED, reasons)
    done = ContactMerge(
        kept_id=kept_id, merged_id=merged_id, kept_name=kept.name, merged_name=gone.name,
        reason=reason.strip(), by_id=actor.id,
    )  # fmt: skip
    served = _employers_of(kept_id, merged_id)
    movers = current_features().movers_of(PEOPLE)
    move_rows(done, movers)
    done.notes = [*settle(done, movers), *_set_fields(kept, gone, taken)]
    db.session.add(done)
    tell(kept, MERGED, actor)
    details = {"merged_id": merged_id, "merged": done.merged_name, "rows": done.moved, "reason": done.reason}
    audit.record(msgid("Contacts merged"), kept, details=details)
    reindex(served)
    signals.employers_rewritten.send(tuple(served))
    return done


def _employers_of(*contact_ids: int) -> list[int]:
    query = select(EmployerContact.employer_id).where(EmployerContact.contact_id.in_(contact_ids))
    return list(db.session.scalars(query.distinct()))


def _set_fields(kept: Contact, gone: Contact, taken: Collection[str]) -> list[dict[str, Any]]:
    """Writes the chosen values, and makes the merged record a signpost that no number leads to."""
    values = {name: getattr(gone, name) for name in CHOSEN if name in taken}
    if "mobile" in taken or _better_known(gone, kept):
        values |= {name: getattr(gone, name) for name in OF_MOBILE}
    if kept.id_number is None:
        # past the notes: they keep no copy of it, and undoing knows whose it is
        kept.id_number, kept.id_number_index = gone.id_number, gone.id_number_index
        kept.id_type = gone.id_type
    values["told"] = _told_of_both(kept, gone, taken)
    new = {name: value for name, value in values.items() if getattr(kept, name) != value}
    left = {"merged_into_id": kept.id, "mobile": None}
    notes = [note(kept, new), note(gone, left)] if new else [note(gone, left)]
    for record, fields in ((kept, new), (gone, left)):
        for name, value in fields.items():
            setattr(record, name, value)
    db.session.flush()
    return notes


def _told_of_both(kept: Contact, gone: Contact, taken: Collection[str]) -> dict[str, Any] | None:
    """Who said a number goes with it."""
    moved = {name: one for name, one in (gone.told or {}).items() if name in taken}
    return {**(without_told(kept.told, taken) or {}), **moved} or None


def _better_known(gone: Contact, kept: Contact) -> bool:
    """Both have the number, and the merged record knows the newer of it."""
    if gone.mobile != kept.mobile:
        return False
    newest = [max(filter(None, (one.verified_on, one.invalid_since)), default=None) for one in (gone, kept)]
    return newest[0] is not None and (newest[1] is None or newest[0] > newest[1])


def undo(merge_id: int, actor: Actor) -> ContactMerge:
    """Makes two records of one again, each with what was its own, unless something newer depends on it."""
    done = queries.find_merge(merge_id, actor)
    if done.undone_at is not None:
        raise Conflict(_l("This merge was taken back already."))
    notes = expanded(done)
    if reasons := obstacles_in_words(notes, PEOPLE):
        raise DomainError(STAYS, reasons)
    take_back([NotedRow(done.id, notes)], {}, lambda _table, _ids: None)
    done.undone_at, done.undone_by_id = now(), actor.id
    if done.merged.id_number_index and done.merged.id_number_index == done.kept.id_number_index:
        identifying.forget(done.kept)
    db.session.flush()
    tell(done.kept, TAKEN_BACK, actor)
    audit.record(msgid("Merge of contacts taken back"), done.kept, details={"merged": done.merged_name})
    served = _employers_of(done.kept_id, done.merged_id)
    reindex(served)
    signals.employers_rewritten.send(tuple(served))
    return done
