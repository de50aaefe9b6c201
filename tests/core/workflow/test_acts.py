"""What a state allows besides moving on: one declaration, asked by services, pages and conditions alike."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.errors import DomainError, Forbidden
from app.core.permissions import Role
from app.core.workflow.acts import allowed, demand
from app.core.workflow.diagrams import table
from app.core.workflow.engine import State, Workflow
from app.core.workflow.parts import Act, Nobody
from app.employers import services as employers
from app.employers.models import Employer, Stage
from app.lifecycle.workflow import LIFECYCLE
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.drafting.workflow import CAMPAIGN
from tests.factories import create_branch, create_employer, create_user, sign_in


def test_in_the_usual_state_an_act_takes_its_usual_permission(app: Flask) -> None:
    branch = create_branch()
    employer = create_employer(branch, stage=Stage.CONTRIBUTING)
    assert allowed(employer, "edit", create_user(Role.SPECIALIST, branch=branch))
    assert not allowed(employer, "edit", create_user(Role.BANK_PARTNER, branch=branch))
    assert allowed(
        employer, "write", create_user(Role.BANK_PARTNER, branch=branch)
    )  # the state alone decides


def test_a_state_may_ask_for_another_permission_and_says_which(app: Flask) -> None:
    specialist, manager = create_user(Role.SPECIALIST), create_user(Role.MANAGER)
    closed = create_employer(stage=Stage.CLOSED)
    assert allowed(closed, "edit", manager)
    with pytest.raises(Forbidden, match=r"已销户.*更正已销户单位的基本信息"):
        employers.rename(closed, "新名称有限公司", date(2026, 1, 1), specialist)
    assert closed.former_names == []


@pytest.mark.parametrize("state", [CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.FINISHED])
def test_what_a_state_allows_nobody_is_refused_with_the_reason(app: Flask, state: CampaignState) -> None:
    with pytest.raises(DomainError, match="不能再修改"):
        demand(Campaign(state=state), "edit", create_user(Role.MANAGER))
    assert not allowed(Campaign(state=state), "reckon", None)  # nor is it the system's to do


def test_conditions_over_many_records_come_from_the_same_declaration() -> None:
    assert CAMPAIGN.open_to("reckon") == {CampaignState.DRAFT, CampaignState.SUBMITTED}
    assert set(Stage) - LIFECYCLE.open_to("write") == {Stage.CLOSED, Stage.DISMISSED}


def test_an_act_that_the_workflow_does_not_name_is_a_mistake_in_the_code(app: Flask) -> None:
    with pytest.raises(KeyError):
        allowed(create_employer(), "paint", None)
    with pytest.raises(ValueError, match="unknown acts"):
        Workflow(
            "w", "W", Employer, (State("a", "A", acts={"paint": Nobody("never")}),), (), acts=(Act("x", "X"),)
        )


def test_the_document_says_what_each_state_allows_and_asks(app: Flask) -> None:
    lines = table(LIFECYCLE).splitlines()
    closed = next(line for line in lines if line.startswith("| 已销户"))
    assert "`lifecycle:correct_closed`" in closed and "nobody:" in closed
    assert any(line.startswith("| 欠缴") and "3 working days" in line for line in lines)


def test_the_pages_offer_and_accept_only_what_the_state_allows(client: FlaskClient) -> None:
    specialist = create_user(Role.SPECIALIST)
    closed = create_employer(specialist.branch, stage=Stage.CLOSED, owner_id=specialist.id)
    sign_in(client, specialist)
    assert f"/employers/{closed.id}/edit" not in client.get(f"/employers/{closed.id}").text
    assert client.get(f"/employers/{closed.id}/edit").status_code == 403
    sign_in(client, create_user(Role.MANAGER, branch=specialist.branch))
    assert f"/employers/{closed.id}/edit" in client.get(f"/employers/{closed.id}").text
    assert client.get(f"/employers/{closed.id}/edit").status_code == 200
