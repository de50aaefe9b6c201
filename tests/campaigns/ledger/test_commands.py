"""`flask campaigns`, from writing a campaign to comparing it with its gateway."""

import json
from typing import Any

import pytest
from flask import Flask

from app.core.criteria.segments import Segment
from app.core.db import db
from app.core.permissions import Role
from campaigns.drafting.models import Campaign
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs
from tests.campaigns.sending import ledger
from tests.factories import create_branch, create_contact, create_employer, create_user, seed_templates

pytestmark = pytest.mark.databases("sqlite")


def run(app: Flask, *command: object, fails: bool = False) -> Any:
    result = app.test_cli_runner().invoke(args=["campaigns", *map(str, command)])
    assert (result.exit_code != 0) is fails, result.output
    return result.output if fails else json.loads(result.stdout.splitlines()[-1])


def test_a_campaign_is_written_approved_sent_and_reconciled_from_a_shell(
    house: Flask, simulator: Store
) -> None:
    seed_templates()
    branch = create_branch()
    author = create_user(Role.SPECIALIST, branch=branch, username="author")
    create_user(Role.MANAGER, branch=branch, username="approver")
    for n in range(3):
        create_contact(create_employer(branch, owner_id=author.id), mobile=f"1380000000{n}")
    db.session.add(
        Segment(list_name="employers", name="全部", owner_id=author.id, tree={"match": "all", "rules": []})
    )
    db.session.commit()
    wanted = ["create", "--segment", "全部", "--template", "{handler}您好，请核对。", "--name", "核对"]
    made = run(house, *wanted, "--submit", "--json")  # by whose segment it is
    assert made["state"] == "submitted"
    number = made["id"]
    assert db.session.get_one(Campaign, number).created_by_id == author.id
    ready = [*wanted[:3], "--template", "base_adjustment", "--name", "调整", "--deadline", "2099-01-31"]
    assert "调整年度" in run(house, *ready, fails=True)
    run(house, *ready, "--value", "2026", fails=True)
    assert run(house, *ready, "--value", "year=2026", "--json")["state"] == "draft"
    assert "没有" in run(house, *wanted[:2], "没有", *wanted[3:], "--as", "author", fails=True)
    run(house, "approve", number, "--as", "author", fails=True)
    refused = run(house, "approve", number, "--as", "approver", "--seal", "another", fails=True)
    assert refused
    # each reason of a refusal stands on a line of its own
    early = run(house, "launch", number, "--as", "approver", fails=True).strip().splitlines()
    assert len(early) == 3 and ";" not in "".join(early)
    assert run(house, "approve", number, "--as", "approver", "--json")["state"] == "approved"
    run(house, "launch", number, "--as", "approver", "--json")
    assert run(house, "balance", number, "--json")["submitted"] == 3
    found = run(house, "reconcile", number, "--json")
    assert (found["compared"], found["agreeing"], found["differing"]) == (3, 3, [])
    campaign = db.session.get_one(Campaign, number)
    first = ledger(campaign)[0]
    assert {message["key"] for message in simulator.messages()} >= {first.public_id}
    simulator._db.execute("delete from accepted where key = ?", (first.public_id,))
    report = run(house, "reconcile", number, "--json", fails=True)
    assert json.loads(report.splitlines()[-1])["differing"] == [
        {"message": first.id, "ledger": "submitted", "gateway": None}
    ]


def test_replies_are_fetched_where_no_push_arrived(house: Flask, simulator: Store) -> None:
    simulator.add_reply("13800000000", "ＴＤ")
    for _again in range(2):
        jobs.fetch("simulator")
    db.session.expire_all()
    rows = db.session.connection().exec_driver_sql("select phone, opt_out from message_replies").all()
    assert [tuple(row) for row in rows] == [("13800000000", 1)]
