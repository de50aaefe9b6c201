"""Closing a day, and making visible who has not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import User, UserRole
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.permissions import Actor, Role, may
from app.core.rules.workdays import calendar, on_or_after
from app.tasks.daily import queries
from app.tasks.daily.models import DayClosing
from app.tasks.daily.policy import ASKED, CLOSERS, LATE_LEAVE, LONGEST_LEAVE, WHY, Permission
from app.tasks.services import open_task, settle

KIND = "day_gap"
NOT_CLOSED = msgid("Not everybody has closed %(day)s: %(count)s colleagues")


@dataclass(frozen=True)
class Reason:
    """Why a task that is due stays open."""

    why: str
    note: str = ""


def close_day(
    actor: Actor, day: date, reasons: Mapping[int, Reason], first_next: str, note: str = ""
) -> DayClosing:
    """Closes today, or late the working day before; the same day may be closed again.

    Each task that was due by the day and is still open needs its reason; DomainError names those without.
    """
    if day not in (today(), queries.last_working_day(today())):
        raise DomainError(_l("Only today and the last working day can be closed."))
    rest = queries.due_by(actor.id, day)
    unsaid = [task.sentence for task in rest if task.id not in reasons or reasons[task.id].why not in WHY]
    if unsaid:
        raise DomainError(_l("Say why these stay open, or close or put them off first:"), unsaid[:20])
    if not first_next.strip():
        raise DomainError(_l("Say what comes first on the next day."))
    closing = queries.closing_of(actor.id, day) or DayClosing(
        user_id=actor.id, branch_id=actor.branch_id, day=day
    )
    closing.on_leave = False
    closing.closed_at, closing.done = now(), len(queries.done_on(actor.id, day))
    closing.rest = [
        {
            "task_id": task.id, "what": task.title, "params": dict(task.params),
            "due_on": task.due_on.isoformat(), "employer": task.employer.name if task.employer else "",
            "why": reasons[task.id].why, "note": reasons[task.id].note.strip(),
        }
        for task in rest
    ]  # fmt: skip
    closing.left_open, closing.first_next, closing.note = len(rest), first_next.strip(), note.strip()
    db.session.add(closing)
    _settle_gaps(closing.branch_id, [day])
    return closing


def take_leave(user: User, first: date, last: date, actor: Actor) -> int:
    """Makes the working days of a span days of leave; gives how many, those already closed not counted.

    A day that stands as not closed becomes one as well. One enters one's own leave from the last working day
    on, whoever leads also that of a month ago. DomainError for other days, and for people out of reach.
    """
    if user not in queries.may_be_away(actor):
        raise DomainError(_l("Leave is entered by the person, or by whoever leads the branch."))
    _refuse_span(first, last, actor)
    working = calendar(first.year, last.year, provisional=True)
    span = (first + timedelta(days=number) for number in range((last - first).days + 1))
    days = [day for day in span if working.is_working_day(day)]
    there = select(DayClosing).where(DayClosing.user_id == user.id, DayClosing.day.in_(days))
    known = {closing.day: closing for closing in db.session.scalars(there)}
    free = [day for day in days if day not in known or known[day].missed]
    if not free:
        raise DomainError(_l("There is no working day in this span that is not closed or leave already."))
    for day in free:
        closing = known.get(day) or DayClosing(user_id=user.id, branch_id=user.branch_id, day=day)
        closing.on_leave = True
        db.session.add(closing)
    _settle_gaps(user.branch_id, free)
    return len(free)


def _settle_gaps(branch_id: int, days: Sequence[date]) -> None:
    """What the head was told of is done as soon as nobody is left who has not closed the day."""
    db.session.flush()
    asked = select(DayClosing.day).where(DayClosing.branch_id == branch_id, queries.MISSED)
    still = set(db.session.scalars(asked.where(DayClosing.day.in_(days))))
    for day in days:
        if day < today() and day not in still:
            settle((f"{KIND} {day}", branch_id), [KIND])


def _refuse_span(first: date, last: date, actor: Actor) -> None:
    leads = may(actor, Permission.BOARD)
    earliest = today() - timedelta(days=LATE_LEAVE) if leads else queries.last_working_day(today())
    if last < first:
        raise DomainError(_l("The last day must not come before the first."))
    if first < earliest:
        raise DomainError(_l("Leave can be entered from %(day)s on.", day=earliest.isoformat()))
    if (last - first).days >= LONGEST_LEAVE or first > today() + timedelta(days=LONGEST_LEAVE):
        raise DomainError(_l("Leave is entered for at most %(days)s days at once.", days=LONGEST_LEAVE))


def end_leave(closing: DayClosing, actor: Actor) -> None:
    """Takes a day of leave back: one that has passed stands as not closed then, which only leaders may do."""
    if closing.user_id != actor.id and not may(actor, Permission.BOARD):
        raise DomainError(_l("Leave is entered by the person, or by whoever leads the branch."))
    if not closing.on_leave:
        raise DomainError(_l("This is no day of leave."))
    if closing.day >= today():
        db.session.delete(closing)
    elif may(actor, Permission.BOARD):
        closing.on_leave = False
    else:
        raise DomainError(_l("A day that has passed is taken back by whoever leads the branch."))
    db.session.flush()


def mark_gaps() -> int:
    """Writes down who has not closed the last working day, and tells the heads; gives how many are new."""
    day = calendar(today().year, provisional=True).add(today(), -1)
    if not ASKED.value(day):
        return 0
    closed = select(DayClosing.user_id).where(DayClosing.day == day)
    closers = select(UserRole.user_id).where(UserRole.role.in_(CLOSERS))
    query = select(User).where(
        User.active, User.id.in_(closers), User.id.not_in(closed), queries.was_here(day)
    )
    missing: dict[int, int] = {}
    for user in db.session.scalars(query.order_by(User.id)).unique():
        db.session.add(DayClosing(user_id=user.id, branch_id=user.branch_id, day=day))
        missing[user.branch_id] = missing.get(user.branch_id, 0) + 1
    for branch_id, number in missing.items():
        _tell_head(branch_id, day, number)
    db.session.flush()
    return sum(missing.values())


def _tell_head(branch_id: int, day: date, number: int) -> None:
    heads = select(User).join(UserRole).where(User.branch_id == branch_id, User.active)
    head = (
        db.session.scalars(heads.where(UserRole.role == Role.BRANCH_HEAD).order_by(User.id)).unique().first()
    )
    open_task(
        KIND, NOT_CLOSED, on_or_after(today()), branch_id=branch_id,
        owner_id=head.id if head else None, params={"day": day.isoformat(), "count": number},
        source=(f"{KIND} {day}", branch_id),
    )  # fmt: skip
