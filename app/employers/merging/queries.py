"""Reading pairs and merges, and reckoning what a merge would move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import BindParameter, Select, bindparam, case, func, literal, select, union, union_all
from sqlalchemy.orm import joinedload, lazyload

from app.accounts.models import User
from app.audit.queries import name_of
from app.core.db import db
from app.core.errors import NotFound
from app.core.features import current_features
from app.core.finding import the_one
from app.core.language.text import clean, code_key, match_key, name_key
from app.core.merging.joining import expanded
from app.core.merging.moving import EMPLOYERS, Mover, undeclared
from app.core.permissions import Actor
from app.core.reach import once_for_reach
from app.core.undoing.reversible import Note
from app.core.undoing.taking_back import Kept, obstacles
from app.employers.merging.models import DuplicatePair, MatchKey, MatchKind, Merge
from app.employers.merging.policy import merge_visible_to, pair_visible_to
from app.employers.models import Employer, FormerName
from app.employers.policy import in_reach, not_merged

#: a code is looked up when it is whole, a name from this many characters on
CODE_LENGTH, SHORTEST_NAME = 18, 4
MOST_KNOWN = 10

_NO_SUCH = _l("There is no such employer.")


def two(
    kept_id: int, merged_id: int, actor: Actor | None, *, lock: bool = False
) -> tuple[Employer, Employer]:
    """The two records, tombstones among them; NotFound unless both are in the actor's reach.

    Locked in the order of their ids, so that two people who merge the same pair crosswise wait in a row.
    """
    query = select(Employer).where(Employer.id.in_((kept_id, merged_id)), in_reach(actor))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = {employer.id: employer for employer in db.session.scalars(query.order_by(Employer.id))}
    if kept_id not in found or merged_id not in found:
        raise NotFound(_NO_SUCH)
    return found[kept_id], found[merged_id]


@dataclass(frozen=True)
class Moving:
    """What a merge does with the rows of one column: how many go over, and how many stay behind."""

    mover: Mover
    going: int
    staying: int


def moving(kept_id: int, merged_id: int, of: str = EMPLOYERS) -> list[Moving]:
    """Every kind of row that the merged record (of the table `of`) has, in one statement."""
    movers = [mover for mover in current_features().movers_of(of) if mover.stays is None]
    counts = [_count(number, mover, kept_id, merged_id) for number, mover in enumerate(movers)]
    rows = db.session.execute(union_all(*counts))
    return [Moving(movers[number], total - stay, stay) for number, total, stay in rows if total]


def _count(number: int, mover: Mover, kept_id: int, merged_id: int) -> Select[Any]:
    staying = func.coalesce(func.sum(case((mover.staying(kept_id), 1), else_=0)), 0)
    counted = select(literal(number), func.count(), staying).select_from(mover.source)
    return counted.where(mover.of_merged(merged_id))


def obstacles_to_moving(kept_id: int, merged_id: int, of: str = EMPLOYERS) -> list[object]:
    """What the features that own the rows have against moving them now; and tables that nobody knows."""
    found = [
        reason
        for mover in current_features().movers_of(of)
        if mover.obstacle is not None and (reason := mover.obstacle(kept_id, merged_id)) is not None
    ]
    if unknown := undeclared(current_features().movers, of):
        found.append(
            _l(
                "The system does not know how to move these: %(tables)s. Tell whoever looks after it.",
                tables="、".join(unknown),
            )
        )
    return found


def obstacles_to_undoing(merge: Merge) -> list[object]:
    """What was edited or removed since, and so keeps the merge from being taken back; in words."""
    found = obstacles_in_words(expanded(merge))
    later = _later_merge(merge)
    return list(dict.fromkeys([*later, *found]))


def _later_merge(merge: Merge) -> list[str]:
    """The kept record may have been merged into another itself."""
    if merge.kept.merged_into_id is None:
        return []
    name = merge.kept_name
    return [_("“%(name)s” was merged into another record since. Take that back first.", name=name)]


def obstacles_in_words(notes: Sequence[Note], of: str = EMPLOYERS) -> list[str]:
    """What keeps these notes of a merge from being taken back: which entries, and what happened to them."""
    movers = current_features().movers_of(of)
    labels = {mover.table: mover.label for mover in movers if mover.stays is None}
    return list(dict.fromkeys(_in_words(kept, of, labels) for kept in obstacles(notes)))


def _in_words(kept: Kept, of: str, labels: Mapping[str, Any]) -> str:
    if kept.code == "taken":
        fields = "、".join(name_of(name) for name in kept.names)
        return str(_("What a record would get back is another's by now: %(fields)s.", fields=fields))
    if kept.table == of:
        names = "、".join(name_of(name) for name in kept.names)
        return str(_("The kept record was changed since: %(fields)s.", fields=names))
    what = labels.get(kept.table, kept.table)
    if kept.code == "in_use":
        return str(_("%(what)s: files or other entries hang on one that the merge made.", what=what))
    return str(_("%(what)s: an entry that went over was changed since.", what=what))


def find_merge(merge_id: int, actor: Actor | None, *, lock: bool = False) -> Merge:
    query = merges(actor).where(Merge.id == merge_id)
    if lock:
        query = query.with_for_update(of=Merge).execution_options(populate_existing=True)
    return the_one(query, _l("There is no such merge."))


def merges(actor: Actor | None) -> Select[Merge]:
    """The merges in reach, for the list."""
    return select(Merge).where(merge_visible_to(actor)).options(joinedload(Merge.by).options(*_ONLY_NAME))


_ONLY_NAME = (lazyload(User.branch), lazyload(User.roles))


def pairs(actor: Actor | None) -> Select[DuplicatePair]:
    """The pairs in reach, for the worklist."""
    return select(DuplicatePair).where(pair_visible_to(actor))


def find_pair(pair_id: int, actor: Actor | None) -> DuplicatePair:
    return the_one(
        pairs(actor).where(DuplicatePair.id == pair_id).options(*_BOTH), _l("There is no such pair.")
    )


def open_pairs_of(employer_id: int, actor: Actor, *, names_only: bool = False) -> Sequence[DuplicatePair]:
    """The pairs of an employer that nobody has decided on yet, the likeliest first.

    `names_only`: of the employers nothing is needed but their names.
    """
    query = _open_pairs_named(actor) if names_only else _open_pairs(actor).options(*_BOTH)
    return db.session.scalars(query, {"employer_id": employer_id}).all()


@once_for_reach
def _open_pairs(actor: Actor | None) -> Select[DuplicatePair]:
    employer_id: BindParameter[int] = bindparam("employer_id")
    mine = (DuplicatePair.first_id == employer_id) | (DuplicatePair.second_id == employer_id)
    query = pairs(actor).where(mine, DuplicatePair.state == "open")
    return query.order_by(DuplicatePair.score.desc(), DuplicatePair.id).limit(5)


@once_for_reach
def _open_pairs_named(actor: Actor | None) -> Select[DuplicatePair]:
    return _open_pairs(actor).options(*_BOTH_NAMES)


_BOTH = (joinedload(DuplicatePair.first), joinedload(DuplicatePair.second))
_BOTH_NAMES = tuple(one.load_only(Employer.id, Employer.name).lazyload("*") for one in _BOTH)


@dataclass(frozen=True)
class Known:
    """Who a new employer might be already. What is out of reach is only told by the branch to ask."""

    #: in reach: employers with the reason that they are named
    employers: Sequence[tuple[Employer, str]]
    #: out of reach: the branches to ask, with the reason
    elsewhere: Sequence[tuple[str, str]]


def already_known(name: str, code: str, actor: Actor) -> Known:
    """Employers of all branches that have this code, or a present or former name that reads the same.

    A stranger's record is never named: only its branch, so that one knows whom to ask.
    """
    reasons = {id_: "code" for id_ in _with_code(code_key(code))}
    for id_ in _with_name(clean(name)):
        reasons.setdefault(id_, "name")
    if not reasons:
        return Known((), ())
    query = select(Employer, in_reach(actor)).where(Employer.id.in_(reasons), not_merged())
    rows = db.session.execute(query.options(joinedload(Employer.branch)).order_by(Employer.id)).all()
    mine = [(employer, reasons[employer.id]) for employer, within in rows if within]
    others = sorted({(row[0].branch.name, reasons[row[0].id]) for row in rows if not row[1]})
    return Known(mine, others)


def _with_code(code: str) -> list[int]:
    if len(code) != CODE_LENGTH:
        return []
    query = select(func.coalesce(Employer.merged_into_id, Employer.id)).where(Employer.uscc == code)
    return list(db.session.scalars(query))


def _with_name(name: str) -> list[int]:
    """By the exact key, which is always true, and by the coarser one, which is as of the last night."""
    if len(name) < SHORTEST_NAME:
        return []
    key = name_key(name)
    now = union(
        select(Employer.id).where(Employer.name_key == key),
        select(FormerName.employer_id).where(FormerName.name_key == key),
        select(MatchKey.employer_id).where(MatchKey.kind == MatchKind.NAME, MatchKey.key == match_key(name)),
    )
    return list(db.session.scalars(now.limit(MOST_KNOWN)))
