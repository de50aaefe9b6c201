"""What the lines of a roster may mean, and whose names have been kept long enough."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from app.core.clock import local
from app.core.db import among, db
from app.core.permissions import Actor
from app.employers.models import Employer
from app.employers.policy import in_reach, not_merged
from campaigns.channels.worklist.models import Drive, DrivePerson, DriveRow, DriveState, PartnerNote, RowState
from campaigns.channels.worklist.policy import managed_by


def drives(actor: Actor | None) -> dict[int, Drive]:
    """The running drives that the actor steers, by number."""
    query = select(Drive).where(managed_by(actor), Drive.state == DriveState.RUNNING)
    return {one.id: one for one in db.session.scalars(query)}


def employers(codes: Collection[str], actor: Actor | None) -> dict[str, Mapping[str, Any]]:
    """The employers with these credit codes or account numbers; `within` says whether the actor sees them."""
    query = select(
        Employer.id, Employer.uscc, Employer.employer_account_no, Employer.owner_id, Employer.branch_id,
        Employer.area_id, in_reach(actor).label("within"),
    )  # fmt: skip
    named = or_(among(Employer.uscc, codes), among(Employer.employer_account_no, codes))
    found: dict[str, Mapping[str, Any]] = {}
    for row in db.session.execute(query.where(named, not_merged())).mappings():
        found |= {code: row for code in (row["uscc"], row["employer_account_no"]) if code}
    return found


def rows(drive_ids: Collection[int], employer_ids: Collection[int]) -> dict[tuple[int, int], dict[str, Any]]:
    """The rows that are there already, by drive and employer."""
    fields = (
        DriveRow.id,
        DriveRow.drive_id,
        DriveRow.employer_id,
        DriveRow.number,
        DriveRow.state,
        DriveRow.due_on,
        DriveRow.tries,
    )
    query = select(*fields).where(
        among(DriveRow.drive_id, drive_ids), among(DriveRow.employer_id, employer_ids)
    )
    return {(row.drive_id, row.employer_id): dict(row._mapping) for row in db.session.execute(query)}


def busy(employer_ids: Collection[int]) -> Mapping[int, Sequence[tuple[int, str]]]:
    """In which running drives employers are still to be done: numbers and names of drives, by employer."""
    query = (
        select(DriveRow.employer_id, Drive.id, Drive.name)
        .join(Drive)
        .where(DriveRow.state == RowState.OPEN, Drive.state == DriveState.RUNNING)
        .where(among(DriveRow.employer_id, employer_ids))
    )
    found = defaultdict[int, list[tuple[int, str]]](list)
    for employer_id, drive_id, name in db.session.execute(query.order_by(Drive.id)):
        found[employer_id].append((drive_id, name))
    return found


def people(row_ids: Collection[int]) -> set[tuple[int, str, str | None]]:
    """Who is named already: row, name and blind index."""
    query = select(DrivePerson.row_id, DrivePerson.name, DrivePerson.id_number_index)
    return {
        (row_id, name, index)
        for row_id, name, index in db.session.execute(query.where(among(DrivePerson.row_id, row_ids)))
    }


# What is over -------------------------------------------------------------------------------------------


def _over(before: datetime) -> ColumnElement[bool]:
    """Drives that ended before; one that nobody ended is over with its last day."""
    ended = and_(Drive.state != DriveState.RUNNING, Drive.since < before)
    return or_(ended, Drive.ends_on < local(before).date())


def people_over(before: datetime) -> Select[int]:
    return (
        select(DrivePerson.id)
        .join(DriveRow, DriveRow.id == DrivePerson.row_id)
        .join(Drive)
        .where(_over(before))
    )


def notes_over(before: datetime) -> Select[int]:
    return (
        select(PartnerNote.id)
        .join(DriveRow, DriveRow.id == PartnerNote.row_id)
        .join(Drive)
        .where(_over(before))
    )
