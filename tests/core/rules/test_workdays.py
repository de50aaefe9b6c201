from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.core.errors import DomainError
from app.core.rules import workdays

KNOWN = st.dates(date(2020, 1, 1), date(2026, 11, 1))


def test_the_national_day_week_is_off_and_its_make_up_day_is_worked(app: Flask) -> None:
    assert not workdays.is_working_day(date(2026, 10, 1))
    assert workdays.is_working_day(date(2026, 10, 10))  # a Saturday, worked instead
    assert workdays.add_working_days(date(2026, 9, 30), 1) == date(2026, 10, 8)


def test_what_is_to_be_done_on_a_day_off_is_due_after_it_and_what_ends_with_it_before(app: Flask) -> None:
    off, worked = date(2026, 10, 3), date(2026, 10, 10)
    assert (workdays.on_or_before(off), workdays.on_or_after(off)) == (date(2026, 9, 30), date(2026, 10, 8))
    assert workdays.on_or_before(worked) == workdays.on_or_after(worked) == worked


def test_a_year_that_nobody_entered_is_refused_with_its_number(app: Flask) -> None:
    with pytest.raises(DomainError, match="2027"):
        workdays.add_working_days(date(2026, 12, 30), 5)
    assert workdays.add_working_days(date(2026, 12, 30), 2, provisional=True) == date(2027, 1, 1)


def test_an_entered_year_counts(app: Flask) -> None:
    workdays.enter_year(2027, [date(2027, 1, 1)], [date(2027, 1, 3)])
    assert workdays.add_working_days(date(2026, 12, 31), 1) == date(2027, 1, 3)
    assert 2027 in workdays.known_years()
    with pytest.raises(DomainError):
        workdays.enter_year(2027, [date(2026, 1, 1)])


def test_one_corrected_day_keeps_the_rest_of_its_year(app: Flask) -> None:
    workdays.set_day(date(2026, 11, 23), False, "停电")
    assert not workdays.is_working_day(date(2026, 11, 23))
    assert not workdays.is_working_day(date(2026, 10, 1))
    workdays.set_day(date(2026, 11, 23), True)
    assert workdays.is_working_day(date(2026, 11, 23))


def test_the_seeded_table_says_what_the_package_says(app: Flask) -> None:
    before = [
        workdays.calendar(2026).is_working_day(date(2026, 1, 1) + timedelta(days=n)) for n in range(365)
    ]
    assert workdays.seed_years(2026) > 20
    assert workdays.seed_years(2026) == 0
    after = [workdays.calendar(2026).is_working_day(date(2026, 1, 1) + timedelta(days=n)) for n in range(365)]
    assert before == after


@hypothesis_settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(day=KNOWN, number=st.integers(1, 25))
def test_exactly_that_many_working_days_lie_between(app: Flask, day: date, number: int) -> None:
    reached = workdays.add_working_days(day, number)
    calendar = workdays.calendar(day.year)
    span = [day + timedelta(days=n) for n in range(1, (reached - day).days + 1)]
    assert sum(map(calendar.is_working_day, span)) == number
    assert calendar.is_working_day(reached)
