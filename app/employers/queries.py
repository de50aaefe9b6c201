"""Reading employers and their story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload

from app.accounts.models import Branch, User, UserRole
from app.accounts.policy import in_scope
from app.accounts.queries import name_of
from app.core.clock import today
from app.core.criteria import segments
from app.core.criteria.segments import Segment
from app.core.db import db
from app.core.errors import MovedOn, NotFound
from app.core.features import TimelineKind, current_features
from app.core.finding import the_one
from app.core.finds import Found, Hit
from app.core.language.text import code_key, search_key
from app.core.listing.declaration import PAGES
from app.core.merging.moving import Change
from app.core.permissions import OFFICE, Actor, Scope, may, may_open
from app.core.reach import once_for_reach
from app.core.searching import said
from app.core.timeline import TimelineEntry
from app.employers.areas.models import Area
from app.employers.models import ContactRole, Employer, EmployerContact
from app.employers.policy import in_reach, visible_to

PAGE = 20
#: rows that a page of a list looks for
LISTED = 51
#: beside the employers that a select is about
_named = aliased(Employer)
#: merged records are led to their last heir at once, so there is seldom a second step
STEPS = 10


def find(employer_id: int, actor: Actor | None) -> Employer:
    """The employer; NotFound out of the actor's reach, MovedOn when it was merged into one within it."""
    query = select(Employer).where(Employer.id == employer_id, visible_to(actor))
    return _one(query, employer_id, actor)


def find_for_edit(employer_id: int, actor: Actor | None) -> Employer:
    """The same, held until the end of the transaction, so that two editors are told apart."""
    query = select(Employer).where(Employer.id == employer_id, visible_to(actor))
    query = query.with_for_update().execution_options(populate_existing=True)
    return _one(query, employer_id, actor)


def kept_instead(employer_id: int, actor: Actor | None) -> int | None:
    """Where a merged record leads to: the employer in the actor's reach that goes on in its place."""
    found: int | None = employer_id
    for _step in range(STEPS):
        row = db.session.execute(
            select(Employer.merged_into_id, in_reach(actor)).where(Employer.id == found)
        ).one_or_none()
        if row is None or not row[1]:
            return None
        if row[0] is None:
            return None if found == employer_id else found
        found = row[0]
    return None


def sees_few(actor: Actor | None, wanted: int) -> bool:
    """Whether all employers in the actor's reach are looked at sooner than `wanted` of them met among all.

    Among all, each is met after as many others as the reach is rarer than they are; so the two ways are
    equally long where the reach is the root of `wanted` times all.
    """
    if actor is None or actor.scope is Scope.ALL:
        return False
    # without a column: those of a subquery are fetched one by one
    seen = select(literal(1)).select_from(Employer).where(in_reach(actor))
    first = seen.limit(isqrt(wanted * 1_000_000) + 1).subquery()
    count = select(func.count()).select_from(first).scalar_subquery()
    few, last = db.session.execute(select(count, func.max(Employer.id))).one()
    return bool(few**2 <= wanted * (last or 0))


_seen = aliased(Employer)


def listed(actor: Actor | None) -> Select[Employer]:
    """The employers in reach, for lists in any order.

    SQLite takes every reach for an average one: it would go through all employers in the order of a list for
    the few that somebody sees. Those are told to it one by one.
    """
    query = select(Employer).where(visible_to(actor))
    if sees_few(actor, LISTED):
        query = query.where(Employer.id.in_(select(_seen.id).where(in_reach(actor, _seen))))
    return query


def find_by_code(code: str, actor: Actor | None) -> Employer:
    """The employer with this credit code or account number; a merged record leads to the one that goes on."""
    key = code_key(code)
    query = select(Employer.id).where(
        or_(Employer.uscc == key, Employer.employer_account_no == key), in_reach(actor)
    )
    found = db.session.scalars(query).first() or 0
    return find(kept_instead(found, actor) or found, actor)


_PROFILE = select(Employer).options(
    joinedload(Employer.place),
    joinedload(Employer.branch),
    # a handful at most: cheaper beside the employer than in statements of their own
    joinedload(Employer.former_names),
    joinedload(Employer.contacts),
    name_of(Employer.owner),
    name_of(Employer.backup_owner),
    name_of(Employer.first_contact_owner),
)


def profile(employer_id: int, actor: Actor) -> Employer:
    """The employer with everything that its page shows of it, in one statement."""
    return _one(_profile(actor), employer_id, actor, {"employer_id": employer_id})


@once_for_reach
def _profile(actor: Actor | None) -> Select[Employer]:
    return _PROFILE.where(Employer.id == bindparam("employer_id"), visible_to(actor))


def place_name(employer: Employer) -> str:
    """Where the employer is: the names of its area from the top down, or what some file has written."""
    if employer.area_id is None:
        return employer.area or ""
    area = db.session.get_one(Area, employer.area_id)
    path = [int(part) for part in area.path.strip("/").split("/")]
    found = db.session.execute(select(Area.id, Area.name).where(Area.id.in_(path)))
    names = {id_: name for id_, name in found}
    return " ".join(names[step] for step in path)


