"""The effect of a campaign beside those held out, said no more surely than the numbers allow."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.contributions.arrears.models import ArrearsCase, CaseState
from app.core.db import db
from app.core.options import set_value
from app.core.periods import Period
from app.core.permissions import Role
from app.employers.models import Employer
from campaigns.drafting.models import Campaign, Exclusion
from campaigns.results.effect.policy import LEAST, Group, newcombe, wilson
from campaigns.results.effect.queries import effects, people
from tests.campaigns.sending import create_member
from tests.factories import create_branch, create_campaign, create_user, sign_in

LAUNCH = date(2026, 9, 1)


def test_the_intervals_are_those_of_the_literature() -> None:
    # Newcombe 1998, table II: 56/70 against 48/80, and 9/10 against 3/10, method 10
    assert [round(bound, 4) for bound in newcombe(Group(56, 70), Group(48, 80))] == [0.0524, 0.3339]
    assert [round(bound, 4) for bound in newcombe(Group(9, 10), Group(3, 10))] == [0.1705, 0.8090]
    assert [round(bound, 4) for bound in newcombe(Group(10, 10), Group(0, 20))] == [0.6791, 1.0]
    assert [round(bound, 4) for bound in wilson(Group(81, 263))] == [0.2553, 0.3662]
    assert wilson(Group(0, 0)) == (0.0, 1.0)


@pytest.fixture
def campaign(app: Flask) -> Campaign:
    """Forty behind: of twenty that were messaged fifteen paid within 30 days, of twenty held out three."""
    author = create_user(Role.MANAGER, branch=create_branch())
    made = create_campaign(author, hold_out=50, launched_at=datetime(2026, 9, 1, 2, tzinfo=UTC))
    for number in range(40):
        held, paid = number >= 20, number < 15 or 20 <= number < 23
        member = create_member(made, excluded=Exclusion.HOLD_OUT if held else None)
        closed = LAUNCH + timedelta(days=10 if paid else 31)
        state = {"state": CaseState.OPENED, "closed_on": closed}
        db.session.add(case(member.employer_id, **state))
    # the first person's second employer, and one who was left out for another reason
    merged = create_member(made, phone="13800000000", excluded=Exclusion.MERGED)
    left_out = create_member(made, excluded=Exclusion.OPTED_OUT)
    for one in (merged, left_out):
        db.session.add(case(one.employer_id, closed_on=LAUNCH + timedelta(days=1)))
    db.session.commit()
    return made


def case(employer_id: int, **fields: object) -> ArrearsCase:
    values: dict[str, object] = {
        "state": CaseState.OPENED, "first_period": Period(2026, 7), "last_period": Period(2026, 7),
        "opened_on": LAUNCH - timedelta(days=20), "reckoned_on": LAUNCH, "months": 1, "most_months": 1,
        "heads": 1,
    }  # fmt: skip
    return ArrearsCase(employer_id=employer_id, **values | fields)


def test_both_groups_are_counted_by_person_within_the_days(campaign: Campaign) -> None:
    paid = next(one for one in effects(campaign, 30) if one.told.acted)
    assert (paid.told, paid.held) == (Group(15, 20), Group(3, 20))
    assert 0 < paid.low < paid.difference < paid.high
    # the next contact of an employer that was messaged already makes it no second one
    again = create_member(campaign, employer=db.session.scalars(select(Employer)).first())
    assert next(one for one in effects(campaign, 30) if one.told.acted).told == Group(15, 20)
    assert again.id not in db.session.scalars(people(campaign, 30, "paid", False, False)).all()
    later = next(one for one in effects(campaign, 40) if one.told.acted)
    assert (later.told, later.held) == (Group(20, 20), Group(20, 20))


def test_whoever_has_an_account_without_a_known_day_could_not_open_one(campaign: Campaign) -> None:
    assert {one.name: one.told.people for one in effects(campaign, 30)}["registered"] == 20
    holders = db.session.scalars(select(Employer).order_by(Employer.id).limit(5)).all()
    for number, employer in enumerate(holders):
        employer.employer_account_no = f"030100000{number}"
    holders[0].account_opened_on = LAUNCH + timedelta(days=3)
    db.session.flush()
    opened = next(one for one in effects(campaign, 30) if one.name == "registered")
    assert (opened.told, opened.held.people) == (Group(1, 16), 20)


def test_too_small_numbers_are_said_to_be_too_small(campaign: Campaign) -> None:
    paid = next(one for one in effects(campaign, 30) if one.told.acted)
    assert paid.verdict == "small"
    set_value(LEAST, 20)
    assert paid.verdict == "more"
    unchanged = [one.verdict for one in effects(campaign, 30) if not one.told.acted]
    assert unchanged == ["open", "open"]


def test_the_effect_stands_on_the_campaigns_page(client: FlaskClient, campaign: Campaign) -> None:
    sign_in(client, campaign.created_by)
    assert f"/campaigns/{campaign.id}/effect" in client.get(f"/campaigns/{campaign.id}").text
    page = client.get(f"/campaigns/{campaign.id}/effect?days=30").text
    assert "+60.0" in page and "人数太少" in page
    without = create_campaign(campaign.created_by, launched_at=campaign.launched_at)
    db.session.commit()
    assert client.get(f"/campaigns/{without.id}/effect").status_code == 404
    sign_in(client, create_user(Role.MANAGER))
    assert client.get(f"/campaigns/{campaign.id}/effect").status_code == 404


def test_the_effect_is_taken_along_as_a_workbook(client: FlaskClient, campaign: Campaign) -> None:
    sign_in(client, campaign.created_by)
    page = client.get(f"/campaigns/{campaign.id}/effect?days=30").text
    address = html.unescape(re.findall(r'href="([^"]+/effect/workbook[^"]*)"', page)[0])
    sheet = load_workbook(BytesIO(client.get(address).data)).active
    assert sheet is not None
    paid = next(row for row in sheet.iter_rows(values_only=True) if row[1] == 15)
    assert paid[1:8] == (15, 20, 0.75, 3, 20, 0.15, 0.6)
    sign_in(client, create_user(Role.MANAGER))
    assert client.get(address).status_code == 404
