"""Saved criteria with a name: the views of a list, the audience of a campaign, the picks of an inspection."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, ForeignKey, Index, String, and_, bindparam, false, or_, select, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import signals
from app.core.criteria.trees import Fields, Tree, checked
from app.core.db import EnumText, Model, Timestamps, db
from app.core.errors import Conflict, DomainError, Forbidden, NotFound
from app.core.permissions import Actor, Scope
from app.core.preferences import view_changed

LONGEST_NAME = 60
OWNER_ONLY = _l("Only its owner can change this segment. Save it under your own name instead.")


class Sharing(StrEnum):
    PRIVATE = "private"
    BRANCH = "branch"
    PUBLIC = "public"


SHARING_LABELS = {
    Sharing.PRIVATE: _l("Only me"),
    Sharing.BRANCH: _l("My branch"),
    Sharing.PUBLIC: _l("Everybody"),
}


class Segment(Timestamps, Model):
    """`list_name` says whose fields the tree speaks of; `columns` and `sort` restore the list as saved.

    Sharing shows the criteria, never rows: whoever applies a segment sees their own scope through it.
    """

    __tablename__ = "segments"
    __table_args__ = (Index("ix_segments_list_name", "list_name", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_name: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    #: None: made by the system
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    sharing: Mapped[Sharing] = mapped_column(EnumText(Sharing), default=Sharing.PRIVATE)
    tree: Mapped[dict[str, Any]]
    columns: Mapped[list[Any]] = mapped_column(default=list)
    sort: Mapped[str] = mapped_column(String(60), default="")
    #: shown as a tab above its list
    pinned: Mapped[bool] = mapped_column(default=False)
    #: its tree names the segment itself: who belongs to it is chosen by hand
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=false())

    owner: Mapped[Any] = relationship("User")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """One's own segments, those shared in one's branch, and the public ones."""
    if actor is None:
        return true()
    return _seen_by(actor.id, None if actor.scope is Scope.ALL else actor.branch_id)


def _seen_by(reader_id: Any, branch_id: Any) -> ColumnElement[bool]:
    """The condition for a reader; without a branch they see what any branch shares."""
    in_branch = Segment.sharing == Sharing.BRANCH
    if branch_id is not None:
        in_branch = and_(in_branch, Segment.branch_id == branch_id)
    return or_(Segment.owner_id == reader_id, Segment.sharing == Sharing.PUBLIC, in_branch)


#: Made once for all lists: to put it together takes longer than to run it.
_OF_LIST = (
    select(Segment)
    .where(Segment.list_name == bindparam("list_name"))
    .order_by(Segment.pinned.desc(), Segment.name, Segment.id)
)
_OWN_AND_SHARED = _OF_LIST.where(_seen_by(bindparam("reader_id"), bindparam("branch_id")))
_OWN_AND_ALL_SHARED = _OF_LIST.where(_seen_by(bindparam("reader_id"), None))


def listed(list_name: str, actor: Actor | None) -> Sequence[Segment]:
    """The segments of a list that the actor sees, by name; pinned ones first."""
    values: dict[str, Any] = {"list_name": list_name}
    if actor is None:
        return db.session.scalars(_OF_LIST, values).all()
    values |= {"reader_id": actor.id, "branch_id": actor.branch_id}
    query = _OWN_AND_ALL_SHARED if actor.scope is Scope.ALL else _OWN_AND_SHARED
    return db.session.scalars(query, values).all()


def get(segment_id: int, actor: Actor | None, list_name: str | None = None) -> Segment:
    """The segment, or NotFound when it does not exist for this actor (or belongs to another list)."""
    found = db.session.scalar(select(Segment).where(Segment.id == segment_id, visible_to(actor)))
    if found is None or list_name not in {None, found.list_name}:
        raise NotFound(_l("There is no such segment."))
    return found


def find(name: str, actor: Actor | None, list_name: str = "employers") -> Segment:
    """The segment of this name; one's own before shared ones. NotFound when there is none.

    The system (None) has none of its own: where several people gave the same name, it raises Conflict, which
    says whose they are.
    """
    named = [segment for segment in listed(list_name, actor) if segment.name == name.strip()]
    if not named:
        raise NotFound(_l("There is no segment named “%(name)s”.", name=name))
    if actor is None and len(named) > 1:
        raise Conflict(
            _l("Several people have a segment named “%(name)s”: choose one by --user.", name=name.strip()),
            [
                _l("%(owner)s (%(sharing)s)", owner=_owner_of(one), sharing=SHARING_LABELS[one.sharing])
                for one in named
            ],
        )
    return max(named, key=lambda found: _owned(found, actor))


def _owner_of(segment: Segment) -> object:
    return segment.owner.username if segment.owner else _l("System")


def save(
    list_name: str,
    name: str,
    tree: Tree,
    fields: Fields,
    actor: Actor | None,
    *,
    sharing: Sharing = Sharing.PRIVATE,
    columns: Iterable[str] = (),
    sort: str = "",
    pinned: bool = False,
) -> Segment:
    """Saves criteria under a name; saving under the name of one's own segment replaces what it holds."""
    name, tree = _checked_name(name), checked(tree, fields)
    segment = _own_namesake(list_name, name, actor)
    if segment is not None and segment.by_hand:
        raise DomainError(_l("“%(name)s” is a segment chosen by hand: give another name.", name=name))
    if segment is None:
        segment = Segment(list_name=list_name, name=name, owner_id=actor.id if actor else None)
        db.session.add(segment)
    segment.tree = tree
    segment.branch_id = actor.branch_id if actor else None
    segment.sharing = sharing
    segment.columns = list(columns)
    segment.sort = sort
    segment.pinned = pinned
    db.session.flush()
    return segment


