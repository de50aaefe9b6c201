"""Paging by key: every row once, in the declared order, whatever is empty or equal."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from app.accounts.models import User
from app.core.db import db
from app.core.listing.paging import Order, count, fetch, ordered
from app.core.periods import Period
from app.employers.models import Employer, Stage
from tests.factories import create_branch, create_employer, create_user

OWNER_NAME = select(User.name).where(User.id == Employer.owner_id).scalar_subquery()
KEYS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "heads": (Employer.heads, st.none() | st.integers(0, 3)),
    "name": (Employer.name, st.sampled_from(["甲", "乙", "a", "B"])),
    "monthly_amount": (Employer.monthly_amount, st.none() | st.sampled_from([Decimal("1.5"), Decimal("10")])),
    "paid_through": (Employer.paid_through, st.none() | st.sampled_from([Period(2026, 1), Period(2025, 12)])),
    "last_contact_on": (Employer.last_contact_on, st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3))),
    "stage": (Employer.stage, st.sampled_from([Stage.SEALED, Stage.CLOSED])),
}  # fmt: skip


def walk(order: Order, size: int) -> tuple[list[int], list[int]]:
    """The ids going forward to the end, and coming back to the start."""
    query = select(Employer)
    forward, page = [], fetch(query, order, size)
    assert page.previous is None
    while True:
        forward += [row.id for row in page.rows]
        if page.next is None:
            break
        page = fetch(query, order, size, after=page.next)
    back = [row.id for row in page.rows][::-1]
    while page.previous:
        page = fetch(query, order, size, before=page.previous)
        back += [row.id for row in page.rows if row.id not in back][::-1]
    return forward, back[::-1]


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), key=st.sampled_from(sorted(KEYS)), falling=st.booleans(), size=st.integers(1, 4))
def test_every_row_comes_once_forward_and_back(
    app: Flask, data: st.DataObject, key: str, falling: bool, size: int
) -> None:
    expression, values = KEYS[key]
    try:
        branch = create_branch()
        for value in data.draw(st.lists(values, max_size=9)):
            create_employer(branch, **{key: value})
        db.session.expire_all()
        order = Order(key, expression, falling, Employer.id)
        whole = [row.id for row in db.session.scalars(ordered(select(Employer), order))]
        forward, back = walk(order, size)
        assert forward == whole
        assert back == whole
    finally:
        db.session.rollback()


@pytest.mark.parametrize("falling", [False, True])
def test_empty_values_come_last_in_both_directions(app: Flask, falling: bool) -> None:
    empty, full = create_employer(heads=None), create_employer(heads=3)
    page = fetch(select(Employer), Order("heads", Employer.heads, falling, Employer.id), 10)
    assert [row.id for row in page.rows] == [full.id, empty.id]


def test_an_expression_over_another_table_may_be_empty(app: Flask) -> None:
    owner = create_user(name="王")
    ids = {create_employer(owner_id=owner_id).id for owner_id in (None, owner.id, None, owner.id)}
    forward, back = walk(Order("owner", OWNER_NAME, True, Employer.id), 1)
    assert set(forward) == ids
    assert back == forward


def test_rows_inserted_meanwhile_neither_repeat_nor_hide_others(app: Flask) -> None:
    branch = create_branch()
    old = [create_employer(branch, heads=heads).id for heads in (1, 2, 3, 4)]
    order = Order("heads", Employer.heads, False, Employer.id)
    first = fetch(select(Employer), order, 2)
    create_employer(branch, heads=0)
    second = fetch(select(Employer), order, 2, after=first.next)
    assert [row.id for row in (*first.rows, *second.rows)] == old


@pytest.mark.parametrize("cursor", ["", "x", "W10.abc", "WzEsMV0.c2lnbmVk"])
def test_a_forged_cursor_opens_the_first_page(app: Flask, cursor: str) -> None:
    create_employer(heads=1)
    page = fetch(select(Employer), Order("heads", Employer.heads, False, Employer.id), 10, after=cursor)
    assert len(page.rows) == 1
    assert page.previous is None


def test_a_cursor_of_another_order_opens_the_first_page(app: Flask) -> None:
    for heads in (1, 2):
        create_employer(heads=heads)
    page = fetch(select(Employer), Order("heads", Employer.heads, False, Employer.id), 1)
    other = fetch(select(Employer), Order("name", Employer.name, False, Employer.id), 1, after=page.next)
    assert other.previous is None


def test_a_deep_page_does_not_count_its_way_there(app: Flask) -> None:
    for heads in range(5):
        create_employer(heads=heads)
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    order = Order("heads", Employer.heads, False, Employer.id)
    fetch(select(Employer), order, 2, after=fetch(select(Employer), order, 2).next)
    assert len(statements) == 2
    assert not any("OFFSET" in statement and "OFFSET ?" not in statement for statement in statements)


def test_counting_stops_one_past_the_cap(app: Flask) -> None:
    for _number in range(5):
        create_employer()
    assert count(select(Employer), Employer.id, 10) == 5
    assert count(select(Employer), Employer.id, 3) == 4
