"""Reading drives: who is in them, how far branches and specialists have come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, count
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Integer, Select, cast, func, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Branch, User
from app.accounts.queries import name_of
from app.core.clock import today
from app.core.db import Money, among, db
from app.core.finding import the_one
from app.core.permissions import Actor, may
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from app.employers.queries import owners_within
from app.outreach.talking.models import Script, ScriptVersion
from app.outreach.talking.queries import held
from app.tasks.models import Task, TaskState
from campaigns.channels.worklist.models import Drive, DrivePerson, DriveRow, DriveState, PartnerNote, RowState
from campaigns.channels.worklist.policy import Permission, managed_by, rows_visible_to, visible_to

#: people of one employer that a page shows; who is settled comes last
SHOWN = 200
#: where tasks of rows come from
ROW_SOURCE = "drive_row"


def listed(actor: Actor | None) -> Select[Drive]:
    return select(Drive).where(visible_to(actor))


def find(drive_id: int, actor: Actor | None) -> Drive:
    """The drive, or NotFound when nothing of it is in the actor's reach."""
    return the_one(listed(actor).where(Drive.id == drive_id), _l("There is no such drive."))


def rows_of(actor: Actor | None, drive_id: int) -> Select[DriveRow]:
    """The employers of a drive in reach."""
    return select(DriveRow).where(DriveRow.drive_id == drive_id, rows_visible_to(actor))


def row_to_work_on(row_id: int, actor: Actor) -> DriveRow:
    """A row with its drive and employer, or NotFound."""
    query = select(DriveRow).where(DriveRow.id == row_id, rows_visible_to(actor))
    loaded = query.options(joinedload(DriveRow.drive), joinedload(DriveRow.employer), name_of(DriveRow.owner))
    return the_one(loaded, _l("There is no such employer in a drive."))


@dataclass
class Progress:
    """What a branch, a specialist or the whole drive has before it, and what of it is done."""

    id: int | None = None
    name: str = ""
    employers: int = 0
    finished: int = 0
    given_up: int = 0
    matters: int = 0
    settled: int = 0
    amount: Decimal = Decimal(0)

    def add(self, found: Sequence[Any]) -> None:
        state, employers, matters, settled, amount = found
        self.employers += employers
        self.finished += employers if state is RowState.DONE else 0
        self.given_up += employers if state is RowState.GIVEN_UP else 0
        self.matters += int(matters or 0)
        self.settled += int(settled or 0)
        self.amount += amount or Decimal(0)

    @property
    def share(self) -> float:
        """Of the matters, or where nobody counts any, of the employers."""
        return self.settled / self.matters if self.matters else self.finished / max(self.employers, 1)


def progress(drive_id: int, actor: Actor) -> tuple[Progress, list[Progress], list[Progress]]:
    """Of all that the actor sees, by branch, and by specialist, whoever has most before him first."""
    query = (
        rows_of(actor, drive_id)
        .with_only_columns(
            Branch.id, Branch.name, User.id, User.name, DriveRow.state, func.count(),
            cast(func.sum(DriveRow.matters), Integer), cast(func.sum(DriveRow.settled), Integer),
            func.sum(DriveRow.amount, type_=Money),
        )
        .join(Employer, Employer.id == DriveRow.employer_id)
        .join(Branch, Branch.id == Employer.branch_id)
        .outerjoin(User, User.id == DriveRow.owner_id)
        .group_by(Branch.id, Branch.name, User.id, User.name, DriveRow.state)
    )  # fmt: skip
    whole, branches, owners = Progress(), dict[Any, Progress](), dict[Any, Progress]()
    for branch_id, branch, owner_id, owner, *found in db.session.execute(query):
        whole.add(found)
        branches.setdefault(branch_id, Progress(branch_id, branch)).add(found)
        owners.setdefault(owner_id, Progress(owner_id, owner or "")).add(found)
    return whole, _most_open(branches), _most_open(owners)


def _most_open(found: Mapping[Any, Progress]) -> list[Progress]:
    return sorted(
        found.values(), key=lambda one: (one.finished + one.given_up - one.employers, one.name, one.id or 0)
    )


def people_of(row_id: int) -> Sequence[DrivePerson]:
    """Whom the rosters name at this employer, the ones still open first."""
    query = select(DrivePerson).where(DrivePerson.row_id == row_id).limit(SHOWN)
    return db.session.scalars(query.order_by(DrivePerson.settled_on.nulls_first(), DrivePerson.id)).all()


def find_person(person_id: int, actor: Actor) -> DrivePerson:
    """Somebody of a roster, or NotFound when the employer's row is not the actor's to see."""
    query = select(DrivePerson).join(DriveRow, DriveRow.id == DrivePerson.row_id)
    seen = query.where(DrivePerson.id == person_id, rows_visible_to(actor))
    return the_one(seen, _l("There is no such person on a roster."))


def notes_of(row_id: int) -> Sequence[PartnerNote]:
    """What other offices said, the latest first."""
    query = select(PartnerNote).where(PartnerNote.row_id == row_id).options(name_of(PartnerNote.by))
    return db.session.scalars(query.order_by(PartnerNote.said_on.desc(), PartnerNote.id.desc())).all()


def said_today(script_id: int | None) -> ScriptVersion | None:
    """The words of the script that hold today."""
    query = select(ScriptVersion).where(
        ScriptVersion.script_id == script_id, ScriptVersion.valid_from <= today()
    )
    return db.session.scalars(query.order_by(ScriptVersion.number.desc()).limit(1)).one_or_none()


