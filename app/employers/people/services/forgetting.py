"""Taking name and numbers away from people who have left every employer long ago; their roles stay."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, update

from app.attachments import services as files
from app.core import signals, timeline
from app.core.clock import local, now, today
from app.core.db import db
from app.core.personal import retaining
from app.core.personal.retaining import NOBODY
from app.employers.models import Contact, EmployerContact
from app.employers.people.models import ContactMerge
from app.employers.people.services.editing import KIND
from app.employers.search.services import reindex

#: everything that tells who it was
GONE = {
    "name": NOBODY,
    "forgotten_on": None,
    **dict.fromkeys(("mobile", "landline", "email", "id_number", "id_number_index", "id_type")),
    **dict.fromkeys(
        ("verified_on", "verified_how", "verified_by_id", "invalid_since", "preferred_channel", "told")
    ),
}


def due(before: datetime) -> Select[int]:
    """Those whose last role ended before the day, and whom nobody has corrected since."""
    return select(Contact.id).where(
        Contact.forgotten_on.is_(None), Contact.updated_at < before, ~_serves_since(before)
    )


def _serves_since(before: datetime) -> ColumnElement[bool]:
    present = or_(EmployerContact.until.is_(None), EmployerContact.until >= local(before).date())
    return select(EmployerContact.id).where(and_(EmployerContact.contact_id == Contact.id, present)).exists()


def forget(ids: Sequence[int]) -> int:
    """Past the session's own hooks, which would write the names into the trail for ever."""
    known = db.session.execute(select(Contact.id, Contact.name).where(Contact.id.in_(ids)))
    names = {one.id: one.name for one in known}
    query = select(EmployerContact.id, EmployerContact.employer_id, EmployerContact.contact_id)
    served = db.session.execute(query.where(EmployerContact.contact_id.in_(ids))).all()
    values = {**GONE, "forgotten_on": today(), "updated_at": now()}
    db.session.execute(update(Contact).where(Contact.id.in_(names)).values(values))
    # a merge remembers names and numbers of both, and is too old to be taken back
    merges = ContactMerge.kept_id.in_(names) | ContactMerge.merged_id.in_(names)
    db.session.execute(delete(ContactMerge).where(merges))
    files.forget_on({"contact": list(names), "contact_role": [one.id for one in served]})
    told = [(one.employer_id, names[one.contact_id]) for one in served]
    files.forget_names(told)
    timeline.forget_names(told)
    retaining.people_forgotten.send(KIND, names=names)
    db.session.expire_all()
    employers = tuple({one.employer_id for one in served})
    reindex(employers)
    signals.employers_rewritten.send(employers)
    return len(names)
