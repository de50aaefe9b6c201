"""Two months of statements, in order and in reverse: stages, cases and counts as reckoned by hand."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from app.contributions.arrears.models import ArrearsCase
from app.core.db import db
from app.core.periods import Period
from app.employers.models import Employer
from tests.contributions.statements import apply, line, run, statement
from tests.factories import create_branch

#: Reckoned by hand: on 31 August the due day (pay day and five) of August is over for pay days up to 25, as
#: 30 August lies before it; July is the last month due for later pay days. On 30 September that of September
#: is over for pay days up to 24; for 25 it is that very day, so that August is the last month due. Pay day 31
#: is the 30th in September, whose due day is 5 October. Where nobody knows the pay day it is the 15th.
#: By number: August's line, September's, stage in the end, and the cases as (state, first and last month,
#: months unpaid at the last, most months).
OPENED, SETTLED, RELIEVED, CLOSED = "opened", "settled", "relieved", "closed"
BOTH, AUG, SEP = (8, 9), (8, 8), (9, 9)
Cases = list[tuple[str, tuple[int, int], int, int]]
Story = tuple[dict[str, Any] | None, dict[str, Any] | None, str, Cases]


def at(paid: int | None, pay_day: int | None = 10, **more: Any) -> dict[str, Any]:
    return {"paid": paid, "pay_day": pay_day, **more}


STORIES: dict[int, Story] = {
    1: (at(202208), at(202209), "contributing", []),
    2: (at(202207), at(202209), "contributing", [(SETTLED, AUG, 1, 1)]),
    3: (at(202208), at(202208), "in_arrears", [(OPENED, SEP, 1, 1)]),
    4: (at(202207), at(202207), "in_arrears", [(OPENED, BOTH, 2, 2)]),
    5: (at(202205), at(202205), "in_arrears", [(OPENED, BOTH, 4, 4)]),
    6: (at(202112), at(202112), "in_arrears", [(OPENED, BOTH, 9, 9)]),
    7: (at(202108), at(202108), "in_arrears", [(OPENED, BOTH, 13, 13)]),
    8: (at(202202), at(202202), "in_arrears", [(OPENED, BOTH, 7, 7)]),
    9: (at(202206), at(202208), "in_arrears", [(OPENED, BOTH, 1, 2)]),
    # pay day 25: due on 30 August, and on 30 September itself not yet
    10: (at(202208, 25), at(202208, 25), "contributing", []),
    11: (at(202207, 25), at(202207, 25), "in_arrears", [(OPENED, BOTH, 1, 1)]),
    12: (at(202207, 25), at(202208, 25), "contributing", [(SETTLED, AUG, 1, 1)]),
    # the days beside it
    13: (at(202208, 24), at(202208, 24), "in_arrears", [(OPENED, SEP, 1, 1)]),
    14: (at(202207, 26), at(202207, 26), "in_arrears", [(OPENED, SEP, 1, 1)]),
    15: (at(202207, 26), at(202208, 26), "contributing", []),
    # pay day 28: August falls due on 2 September
    16: (at(202207, 28), at(202207, 28), "in_arrears", [(OPENED, SEP, 1, 1)]),
    17: (at(202206, 28), at(202208, 28), "contributing", [(SETTLED, AUG, 1, 1)]),
    18: (at(202207, 28), at(202208, 28), "contributing", []),
    # pay day 31: August falls due on 5 September, September (30 days) on 5 October
    19: (at(202207, 31), at(202207, 31), "in_arrears", [(OPENED, SEP, 1, 1)]),
    20: (at(202206, 31), at(202206, 31), "in_arrears", [(OPENED, BOTH, 2, 2)]),
    21: (at(202207, 31), at(202208, 31), "contributing", []),
    # no pay day
    22: (at(202208, None), at(202208, None), "in_arrears", [(OPENED, SEP, 1, 1)]),
    23: (at(202207, None), at(202209, None), "contributing", [(SETTLED, AUG, 1, 1)]),
    # never paid: an opened account is listed apart even when its first month is over
    24: (at(None, status="02"), at(None, status="02"), "registered", []),
    25: (at(None, status="02", first=202207), at(None, status="02", first=202207), "registered", []),
    26: (at(None), at(None), "registered", []),
    # never paid: a normal account is behind from its first month on
    27: (at(None, first=202208), at(None, first=202208), "in_arrears", [(OPENED, BOTH, 2, 2)]),
    28: (at(None, first=202209), at(None, first=202209), "in_arrears", [(OPENED, SEP, 1, 1)]),
    29: (at(None, 28, first=202209), at(None, 28, first=202209), "registered", []),
    30: (at(None, status="02"), at(202209, first=202209), "contributing", []),
    # deferred, and before and after
    31: (at(202205, status="03"), at(202205, status="03"), "on_relief", []),
    32: (at(202207), at(202207, status="03"), "on_relief", [(RELIEVED, AUG, 1, 1)]),
    33: (at(202205, status="03"), at(202205), "in_arrears", [(OPENED, SEP, 4, 4)]),
    # sealed and closed
    34: (at(202203, status="05"), at(202203, status="05"), "sealed", []),
    35: (at(202207), at(202207, status="05"), "sealed", [(CLOSED, AUG, 1, 1)]),
    36: (at(202112, status="04"), at(202112, status="04"), "closed", []),
    # reopened: closed or sealed in August, normal in September
    37: (at(202112, status="04"), at(202209), "contributing", []),
    38: (at(202112, status="04"), at(202207), "in_arrears", [(OPENED, SEP, 2, 2)]),
    39: (at(202203, status="05"), at(202208), "in_arrears", [(OPENED, SEP, 1, 1)]),
    # in one of the two files only
    40: (at(202207), None, "in_arrears", [(OPENED, AUG, 1, 1)]),
    41: (None, at(202209), "contributing", []),
    # status 99 says nothing: what August found stands
    42: (at(202207), at(202207, status="99"), "in_arrears", [(OPENED, AUG, 1, 1)]),
}

#: counted from the table above; 40 is known from August alone, and so two months behind on 30 September.
#: Listed apart are 24, 25, 26, 29 (never paid), 31, 32 (deferred), 34, 35 (sealed), 36 (closed) and 42 (99).
ON_30_SEPTEMBER = {"0": 12, "1": 10, "2": 5, "4": 2, "7": 1, "9": 1, "13": 1, "due_units": 32}
#: on 31 August 28 and 30 have never paid, 33 is deferred, 39 sealed, 37 and 38 closed, 41 unknown
ON_31_AUGUST = {"0": 11, "1": 12, "2": 1, "3": 1, "6": 1, "8": 1, "12": 1, "due_units": 28}
#: each has five contributing employees
HEADS = 5


@pytest.mark.parametrize("order", [("2022年8月", "2022年9月"), ("2022年9月", "2022年8月")])
def test_both_orders_end_in_the_stages_and_cases_reckoned_by_hand(
    app: Flask, tmp_path: Path, order: tuple[str, str]
) -> None:
    create_branch("00")
    for month in order:
        in_august = "8" in month
        lines = [
            line(number, stated.pop("paid"), stated.pop("pay_day"), **stated)
            for number, story in STORIES.items()
            if (stated := dict((story[0] if in_august else story[1]) or {}))
        ]
        apply(app, statement(tmp_path, month, lines))
    found = {number: (stage, cases) for number, stage, cases in _ends()}
    assert found == {number: story[2:] for number, story in STORIES.items()}
    september = run(app, "arrears", "report", "--as-of", "2022-09-30")
    assert september == {**ON_30_SEPTEMBER, "good_standing_headcount": [12 * HEADS, 32 * HEADS]}
    august = run(app, "arrears", "report", "--as-of", "2022-08-31")
    assert august == {**ON_31_AUGUST, "good_standing_headcount": [11 * HEADS, 28 * HEADS]}


def _ends() -> Iterator[tuple[int, str, Cases]]:
    query = select(ArrearsCase).order_by(ArrearsCase.first_period)
    cases = list(db.session.scalars(query))
    for employer in db.session.scalars(select(Employer).order_by(Employer.id)):
        assert employer.employer_account_no
        own = [
            (
                case.state.value,
                (case.first_period.month, case.last_period.month),
                case.months,
                case.most_months,
            )
            for case in cases
            if case.employer_id == employer.id
        ]
        yield int(employer.employer_account_no[4:]), employer.stage.value, own


FILES = {8: "contributions_2022-08.xlsx", 9: "contributions_2022-09.xlsx"}


def _months(paid: Period, pay_day: int, day: date) -> int:
    """Counted month by month, without the product's own reckoning."""
    months, month = 0, paid + 1
    while month.day(pay_day) + timedelta(days=5) < day:
        months, month = months + 1, month + 1
    return months


