"""Launching, pausing, cancelling: from the pages and from the shell, by those who may."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Role
from app.core.workflow.engine import WorkflowHistory
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.gateways.simulator_store import Store
from campaigns.ledger.services import controlling
from tests.campaigns.sending import (
    assert_books_agree,
    ready_campaign,
    states,
)
from tests.factories import create_user, sign_in


def state(campaign: Campaign) -> str:
    db.session.refresh(campaign)
    return str(campaign.state)


def test_a_branch_head_launches_pauses_resumes_and_cancels(client: FlaskClient) -> None:
    campaign = ready_campaign(2)
    sign_in(client, create_user(Role.BRANCH_HEAD, branch=campaign.branch))
    for step, expected in (
        ("launch", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("cancel", "cancelled"),
    ):
        assert client.post(f"/campaigns/{campaign.id}/{step}").status_code == 303
        assert state(campaign) == expected
    assert campaign.launched_at is not None


def test_a_double_clicked_launch_launches_once(client: FlaskClient) -> None:
    campaign = ready_campaign(2)
    sign_in(client, create_user(Role.MANAGER, branch=campaign.branch))
    answers = [client.post(f"/campaigns/{campaign.id}/launch").status_code for _ in range(2)]
    assert answers == [303, 400]
    history = select(WorkflowHistory.transition).where(WorkflowHistory.record_id == campaign.id)
    assert db.session.scalars(history).all() == ["launch"]


@pytest.mark.parametrize("step", ["launch", "pause", "resume", "cancel"])
def test_a_specialist_may_not_and_another_branch_does_not_know_it(client: FlaskClient, step: str) -> None:
    campaign = ready_campaign(2)
    sign_in(client, create_user(Role.SPECIALIST, branch=campaign.branch))
    assert client.post(f"/campaigns/{campaign.id}/{step}").status_code == 403
    sign_in(client, create_user(Role.BRANCH_HEAD))
    assert client.post(f"/campaigns/{campaign.id}/{step}").status_code == 404
    assert state(campaign) == "approved"


def test_a_campaign_that_nobody_approved_cannot_be_launched(app: Flask) -> None:
    campaign = ready_campaign(1)
    campaign.state = CampaignState.SUBMITTED
    with pytest.raises(DomainError):
        controlling.launch(campaign.id, None)


# --- from the shell, without workers


def run(house: Flask, *args: object) -> tuple[int, str]:
    db.session.commit()
    result = house.test_cli_runner().invoke(args=["campaigns", *map(str, args)])
    db.session.expire_all()
    return result.exit_code, result.output


def test_a_launch_from_the_shell_sends_in_the_command(house: Flask, simulator: Store) -> None:
    campaign = ready_campaign(3)
    assert run(house, "launch", campaign.id)[0] == 0
    assert_books_agree(campaign, simulator)
    code, output = run(house, "balance", campaign.id, "--json")
    assert code == 0
    found = json.loads(output)
    assert (found["audience"], found["sum"], found["submitted"], found["adds_up"]) == (3, 3, 3, True)
    code, output = run(house, "launch", campaign.id)
    assert code == 1
    assert "Error" in output
    assert_books_agree(campaign, simulator)


def test_the_shell_pauses_resumes_cancels_and_lists(house: Flask) -> None:
    campaign = ready_campaign(2)
    code, output = run(house, "launch", campaign.id)
    assert code == 0
    assert "还有2条短信未发出" in output  # there is no gateway here
    for step, expected in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        code, output = run(house, step, campaign.id, "--json")
        told = json.loads(output)
        assert (code, told["id"], told["state"], told["balance"]["audience"]) == (0, campaign.id, expected, 2)
        assert state(campaign) == expected
    (row,) = json.loads(run(house, "list", "--json")[1])
    assert (row["id"], row["state"]) == (campaign.id, "cancelled")
    assert campaign.name in run(house, "list")[1]


def test_a_sweep_from_the_shell_asks_the_gateway_at_once(house: Flask, simulator: Store) -> None:
    campaign = ready_campaign(2)
    simulator.set_faults({"receipt_delay_ms": "0"})
    run(house, "launch", campaign.id)
    assert states(campaign) == {"submitted": 2}
    assert run(house, "sweep", "--now")[0] == 0
    assert states(campaign) == {"delivered": 2}
    assert state(campaign) == "finished"


def test_acting_as_a_user_brings_the_users_limits(house: Flask) -> None:
    campaign = ready_campaign(1)
    for user in (create_user(Role.SPECIALIST, branch=campaign.branch), create_user(Role.MANAGER)):
        assert run(house, "launch", campaign.id, "--as", user.username)[0] == 1
    assert run(house, "launch", campaign.id, "--as", "nobody")[0] == 1
    assert state(campaign) == "approved"


def test_a_campaign_that_does_not_exist_is_one_clear_sentence(house: Flask) -> None:
    for command in ("launch", "pause", "balance"):
        code, output = run(house, command, 999999)
        assert code == 1
        assert output.startswith("Error: ")
        assert "Traceback" not in output
