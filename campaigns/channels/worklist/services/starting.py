"""Starting drives, and giving employers to specialists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select

from app.core.clock import today
from app.core.criteria.trees import EVERYTHING, Tree
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.permissions import Actor
from app.core.workflow.acts import demand
from app.employers.lists import select_employers
from app.employers.models import Employer
from app.outreach.models import VisitKind
from app.outreach.talking.models import Script, ScriptKind
from app.outreach.talking.services import Wording, add_script
from campaigns.channels.worklist import queries
from campaigns.channels.worklist.models import Drive, DriveRow
from campaigns.channels.worklist.policy import (
    MOST,
    OUTCOMES,
    RESULTS,
    ready,
)
from campaigns.channels.worklist.services.asking import DO, ask, due_on
from campaigns.channels.worklist.workflow import STEER

PAST = _l("The last day lies in the past: choose today or later.")

#: what a script of a drive is offered for, if its drive says nothing
TOPICS = ("policy",)


@dataclass(frozen=True)
class Wish:
    """What a manager decides with the form. Without a tree rosters say who is in the drive."""

    kind: str
    name: str
    ends_on: date
    days: int
    outcomes: Sequence[str]
    purpose: str = ""
    action: VisitKind = VisitKind.CALL
    tree: Tree | None = None
    results: Sequence[str] = ()
    #: None: the one that comes with the ready drive, if there is one
    script_id: int | None = None
    #: whether employers that are still to be done in another drive are meant; None: ask where there are any
    also: bool | None = None


class Elsewhere(Conflict):
    """Employers of a drive that is to start are still to be done in others: are they meant too?"""


def start(wish: Wish, actor: Actor) -> Drive:
    """Starts a drive of the actor's branch: a row and a task for each employer that the criteria name.

    Raises Elsewhere, with the drives, where some are still to be done in another one and `also` says nothing.
    """
    _check(wish)
    _refuse_name(wish.name, actor.branch_id)
    kind = ready(wish.kind)
    drive = Drive(
        branch_id=actor.branch_id, kind=wish.kind, name=wish.name.strip(), purpose=wish.purpose.strip(),
        action=wish.action, tree=wish.tree, counted=kind.counted, outcomes=list(wish.outcomes),
        results=list(wish.results), topics=list(kind.topics), days=wish.days, ends_on=wish.ends_on,
        script_id=wish.script_id or _own_script(wish.kind, actor), begun_by_id=actor.id,
    )  # fmt: skip
    db.session.add(drive)
    db.session.flush()
    if drive.tree is not None:
        _ask_about_others(drive, wish, actor)
        if not take_in(drive, actor, also=bool(wish.also)).new:
            raise DomainError(
                _l("No employer fits: choose other criteria, or let a roster name the employers.")
            )
    return drive


def _ask_about_others(drive: Drive, wish: Wish, actor: Actor) -> None:
    if wish.also is not None:
        return
    fitting = select_employers(drive.tree or EVERYTHING, actor).with_only_columns(Employer.id).order_by(None)
    if found := queries.busy_in(fitting, drive.id):
        raise Elsewhere(
            _l("Some of these employers are still to be done in other drives: are they meant too?"),
            [_l("“%(drive)s”: %(number)s employers", drive=name, number=number) for name, number in found],
        )


def _refuse_name(name: str, branch_id: int, but: int | None = None) -> None:
    if name.strip() in queries.names_taken(branch_id, but):
        raise DomainError(_l("A running drive has this name already: add the round or the area to it."))


def _check(wish: Wish) -> None:
    if wish.ends_on < today():
        raise DomainError(PAST)
    unknown = (set(wish.outcomes) - OUTCOMES.keys()) | (set(wish.results) - RESULTS.keys())
    if unknown or not wish.outcomes:
        raise DomainError(_l("Choose from the offered outcomes."))
    if not any(OUTCOMES[one].ends for one in wish.outcomes):
        raise DomainError(_l("Choose at least one outcome with which an employer is finished."))


def _own_script(kind: str, actor: Actor) -> int | None:
    """The script of a ready drive: the one that is there already, or the first version of a new one."""
    given = ready(kind)
    if not given.script:
        return None
    known = db.session.scalar(select(Script.id).where(Script.title == given.script_title))
    if known is not None:
        return known
    wording = Wording(given.script, (), today())
    return add_script(ScriptKind.GUIDE, given.script_title, given.topics or TOPICS, wording, actor).id


@dataclass(frozen=True)
class TakenIn:
    """How many employers are new in a drive, and how many wait until another drive is done with them."""

    new: int = 0
    waiting: int = 0


def take_in(drive: Drive, actor: Actor, *, also: bool = False) -> TakenIn:
    """Adds the employers that the criteria name by now, in the actor's reach; those that are still to be done
    in another drive only where they are meant too."""
    demand(drive, STEER, actor)
    if drive.tree is None:
        return TakenIn()
    query = select_employers(drive.tree, actor).where(Employer.id.not_in(queries.members(drive.id)))
    waiting = 0
    if not also:
        others = queries.busy(drive.id)
        waiting = _count(query.where(Employer.id.in_(others)))
        query = query.where(Employer.id.not_in(others))
    employers = db.session.scalars(query.order_by(Employer.id).limit(MOST + 1)).unique().all()
    if len(employers) > MOST:
        raise DomainError(_l("These are more than %(most)s employers: choose narrower criteria.", most=MOST))
    rows = [_row(drive, employer) for employer in employers]
    db.session.add_all(rows)
    db.session.flush()
    for row in rows:
        ask(row, DO, row.due_on, actor, fresh=True)
    db.session.flush()
    return TakenIn(len(rows), waiting)


def _count(query: Select[Employer]) -> int:
    ids = query.with_only_columns(Employer.id).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(ids)) or 0


def add(drive: Drive, employer: Employer, actor: Actor, *, also: bool = False) -> DriveRow:
    """One more employer, chosen by hand; DomainError when it is in the drive already, or still to be done in
    another one and not meant all the same."""
    demand(drive, STEER, actor)
    if db.session.scalar(queries.members(drive.id).where(DriveRow.employer_id == employer.id)) is not None:
        raise DomainError(_l("It is in this drive already."))
    if not also and (found := queries.busy_in([employer.id], drive.id)):
        raise Conflict(
            _l(
                "It is still to be done in “%(drive)s”: finish it there, or tick that it is meant too.",
                drive=found[0][0],
            )
        )
    row = _row(drive, employer)
    db.session.add(row)
    db.session.flush()
    ask(row, DO, row.due_on, actor)
    return row


def _row(drive: Drive, employer: Employer) -> DriveRow:
    number = getattr(employer, drive.counted) or 0 if drive.counted else 0
    return DriveRow(
        drive=drive, employer=employer, number=number, done=0, tries=0, due_on=due_on(drive),
        owner_id=employer.owner_id, branch_id=employer.branch_id, area_id=employer.area_id,
    )  # fmt: skip


def change(drive: Drive, name: str, purpose: str, ends_on: date, script_id: int | None, actor: Actor) -> None:
    """Names, words and the last day may change while it runs; days that rows were given stay."""
    demand(drive, STEER, actor)
    if ends_on < today():
        raise DomainError(PAST)
    _refuse_name(name, drive.branch_id, drive.id)
    drive.name, drive.purpose, drive.ends_on = name.strip(), purpose.strip(), ends_on
    drive.script_id = script_id
    db.session.flush()
