"""The department's story in short, on the database that the story in the browser does not run on."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Branch
from app.audit.models import AuditEvent
from app.core.clock import now
from app.core.db import db
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.employers.models import Employer, Stage
from campaigns.drafting.models import CampaignState
from campaigns.gateways.protocol import Outcome, Receipt
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import queries
from campaigns.ledger.services import controlling, settling
from campaigns.notices.services import KIND
from tests.campaigns.launched import approved_campaign
from tests.campaigns.sending import assert_books_agree, launch_here, ledger, states
from tests.conftest import CommittingClient
from tests.factories import create_branch, create_user, sign_in


def shell(app: Flask, *arguments: str) -> dict[str, Any]:
    db.session.commit()
    result = app.test_cli_runner().invoke(args=[*arguments, "--json"])
    assert result.exit_code == 0, result.output
    db.session.expire_all()
    told: dict[str, Any] = json.loads(result.stdout)
    return told


@pytest.fixture
def branch(house: Flask, shared_data: Path) -> Branch:
    """With the real statement imported."""
    made = create_branch("00")
    file = shared_data / "contributions_2022-09.xlsx"
    answer = shell(house, "imports", "apply", "statement", str(file), "--as-of", "2022-09-30")
    assert (answer["rows"], answer["new"], answer["rejected"]) == (483, 483, 0)
    return made


@pytest.mark.databases("postgresql")
def test_from_the_statement_to_the_handlers_confirmation_and_the_trail(
    house: Flask, simulator: Store, branch: Branch
) -> None:
    author = create_user(Role.MANAGER, branch=branch)
    campaign = approved_campaign(author)
    launch_here(campaign)
    accepted = simulator.messages()
    told = states(campaign)
    assert told["submitted"] == campaign.recipients == len(accepted) > 400
    assert sum(told.values()) == campaign.audience_size
    settling.apply_receipts(
        "simulator", [Receipt(message["key"], Outcome.DELIVERED, None, now()) for message in accepted]
    )
    controlling.finish_done()
    db.session.commit()
    assert campaign.state is CampaignState.FINISHED
    assert queries.balance(campaign).adds_up
    assert_books_agree(campaign, simulator)

    house.test_client_class = CommittingClient
    message = next(one for one in ledger(campaign) if one.state == "delivered")
    found = re.search(r"/n/[\w-]+", message.text)
    assert found
    assert message.phone
    phone = house.test_client()
    phone.post(found[0], data={"digits": message.phone[-4:]})
    for _click in range(2):
        assert phone.post(f"{found[0]}/confirm").status_code == 303
    confirmed = select(func.count(TimelineEntry.employer_id.distinct())).where(TimelineEntry.kind == KIND)
    assert db.session.scalar(confirmed) == 1

    desk = house.test_client()
    sign_in(desk, author)
    late = select(func.count()).where(Employer.stage == Stage.IN_ARREARS)
    assert f"共 {db.session.scalar(late)} 条" in desk.get("/employers?stage.in=in_arrears").text
    for page in ("/", "/dashboard", f"/campaigns/{campaign.id}"):
        assert desk.get(page).status_code == 200, page
    events = db.session.scalar(select(func.count()).select_from(AuditEvent))
    verdict = shell(house, "audit", "verify")
    assert (verdict["whole"], verdict["events"]) == (True, events)
