"""Starting drives, giving employers to specialists, and writing down what came of each call or visit."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select, update

from app.accounts.models import User
from app.core import signals
from app.core.clock import now, today
from app.core.criteria.trees import EVERYTHING, Tree
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.rules.workdays import add_working_days
from app.core.workflow.acts import demand
from app.core.workflow.engine import Move, Workflow, transition
from app.employers.lists import select_employers
from app.employers.models import Contact, Employer
from app.employers.queries import possible_owners
from app.outreach.models import VisitKind
from app.outreach.services import Account, log_visit
from app.outreach.talking.models import Script, ScriptKind
from app.outreach.talking.services import Wording, add_script
from app.tasks.models import Task, TaskState
from app.tasks.services import open_task, settle
from campaigns.channels.worklist import queries
from campaigns.channels.worklist.models import Agency, Drive, DriveRow, PartnerNote, RowState
from campaigns.channels.worklist.policy import (
    AGAIN_DAYS,
    ASKED_AGAIN,
    FOLLOW_DAYS,
    MOST,
    OUTCOMES,
    RESULTS,
    Follow,
    ready,
)
from campaigns.channels.worklist.workflow import DRIVE, RECORD, ROW, STEER

#: the kind of its tasks, and where they come from
KIND, SOURCE = "drive", ROW.name
DO = msgid("Drive: %(drive)s")
PAST = _l("The last day lies in the past: choose today or later.")
#: an ID number or a mobile number of somebody, whatever blanks stand in it
_NUMBER = re.compile(r"(?<!\d)(?:\d[ -]?){17}[\dXx](?!\d)|(?<!\d)1[3-9](?:[ -]?\d){9}(?!\d)")
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


# Who is in it -------------------------------------------------------------------------------------------


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


def due_on(drive: Drive, ripe: Period | None = None) -> date:
    """By when an employer that is given out today, or in the month from which on its matter is due, is to be
    done; never after the drive's last day."""
    begin = max(today(), ripe.first_day) if ripe else today()
    return min(add_working_days(begin, drive.days, provisional=True), max(drive.ends_on, today()))


def ask(row: DriveRow, words: str, on: date, actor: Actor | None, *, fresh: bool = False) -> Task:
    """The one open task of a row, for whoever has it."""
    return open_task(
        KIND, words, on, employer=row.employer, owner_id=row.owner_id, params={"drive": row.drive.name},
        source=(SOURCE, row.id), actor=actor, again=True, fresh=fresh,
    )  # fmt: skip


def keep_days(ids: Collection[int]) -> None:
    """Open tasks are due when their rows are."""
    days = {id_: day for id_, day in db.session.execute(
        select(DriveRow.id, DriveRow.due_on).where(among(DriveRow.id, ids))
    )}  # fmt: skip
    for task in db.session.scalars(_open_tasks(list(days))):
        task.due_on = days[task.source_id]
    db.session.flush()


def reassign(row: DriveRow, owner: User, actor: Actor) -> None:
    """Gives the row and its open task to a colleague of the employer's branch."""
    demand(row.drive, STEER, actor)
    if owner.id not in {one.id for one in possible_owners(row.employer.branch_id)}:
        raise DomainError(_l("Choose an active colleague of the employer's branch."))
    row.owner_id = owner.id
    for task in db.session.scalars(_open_tasks([row.id])):
        task.owner_id = owner.id
    db.session.flush()


def _open_tasks(ids: Sequence[int]) -> Any:
    return select(Task).where(
        Task.kind == KIND,
        Task.source_type == SOURCE,
        among(Task.source_id, ids),
        Task.state == TaskState.OPEN,
    )


# What came of it ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """The short form after a call or visit. `done` counts matters without a name, of all so far."""

    outcome: str
    action: VisitKind
    note: str = ""
    done: int | None = None
    amount: Decimal | None = None
    contact_id: int | None = None
    #: another number of the contact, to be checked before it is written down
    mobile: str = ""
    #: when to go on, where the outcome asks for something; the department's usual days otherwise
    next_on: date | None = None


def tell(row: DriveRow, told: Told, actor: Actor) -> None:
    """Writes down what came of it: a visit on the employer's story, the counters, and what follows."""
    allow(row, actor)
    come = OUTCOMES.get(told.outcome)
    if come is None or told.outcome not in row.drive.outcomes:
        raise DomainError(_l("Choose one of the outcomes of this drive."))
    if told.done is not None and told.done > row.number:
        raise DomainError(_l("There are only %(number)s matters without a name here.", number=row.number))
    if told.next_on is not None and told.next_on < today():
        raise DomainError(_l("The due date lies in the past: choose today or later."))
    if come.ends and (left := _unsettled(row, told)):
        raise DomainError(
            _l("Matters not done yet: %(number)s. Enter them first, or choose another outcome.", number=left)
        )
    if told.mobile or come.follow is Follow.NUMBER:
        _propose_number(row, told, actor)
    account = Account(
        kind=told.action, at=now(), outcome=come.told, summary=told.note, topics=tuple(row.drive.topics),
        contact_id=told.contact_id,
    )  # fmt: skip
    log_visit(row.employer, account, actor)
    row.outcome, row.told_on, row.tries = told.outcome, today(), row.tries + 1
    row.done = row.done if told.done is None else told.done
    row.amount = told.amount if told.amount is not None else row.amount
    settle((SOURCE, row.id), [KIND], told.note)
    if come.ends:
        transition(ROW, row, "finish", None, comment=told.note, evidence={"by": actor.name})
    else:
        _go_on(row, come.follow, told.next_on, actor)


