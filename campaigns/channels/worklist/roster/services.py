"""Taking rosters in and back, recording what became of people, and forgetting whom they named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload

from app.audit import services as audit
from app.core.clock import now, today
from app.core.db import among, changed, db
from app.core.errors import DomainError, NotFound
from app.core.importing.spec import Context, Line, Plan, Ref, Write, id_of
from app.core.language.i18n import msgid
from app.core.language.text import code_key
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.personal.sealed import ID_NUMBER, indexes, sealed_with_index
from app.core.workflow.engine import WorkflowHistory
from app.tasks.models import Task
from campaigns.channels.worklist.models import Drive, DrivePerson, DriveRow, PartnerNote, RowState
from campaigns.channels.worklist.policy import RESULTS, TRANSFER_MONTHS
from campaigns.channels.worklist.roster import queries
from campaigns.channels.worklist.services.asking import DO, SOURCE, ask, due_on, keep_days
from campaigns.channels.worklist.services.telling import allow
from campaigns.channels.worklist.workflow import ROW

#: the drive whose roster says since when somebody contributes here
TRANSFERS = "transfer_reminder"
SETTLED = msgid("Results of a roster recorded")
REVEALED = msgid("ID number revealed")


@dataclass
class Looked:
    """What is known of a chunk's lines; rows that it creates join in as they come."""

    drives: Mapping[int, Drive]
    employers: Mapping[str, Mapping[str, Any]]
    rows: dict[tuple[int, int], Any]
    people: set[tuple[Any, str, str | None]]
    #: in which other drives employers are still to be done, by their ids
    busy: Mapping[int, Sequence[tuple[int, str]]]
    #: what the chunk writes of rows that it creates, or whose people are due sooner than it was
    written: dict[tuple[int, int], Write] = field(default_factory=dict)


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Five statements a chunk."""
    drives = queries.drives(context.actor)
    employers = queries.employers([code_key(line.values["code"]) for line in lines], context.actor)
    rows = queries.rows(list(drives), [one["id"] for one in employers.values()])
    named = set(queries.people([row["id"] for row in rows.values()]))
    busy = queries.busy([one["id"] for one in employers.values()])
    looked = Looked(drives, employers, dict(rows), named, busy)
    return [_plan(line, looked) for line in lines]


def _plan(line: Line, looked: Looked) -> Plan:
    made = Plan(line)
    drive = _drive(made, looked)
    employer = looked.employers.get(code_key(line.values["code"]))
    if employer is None:
        made.reject("unknown", "code", value=line.values["code"])
    elif not employer["within"]:
        made.reject("other_branch")
    if drive is None or made.reasons or employer is None or _too_soon(made, drive):
        return made
    if line.values.get("person"):
        ripe = _ripe(line, drive)
        row = _row(made, drive, employer, looked, ripe=ripe)
        _plan_person(made, row, looked, ripe)
        _make_due(made, drive, employer, looked, ripe)
    else:
        _plan_number(made, drive, employer, looked)
    return made


def _drive(made: Plan, looked: Looked) -> Drive | None:
    """The drive that the line names; without a number the only one that is running."""
    number = made.line.values.get("drive")
    if number is None and len(looked.drives) == 1:
        return next(iter(looked.drives.values()))
    if number is None:
        made.reject("which_drive" if looked.drives else "no_drive")
    elif number not in looked.drives:
        made.reject("unknown_drive", "drive", value=number)
    return looked.drives.get(number or 0)


def _ripe(line: Line, drive: Drive) -> Period | None:
    """From when on whoever came from elsewhere is told: after some months of contributing here."""
    since = line.values.get("since")
    return since + TRANSFER_MONTHS.value() if drive.kind == TRANSFERS and since is not None else None


def _too_soon(made: Plan, drive: Drive) -> bool:
    """Who is to be told only when the drive is over belongs into the next one."""
    ripe = _ripe(made.line, drive)
    if ripe is None or ripe <= Period.of(drive.ends_on):
        return False
    made.reject("too_soon", "since", month=str(ripe))
    return True


def _row(
    made: Plan,
    drive: Drive,
    employer: Mapping[str, Any],
    looked: Looked,
    number: int = 0,
    ripe: Period | None = None,
) -> int | Ref:
    """The id of the employer's row; created where there is none yet."""
    known = looked.rows.get((drive.id, employer["id"]))
    if isinstance(known, dict):
        made.record = known["id"]
        if known["state"] is not RowState.OPEN:
            made.remark("closed")
        return int(known["id"])
    if isinstance(known, Ref):
        made.record = known
        return known
    others = [name for drive_id, name in looked.busy.get(employer["id"], ()) if drive_id != drive.id]
    if others:
        made.remark("also", drive="、".join(others))
    ref = made.create(
        DriveRow,
        {
            "drive_id": drive.id, "employer_id": employer["id"], "owner_id": employer["owner_id"],
            "branch_id": employer["branch_id"], "area_id": employer["area_id"], "state": RowState.OPEN,
            "since": now(), "due_on": due_on(drive, ripe), "number": number, "done": 0, "tries": 0,
        },
    )  # fmt: skip
    looked.rows[drive.id, employer["id"]] = ref
    looked.written[drive.id, employer["id"]] = made.writes[-1]
    return ref


