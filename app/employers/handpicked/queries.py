"""Reading segments that are chosen by hand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from app.core.criteria import segments
from app.core.criteria.fields import Choice
from app.core.criteria.segments import Segment
from app.core.permissions import Actor, present_actor
from app.employers.handpicked.models import SegmentMember
from app.employers.lists import LIST
from app.employers.models import Employer


def own_segments(actor: Actor) -> list[Segment]:
    """Those that the actor may change, by name."""
    return [one for one in segments.listed(LIST, actor) if one.by_hand and segments.may_change(one, actor)]


def choices(actor: Actor | None) -> list[Choice]:
    """Those that the actor sees; without one, those that whoever reads now sees."""
    found = segments.listed(LIST, actor or present_actor())
    return [(str(one.id), one.name) for one in found if one.by_hand]


def belongs(ids: Sequence[Any], actor: Actor | None) -> ColumnElement[bool]:
    """The employers of these segments; a segment that the reader does not see has no members for them."""
    seen = select(Segment.id).where(Segment.id.in_(ids), segments.visible_to(actor))
    member = select(SegmentMember.id).where(
        SegmentMember.employer_id == Employer.id,
        SegmentMember.segment_id.in_(seen),
        SegmentMember.present,
    )
    return member.exists()
