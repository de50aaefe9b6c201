"""The gateway's bill and the print manifests against the ledger, line by line."""

import html
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from app.accounts.models import User
from app.core.db import db
from app.core.permissions import Role
from campaigns.channels.letter.issued.models import Letter
from campaigns.drafting.models import Campaign
from campaigns.gateways.models import GatewayAccount
from campaigns.gateways.protocol import FailureClass
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.printing import services as printing
from campaigns.ledger.printing.models import PrintBatch, PrintLine, PrintState
from campaigns.ledger.services.settling import settle
from campaigns.results.reconciling import queries
from campaigns.results.reconciling.models import BillLine
from tests.campaigns.launched import launched_campaign
from tests.campaigns.letters.posting import made
from tests.campaigns.results.test_page import hand_over, ids
from tests.contributions.statements import run
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in
from tests.spreadsheets import workbook

HEADER = ["消息编号", "手机号码", "计费条数", "单价（元）"]


@pytest.fixture
def manager(app: Flask) -> User:
    branch = create_branch(name="滨海管理部")
    for number in range(6):
        create_contact(create_employer(branch, name=f"滨海{number}号公司"), mobile=f"1380000000{number}")
    return create_user(Role.MANAGER, branch=branch, username="wang")


@pytest.fixture
def sent(manager: User) -> Campaign:
    """Six messages of one segment each under one number of the gateway's; the last one failed."""
    campaign = launched_campaign(manager)
    hand_over(campaign)
    db.session.execute(update(Message).values(segments=1, gateway="simulator", gateway_id="batch-7"))
    settle(MessageState.DELIVERED, Message.id.in_(ids(campaign)[:5]))
    settle(
        MessageState.FAILED, Message.id == ids(campaign)[5], code="MK:0001", reason=FailureClass.DEAD_NUMBER
    )
    db.session.commit()
    return campaign


def bill(tmp_path: Path, campaign: Campaign) -> Path:
    """By our key, by the gateway's number, with a segment too many, too dear; one that nobody knows; and
    of the fifth and the failed one nothing."""
    keys = db.session.scalars(select(Message.public_id).order_by(Message.phone)).all()
    rows: list[list[Any]] = [
        [keys[0], None, 1, 0.05],
        ["batch-7", "13800000001", 1, "0.05"],
        ["batch-7", "13800000002", 2, 0.05],
        [keys[3], "13800000003", 1, 0.0625],
        ["batch-9", "13900000000", 1, 0.05],
    ]
    return workbook(tmp_path / "账单.xlsx", [HEADER, *rows])


def test_every_line_of_a_bill_is_held_against_the_ledger(
    app: Flask, client: FlaskClient, sent: Campaign, manager: User, tmp_path: Path
) -> None:
    command = (
        "imports",
        "apply",
        "gateway_bill",
        str(bill(tmp_path, sent)),
        "--period",
        "2026-10",
        "--user",
        "wang",
    )
    first = run(app, *command)
    assert (first["new"], first["rejected"]) == (5, 0)
    found = queries.bill(sent)
    verdicts = {"matched": 2, "segments": 1, "cost": 1, "not_billed": 1, "free": 1}
    assert found.by_verdict == verdicts
    assert (found.segments, found.billed_segments, found.differing) == (5, 5, 3)
    assert (str(found.cost), str(found.billed_cost)) == ("0.25", "0.26")
    sign_in(client, manager)
    # prices are yuan, not shares of a hundred
    brought = client.get(f"/imports/{first['batch']}").text
    assert "0.0625" in brought and "%" not in brought
    page = html.unescape(client.get(f"/campaigns/{sent.id}/reconciliation").text)
    links = re.findall(r'<a href="(/campaigns/\d+/reconciliation/(\w+))">(\d+)', page)
    assert {verdict: int(number) for _url, verdict, number in links} == verdicts | {"differences": 3}
    for url, _verdict, number in links:
        rows = re.findall(r'href="(/campaigns/\d+/messages\?row\.eq=\d+)"', client.get(url).text)
        assert len(set(rows)) == int(number)
        assert len(set(re.findall(r"滨海\d号公司", client.get(rows[0]).text))) == 1
    missing = client.get("/campaigns/bills?here.no=").text
    assert "batch-9" in missing and "batch-7" not in missing
    assert "13900000000" not in missing
    sheet = load_workbook(BytesIO(client.get(f"/campaigns/{sent.id}/reconciliation/workbook").data)).active
    assert sheet is not None
    assert ["条数不符", 1] in [list(row) for row in sheet.iter_rows(values_only=True)]
    export = client.post(
        f"/campaigns/{sent.id}/reconciliation/differences", data={"do": "export", "rows": "all"}
    )
    lines = load_workbook(BytesIO(export.data)).active
    assert lines is not None and lines.max_row == 4
    sign_in(client, create_user(Role.MANAGER))
    assert client.get(f"/campaigns/{sent.id}/reconciliation").status_code == 404
    assert "batch-9" not in client.get("/campaigns/bills?here.no=").text


