"""The employers to be reminded of a month, by the statements' latest word."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    cast,
    exists,
    func,
    or_,
    select,
    type_coerce,
)

from app.contributions.arrears.models import ArrearsCase, CaseState
from app.contributions.arrears.policy import (
    EARLY_DAYS,
    PREVENTIVE_DAYS,
    REPEATER_CASES,
    is_to_be_closed,
)
from app.contributions.policy import rule_on
from app.contributions.reminding.policy import (
    AHEAD,
    CATCH_UP_DAYS,
    NEW_MONTHS,
    NOT_OPERATING,
    PAID,
    REMINDER,
    TITLES,
    Speed,
)
from app.contributions.standing.queries import expected_to_pay
from app.core.bulk import read_tuples
from app.core.db import among
from app.core.periods import Period
from app.core.rules.dues import due_date
from app.employers.models import Employer
from app.employers.policy import not_merged
from app.tasks.models import Task, TaskState

YEAR = timedelta(days=365)


class Reminder(NamedTuple):
    employer_id: int
    branch_id: int
    owner_id: int | None
    month: Period
    due_on: date


def source_of(month: Period, speed: Speed | None = None) -> str:
    """What gives rise to a month's reminder: with the employer's id, once for each speed.

    Without a speed: what reminders have that are older than the speeds in it.
    """
    return f"dues {month} {speed.value}" if speed else f"dues {month}"


#: the month in a source, as six digits
_MONTH = func.substr(Task.source_type, 6, 6)


def paid_meanwhile() -> Select[int]:
    """The open reminders of months that the latest statement shows as paid."""
    through = cast(type_coerce(Employer.paid_through, Integer), String)
    query = select(Task.id).join(Employer, Employer.id == Task.employer_id)
    return query.where(Task.kind == REMINDER, Task.state == TaskState.OPEN, through >= _MONTH)


def to_be_closed() -> Select[int]:
    """The employers that are helped to close, and so neither urged nor reminded."""
    case = ArrearsCase
    own = (case.employer_id == Employer.id) & case.closed_on.is_(None)
    return select(Employer.id).outerjoin(case, own).where(is_to_be_closed())


def of_those_to_be_closed(employer_ids: Collection[int] | None = None) -> Select[int]:
    """Their open reminders; of these employers, or of all."""
    asked = [Task.kind == REMINDER, Task.state == TaskState.OPEN]
    if employer_ids is not None:
        asked.append(among(Task.employer_id, employer_ids))
    return select(Task.id).where(*asked, Task.employer_id.in_(to_be_closed()))


def reminders(speed: Speed, day: date) -> list[Reminder]:
    """Who is to be reminded on the day and has not been of that month."""
    found = []
    # with long terms a month may be asked for until the second one after it
    for month in (Period.of(day) + back for back in (-2, -1, 0, 1)):
        pay_days = {
            pay_day: due
            for pay_day in (None, *range(1, 32))
            if _is_time(speed, due := due_date(month, pay_day, rule_on(day)), day)
        }
        if pay_days:
            rows = read_tuples(_employers(speed, month, list(pay_days), day))
            found += [Reminder(id_, branch, owner, month, pay_days[pay]) for id_, branch, owner, pay in rows]
    return found


def _is_time(speed: Speed, due: date, day: date) -> bool:
    if speed is Speed.SAME_DAY:
        return due < day <= due + timedelta(days=CATCH_UP_DAYS.value(day))
    ahead = (EARLY_DAYS if speed is Speed.EARLY else PREVENTIVE_DAYS).value(day)
    return due - timedelta(days=ahead) <= day <= due


def _employers(
    speed: Speed, month: Period, pay_days: list[int | None], day: date
) -> Select[*tuple[int, int, int | None, int | None]]:
    known = [pay_day for pay_day in pay_days if pay_day is not None]
    due: ColumnElement[bool] = Employer.pay_day.in_(known)
    if None in pay_days:
        due = or_(due, Employer.pay_day.is_(None))
    first = Employer.first_contribution_month
    begun = or_(first.is_(None), first <= month)
    unpaid = or_(Employer.paid_through < month, Employer.paid_through.is_(None) & begun)
    return select(Employer.id, Employer.branch_id, Employer.owner_id, Employer.pay_day).where(
        not_merged(),
        expected_to_pay(day),
        due,
        unpaid,
        Employer.id.not_in(to_be_closed()),
        ~_told(month, speed),
        *_of_speed(speed, month, day),
    )


def _told(month: Period, speed: Speed) -> ColumnElement[bool]:
    """Once ahead of the day, at either speed, and once when it has passed.

    What closed by itself is forgotten: it asks again only when the statement that had closed it was taken
    back, or when the employer operates after all.
    """
    speeds = AHEAD if speed in AHEAD else (speed,)
    return exists().where(
        Task.kind == REMINDER,
        Task.source_id == Employer.id,
        Task.source_type.in_([source_of(month), *(source_of(month, one) for one in speeds)]),
        Task.title.in_([TITLES[one] for one in speeds]),
        Task.result.not_in((PAID, NOT_OPERATING)),
    )


def _of_speed(speed: Speed, month: Period, day: date) -> list[ColumnElement[bool]]:
    case = ArrearsCase
    own = case.employer_id == Employer.id
    behind = exists().where(own, case.closed_on.is_(None))
    if speed is Speed.SAME_DAY:
        return [behind]
    times = (
        select(func.count(case.id))
        .where(own, case.opened_on > day - YEAR, case.state != CaseState.WITHDRAWN)
        .correlate(Employer)
        .scalar_subquery()
    )
    repeater = times >= REPEATER_CASES.value(day)
    if speed is Speed.EARLY:
        return [~behind, repeater]
    new = Employer.first_contribution_month > month + -NEW_MONTHS.value(day)
    return [~behind, ~repeater, or_(times > 0, new)]
