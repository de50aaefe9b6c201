from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.periods import Period
from app.core.rules.dues import due_date, last_due_month, months_in_arrears

days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
pay_days = st.one_of(st.none(), st.integers(1, 31))
periods = st.builds(Period, st.integers(1990, 2100), st.integers(1, 12))


@pytest.mark.parametrize(
    ("as_of", "months"),
    [
        (date(2022, 10, 20), 3),
        (date(2022, 10, 16), 3),
        (date(2022, 10, 15), 2),
        (date(2022, 9, 15), 1),
        (date(2022, 8, 15), 0),
    ],
)
def test_paid_through_july_with_pay_day_ten(as_of: date, months: int) -> None:
    assert months_in_arrears(Period(2022, 7), 10, as_of) == months


@pytest.mark.parametrize(
    ("month", "pay_day", "due"),
    [
        (Period(2022, 2), 31, date(2022, 3, 5)),
        (Period(2024, 2), 30, date(2024, 3, 5)),
        (Period(2022, 4), 31, date(2022, 5, 5)),
        (Period(2022, 9), 28, date(2022, 10, 3)),
        (Period(2022, 12), 28, date(2023, 1, 2)),
        (Period(2022, 9), None, date(2022, 9, 20)),
    ],
)
def test_short_months_and_a_missing_pay_day(month: Period, pay_day: int | None, due: date) -> None:
    assert due_date(month, pay_day) == due


def test_an_employer_that_never_paid_counts_from_its_first_month() -> None:
    assert months_in_arrears(None, 10, date(2022, 10, 20), first_month=Period(2022, 9)) == 2


def test_with_neither_month_known_nothing_is_due() -> None:
    assert months_in_arrears(None, 10, date(2022, 10, 20)) == 0


@given(pay_days, days)
def test_the_last_due_month_is_overdue_and_the_next_is_not(pay_day: int | None, as_of: date) -> None:
    month = last_due_month(pay_day, as_of)
    assert due_date(month, pay_day) < as_of <= due_date(month + 1, pay_day)


@given(periods, pay_days, days)
def test_arrears_never_shrink_as_days_pass(paid: Period, pay_day: int | None, as_of: date) -> None:
    today = months_in_arrears(paid, pay_day, as_of)
    tomorrow = months_in_arrears(paid, pay_day, as_of + timedelta(days=1))
    assert 0 <= today <= tomorrow <= today + 1


@given(periods, pay_days, days)
def test_paying_one_more_month_takes_one_month_off(paid: Period, pay_day: int | None, as_of: date) -> None:
    before = months_in_arrears(paid, pay_day, as_of)
    assert months_in_arrears(paid + 1, pay_day, as_of) == max(0, before - 1)
