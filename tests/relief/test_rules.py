"""The rules of terms, rates, votes and instalments, as plain functions."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.periods import Period
from app.relief.applications.policy import share
from app.relief.models import InstalmentState, ReliefKind
from app.relief.policy import (
    Asked,
    Granted,
    Rates,
    effect_of,
    equal_parts,
    objections_to_rates,
    objections_to_term,
    shared_out,
)

LONGEST = 12
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
START = Period(2022, 1)
CUT, DEFERRED = ReliefKind.RATE_CUT, ReliefKind.DEFERMENT
PAID = Period(2022, 6)

months = st.integers(0, 60).map(lambda number: START + number)
kinds = st.sets(st.sampled_from(list(ReliefKind)), min_size=1).map(tuple)
granted = st.lists(
    st.builds(
        lambda kind, first, more: Granted(kind, first, first + more),
        st.sampled_from(list(ReliefKind)), months, st.integers(0, 11),
    ),
    max_size=4,
)  # fmt: skip


@EXAMPLES
@given(kinds, months, months, st.none() | months, granted)
def test_what_is_granted_never_overlaps_leaves_no_gap_and_keeps_to_the_longest_term(
    wanted: tuple[ReliefKind, ...], first: Period, last: Period, paid: Period | None, before: list[Granted]
) -> None:
    if objections_to_term(Asked(wanted, first, last, paid), before, LONGEST):
        return
    same = [one for one in before if one.kind in wanted]
    assert paid is not None
    assert first > paid
    assert 1 <= last - first + 1 <= LONGEST
    assert first == paid + 1 or any(first == one.last_month + 1 for one in same)
    assert not any(
        one.from_month <= first + step <= one.last_month for one in same for step in range(last - first + 1)
    )


@EXAMPLES
@given(months, st.integers(1, LONGEST), granted)
def test_a_renewal_that_follows_without_a_gap_is_always_possible(
    paid: Period, length: int, before: list[Granted]
) -> None:
    latest = max((paid, *(one.last_month for one in before if one.kind is DEFERRED)))
    asked = Asked((DEFERRED,), latest + 1, latest + length, paid)
    assert objections_to_term(asked, before, LONGEST) == []


@pytest.mark.parametrize(
    ("first", "last", "before", "objections"),
    [
        ("202207", "202306", [], 0),
        ("202207", "202307", [], 1),  # thirteen months
        ("202208", "202212", [], 1),  # a gap
        ("202206", "202212", [], 1),  # a paid month
        ("202207", "202212", [("202207", "202209")], 1),  # an overlap
        ("202211", "202312", [("202207", "202209")], 2),  # a gap after the last term, and too long
        ("202210", "202212", [("202207", "202209")], 0),
        ("202204", "202206", [("202201", "202203")], 1),  # follows on relief, but is paid
    ],
)
def test_terms(first: str, last: str, before: list[tuple[str, str]], objections: int) -> None:
    terms = [Granted(DEFERRED, Period.parse(a), Period.parse(b)) for a, b in before]
    asked = Asked((DEFERRED,), Period.parse(first), Period.parse(last), PAID)
    assert len(objections_to_term(asked, terms, LONGEST)) == objections


@pytest.mark.parametrize(
    ("rate", "objections"), [("0.04", 1), ("0.05", 0), ("0.12", 0), ("0.1201", 1), (None, 1)]
)
def test_rates_lie_between_floor_and_ceiling(rate: str | None, objections: int) -> None:
    assert len(objections_to_rates([Decimal(rate) if rate else None, Decimal("0.05")], 5, 12)) == objections


def test_the_effect_is_months_heads_base_and_rate() -> None:
    full, low = Rates(Decimal("0.12"), Decimal("0.12")), Rates(Decimal("0.05"), Decimal("0.05"))
    deferred = effect_of((DEFERRED,), 6, 10, Decimal(5000), full, Rates(None, None))
    assert (deferred.deferred, deferred.saved) == (Decimal(72_000), Decimal(0))
    cut = effect_of((CUT,), 6, 10, Decimal(5000), full, low)
    assert (cut.deferred, cut.employer_saves, cut.employees_save) == (
        Decimal(0),
        Decimal(21_000),
        Decimal(21_000),
    )
    both = effect_of((DEFERRED, CUT), 6, 10, Decimal(5000), full, low)
    assert (both.deferred, both.saved) == (Decimal(30_000), Decimal(42_000))


def test_two_of_three_are_two_thirds_and_half_is_no_majority() -> None:
    assert share(20, 30) >= 6667 > share(19, 30)
    assert share(15, 30) == 5000


@EXAMPLES
@given(st.integers(1, 10**9), st.integers(1, 36))
def test_equal_parts_lose_no_fen(fen: int, number: int) -> None:
    amount = Decimal(fen) / 100
    assert sum(equal_parts(amount, number)) == amount


def test_what_was_paid_goes_to_the_instalments_in_their_order() -> None:
    plan = [(PAID + step, Decimal(100)) for step in range(4)]
    shown = shared_out(plan, Decimal(150), PAID + 2)
    assert [one.state for one in shown] == [
        InstalmentState.PAID,
        InstalmentState.SHORT,
        InstalmentState.MISSED,
        InstalmentState.PLANNED,
    ]
    assert sum(one.amount for one in shown) == 150
