"""Opening and closing what somebody must do."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, insert, select, update

from app.accounts.models import User
from app.core import signals, timeline
from app.core.clock import now, today
from app.core.db import among, db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.features import current_features
from app.core.i18n import msgid, msgid_of
from app.core.permissions import Actor
from app.core.retaining import NOBODY, people_forgotten
from app.core.workdays import add_working_days
from app.core.workflow import Deadline, Move, Transition, Workflow
from app.core.workflow_sets import SetMove
from app.employers.models import Employer, EmployerContact
from app.employers.people.services.serving import Handover
from app.tasks.models import DEADLINE, Task, TaskState
from app.tasks.policy import WELCOME_DAYS, may_work_on

Source = tuple[str, int]

DONE = msgid("Task done: %(title)s")


def open_task(
    kind: str,
    title: str,
    due_on: date,
    *,
    employer: Employer | None = None,
    branch_id: int | None = None,
    owner_id: int | None = None,
    params: Mapping[str, Any] | None = None,
    note: str = "",
    source: Source | None = None,
    actor: Actor | None = None,
    again: bool = False,
    fresh: bool = False,
) -> Task:
    """Opens a task; the same kind and source give the task that is already there, closed or not.

    `title` is a msgid (with `params`) or a person's own words. Without an owner it goes to the employer's.
    With `again`, a source whose task was closed may ask anew. `fresh` is for many at once whose sources are
    known to have none: nothing is looked up, and the caller flushes them together.
    """
    if source and not fresh and (known := _known(kind, source, again)):
        return known
    if branch_id is None and employer is None:
        raise ValueError("a task belongs to an employer or to a branch")
    task = Task(
        kind=kind,
        title=title.strip(),
        params=dict(params or {}),
        note=note.strip(),
        due_on=due_on,
        employer=employer,
        branch_id=employer.branch_id if employer else branch_id,
        owner_id=owner_id or (employer.owner_id if employer else None),
        created_by_id=actor.id if actor else None,
        source_type=source[0] if source else None,
        source_id=source[1] if source else None,
    )
    db.session.add(task)
    if not fresh:
        db.session.flush()
    return task


def _known(kind: str, source: Source, again: bool) -> Task | None:
    query = select(Task).where(Task.kind == kind, Task.source_type == source[0], Task.source_id == source[1])
    if again:
        query = query.where(Task.state == TaskState.OPEN)
    return db.session.scalars(query.order_by(Task.id.desc()).limit(1)).first()


def open_by_hand(
    title: str, due_on: date, actor: Actor, *, employer: Employer | None = None, owner: User | None = None
) -> Task:
    """A task in a person's own words; due today or later."""
    _refuse_past(due_on)
    if not title.strip():
        raise DomainError(_l("Say what is to be done."))
    return open_task(
        "other",
        title,
        due_on,
        employer=employer,
        branch_id=None if employer else actor.branch_id,
        owner_id=owner.id if owner else actor.id,
        actor=actor,
    )


def open_for(employer: Employer, title: str, due_on: date, actor: Actor, *, for_owner: bool) -> Task:
    """One of many tasks of the same words: for the employer's owner, or else for whoever asks.

    DomainError when such a task is open there already, so that asking twice doubles nothing.
    """
    _refuse_past(due_on)
    title = title.strip()
    same = select(Task.id).where(
        Task.employer_id == employer.id, Task.title == title, Task.state == TaskState.OPEN
    )
    if db.session.scalars(same.limit(1)).first() is not None:
        raise DomainError(_l("The same task is open there already."))
    owner = employer.owner if for_owner and employer.owner and employer.owner.active else None
    owner_id = owner.id if owner else actor.id
    return open_task("other", title, due_on, employer=employer, owner_id=owner_id, actor=actor)


def complete(task: Task, actor: Actor | None, result: str = "") -> None:
    """Closes a task as done, with what came of it; Conflict when it is closed already."""
    _close(task, TaskState.DONE, actor, result)
    if task.employer_id is not None:
        timeline.record(
            task.employer_id,
            "task",
            DONE,
            params={"title": {"msgid": task.title, "params": task.params}, "comment": task.result},
            actor=actor,
        )


def cancel(task: Task, actor: Actor | None, reason: str) -> None:
    """Closes a task that need not be done any more; a reason is required of a person."""
    if actor is not None and not reason.strip():
        raise DomainError(_l("Say why the task is no longer needed."))
    _close(task, TaskState.CANCELLED, actor, reason)


def _close(task: Task, state: TaskState, actor: Actor | None, result: str) -> None:
    _authorise(task, actor)
    task.state, task.result, task.closed_at = state, result.strip(), now()
    task.closed_by_id = actor.id if actor else None
    db.session.flush()