def _naive(file: Path, day: date) -> dict[str, Any]:
    sheet: Any = openpyxl.load_workbook(file).active
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    months: Counter[int] = Counter()
    heads: Counter[int] = Counter()
    for row in rows:
        if row[3] in ("01", "02") and row[10]:
            behind = _months(Period.parse(row[10]), row[11], day)
            months[behind] += 1
            heads[behind] += row[5]
    shown = {str(number): months[number] for number in {0, *months}}
    return {**shown, "due_units": months.total(), "good_standing_headcount": [heads[0], heads.total()]}


def test_the_real_statements_end_alike_in_both_orders_and_agree_with_a_naive_count(
    app: Flask, shared_data: Path
) -> None:
    create_branch("00")
    apply(app, shared_data / FILES[9])
    alone = list(_ends())
    apply(app, shared_data / FILES[8])
    cases = Counter((one[0], one[1]) for _number, _stage, own in _ends() for one in own)
    # counted in the files: 12 were behind in August and are still, 11 more are in September; nobody paid up
    assert cases == {("opened", (8, 9)): 12, ("opened", (9, 9)): 11}
    assert [(number, stage) for number, stage, _own in alone] == [one[:2] for one in _ends()]
    for day, month in (
        (date(2022, 9, 30), 9), (date(2022, 10, 20), 9), (date(2023, 3, 4), 9), (date(2022, 9, 15), 8),
        (date(2022, 8, 31), 8),
    ):  # fmt: skip
        naive = _naive(shared_data / FILES[month], day)
        assert run(app, "arrears", "report", "--as-of", day.isoformat()) == naive, day