def _one(
    query: Select[Employer], employer_id: int, actor: Actor | None, given: Mapping[str, int] | None = None
) -> Employer:
    missing = _l("There is no such employer.")
    try:
        return the_one(query, missing, given)
    except NotFound:
        instead = kept_instead(employer_id, actor)
        if instead is None:
            raise
        raise MovedOn(missing, "employer_id", employer_id, instead) from None


@dataclass(frozen=True)
class Story:
    """A page of the timeline; `before` is where the next one begins, None at the end."""

    entries: Sequence[TimelineEntry]
    before: int | None


def readable_kinds(actor: Actor) -> list[TimelineKind]:
    """The kinds of timeline entry that the actor may read."""
    kinds = current_features().timeline_kinds.values()
    return [kind for kind in kinds if kind.permission is None or may(actor, kind.permission)]


def story(employer_id: int, actor: Actor, kind: str | None = None, before: int | None = None) -> Story:
    """What happened to the employer, newest first, from the entry after `before` (its id)."""
    entry, query = TimelineEntry, _story(actor)
    if kind:
        query = query.where(entry.kind == kind)
    if before and (mark := db.session.get(entry, before)) and mark.employer_id == employer_id:
        query = query.where(or_(entry.at < mark.at, and_(entry.at == mark.at, entry.id < mark.id)))
    rows = db.session.scalars(query, {"employer_id": employer_id}).all()
    return Story(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


@once_for_reach
def _story(actor: Actor | None) -> Select[TimelineEntry]:
    """The first page of an employer's story, of the kinds that the actor may read."""
    entry = TimelineEntry
    kinds = current_features().timeline_kinds.values()
    hidden = [kind.name for kind in kinds if kind.permission and not may(actor, kind.permission)]
    query = select(entry).where(entry.employer_id == bindparam("employer_id"), entry.kind.not_in(hidden))
    return query.order_by(entry.at.desc(), entry.id.desc()).limit(PAGE + 1)


def possible_owners(branch_id: int) -> Sequence[User]:
    """Those of a branch who can look after an employer."""
    query = (
        select(User)
        .join(UserRole)
        .where(User.branch_id == branch_id, User.active, UserRole.role.in_(OFFICE))
        .order_by(User.name, User.id)
    )
    return db.session.scalars(query).unique().all()


def owners_within(actor: Actor) -> list[tuple[int, str]]:
    """Ids and names of those in reach who can look after employers; with their branches, if several."""
    office = select(UserRole.user_id).where(UserRole.role.in_(OFFICE))
    reach = or_(in_scope(actor, User.branch_id), User.branch_id == actor.branch_id)
    query = select(User.id, User.name, Branch.name).join(Branch, Branch.id == User.branch_id)
    query = query.where(User.active, reach, User.id.in_(office)).order_by(Branch.path, User.name, User.id)
    found = db.session.execute(query).all()
    many = len({branch for _id, _name, branch in found}) > 1
    return [(id_, f"{name} · {branch}" if many else name) for id_, name, branch in found]


def find_segments(text: str, actor: Actor, most: int) -> Found:
    """Segments and saved views that the actor sees, of lists that the actor may open, by name or pinyin."""
    needle = search_key(text)
    query = select(Segment).where(segments.visible_to(actor)).order_by(Segment.name, Segment.id)
    found = [
        (segment, page)
        for segment in db.session.scalars(query)
        if (page := PAGES.get(segment.list_name)) and page.endpoint and said(needle, segment.name)
        if may_open(actor, page.endpoint)
    ]
    hits = [
        Hit(segment.name, url_for(str(page.endpoint), view=segment.id), [str(page.title)])
        for segment, page in found[:most]
    ]
    return Found(hits, len(found), False, url_for("employers.segments"))


def employer_name(employer_id: InstrumentedAttribute[int]) -> ColumnElement[Any]:
    """The name of the employer that a column refers to, within another select."""
    return select(_named.name).where(_named.id == employer_id).scalar_subquery()


def representatives_of(employer_ids: Sequence[int]) -> list[EmployerContact]:
    """Who is legal representative by the records of one employer, who has only one: the latest word first."""
    role = EmployerContact
    query = select(role).where(
        role.employer_id.in_(employer_ids), role.role == ContactRole.LEGAL_REP, role.until.is_(None)
    )
    return list(
        db.session.scalars(
            query.order_by(role.told_on.desc().nulls_last(), role.since.desc().nulls_last(), role.id)
        )
    )


def representatives_overtaken(kept_id: int, merged_id: int) -> list[Change]:
    """Of two records merged, whoever is not the legal representative by the latest word is so no more."""
    found = representatives_of((kept_id, merged_id))
    return [
        Change(EmployerContact.__tablename__, link.id, {"until": today()})
        for link in found
        if link.contact_id != found[0].contact_id
    ]