def reassign(task: Task, owner: User, actor: Actor | None) -> None:
    """Gives an open task to a colleague of its branch."""
    _authorise(task, actor)
    if not owner.active or owner.branch_id != task.branch_id:
        raise DomainError(_l("Choose an active colleague of the same branch."))
    task.owner_id = owner.id
    db.session.flush()


def put_off(task: Task, due_on: date, actor: Actor | None) -> None:
    """Moves the day on which an open task is due; the first day stays on record."""
    _authorise(task, actor)
    _refuse_past(due_on)
    task.first_due_on = task.first_due_on or task.due_on
    task.due_on = due_on
    db.session.flush()


def _authorise(task: Task, actor: Actor | None) -> None:
    if not may_work_on(actor, task):
        raise Forbidden(_l("This is somebody else's task."))
    if task.state is not TaskState.OPEN:
        raise Conflict(_l("This task is closed already. Reload the page to see its result."))


def _refuse_past(due_on: date) -> None:
    if due_on < today():
        raise DomainError(_l("The due date lies in the past: choose today or later."))


# Deadlines of workflow states --------------------------------------------------------------------


@signals.after_transition.connect
def _follow_transition(
    workflow: Workflow[Any],
    record: Any,
    move: Move | None,
    set_moves: list[SetMove] | None = None,
    transition: Transition | None = None,
    **_more: Any,
) -> None:
    """Leaving a state settles its deadline; entering one with a deadline opens a task for the owner."""
    if move is not None:
        moves = [SetMove(record.id, workflow.employer_id(record), move.source)]
        target = move.target
    elif set_moves and transition is not None:
        moves, target = set_moves, transition.target
    else:
        return
    deadline = workflow.state(target).deadline
    if deadline or any(
        workflow.state(source).deadline for source in {move.source for move in moves} if source
    ):
        # also before opening one: a record has a single open deadline
        settle_deadlines(workflow, [move.record_id for move in moves])
    if deadline:
        homes = _homes([move.employer_id for move in moves if move.employer_id])
        if record is not None and getattr(record, "branch_id", None):
            homes[moves[0].employer_id] = (record.branch_id, getattr(record, "owner_id", None))
        own = getattr(record, deadline.own, None) if deadline.own and record is not None else None
        _open_deadlines(workflow, deadline, moves, homes, own or _due_on(deadline))


def settle_deadlines(workflow: Workflow[Any], record_ids: list[int]) -> None:
    """What the states of these records asked for is done."""
    for chunk in (record_ids[i : i + 5000] for i in range(0, len(record_ids), 5000)):
        db.session.execute(
            update(Task)
            .where(_deadlines(workflow), Task.source_id.in_(chunk), Task.state == TaskState.OPEN)
            .values(state=TaskState.DONE, closed_at=now()),
            execution_options={"synchronize_session": "fetch" if len(chunk) < 50 else False},
        )


def _deadlines(workflow: Workflow[Any]) -> ColumnElement[bool]:
    return (Task.kind == DEADLINE) & (Task.source_type == workflow.name)


#: the branch and the owner that a task goes to, by employer
_Homes = dict[int | None, tuple[int, int | None]]


def _due_on(deadline: Deadline) -> date:
    if deadline.calendar:
        return today() + timedelta(days=deadline.days)
    # a reminder: weekdays will do for a year whose holidays are not announced yet
    return add_working_days(today(), deadline.days, provisional=True)


def _open_deadlines(
    workflow: Workflow[Any], deadline: Deadline, moves: list[SetMove], homes: _Homes, due_on: date
) -> None:
    title, moment = msgid_of(deadline.title), now()
    rows: list[dict[str, Any]] = [
        {
            "kind": DEADLINE,
            "title": title,
            "params": {},
            "due_on": due_on,
            "employer_id": move.employer_id,
            "branch_id": homes[move.employer_id][0],
            "owner_id": homes[move.employer_id][1],
            "source_type": workflow.name,
            "source_id": move.record_id,
            "state": TaskState.OPEN,
            "note": "",
            "result": "",
            "created_at": moment,
            "updated_at": moment,
        }
        for move in moves
        if move.employer_id in homes
    ]
    if rows:
        db.session.execute(insert(Task), rows)


def _homes(employer_ids: list[int]) -> _Homes:
    found: _Homes = {}
    for chunk in (employer_ids[i : i + 5000] for i in range(0, len(employer_ids), 5000)):
        query = select(Employer.id, Employer.branch_id, Employer.owner_id).where(among(Employer.id, chunk))
        found |= {id_: (branch_id, owner_id) for id_, branch_id, owner_id in db.session.execute(query)}
    return found


# Signals of imports -------------------------------------------------------------------------------

FILE_MISSING = msgid("Ask for the missing file: %(kind)s of %(month)s, %(source)s")
FILE_CAME = msgid("The file has come")
FILE_UNWANTED = msgid("The file is no longer expected")