def test_a_bill_that_another_branch_brings_too_keeps_the_messages_it_answered_to(
    app: Flask, sent: Campaign, tmp_path: Path
) -> None:
    create_user(Role.MANAGER, username="li")
    before = {}
    for name in ("wang", "li"):
        (tmp_path / name).mkdir()
        file = str(bill(tmp_path / name, sent))
        run(app, "imports", "apply", "gateway_bill", file, "--period", "2026-10", "--user", name)
        before[name] = queries.bill(sent).by_verdict
    assert before["li"] == before["wang"]


def test_two_accounts_may_give_the_same_number(app: Flask, sent: Campaign, tmp_path: Path) -> None:
    """The second account carried another message to the first number, under the number of the first batch."""
    first, second = ids(sent)[:2]
    db.session.execute(
        update(Message).where(Message.id == second).values(phone="13800000000", gateway="other")
    )
    db.session.add(GatewayAccount(code="other", name="备用通道", kind="http"))
    db.session.commit()
    header = ["短信账户", *HEADER]
    rows: list[list[Any]] = [
        ["simulator", "batch-7", "13800000000", 1, 0.05],
        ["备用通道", "batch-7", "13800000000", 1, 0.05],
        [None, "batch-7", "13800000000", 1, 0.05],
        ["没有的", "batch-7", "13800000000", 1, 0.05],
    ]
    file = str(workbook(tmp_path / "两个账户.xlsx", [header, *rows]))
    command = ("imports", "apply", "gateway_bill", file, "--period", "2026-10", "--user", "wang")
    answer = run(app, *command)
    assert (answer["new"], answer["rejected"]) == (2, 2)
    assert set(answer["reasons"]) == {"account.which_account", "account.no_account"}
    lines = db.session.execute(select(BillLine.account, BillLine.message_id).order_by(BillLine.id)).all()
    assert [tuple(line) for line in lines] == [("simulator", first), ("other", second)]
    assert run(app, *command)["new"] == 0


def test_the_same_bill_again_changes_nothing_and_is_taken_back_whole(
    app: Flask, sent: Campaign, tmp_path: Path
) -> None:
    file = str(bill(tmp_path, sent))
    command = ("imports", "apply", "gateway_bill", file, "--period", "2026-10", "--user", "wang")
    batch = run(app, *command)["batch"]
    again = run(app, *command)
    assert (again["new"], again["changed"]) == (0, 0)
    # what another month bills once more is billed twice
    assert run(app, *command[:5], "2026-09", *command[6:])["new"] == 5
    assert queries.bill(sent).by_verdict["twice"] == 4
    run(app, "imports", "undo", str(batch))
    assert db.session.query(BillLine).count() == 5
    assert "twice" not in queries.bill(sent).by_verdict


def test_letters_are_held_against_their_manifests(app: Flask, client: FlaskClient) -> None:
    campaign = db.session.get_one(Campaign, made(4))
    sign_in(client, campaign.created_by)
    assert queries.manifests(campaign).by_verdict == {"no_line": 4}
    printing.form(campaign.id)
    db.session.commit()
    assert queries.manifests(campaign).by_verdict == {"under_way": 4}
    batch = db.session.scalars(select(PrintBatch)).one()
    batch.state, batch.count_out, batch.count_in = PrintState.RETURNED, 4, 4
    db.session.commit()
    agreed = json.loads(reconciled(app, campaign.id, 0))
    assert (agreed["agrees"], agreed["print"]["by_verdict"]) == (True, {"matched": 4})
    # one letter fewer came back, and one line was marked without its letter
    batch.count_in = 2
    line = db.session.scalars(select(PrintLine).order_by(PrintLine.id)).first()
    assert line is not None
    line.spoilt_at = batch.created_at
    db.session.commit()
    differing = json.loads(reconciled(app, campaign.id, 1))["print"]
    assert differing["by_verdict"] == {"matched": 3, "spoilt": 1}
    assert [one["agrees"] for one in differing["batches"]] == [False]
    page = client.get(f"/campaigns/{campaign.id}/reconciliation/spoilt").text
    number = db.session.get_one(Letter, line.letter_id).number
    assert number in page and len(set(re.findall(r"滨海\d号公司", page))) == 1
    assert "不一致" in client.get(f"/campaigns/{campaign.id}/reconciliation").text
    assert client.get(f"/campaigns/{campaign.id}/reconciliation/free").status_code == 404


def reconciled(app: Flask, campaign_id: int, status: int) -> str:
    result = app.test_cli_runner().invoke(args=["campaigns", "reconcile", str(campaign_id), "--json"])
    assert result.exit_code == status, result.output
    db.session.expire_all()
    return str(result.stdout)
