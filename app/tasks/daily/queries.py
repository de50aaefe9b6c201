"""What a branch has before it, person by person, and what somebody did on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import User, UserRole
from app.accounts.policy import visible_to as users_visible_to
from app.accounts.queries import name_of
from app.core.clock import SHANGHAI, local, today
from app.core.db import db
from app.core.finding import the_one
from app.core.permissions import OFFICE, Actor, may
from app.core.rules.workdays import calendar
from app.core.timeline import TimelineEntry
from app.employers.models import Employer
from app.tasks.daily.models import DayClosing
from app.tasks.daily.policy import CLOSERS, STUCK_DAYS, Permission, visible_to
from app.tasks.models import Task, TaskState
from app.tasks.policy import visible_to as tasks_visible_to
from app.tasks.rotation.queries import loads

#: days that should have been closed and were not
MISSED = DayClosing.closed_at.is_(None) & DayClosing.on_leave.is_(False)
#: how many tasks of colleagues on leave "my day" shows
COVERED = 50


@dataclass
class Row:
    """One person of the branch; nobody's tasks have a row without a user."""

    user: User | None
    due_today: int = 0
    overdue: int = 0
    open: int = 0
    stuck: dict[str, int] = field(default_factory=dict)
    load: Mapping[str, int] = field(default_factory=dict)
    closes: bool = False
    closed: Mapping[date, DayClosing] = field(default_factory=dict)

    def was_here(self, day: date) -> bool:
        """Whether the person had an account on the day."""
        return self.user is not None and local(self.user.created_at).date() <= day

    @property
    def user_id(self) -> int | None:
        return self.user.id if self.user else None


def stuck_before() -> date:
    """What was due before this day and is still open is stuck."""
    day = today()
    return calendar(day.year, provisional=True).add(day, -STUCK_DAYS.value())


def last_working_day(day: date) -> date:
    """The one before the day."""
    return calendar(day.year, provisional=True).add(day, -1)


def was_here(day: date) -> ColumnElement[bool]:
    """Who had an account on the day: nobody is asked for a day before they came."""
    return User.created_at < datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def owes(user_id: int, day: date) -> bool:
    """Whether the person has left the day open."""
    closing = closing_of(user_id, day)
    if closing is not None:
        return closing.missed
    return db.session.scalar(select(User.id).where(User.id == user_id, was_here(day))) is not None


def board(actor: Actor) -> list[Row]:
    """Everybody in reach who works with employers; the most overdue first, nobody's tasks at the end.

    Whoever is here no more stands there as long as anything is still theirs, to be handed over.
    """
    office = select(UserRole.user_id).where(UserRole.role.in_(OFFICE))
    query = select(User).where(users_visible_to(actor), User.id.in_(office))
    people = db.session.scalars(query.order_by(User.name, User.id)).unique().all()
    rows: dict[int | None, Row] = {user.id: Row(user, closes=_closes(user)) for user in people}
    rows[None] = Row(None)
    _count(rows, actor)
    _name_others(rows)
    carried = loads([user.id for user in people])
    for closing in _closings([user.id for user in people]):
        rows[closing.user_id].closed = {**rows[closing.user_id].closed, closing.day: closing}
    for user in people:
        rows[user.id].load = carried[user.id]
    nobody = rows.pop(None)
    here = (row for row in rows.values() if row.open or row.load or (row.user and row.user.active))
    ranked = sorted(here, key=lambda row: (-row.overdue, -row.due_today))
    return [*ranked, nobody] if nobody.open else ranked


def _closes(user: User) -> bool:
    return user.active and bool(user.role_set & frozenset(CLOSERS))


def _count(rows: dict[int | None, Row], actor: Actor) -> None:
    """Due today, overdue and open; and by kind what is stuck."""
    day, before = today(), stuck_before()
    query = (
        select(
            Task.owner_id,
            Task.kind,
            func.count(),
            func.sum(case((Task.due_on == day, 1), else_=0)),
            func.sum(case((Task.due_on < day, 1), else_=0)),
            func.sum(case((Task.due_on < before, 1), else_=0)),
        )
        .where(tasks_visible_to(actor), Task.state == TaskState.OPEN)
        .group_by(Task.owner_id, Task.kind)
    )
    for owner_id, kind, number, due_today, overdue, stuck in db.session.execute(query):
        row = rows.setdefault(owner_id, Row(None))
        row.open, row.due_today, row.overdue = (
            row.open + number,
            row.due_today + due_today,
            row.overdue + overdue,
        )
        if stuck:
            row.stuck[kind] = int(stuck)