@signals.file_missing.connect
def _ask_for_file(_sender: object, due: Any, again: bool, **_more: Any) -> None:
    """Whoever sees to an expected file is told once that it is late."""
    expected = due.expectation
    owner = expected.owner if expected.owner and expected.owner.active else None
    spec = current_features().import_specs.get(expected.spec)
    open_task(
        "missing_file",
        FILE_MISSING,
        add_working_days(today(), 1, provisional=True),
        branch_id=expected.branch_id,
        owner_id=owner.id if owner else None,
        params={
            "kind": {"msgid": msgid_of(spec.title) if spec else expected.spec},
            "month": {"period": str(due.period)},
            "source": expected.source or "—",
        },
        source=("import_due", due.id),
        again=again,
    )


@signals.file_arrived.connect
def _file_came(_sender: object, due: Any, batch: Any, actor: Actor | None, **_more: Any) -> None:
    """Nobody need ask any more."""
    asked = (Task.kind == "missing_file", Task.source_type == "import_due", Task.state == TaskState.OPEN)
    for task in db.session.scalars(select(Task).where(*asked, Task.source_id == due.id)):
        task.state, task.result = (
            (TaskState.DONE, FILE_CAME) if batch else (TaskState.CANCELLED, FILE_UNWANTED)
        )
        task.closed_at, task.closed_by_id = now(), actor.id if actor else None
    db.session.flush()


# Signals of employers -----------------------------------------------------------------------------

PASSED_ON = msgid("Open tasks passed on from %(old)s to %(new)s: %(count)s")
LEFT = msgid("The handler has changed again")
WELCOME = msgid("Get in touch with the new handler %(name)s")


@signals.handlers_changed.connect
def _welcome_handlers(_sender: object, handovers: Sequence[Handover], actor: Actor | None) -> None:
    """A new handler is contacted at once, so that the line to the employer never breaks.

    Whoever left again before being welcomed needs no welcome any more.
    """
    if not handovers:
        return
    _spare_welcome([left.id for one in handovers for left in one.leaving])
    due_on = add_working_days(today(), WELCOME_DAYS.value(), provisional=True)
    for link, _leaving in handovers:
        open_task(
            "welcome",
            WELCOME,
            due_on,
            employer=link.employer,
            params={"name": link.contact.name},
            source=("employer_contact", link.id),
            actor=actor,
            fresh=True,
        )
    db.session.flush()


@signals.roles_withdrawn.connect
def _forget_welcome(_sender: object, link_ids: list[int]) -> None:
    _spare_welcome(link_ids)


def _spare_welcome(link_ids: Sequence[int]) -> None:
    """Nobody need be welcomed in these roles any more."""
    asked = (Task.kind == "welcome", Task.source_type == "employer_contact", Task.state == TaskState.OPEN)
    for task in db.session.scalars(select(Task).where(*asked, among(Task.source_id, link_ids))):
        task.state, task.closed_at, task.result = TaskState.CANCELLED, now(), LEFT
    db.session.flush()


@people_forgotten.connect
def _forget_names(_sender: object, names: Mapping[int, str]) -> None:
    """Past the session's hooks: the trail would keep the name as what was there before."""
    roles = select(EmployerContact.id).where(EmployerContact.contact_id.in_(names))
    about = (Task.source_type == "employer_contact", Task.source_id.in_(roles))
    db.session.execute(update(Task).where(*about).values(params={"name": NOBODY}))


@signals.owner_changed.connect
def _follow_owner(
    employer: Employer, old: User | None, new: User | None, actor: Actor | None, **_more: Any
) -> int:
    """What the old owner had still to do for the employer is the new owner's; tasks given to others stay.

    An employer without an owner has tasks of nobody, which leaders find and the next owner takes over.
    """
    mine = Task.owner_id == (old.id if old else None)
    query = select(Task).where(Task.employer_id == employer.id, Task.state == TaskState.OPEN, mine)
    tasks = db.session.scalars(query).all()
    for task in tasks:
        task.owner_id = new.id if new else None
    if tasks:
        params = {"old": old.name if old else "—", "new": new.name if new else "—", "count": len(tasks)}
        timeline.record(employer.id, "task", PASSED_ON, params=params, actor=actor)
    return len(tasks)


def settle(source: Source, kinds: Sequence[str], result: str = "") -> None:
    """Closes the open tasks that a record gave rise to: what they asked for has come about by itself."""
    asked = (Task.source_type == source[0], Task.source_id == source[1], Task.kind.in_(kinds))
    for task in db.session.scalars(select(Task).where(*asked, Task.state == TaskState.OPEN)):
        task.state, task.closed_at, task.result = TaskState.DONE, now(), result
    db.session.flush()
