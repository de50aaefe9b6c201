"""The page of a campaign that is being sent: few statements, a forecast, and the way to set its time."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.clock import local, now
from app.core.db import db
from app.core.permissions import Role
from campaigns.drafting.models import Campaign
from tests.bench.pages import MOST_QUERIES, statements_of
from tests.campaigns.launched import launched_campaign
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in

pytestmark = pytest.mark.databases("sqlite")


def test_a_campaign_under_way_is_shown_in_few_statements_with_its_end_and_its_time_can_be_set(
    app: Flask, client: FlaskClient
) -> None:
    branch = create_branch()
    manager = create_user(Role.MANAGER, branch=branch)
    for number in range(3):
        create_contact(create_employer(branch), mobile=f"1380000000{number}")
    campaign = launched_campaign(manager)
    number = campaign.id
    sign_in(client, manager)
    assert "预计最后一条于" in client.get(f"/campaigns/{number}").text
    for address in (f"/campaigns/{number}", f"/campaigns/{number}/live"):
        found = statements_of(app, client, address)
        assert len(found) <= MOST_QUERIES, "\n".join(sql for sql, _parameters in found)
    client.post(f"/campaigns/{number}/pause")
    assert "暂停期间不发送" in client.get(f"/campaigns/{number}").text
    start = local(now() + timedelta(days=1)).replace(second=0, microsecond=0, tzinfo=None)
    times = {"send_from": start.isoformat("T", "minutes"), "working_days_only": "y"}
    late = {"send_until": (start - timedelta(days=3)).isoformat("T", "minutes")}
    assert client.post(f"/campaigns/{number}/schedule", data=times | late).status_code == 400
    for slip in (
        {"send_until": f"{start.year + 100}-01-05T09:00"},
        {"send_from": f"{start.year + 100}-01-05T09:00"},
    ):
        assert client.post(f"/campaigns/{number}/schedule", data=times | slip).status_code == 422, slip
    assert client.post(f"/campaigns/{number}/schedule", data=times).status_code == 303
    db.session.expire_all()
    kept = db.session.get_one(Campaign, number)
    assert kept.send_from
    assert (local(kept.send_from).replace(tzinfo=None), kept.working_days_only) == (start, True)
    assert str(start) in client.get(f"/campaigns/{number}/schedule").text
    sign_in(client, create_user(Role.SPECIALIST, branch=branch))
    assert client.get(f"/campaigns/{number}/schedule").status_code == 403