def scripts() -> Sequence[tuple[int, str]]:
    """The scripts that are still offered."""
    query = select(Script.id, Script.title).where(held()).order_by(Script.title)
    return [(row.id, row.title) for row in db.session.execute(query)]


def people_to_call(employer_id: int) -> Sequence[EmployerContact]:
    """Who serves the employer now and as what, the handler first; each person once."""
    query = (
        select(EmployerContact)
        .join(EmployerContact.contact)
        .where(
            EmployerContact.employer_id == employer_id,
            EmployerContact.until.is_(None),
            Contact.merged_into_id.is_(None),
        )
        .options(contains_eager(EmployerContact.contact))
        .order_by((EmployerContact.role == ContactRole.HANDLER).desc(), EmployerContact.id)
    )
    return list({link.contact_id: link for link in reversed(db.session.scalars(query).all())}.values())[::-1]


def colleagues(actor: Actor) -> Sequence[tuple[int, str]]:
    """Who can be given employers of a drive: those in reach who may record its outcomes, oneself first."""
    people = owners_within(actor)
    users = db.session.scalars(select(User).where(among(User.id, [id_ for id_, _name in people])))
    able = {one.id for one in users.unique() if may(one, Permission.WORK)}
    return sorted((one for one in people if one[0] in able), key=lambda one: one[0] != actor.id)


def next_step(row_id: int) -> Task | None:
    """The open task of a row: what is to be done next, and by when."""
    query = select(Task).where(
        Task.source_type == ROW_SOURCE, Task.source_id == row_id, Task.state == TaskState.OPEN
    )
    return db.session.scalars(query.order_by(Task.due_on, Task.id).limit(1)).one_or_none()


# The same employers in other drives -----------------------------------------------------------------------


def _busy(but: int | None) -> Select[DriveRow]:
    """Rows that are still to be done in drives that run, but for one drive."""
    query = select(DriveRow).join(Drive)
    return query.where(
        DriveRow.state == RowState.OPEN, Drive.state == DriveState.RUNNING, DriveRow.drive_id != but
    )


def busy(but: int) -> Select[int]:
    """The employers that are still to be done in another drive that runs."""
    return _busy(but).with_only_columns(DriveRow.employer_id)


def busy_in(employers: Any, but: int) -> Sequence[tuple[str, int]]:
    """In which other drives that run, and how many of the employers (ids) are still to be done there."""
    query = _busy(but).where(DriveRow.employer_id.in_(employers)).with_only_columns(Drive.name, func.count())
    found = db.session.execute(query.group_by(Drive.id, Drive.name).order_by(Drive.id))
    return [(name, number) for name, number in found]


def also_in(row: DriveRow) -> Sequence[DriveRow]:
    """The employer's open rows of other drives that run, so that one call serves all of them."""
    query = _busy(row.drive_id).where(DriveRow.employer_id == row.employer_id)
    loaded = query.options(contains_eager(DriveRow.drive), name_of(DriveRow.owner))
    return db.session.scalars(loaded.order_by(DriveRow.id)).all()


def names_taken(branch_id: int, but: int | None = None) -> set[str]:
    """What the running drives of a branch are called."""
    query = select(Drive.name).where(Drive.branch_id == branch_id, Drive.state == DriveState.RUNNING)
    return set(db.session.scalars(query if but is None else query.where(Drive.id != but)))


def free_name(name: str, actor: Actor) -> str:
    """The name, or the first of its further rounds that no running drive of the branch is called by."""
    taken = names_taken(actor.branch_id)
    rounds = (f"{name}（第{number}轮）" for number in count(2))
    return next(one for one in chain([name], rounds) if one not in taken)


def row_ids(drive_id: int, state: RowState) -> list[int]:
    query = select(DriveRow.id).where(DriveRow.drive_id == drive_id, DriveRow.state == state)
    return list(db.session.scalars(query))


def members(drive_id: int) -> Select[int]:
    return select(DriveRow.employer_id).where(DriveRow.drive_id == drive_id)


def running(actor: Actor | None) -> Sequence[Drive]:
    """The drives that more employers can be taken into, the latest first."""
    query = listed(actor).where(Drive.state == DriveState.RUNNING, managed_by(actor))
    return db.session.scalars(query.order_by(Drive.id.desc())).all()


def of_employer(employer_id: int) -> Sequence[DriveRow]:
    """The drives that an employer is or was in, the latest first."""
    query = select(DriveRow).where(DriveRow.employer_id == employer_id).options(joinedload(DriveRow.drive))
    return db.session.scalars(query.order_by(DriveRow.id.desc()).limit(10)).all()


def asked_of_both(kept_id: int, merged_id: int) -> str | None:
    """The name of a running drive where the merged employer is still to be done, and the kept one has a row:
    the merged one's row would stay with a record that nobody sees any more."""
    kept = select(DriveRow.drive_id).where(DriveRow.employer_id == kept_id)
    query = select(Drive.name).join(DriveRow, DriveRow.drive_id == Drive.id)
    still = (Drive.state == DriveState.RUNNING, DriveRow.state == RowState.OPEN)
    both = query.where(DriveRow.employer_id == merged_id, Drive.id.in_(kept), *still)
    return db.session.scalar(both.order_by(Drive.id).limit(1))


def names_of(row_ids: Sequence[int]) -> dict[int, str]:
    """What rows are called when they are handed over: drive and employer."""
    query = select(DriveRow.id, Drive.name, Employer.name).join(Drive).join(Employer)
    found = db.session.execute(query.where(among(DriveRow.id, row_ids)))
    return {id_: f"{drive} · {employer}" for id_, drive, employer in found}