def rename(segment: Segment, name: str, actor: Actor | None) -> None:
    _refuse_strangers(segment, actor)
    name = _checked_name(name)
    namesake = _own_namesake(segment.list_name, name, actor)
    if namesake is not None and namesake.id != segment.id:
        raise DomainError(_l("You already have a segment named “%(name)s”.", name=name))
    segment.name = name
    db.session.flush()
    view_changed(segment.id, name)


def share(segment: Segment, sharing: Sharing, pinned: bool, actor: Actor | None) -> None:
    """Changes who sees the segment, and whether it is a tab above its list."""
    _refuse_strangers(segment, actor)
    segment.sharing, segment.pinned = sharing, pinned
    db.session.flush()
    if sharing is Sharing.PRIVATE:
        view_changed(segment.id, segment.name, segment.owner_id)


def delete(segment: Segment, actor: Actor | None) -> None:
    """Deletes it, unless a receiver of `segment_deleting` says why it is still needed."""
    _refuse_strangers(segment, actor)
    replies = signals.segment_deleting.send(segment)
    if reasons := [reason for _receiver, found in replies for reason in found or ()]:
        raise DomainError(_l("The segment “%(name)s” is still in use:", name=segment.name), reasons)
    view_changed(segment.id, None)
    db.session.delete(segment)
    db.session.flush()


def may_change(segment: Segment, actor: Actor | None) -> bool:
    """A segment belongs to whoever saved it."""
    return actor is None or segment.owner_id == actor.id


def may_take_over(segment: Segment, may_publish: bool) -> bool:
    """Whether its owner has left it behind: shared, and by somebody who is no longer active."""
    if segment.owner is None or segment.owner.active or segment.sharing is Sharing.PRIVATE:
        return False
    return may_publish or segment.sharing is not Sharing.PUBLIC


def take_over(segment: Segment, actor: Actor, may_publish: bool) -> None:
    """The segment goes on under a new owner, with all that refers to it."""
    if not may_take_over(segment, may_publish):
        raise Forbidden(_l("Only a shared segment whose owner has left can be taken over."))
    if _own_namesake(segment.list_name, segment.name, actor) is not None:
        raise DomainError(_l("You already have a segment named “%(name)s”.", name=segment.name))
    segment.owner_id = actor.id
    db.session.flush()


def _refuse_strangers(segment: Segment, actor: Actor | None) -> None:
    if not may_change(segment, actor):
        raise Forbidden(OWNER_ONLY)


def _owned(segment: Segment, actor: Actor | None) -> bool:
    return actor is not None and segment.owner_id == actor.id


def _own_namesake(list_name: str, name: str, actor: Actor | None) -> Segment | None:
    owner = Segment.owner_id.is_(None) if actor is None else Segment.owner_id == actor.id
    return db.session.scalar(
        select(Segment).where(Segment.list_name == list_name, Segment.name == name, owner)
    )


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise DomainError(_l("Give the segment a name."))
    if len(name) > LONGEST_NAME:
        raise DomainError(_l("The name is longer than %(limit)s characters.", limit=LONGEST_NAME))
    return name
