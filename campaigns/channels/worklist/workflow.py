"""The states of a drive, and of an employer in it."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.core.db import db
from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.workflow.engine import Ask, State, Tone, Transition, Workflow
from app.core.workflow.parts import Act, Nobody
from campaigns.channels.worklist.models import Drive, DriveRow, DriveState, RowState
from campaigns.channels.worklist.policy import Permission, managed_by, rows_visible_to


def load_drive(drive_id: int, actor: Actor) -> Drive:
    """The drive to steer, or NotFound when it is another branch's."""
    return the_one(
        select(Drive).where(Drive.id == drive_id, managed_by(actor)), _l("There is no such drive.")
    )


def load_row(row_id: int, actor: Actor) -> DriveRow:
    """The row, or NotFound when neither its employer nor the row is the actor's."""
    return the_one(
        select(DriveRow).where(DriveRow.id == row_id, rows_visible_to(actor)),
        _l("There is no such employer in a drive."),
    )


def nothing_open(drive: Drive, _actor: Actor | None) -> Any:
    query = select(func.count(DriveRow.id)).where(
        DriveRow.drive_id == drive.id, DriveRow.state == RowState.OPEN
    )
    if number := db.session.scalar(query):
        return _l("%(number)s employers are still open: finish them, or give the drive up.", number=number)
    if db.session.scalar(select(DriveRow.id).where(DriveRow.drive_id == drive.id).limit(1)) is None:
        return _l("No employer is in it: import its roster or add employers, or give the drive up.")
    return None


def drive_runs(row: DriveRow, _actor: Actor | None) -> Any:
    return None if row.drive.state is DriveState.RUNNING else OVER.reason


#: what may be done with a drive and with an employer in it, besides moving them
STEER, RECORD = "steer", "record"
OVER = Nobody(_l("The drive is over: reopen it first."))
CLOSED = Nobody(_l("This employer is finished or given up: reopen it first."))

DRIVE: Workflow[Drive] = Workflow(
    name="drive",
    title=_l("Drive"),
    model=Drive,
    states=(
        State("running", _l("Running"), Tone.ACTIVE),
        State("finished", _l("Finished"), Tone.GOOD, final=True, acts={STEER: OVER, RECORD: OVER}),
        State("given_up", _l("Given up"), Tone.DONE, final=True, acts={STEER: OVER, RECORD: OVER}),
    ),
    acts=(
        Act(STEER, _l("Assign employers, and take more in"), Permission.RUN),
        Act(RECORD, _l("Record outcomes"), Permission.WORK),
    ),
    transitions=(
        Transition(
            "finish", _l("Finish the drive"), ("running",), "finished", Permission.RUN,
            guards=(nothing_open,), tone=Tone.GOOD,
        ),
        Transition(
            "give_up", _l("Give the drive up"), ("running",), "given_up", Permission.RUN,
            asks=(Ask("reason", _l("Reason")),), tone=Tone.DANGER,
        ),
        Transition(
            "reopen", _l("Reopen the drive"), ("finished", "given_up"), "running", Permission.RUN,
            asks=(Ask("reason", _l("Reason")),), tone=Tone.WARNING,
        ),
    ),
    since="since",
    kind="drive",
    employer_id=lambda _drive: None,
    load=load_drive,
    endpoint="drives.show",
)  # fmt: skip

ROW: Workflow[DriveRow] = Workflow(
    name="drive_row",
    title=_l("Worklist"),
    model=DriveRow,
    states=(
        State("open", _l("To be done"), Tone.ACTIVE),
        State("done", _l("Done"), Tone.GOOD, final=True, acts={RECORD: CLOSED}),
        State("given_up", _l("Given up"), Tone.DONE, final=True, acts={RECORD: CLOSED}),
    ),
    acts=(Act(RECORD, _l("Record outcomes"), Permission.WORK),),
    transitions=(
        Transition("finish", _l("Finished with its outcome"), ("open",), "done", None),
        Transition(
            "give_up", _l("Give this employer up"), ("open",), "given_up", Permission.WORK,
            asks=(Ask("reason", _l("Reason")),), guards=(drive_runs,), tone=Tone.DANGER,
        ),
        Transition(
            "reopen", _l("Reopen this employer"), ("done", "given_up"), "open", Permission.WORK,
            asks=(Ask("reason", _l("Reason")),), guards=(drive_runs,), tone=Tone.WARNING,
        ),
    ),
    since="since",
    kind="drive",
    load=load_row,
    endpoint="drives.row",
)  # fmt: skip
