"""Running the drive: who is in it, what is submitted by hand or by file, and who is reminded."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, update

from app.contributions.adjustment import queries
from app.contributions.adjustment.models import Adjustment, AdjustmentDrive, AdjustmentState
from app.contributions.adjustment.policy import (
    CONTRADICTIONS,
    REMIND_DAYS,
    Figures,
    bounds_of,
)
from app.contributions.adjustment.workflow import ADJUSTMENT
from app.core.clock import now, today
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.importing.spec import Context, Line, Plan
from app.core.language.i18n import msgid
from app.core.language.text import code_key
from app.core.permissions import Actor
from app.core.rules.workdays import on_or_before
from app.core.workflow.engine import transition
from app.core.workflow.sets import SetMove, note_restored, set_back, transition_many
from app.tasks.models import Task, TaskState
from app.tasks.services import open_task

REMIND, SOURCE = "adjustment_reminder", "adjustment_row"
SUBMIT = msgid("Have the contribution bases of %(year)s submitted by %(day)s")
FIRST_YEAR = 1999


def open_drive(year: int, opens_on: date, closes_on: date, actor: Actor | None) -> AdjustmentDrive:
    """Opens the adjustment of a year with a row for each employer that has bases; once a year."""
    if not FIRST_YEAR <= year <= today().year + 1:
        raise DomainError(_l("Choose this year or the next."))
    if closes_on < opens_on:
        raise DomainError(_l("The last day lies before the first."))
    if any(drive.year == year for drive in queries.drives()):
        raise Conflict(_l("The adjustment of %(year)s is open already.", year=year))
    drive = AdjustmentDrive(
        year=year, opens_on=opens_on, closes_on=closes_on, begun_by_id=actor.id if actor else None
    )
    db.session.add(drive)
    db.session.flush()
    take_in(drive)
    return drive


def take_in(drive: AdjustmentDrive) -> int:
    """Adds who has come to have bases since; gives how many."""
    moment = now()
    shared = {"drive_id": drive.id, "state": AdjustmentState.LISTED, "since": moment, "note": ""}
    stamps = {"created_at": moment, "updated_at": moment}
    rows = [{"employer_id": id_, **shared, **stamps} for id_ in db.session.scalars(queries.missing(drive))]
    if rows:
        db.session.execute(insert(Adjustment), rows)
    return len(rows)


def move_window(drive: AdjustmentDrive, opens_on: date, closes_on: date) -> None:
    if closes_on < opens_on:
        raise DomainError(_l("The last day lies before the first."))
    drive.opens_on, drive.closes_on = opens_on, closes_on
    db.session.flush()


def submit(row: Adjustment, figures: Figures, on: date, actor: Actor) -> None:
    """What the employer handed in; outside of floor or ceiling it goes back to it at once."""
    if row.state is AdjustmentState.CHECKED:
        raise DomainError(_l("Its bases are checked: return them first, with the reason."))
    if on > today():
        raise DomainError(_l("The day lies in the future."))
    if wrong := figures.contradictions():
        raise DomainError(
            _l("These figures contradict each other:"), [CONTRADICTIONS[code] for code in wrong]
        )
    row.heads, row.total_base = figures.heads, figures.total_base
    row.lowest, row.highest, row.submitted_on, row.note = figures.lowest, figures.highest, on, ""
    evidence = {"by": actor.name, "heads": figures.heads, "total_base": str(figures.total_base)}
    transition(ADJUSTMENT, row, "submit", None, evidence=evidence)
    _spare([row.id])
    if short := figures.outside(bounds_of(row.drive.year)):
        transition(ADJUSTMENT, row, "fall_short", None, evidence={"outside": short})


# The file ---------------------------------------------------------------------------------------------

_FIGURES = ("heads", "total_base", "lowest", "highest")


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Compares a chunk of submitted figures with the rows of the latest drive."""
    drive = queries.latest()
    known = queries.named([code_key(line.values["code"]) for line in lines], context.actor)
    context.memory["year"] = drive.year if drive else None
    return [_plan(line, known.get(code_key(line.values["code"])), drive, context) for line in lines]