def _plan_number(made: Plan, drive: Drive, employer: Mapping[str, Any], looked: Looked) -> None:
    number = made.line.values.get("number") or 0
    known = looked.rows.get((drive.id, employer["id"]))
    row = _row(made, drive, employer, looked, number)
    if isinstance(known, dict) and number:
        made.update(DriveRow, {"id": row, "number": known["number"]}, {"number": number})
    elif isinstance(known, Ref):
        looked.written[drive.id, employer["id"]].after["number"] = number


def _make_due(
    made: Plan, drive: Drive, employer: Mapping[str, Any], looked: Looked, ripe: Period | None
) -> None:
    """An employer that nobody called yet is due with the first of its people."""
    key, day = (drive.id, employer["id"]), due_on(drive, ripe)
    known, written = looked.rows[key], looked.written.get(key)
    if written is not None:
        written.after["due_on"] = min(day, written.after["due_on"])
    elif isinstance(known, dict) and known["tries"] == 0 and day < known["due_on"]:
        made.update(DriveRow, {"id": known["id"], "due_on": known["due_on"]}, {"due_on": day})
        looked.written[key] = made.writes[-1]


def _plan_person(made: Plan, row: int | Ref, looked: Looked, ripe: Period | None) -> None:
    name, given = made.line.values["person"], made.line.values.get("id_number")
    marks = indexes(given.number, ID_NUMBER) if given else [None]
    if any((row, name, mark) in looked.people for mark in marks):
        return
    sealed, index = sealed_with_index(given.number, ID_NUMBER) if given else (None, None)
    values = {"row_id": row, "name": name, "id_number": sealed, "id_number_index": index, "ripe": ripe}
    made.create(DrivePerson, values)
    looked.people.add((row, name, index))


def applied(plans: Sequence[Plan], context: Context) -> None:
    """Each employer that is new in its drive, or due sooner, becomes a task for its specialist."""
    written = [write for one in plans for write in one.writes if write.model is DriveRow]
    new = {id_of(write.id) for write in written if write.before is None}
    ids = new | {id_of(write.id) for write in written if "due_on" in write.after}
    if not ids:
        return
    loaded = (joinedload(DriveRow.drive), joinedload(DriveRow.employer))
    for row in db.session.scalars(select(DriveRow).where(among(DriveRow.id, ids)).options(*loaded)):
        ask(row, DO, row.due_on, context.actor, fresh=row.id in new)
    db.session.flush()
    keep_days(ids - new)


def reverted(restored: Mapping[str, Sequence[int]], _context: Context) -> None:
    """Undoing: rows that are due as before, and their tasks with them."""
    keep_days(restored.get(DriveRow.__tablename__, ()))


def removing(table: str, ids: Sequence[int], _context: Context) -> None:
    """Undoing: nobody need see to these employers any more."""
    if table != DriveRow.__tablename__:
        return
    db.session.execute(delete(Task).where(Task.source_type == SOURCE, among(Task.source_id, ids)))
    written = WorkflowHistory.workflow == ROW.name
    db.session.execute(delete(WorkflowHistory).where(written, among(WorkflowHistory.record_id, ids)))


# What became of them -----------------------------------------------------------------------------------


def record_results(row: DriveRow, given: Mapping[int, str], rest: str, actor: Actor) -> int:
    """Results of people by their ids, and one for all others still open; gives how many changed.

    A handler who changes a reason for all at once is entered with `rest`.
    """
    allow(row, actor)
    if {*given.values(), rest} - {*row.drive.results, ""}:
        raise DomainError(_l("Choose one of the results of this drive."))
    wanted = select(DrivePerson).where(DrivePerson.row_id == row.id)
    number = 0
    for person in db.session.scalars(wanted):
        result = given.get(person.id, "")
        if result in ("", person.result) and person.settled_on is None:
            result = rest or result  # what stood there already was not chosen now
        if result and result != person.result:
            person.result, person.by_id = result, actor.id
            person.settled_on = today() if RESULTS[result].ends else None
            number += 1
    if number:
        audit.record(SETTLED, row, name=row.employer.name, details={"number": number})
    db.session.flush()
    db.session.refresh(row, ["settled"])
    return number


def reveal(person: DrivePerson, reason: str) -> str:
    """The ID number in full; who read it, and why, is an event of the trail. NotFound without one."""
    if person.id_number is None:
        raise NotFound(_l("No ID number is recorded for this person."))
    number = person.id_number.opened
    audit.record(REVEALED, person, name=f"#{person.id}", details={"reason": reason})
    return number


# Forgetting ---------------------------------------------------------------------------------------------


def forget_people(ids: Sequence[int]) -> int:
    """The names go, the counts stay: past the session, so that nothing of them reaches the trail."""
    counted = (
        select(DrivePerson.row_id, func.count(DrivePerson.settled_on))
        .where(among(DrivePerson.id, ids))
        .group_by(DrivePerson.row_id)
    )
    for row_id, done in db.session.execute(counted).all():
        values = {"number": DriveRow.matters, "done": DriveRow.done + done}
        db.session.execute(update(DriveRow).where(DriveRow.id == row_id).values(values))
    gone = changed(delete(DrivePerson).where(among(DrivePerson.id, ids)))
    db.session.expire_all()
    return gone


def forget_notes(ids: Sequence[int]) -> int:
    return changed(delete(PartnerNote).where(among(PartnerNote.id, ids)))
