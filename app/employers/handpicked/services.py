"""Making segments by hand, and adding and removing their members."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.criteria import segments
from app.core.criteria.segments import Segment
from app.core.criteria.trees import EVERYTHING, rule
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.permissions import Actor
from app.employers.handpicked.models import SegmentMember
from app.employers.lists import LIST, employer_fields
from app.employers.models import Employer

#: the field whose rules name segments chosen by hand
FIELD = "segment"


def make(name: str, actor: Actor) -> Segment:
    """A segment of one's own without members; the one that is there already if it was chosen by hand too."""
    if (known := find_own(name, actor)) is not None:
        return known
    segment = segments.save(LIST, name, EVERYTHING, employer_fields(), actor)
    segment.tree = {"match": "all", "rules": [rule(FIELD, "in", [str(segment.id)])]}
    segment.by_hand = True
    db.session.flush()
    return segment


def find_own(name: str, actor: Actor) -> Segment | None:
    """One's own hand-made segment of this name; DomainError when criteria of one's own have that name."""
    query = select(Segment).where(
        Segment.list_name == LIST, Segment.owner_id == actor.id, Segment.name == " ".join(name.split())
    )
    found = db.session.scalars(query).one_or_none()
    if found is not None and not found.by_hand:
        raise DomainError(
            _l("“%(name)s” is a segment of yours made by criteria: give another name.", name=name)
        )
    return found


def get_own(segment_id: int, actor: Actor) -> Segment:
    """A hand-made segment that the actor may change; NotFound or Forbidden otherwise."""
    segment = segments.get(segment_id, actor, LIST)
    if not segment.by_hand:
        raise DomainError(_l("This segment is made by criteria; who belongs to it follows from them."))
    if not segments.may_change(segment, actor):
        raise Forbidden(segments.OWNER_ONLY)
    return segment


def add(segment: Segment, employer: Employer, actor: Actor) -> None:
    member = _member(segment, employer)
    if member is not None and member.present:
        raise DomainError(_l("It belongs to this segment already."))
    include(segment, employer, actor)


def include(segment: Segment, employer: Employer, actor: Actor) -> None:
    """The same for whoever only minds that it belongs there; who is in stays in."""
    member = _member(segment, employer)
    if member is None:
        member = SegmentMember(segment_id=segment.id, employer_id=employer.id, added_by_id=actor.id)
        db.session.add(member)
    member.present = True
    db.session.flush()


def remove(segment: Segment, employer: Employer) -> None:
    member = _member(segment, employer)
    if member is None or not member.present:
        raise DomainError(_l("It does not belong to this segment."))
    member.present = False
    db.session.flush()


def _member(segment: Segment, employer: Employer) -> SegmentMember | None:
    query = select(SegmentMember).where(
        SegmentMember.segment_id == segment.id, SegmentMember.employer_id == employer.id
    )
    return db.session.scalars(query).one_or_none()