def _plan(
    line: Line, known: Mapping[str, Any] | None, drive: AdjustmentDrive | None, context: Context
) -> Plan:
    made = Plan(line)
    values = {name: line.values[name] for name in _FIGURES}
    figures = Figures(**values)
    if drive is None:
        made.reject("no_drive")
    elif known is None:
        made.reject("unknown", "code", value=line.values["code"])
    elif not known["within"]:
        made.reject("other_branch")
    elif known["id"] is None:
        made.reject("not_listed")
    elif wrong := figures.contradictions():
        made.reject(wrong[0])
    elif known["state"] is AdjustmentState.CHECKED and any(known[name] != values[name] for name in _FIGURES):
        made.reject("checked")
    else:
        assert drive is not None and known is not None  # noqa: S101 - the branches above
        _take(made, known, values, figures, drive, context)
    return made


def _take(
    made: Plan, known: Mapping[str, Any], values: dict[str, Any], figures: Figures, drive: AdjustmentDrive,
    context: Context,
) -> None:  # fmt: skip
    short = figures.outside(bounds_of(drive.year))
    for code in short:
        made.remark(code)
    day = {"submitted_on": min(context.as_of, today()), "note": ""}
    if made.update(Adjustment, dict(known), {**values, **day}, no_news=frozenset(day)):
        made.extra = (known["employer_id"], known["state"], short)


def applied(plans: Sequence[Plan], _context: Context) -> None:
    """The rows that got figures are submitted; those outside of floor or ceiling go back at once."""
    told = [(one, *one.extra) for one in plans if one.extra and one.record_id]
    moves = [SetMove(one.record_id or 0, employer, state) for one, employer, state, _short in told]
    transition_many(ADJUSTMENT, "submit", moves)
    back = [
        SetMove(one.record_id or 0, employer, "submitted") for one, employer, _state, short in told if short
    ]
    transition_many(ADJUSTMENT, "fall_short", back)
    for one, _employer, state, short in told:
        after = AdjustmentState.RETURNED if short else AdjustmentState.SUBMITTED
        if state is not after:
            one.note(Adjustment, one.record_id or 0, {"state": state}, {"state": after})
    _spare([one.record_id or 0 for one, *_more in told])


def _spare(ids: Sequence[int]) -> None:
    """Nobody need be reminded of these rows any more."""
    open_ones = (Task.kind == REMIND, Task.source_type == SOURCE, Task.state == TaskState.OPEN)
    done = update(Task).where(*open_ones, among(Task.source_id, ids))
    db.session.execute(done.values(state=TaskState.DONE, closed_at=now()))


def reverted(restored: Mapping[str, Sequence[int]], _context: Context) -> None:
    """Writes down the states that the undo set back."""
    ids = list(restored.get(Adjustment.__tablename__, ()))
    note_restored(ADJUSTMENT, set_back(ADJUSTMENT, ids), comment="import undone")


# Reminding --------------------------------------------------------------------------------------------


def keep_up() -> int:
    """While the window is open: takes in new employers, and near its end asks owners for what is missing."""
    drive = queries.open_on(today())
    if drive is None:
        return 0
    take_in(drive)
    if (drive.closes_on - today()).days > REMIND_DAYS.value():
        return 0
    due_on = max(today(), on_or_before(drive.closes_on))
    params = {"year": drive.year, "day": drive.closes_on.isoformat()}
    rows = queries.unsubmitted(drive, REMIND, SOURCE)
    for row in rows:
        open_task(
            REMIND, SUBMIT, due_on, employer=row.employer, params=params, source=(SOURCE, row.id),
            fresh=True,
        )  # fmt: skip
    db.session.flush()
    return len(rows)
