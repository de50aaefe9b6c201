"""Test sends: listed colleagues only, the real gateway, a book of their own."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.jobs import run_inline
from app.core.options import set_value
from app.core.permissions import Role
from campaigns.drafting.models import Campaign
from campaigns.gateways.protocol import Outcome, Receipt
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import queries as ledger
from campaigns.ledger.services import settling
from campaigns.ledger.trials import jobs, services
from campaigns.ledger.trials.models import Trial
from campaigns.ledger.trials.policy import A_DAY
from tests.campaigns.sending import ready_campaign
from tests.factories import create_user, sign_in

pytestmark = pytest.mark.databases("sqlite")


def states() -> list[str]:
    db.session.expire_all()
    return [str(one.state) for one in db.session.scalars(select(Trial).order_by(Trial.id))]


@pytest.fixture
def campaign(simulator: Store) -> Campaign:
    return ready_campaign(2)


def test_a_test_goes_out_once_and_leaves_the_campaign_alone(campaign: Campaign, simulator: Store) -> None:
    author = campaign.created_by
    reader = create_user(branch=campaign.branch, mobile="13900000001")
    services.enlist(reader.id, author)
    before = ledger.balance(campaign)
    (trial,) = services.send(campaign, [reader.id], False, author)
    db.session.commit()
    with run_inline():
        jobs.sweep()
    jobs.hand_over()
    sent = simulator.messages()
    assert [(one["key"], one["phone"]) for one in sent] == [(trial.public_id, "13900000001")]
    assert sent[0]["text"].startswith(f"【{campaign.signature}】王小明您好")
    assert states() == ["submitted"]
    receipt = Receipt(trial.public_id, Outcome.DELIVERED, None, now())
    for _repeated in range(2):
        settling.apply_receipts("simulator", [receipt])
        services.apply_receipts("simulator", [receipt, receipt._replace(outcome=Outcome.FAILED)])
    assert states() == ["delivered"]
    assert ledger.balance(campaign) == before


def test_a_lost_hand_over_is_asked_about_and_never_repeated(campaign: Campaign, simulator: Store) -> None:
    author = create_user(Role.MANAGER, branch=campaign.branch, mobile="13900000002")
    services.enlist(author.id, author)
    services.send(campaign, [author.id], True, author)
    db.session.commit()
    simulator.set_faults({"timeout_after_accept": "1"})
    jobs.hand_over()
    assert states() == ["unknown"]
    db.session.execute(update(Trial).values(due_at=now()))
    db.session.commit()
    with run_inline():
        jobs.sweep()
    assert len(simulator.messages()) == 1
    assert states() == ["submitted"]


def test_only_listed_colleagues_get_tests_and_not_too_many(campaign: Campaign) -> None:
    author = campaign.created_by
    reader = create_user(branch=campaign.branch, mobile="13900000003")
    stranger = create_user(mobile="13900000004")
    with pytest.raises(NotFound):
        services.enlist(stranger.id, author)
    with pytest.raises(DomainError):
        services.send(campaign, [reader.id], False, author)
    services.enlist(reader.id, author)
    with pytest.raises(DomainError):
        services.send(campaign, [reader.id, stranger.id], False, author)
    set_value(A_DAY, 1)
    services.send(campaign, [reader.id], False, author)
    with pytest.raises(DomainError):
        services.send(campaign, [reader.id], False, author)
    assert states() == ["planned"]


def test_a_specialist_tries_a_text_on_whom_the_manager_listed(
    client: FlaskClient, campaign: Campaign
) -> None:
    reader = create_user(branch=campaign.branch, name="李静", mobile="13900000005")
    db.session.commit()
    page = f"/campaigns/{campaign.id}/trials"
    specialist = create_user(Role.MANAGER, branch=campaign.branch)
    sign_in(client, specialist)
    assert client.post("/campaigns/readers", data={"user_id": reader.id}).status_code == 303
    assert "李静" in client.get("/campaigns/readers").text
    assert client.post(page, data={}).status_code == 422
    assert client.post(page, data={"readers": [reader.id], "which": "sample"}).status_code == 303
    assert "李静" in client.get(page).text
    assert client.post("/campaigns/readers/strike", data={"user": reader.id}).status_code == 303
    sign_in(client, create_user(Role.SPECIALIST, branch=campaign.branch))
    assert client.get("/campaigns/readers").status_code == 403
    sign_in(client, create_user(Role.MANAGER))
    assert client.get(page).status_code == 404