def _propose_number(row: DriveRow, told: Told, actor: Actor) -> None:
    contact = db.session.get(Contact, told.contact_id) if told.contact_id else None
    if contact is None or not told.mobile.strip():
        raise DomainError(_l("Choose whose number was wrong, and enter the new one."))
    signals.number_proposed.send(
        contact, employer=row.employer, number=told.mobile, place=row.drive.name, source=("drive", row.id),
        note=told.note, actor=actor,
    )  # fmt: skip


def _unsettled(row: DriveRow, told: Told) -> int:
    """How many matters make “everything is done” untrue; that there is nothing to do may be said any time."""
    if told.outcome != "settled":
        return 0
    return row.matters - row.settled + row.done - (row.done if told.done is None else told.done)


def _go_on(row: DriveRow, follow: Follow, on: date | None, actor: Actor) -> None:
    days = AGAIN_DAYS if follow is Follow.AGAIN else FOLLOW_DAYS
    due = add_working_days(today(), days.value(), provisional=True)
    if follow is not Follow.AGAIN and row.ripe and row.ripe.first_day > due:
        due = due_on(row.drive, row.ripe)  # whoever is left is to be told only then
    ask(row, ASKED_AGAIN.get(follow, DO), on or due, actor)
    db.session.flush()


def allow(row: DriveRow, actor: Actor) -> None:
    """Goes on while drive and employer are open to outcomes."""
    demand(row.drive, RECORD, actor)
    demand(row, RECORD, actor)


def change(drive: Drive, name: str, purpose: str, ends_on: date, script_id: int | None, actor: Actor) -> None:
    """Names, words and the last day may change while it runs; days that rows were given stay."""
    demand(drive, STEER, actor)
    if ends_on < today():
        raise DomainError(PAST)
    _refuse_name(name, drive.branch_id, drive.id)
    drive.name, drive.purpose, drive.ends_on = name.strip(), purpose.strip(), ends_on
    drive.script_id = script_id
    db.session.flush()


def note_partner(row: DriveRow, agency: Agency, said_on: date, note: str, actor: Actor) -> PartnerNote:
    """What another office said; numbers of people have no place in it."""
    demand(row.drive, RECORD, actor)
    if said_on > today():
        raise DomainError(_l("The day lies in the future."))
    if _NUMBER.search(note):
        raise DomainError(_l("The note holds what looks like an ID number or a mobile number: take it out."))
    made = PartnerNote(row_id=row.id, agency=agency, said_on=said_on, note=note.strip(), by_id=actor.id)
    db.session.add(made)
    db.session.flush()
    return made


# The ends of rows and drives ----------------------------------------------------------------------------


@signals.after_transition.connect
def _keep_tasks(
    workflow: Workflow[Any], *, record: Any = None, move: Move | None = None, **_sets: Any
) -> None:
    """A row that is given up asks for nothing any more, a reopened one does again; so with whole drives."""
    if move is None:
        return
    if workflow is ROW:
        if move.target == RowState.OPEN:
            _ask_again(record, move.actor)
        elif move.transition.name == "give_up":
            _drop_tasks([record.id])
    elif workflow is DRIVE:
        ids = queries.row_ids(record.id, RowState.OPEN)
        if move.target != "running":
            _drop_tasks(ids)
        else:
            for row in db.session.scalars(select(DriveRow).where(among(DriveRow.id, ids))):
                _ask_again(row, move.actor)


def _ask_again(row: DriveRow, actor: Actor | None) -> None:
    """Whoever has left meanwhile is asked for nothing: the row is the employer's owner's then."""
    if row.owner is not None and not row.owner.active:
        row.owner_id = row.employer.owner_id
    ask(row, DO, due_on(row.drive), actor)


@signals.owner_changed.connect
def _follow_owner(employer: Employer, *, old: User | None, new: User | None, **_more: Any) -> int:
    """What the former owner had to do here is the new one's; what was given to somebody else stays there.

    Their tasks are passed on with all others of the employer.
    """
    theirs = DriveRow.owner_id == (old.id if old else None)
    query = select(DriveRow).where(
        DriveRow.employer_id == employer.id, DriveRow.state == RowState.OPEN, theirs
    )
    for row in db.session.scalars(query):
        row.owner_id = new.id if new else None
    return 0


@signals.task_passed_on.connect
def _follow_task(task: Task, *, owner: User, **_more: Any) -> None:
    """Whoever is given the task is given the employer in the drive."""
    if (task.kind, task.source_type) == (KIND, SOURCE):
        db.session.get_one(DriveRow, task.source_id).owner_id = owner.id


def _drop_tasks(ids: Sequence[int]) -> None:
    open_ones = (Task.kind == KIND, Task.source_type == SOURCE, Task.state == TaskState.OPEN)
    dropped = update(Task).where(*open_ones, among(Task.source_id, ids))
    db.session.execute(dropped.values(state=TaskState.CANCELLED, closed_at=now()))
