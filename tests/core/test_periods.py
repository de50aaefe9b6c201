from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.periods import Period, asked_month

periods = st.builds(Period, st.integers(1950, 2500), st.integers(1, 12))


@given(periods, st.integers(-500, 500))
def test_adding_months_and_subtracting_periods_are_inverse(period: Period, months: int) -> None:
    assert (period + months) - period == months


@given(periods)
def test_a_period_reads_back_what_it_writes(period: Period) -> None:
    assert Period.parse(str(period)) == period == Period.from_int(int(period))


@given(periods, periods)
def test_periods_sort_like_their_integers(one: Period, other: Period) -> None:
    assert (one < other) == (int(one) < int(other))


@pytest.mark.parametrize("text", ["202209", "2022-09", "2022/9", "2022.09", "2022年9月", "2022 年 9 月份"])
def test_the_usual_forms_of_a_month_are_read(text: str) -> None:
    assert Period.parse(text) == Period(2022, 9)


@pytest.mark.parametrize("text", ["", "2022", "202213", "2022-9-1", "九月", "20229"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="month"):
        Period.parse(text)


def test_a_day_that_a_short_month_lacks_is_its_last() -> None:
    assert Period(2022, 2).day(31) == date(2022, 2, 28)


@pytest.mark.parametrize("text", ["190001", "190212", "299701", "299912"])
def test_a_month_at_the_edge_of_the_calendar_is_not_counted_from(text: str) -> None:
    with pytest.raises(ValueError, match="month"):
        asked_month(text)
    for month in (asked_month("190301") + -36, asked_month("2996年12月") + 36):
        assert Period.parse(str(month)) == month
