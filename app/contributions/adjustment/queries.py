"""Reading the drive: its rows, and how far branches and specialists have come."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Branch, User
from app.contributions.adjustment.models import Adjustment, AdjustmentDrive, AdjustmentState
from app.contributions.adjustment.policy import STAGES, bounds_of, visible_to
from app.core import signals
from app.core.db import among, db
from app.core.finding import the_one
from app.core.periods import contribution_year
from app.core.permissions import Actor
from app.employers.models import Employer
from app.employers.policy import in_reach, not_merged
from app.tasks.models import Task

#: states in which the employer has yet to submit
OPEN = (
    AdjustmentState.LISTED,
    AdjustmentState.INVITED,
    AdjustmentState.ATTENDED,
    AdjustmentState.RETURNED,
)
HANDED_IN = (AdjustmentState.SUBMITTED, AdjustmentState.CHECKED)
#: what a file reads of a row, and may write
WRITTEN = ("id", "state", "heads", "total_base", "lowest", "highest", "submitted_on", "note")
#: the year that is on, as a part of a select
CURRENT = select(AdjustmentDrive.id).order_by(AdjustmentDrive.year.desc()).limit(1).scalar_subquery()
state_now = (
    select(Adjustment.state)
    .where(Adjustment.employer_id == Employer.id, Adjustment.drive_id == CURRENT)
    .correlate(Employer)
    .scalar_subquery()
)


def unfinished() -> ColumnElement[bool]:
    """Rows of the latest year whose bases are not checked yet."""
    return (Adjustment.drive_id == CURRENT) & (Adjustment.state != AdjustmentState.CHECKED)


def drives() -> Sequence[AdjustmentDrive]:
    """All years, the latest first."""
    return db.session.scalars(select(AdjustmentDrive).order_by(AdjustmentDrive.year.desc())).all()


@signals.options_backdated.connect
def out_of_new_bounds(_sender: object, since: date, **_more: object) -> list[Any]:
    """How many have handed in bases that are out of the bounds which a year begins with only now."""
    within = bounds_of(since.year)
    outside = or_(Adjustment.lowest < within.lowest_base, Adjustment.highest > within.highest_base)
    query = select(func.count()).join_from(Adjustment, AdjustmentDrive).where(
        AdjustmentDrive.year == since.year, Adjustment.state.in_(HANDED_IN), outside
    )  # fmt: skip
    if since != contribution_year(since) or not (number := db.session.scalar(query)):
        return []
    return [
        _l(
            "Adjustment of bases %(year)s: of what was handed in, %(count)s are out of the new floor"
            " and ceiling.",
            year=since.year, count=number,
        )
    ]  # fmt: skip


def find_drive(year: int) -> AdjustmentDrive:
    return the_one(
        select(AdjustmentDrive).where(AdjustmentDrive.year == year),
        _l("There is no adjustment of that year."),
    )


def rows_of(actor: Actor | None, year: int) -> Select[Adjustment]:
    """The rows of a year in reach."""
    drive = select(AdjustmentDrive.id).where(AdjustmentDrive.year == year).scalar_subquery()
    return select(Adjustment).where(Adjustment.drive_id == drive, visible_to(actor))


@dataclass
class Progress:
    """How many employers of a branch, or of a specialist, stand in each state."""

    id: int | None
    name: str
    states: Counter[AdjustmentState] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.states.total()

    @property
    def handed_in(self) -> int:
        return sum(self.states[state] for state in HANDED_IN)


def progress(year: int, actor: Actor) -> tuple[list[Progress], list[Progress]]:
    """By branch, and by owner, the one with most still open first. One statement."""
    query = (
        rows_of(actor, year)
        .with_only_columns(Branch.id, Branch.name, User.id, User.name, Adjustment.state, func.count())
        .join(Employer, Employer.id == Adjustment.employer_id)
        .join(Branch, Branch.id == Employer.branch_id)
        .outerjoin(User, User.id == Employer.owner_id)
        .group_by(Branch.id, Branch.name, User.id, User.name, Adjustment.state)
    )
    branches: dict[Any, Progress] = {}
    owners: dict[Any, Progress] = {}
    for branch_id, branch, owner_id, owner, state, count in db.session.execute(query):
        branches.setdefault(branch_id, Progress(branch_id, branch)).states[state] += count
        owners.setdefault(owner_id, Progress(owner_id, owner or "")).states[state] += count
    return _most_open(branches), _most_open(owners)


def _most_open(found: Mapping[Any, Progress]) -> list[Progress]:
    return sorted(found.values(), key=lambda one: (one.handed_in - one.total, one.name, one.id or 0))


def missing(drive: AdjustmentDrive) -> Select[int]:
    """Employers that have bases to adjust and no row yet."""
    there = select(Adjustment.employer_id).where(Adjustment.drive_id == drive.id)
    return select(Employer.id).where(Employer.stage.in_(STAGES), not_merged(), Employer.id.not_in(there))


def unsubmitted(drive: AdjustmentDrive, kind: str, source: str) -> Sequence[Adjustment]:
    """Rows that nobody has been reminded of."""
    asked = select(Task.id).where(
        Task.kind == kind, Task.source_type == source, Task.source_id == Adjustment.id
    )
    query = (
        select(Adjustment)
        .join(Employer)
        .where(Adjustment.drive_id == drive.id, Adjustment.state.in_(OPEN), ~asked.exists())
        .where(Employer.stage.in_(STAGES))
        .options(
            joinedload(Adjustment.employer).load_only(Employer.id, Employer.branch_id, Employer.owner_id)
        )
    )
    return db.session.scalars(query.order_by(Adjustment.id)).all()


def open_on(day: date) -> AdjustmentDrive | None:
    """The latest drive, while its window is open."""
    query = select(AdjustmentDrive).order_by(AdjustmentDrive.year.desc()).limit(1)
    drive = db.session.scalars(query).one_or_none()
    return drive if drive and drive.opens_on <= day <= drive.closes_on else None


def latest() -> AdjustmentDrive | None:
    return db.session.scalars(
        select(AdjustmentDrive).order_by(AdjustmentDrive.year.desc()).limit(1)
    ).one_or_none()


def row_of(employer_id: int) -> Adjustment | None:
    """The employer's row of the latest drive."""
    query = select(Adjustment).where(Adjustment.employer_id == employer_id, Adjustment.drive_id == CURRENT)
    return db.session.scalars(query.options(joinedload(Adjustment.drive))).one_or_none()


def named(codes: Collection[str], actor: Actor | None) -> dict[str, dict[str, Any]]:
    """The employers with these credit codes or account numbers, with their rows of the latest drive."""
    within: ColumnElement[bool] = in_reach(actor)
    columns = [getattr(Adjustment, name) for name in WRITTEN]
    query = (
        select(
            Employer.uscc,
            Employer.employer_account_no,
            Employer.id.label("employer_id"),
            within.label("within"),
            *columns,
        )
        .outerjoin(Adjustment, (Adjustment.employer_id == Employer.id) & (Adjustment.drive_id == CURRENT))
        .where(or_(among(Employer.uscc, codes), among(Employer.employer_account_no, codes)), not_merged())
    )
    found: dict[str, dict[str, Any]] = {}
    for row in db.session.execute(query).mappings():
        for code in (row["uscc"], row["employer_account_no"]):
            if code:
                found[code] = dict(row)
    return found
