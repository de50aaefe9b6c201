"""Tasks that follow what others do, and close by themselves: all by signals."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, update

from app.accounts.models import User
from app.core import signals, timeline
from app.core.bulk import insert_rows, update_rows
from app.core.clock import now, today
from app.core.db import among, db
from app.core.features import current_features
from app.core.language.i18n import msgid, msgid_of
from app.core.permissions import Actor
from app.core.personal.retaining import people_forgotten, without_name, without_word
from app.core.rules.workdays import add_working_days, on_or_after
from app.core.undoing.reversible import table_of
from app.core.workflow.engine import Deadline, Move, Transition, Workflow
from app.core.workflow.sets import SetMove
from app.employers.models import Employer, EmployerContact
from app.employers.people.services.serving import Handover
from app.tasks.models import DEADLINE, Task, TaskState
from app.tasks.policy import WELCOME_DAYS
from app.tasks.services import open_task

#: shared by the many tasks that have none
NO_PARAMS: Mapping[str, Any] = {}

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
        what = (DEADLINE, msgid_of(deadline.title), workflow.name)
        for due_on, those in _by_day(workflow, deadline, moves, record).items():
            asked = [_Asked(move.employer_id, move.record_id) for move in those]
            _open_many(what, due_on, asked, homes)


def _by_day(
    workflow: Workflow[Any], deadline: Deadline, moves: list[SetMove], record: Any | None
) -> dict[date, list[SetMove]]:
    """The moves by the day until which their deadline lets them; none of a day before today."""
    if record is not None and (own := deadline.own_day(record)):
        return {own: moves}
    begun = _begun(workflow, deadline.since, [move.record_id for move in moves]) if deadline.since else {}
    found: dict[date, list[SetMove]] = defaultdict(list)
    for move in moves:
        found[begun.get(move.record_id) or today()].append(move)
    days: dict[date, list[SetMove]] = defaultdict(list)
    for day, those in found.items():
        days[_due_on(deadline, day)] += those
    return days


def _begun(workflow: Workflow[Any], column: str, ids: list[int]) -> dict[int, date | None]:
    """From which day on the days of each record count."""
    db.session.flush()
    model = workflow.model
    found: dict[int, date | None] = {}
    for chunk in (ids[i : i + 5000] for i in range(0, len(ids), 5000)):
        query = select(model.id, getattr(model, column)).where(among(model.id, chunk))
        found |= {id_: day for id_, day in db.session.execute(query)}
    return found


def settle_deadlines(workflow: Workflow[Any], record_ids: list[int]) -> None:
    """What the states of these records asked for is done."""
    for chunk in (record_ids[i : i + 5000] for i in range(0, len(record_ids), 5000)):
        db.session.execute(
            update(Task)
            .where(_deadlines(workflow), among(Task.source_id, chunk), Task.state == TaskState.OPEN)
            .values(state=TaskState.DONE, closed_at=now()),
            execution_options={"synchronize_session": "fetch" if len(chunk) < 50 else False},
        )


def _deadlines(workflow: Workflow[Any]) -> ColumnElement[bool]:
    return (Task.kind == DEADLINE) & (Task.source_type == workflow.name)


#: the branch and the owner that a task goes to, by employer
_Homes = dict[int | None, tuple[int, int | None]]


def _due_on(deadline: Deadline, begun: date) -> date:
    if deadline.calendar:
        return on_or_after(max(today(), begun + timedelta(days=deadline.days)))
    # a reminder: weekdays will do for a year whose holidays are not announced yet
    return max(today(), add_working_days(begun, deadline.days, provisional=True))


class _Asked(NamedTuple):
    """What one of many tasks is about: an employer, and the record that gave rise to it."""

    employer_id: int | None
    source_id: int
    params: Mapping[str, Any] = NO_PARAMS


def _open_many(
    what: tuple[str, str, str],
    due_on: date,
    asked: Sequence[_Asked],
    homes: _Homes,
    actor: Actor | None = None,
) -> None:
    """Opens a task for each in one statement. `what`: their kind, their title, and the kind of their source.

    Their sources must have none yet. The trail tells of what gave rise to them, not of each task.
    """
    kind, title, source_type = what
    moment = now()
    constant = {
        "kind": kind, "title": title, "due_on": due_on, "source_type": source_type,
        "state": TaskState.OPEN, "created_by_id": actor.id if actor else None,
        "created_at": moment, "updated_at": moment,
    }  # fmt: skip
    rows = [
        {
            **constant,
            "employer_id": one.employer_id,
            "branch_id": homes[one.employer_id][0],
            "owner_id": homes[one.employer_id][1],
            "source_id": one.source_id,
            "params": one.params,
        }
        for one in asked
        if one.employer_id in homes
    ]
    db.session.flush()
    insert_rows(table_of(Task), rows)


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
    homes = _homes([one.link.employer_id for one in handovers])
    asked = [_Asked(link.employer_id, link.id, {"name": link.contact.name}) for link, _left in handovers]
    _open_many(("welcome", WELCOME, "employer_contact"), due_on, asked, homes, actor)


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
    """All that was to be done at their employers tells no name any more.

    Past the session's hooks: the trail would keep the name as what was there before.
    """
    query = (
        select(Task.id, EmployerContact.contact_id, *(getattr(Task, one) for one in WORDS))
        .join(EmployerContact, EmployerContact.employer_id == Task.employer_id)
        .where(among(EmployerContact.contact_id, list(names)))
    )
    found = db.session.execute(query).all()
    before = {row.id: {one: getattr(row, one) for one in WORDS} for row in found}
    after = dict(before)
    for row in found:
        after[row.id] = _without(names[row.contact_id], after[row.id])
    changed = [{"id": id_, **values} for id_, values in after.items() if values != before[id_]]
    update_rows(table_of(Task), changed)


#: the columns of a task in which a name may stand
WORDS = ("title", "note", "result", "params")


def _without(name: str, task: Mapping[str, Any]) -> dict[str, Any]:
    words = {one: without_word(task[one], name) for one in WORDS if one != "params"}
    return {**words, "params": without_name(task["params"], name)}


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
