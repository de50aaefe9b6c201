"""A campaign by letter from a shell, without a server or Redis."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.criteria.segments import Segment
from app.core.db import db
from app.core.permissions import Role
from campaigns.channels.letter.issued.models import Letter
from campaigns.drafting.models import Campaign
from tests.campaigns.letters.posting import EVERYBODY, author_with, wording
from tests.factories import create_user

pytestmark = pytest.mark.databases("sqlite")


def run(app: Flask, *command: object, fails: bool = False) -> Any:
    result = app.test_cli_runner().invoke(args=[str(one) for one in command])
    assert (result.exit_code != 0) is fails, result.output
    return result.output if fails else json.loads(result.stdout.splitlines()[-1])


def test_a_campaign_by_letter_is_written_approved_made_and_accounted_for(app: Flask, tmp_path: Path) -> None:
    author = author_with(2)
    create_user(Role.BRANCH_HEAD, branch=author.branch, username="approver")
    outline = wording().template
    db.session.add(Segment(list_name="employers", name="全部", owner_id=author.id, tree=EVERYBODY))
    db.session.commit()
    wanted = ["campaigns", "create", "--segment", "全部", "--template", outline.name, "--name", "经办人变更"]
    assert "请填写" in run(app, *wanted, fails=True)
    wanted += ["--value", "effective=2026-09-05"]
    assert "month" in run(app, *wanted, "--value", "month=9", fails=True)
    run(app, *wanted, "--class", "publicity", fails=True)
    run(app, *wanted[:5], "没有", *wanted[6:], "--channel", "letter", fails=True)
    made = run(app, *wanted, "--submit", "--json")
    number, balance = made["id"], made["balance"]
    assert (made["state"], balance["channel"], balance["audience"]) == ("submitted", "letter", 2)
    campaign = db.session.get_one(Campaign, number)
    assert (campaign.letter or {})["values"]["effective"] == "2026年9月5日"
    run(app, "campaigns", "approve", number, "--as", author.username, fails=True)
    run(app, "campaigns", "approve", number, "--as", "approver", "--json")
    run(app, "campaigns", "launch", number, "--as", "approver", "--json")
    balance = run(app, "campaigns", "balance", number, "--json")
    assert (balance["submitted"], balance["letters"], balance["sum"], balance["adds_up"]) == (2, 2, 2, True)
    compared = run(app, "campaigns", "reconcile", number, "--json")
    assert (compared["agrees"], compared["print"]["by_verdict"]) == (True, {"under_way": 2})
    assert run(app, "campaigns", "pause", number, "--json")["state"] == "paused"
    assert run(app, "campaigns", "resume", number, "--json")["state"] == "running"
    letter = db.session.scalars(select(Letter.id).order_by(Letter.id)).first()
    rendered = run(app, "letters", "render", letter, "--out", tmp_path / "a.pdf", "--json")
    assert rendered["unchanged"] and (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    cancelled = run(app, "campaigns", "cancel", number, "--json")
    assert (cancelled["state"], cancelled["balance"]["adds_up"]) == ("cancelled", True)