def _name_others(rows: dict[int | None, Row]) -> None:
    """Tasks left with people who are gone or elsewhere by now: the head sees them, and hands them over."""
    unknown = [owner_id for owner_id, row in rows.items() if owner_id is not None and row.user is None]
    if unknown:
        for user in db.session.scalars(select(User).where(User.id.in_(unknown))).unique():
            rows[user.id].user = user


def _closings(user_ids: Sequence[int]) -> Sequence[DayClosing]:
    days = (today(), last_working_day(today()))
    query = select(DayClosing).where(DayClosing.user_id.in_(user_ids), DayClosing.day.in_(days))
    return db.session.scalars(query).all()


def listed(actor: Actor | None) -> Select[DayClosing]:
    """The days in reach."""
    return select(DayClosing).where(visible_to(actor))


def gaps(actor: Actor) -> int:
    """How many days nobody closed."""
    query = select(func.count(DayClosing.id)).where(visible_to(actor), MISSED)
    return db.session.scalar(query) or 0


def closing_of(user_id: int, day: date) -> DayClosing | None:
    query = select(DayClosing).where(DayClosing.user_id == user_id, DayClosing.day == day)
    return db.session.scalars(query).one_or_none()


def leave_of(actor: Actor, since: date) -> Sequence[DayClosing]:
    """The days of leave in reach, and one's own, from the day on."""
    query = select(DayClosing).where(visible_to(actor), DayClosing.on_leave, DayClosing.day >= since)
    shown = query.options(name_of(DayClosing.user)).order_by(DayClosing.day, DayClosing.id).limit(200)
    return db.session.scalars(shown).all()


def may_be_away(actor: Actor) -> Sequence[User]:
    """Whose leave the actor may enter: one's own, and for those who lead of everybody in reach."""
    led = users_visible_to(actor) if may(actor, Permission.BOARD) else false()
    office = select(UserRole.user_id).where(UserRole.role.in_(OFFICE))
    query = select(User).where(or_(User.id == actor.id, and_(led, User.active, User.id.in_(office))))
    return db.session.scalars(query.order_by(User.name, User.id)).unique().all()


def covered_by(user_id: int) -> Sequence[Task]:
    """What is due by today with colleagues on leave, at employers that the person is the backup of."""
    day = today()
    away = select(DayClosing.user_id).where(DayClosing.day == day, DayClosing.on_leave)
    query = select(Task).join(Employer, Employer.id == Task.employer_id)
    query = query.where(Employer.backup_owner_id == user_id, Task.owner_id.in_(away), Task.due_on <= day)
    shown = joinedload(Task.employer).load_only(Employer.id, Employer.name)
    query = query.where(Task.state == TaskState.OPEN).options(shown, name_of(Task.owner))
    return db.session.scalars(query.order_by(Task.due_on, Task.id).limit(COVERED)).unique().all()


def find(closing_id: int, actor: Actor) -> DayClosing:
    """The day, or NotFound when it is out of the actor's reach."""
    query = select(DayClosing).where(DayClosing.id == closing_id, visible_to(actor))
    return the_one(query.options(name_of(DayClosing.user)), _l("There is no such day."))


def due_by(user_id: int, day: date) -> Sequence[Task]:
    """The person's open tasks that were due by the day."""
    query = select(Task).where(Task.owner_id == user_id, Task.state == TaskState.OPEN, Task.due_on <= day)
    shown = joinedload(Task.employer).load_only(Employer.id, Employer.name)
    return db.session.scalars(query.options(shown).order_by(Task.due_on, Task.id)).unique().all()


def next_after(user_id: int, day: date) -> Task | None:
    """What the person has to do first on a later day."""
    query = select(Task).where(Task.owner_id == user_id, Task.state == TaskState.OPEN, Task.due_on > day)
    return db.session.scalars(query.order_by(Task.due_on, Task.id).limit(1)).first()


def done_on(user_id: int, day: date) -> Sequence[Task]:
    """The tasks that the person closed on the day."""
    first = datetime.combine(day, time(), SHANGHAI)
    query = select(Task).where(Task.closed_by_id == user_id, Task.closed_at >= first)
    query = query.where(Task.closed_at < first + timedelta(days=1), Task.state == TaskState.DONE)
    return db.session.scalars(query.order_by(Task.closed_at)).all()


def told_on(user_id: int, day: date) -> Mapping[str, int]:
    """What else the person did, by kind of timeline entry."""
    first = datetime.combine(day, time(), SHANGHAI)
    entry = TimelineEntry
    query = select(entry.kind, func.count()).where(
        entry.actor_id == user_id, entry.at >= first, entry.at < first + timedelta(days=1)
    )
    return {kind: number for kind, number in db.session.execute(query.group_by(entry.kind))}
