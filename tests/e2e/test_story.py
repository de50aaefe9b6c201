"""The department's story, from the first file to the audit trail, in a real browser on the real product."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, expect

from app.config import PROJECT
from tests.e2e.office import PATIENCE, Office
from tests.runtime.instance import Instance

SEGMENT = "欠缴、10人以上"
CAMPAIGN = "欠缴提醒"
#: the real statement as of 30 September 2022, counted by hand; demonstration codes are in district 000000
STAGES = {
    "contributing": 436,
    "in_arrears": 23,
    "registered": 6,
    "on_relief": 4,
    "sealed": 8,
    "closed": 6,
}


def flask(product: Instance, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command on the running instance's folder."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=product.env, capture_output=True, text=True, timeout=120)


def rows(product: Instance, sql: str, *values: Any) -> list[Any]:
    with sqlite3.connect(product.home / "jinnuo.db") as connection:
        return connection.execute(sql, values).fetchall()


@pytest.fixture(scope="module")
def specialist(chromium: Browser, product: Instance) -> Office:
    return Office(chromium, product, "specialist")


@pytest.fixture(scope="module")
def manager(chromium: Browser, product: Instance) -> Office:
    return Office(chromium, product, "manager")


@pytest.fixture(scope="module")
def head(chromium: Browser, product: Instance) -> Office:
    return Office(chromium, product, "head")


def test_0_the_pictures_of_the_readme_are_the_product(manager: Office, product: Instance) -> None:
    """With JINNUO_PICTURES=1 the pictures in docs/images are taken anew; the pages are opened either way."""
    (employer_id,) = rows(product, MOST_TOLD)[0]
    for name, path in (("employer", f"/employers/{employer_id}"), ("dashboard", "/dashboard")):
        manager.open(path)
        expect(manager.page.locator("main h1")).to_be_visible()
        if os.environ.get("JINNUO_PICTURES"):
            manager.picture(PROJECT / "docs" / "images" / f"{name}.png")


#: the employer of the manager's branch with most on its timeline
MOST_TOLD = """
    SELECT e.id FROM employers e
    JOIN timeline t ON t.employer_id = e.id JOIN branches b ON b.id = e.branch_id
    WHERE b.code = '01' AND e.stage = 'in_arrears'
    GROUP BY e.id ORDER BY count(*) DESC, e.heads DESC LIMIT 1
"""


def test_1_the_registry_is_tried_applied_taken_back_and_applied_again(
    specialist: Office, product: Instance, shared_data: Path
) -> None:
    file = shared_data / "registry_binhai.csv"
    batch = specialist.upload("registry", file)
    apply_all(specialist, "12057")
    assert leads(product) == [(12057, 104)]
    again = specialist.upload("registry", file)
    specialist.expect_text("没有需要写入的内容")
    assert again != batch
    specialist.open(batch)
    specialist.press("撤销")
    specialist.page.get_by_role("button", name="撤销导入").click()
    expect(specialist.page.locator("main h1")).to_contain_text("已撤销", timeout=2 * PATIENCE)
    assert leads(product) == [(0, 0)]
    specialist.upload("registry", file)
    apply_all(specialist, "12057")
    assert leads(product) == [(12057, 104)]


def apply_all(office: Office, number: str) -> None:
    office.press(f"写入{number}行")
    header = office.page.locator("main h1")
    expect(header).to_contain_text("已写入", timeout=3 * PATIENCE)


def leads(product: Instance) -> list[Any]:
    """Real prospects, and how many of them need not contribute."""
    return rows(
        product,
        "SELECT count(*), coalesce(sum(1 - eligible), 0) FROM employers WHERE substr(uscc, 3, 6) <> '000000'",
    )


def test_2_the_statement_moves_every_account_to_its_stage(
    specialist: Office, product: Instance, shared_data: Path
) -> None:
    specialist.upload("statement", shared_data / "contributions_2022-09.xlsx", "2022-09-30")
    apply_all(specialist, "483")
    found = rows(
        product,
        "SELECT stage, count(*) FROM employers WHERE substr(uscc, 3, 6) <> '000000' "
        "AND employer_account_no IS NOT NULL GROUP BY stage",
    )
    assert dict(found) == STAGES


def test_3_a_visit_becomes_a_task_and_a_refused_step_says_every_reason(
    specialist: Office, product: Instance
) -> None:
    name = "天津美达泰克机电有限公司"
    specialist.open(f"/employers?q={name}")
    specialist.follow(name)
    specialist.follow("登记走访联系")
    specialist.choose("走访")
    specialist.choose("已告知")
    specialist.page.fill("[name=summary]", "上门核对缴存人数")
    specialist.page.fill("[name=next_step]", "补交授权委托书")
    specialist.page.fill("[name=next_due_on]", "2099-01-04")
    specialist.press("保存", exact=False)
    specialist.expect_text("上门核对缴存人数")
    specialist.open("/")
    specialist.expect_text("补交授权委托书")
    specialist.open(f"/employers?q={name}")
    specialist.follow(name)
    specialist.expect_text("请先办理转移或封存")  # sealing is blocked, and says why
    lead = rows(
        product, "SELECT id FROM employers WHERE stage = 'prospect' AND owner_id IS NULL AND eligible = 0"
    )
    specialist.open(f"/workflow/lifecycle/{lead[0][0]}/engage")
    specialist.expect_text("该单位已标记为不属于应缴存单位")
    specialist.expect_text("尚无责任人")


def test_4_a_stage_is_moved_by_hand(specialist: Office, product: Instance) -> None:
    (employer_id,) = rows(
        product,
        "SELECT e.id FROM employers e JOIN users u ON u.id = e.owner_id "
        "WHERE e.stage = 'prospect' AND u.username = 'specialist' LIMIT 1",
    )[0]
    specialist.open(f"/employers/{employer_id}")
    specialist.follow("标记为已接洽")
    specialist.press("标记为已接洽")
    expect(specialist.page.locator("main .page-header")).to_contain_text("已接洽")


def test_5_a_campaign_is_approved_by_another_sent_and_balanced(
    manager: Office, head: Office, product: Instance
) -> None:
    manager.open("/employers?stage.in=in_arrears&heads.ge=10")
    manager.page.get_by_text("保存视图").click()
    manager.page.fill("#list-view-name", SEGMENT)
    manager.page.locator(".list-menu-body form").get_by_role("button", name="保存").first.click()
    manager.expect_text(SEGMENT)
    manager.open("/campaigns/new")
    manager.page.fill("[name=name]", CAMPAIGN)
    manager.page.select_option("[name=segment_id]", label=SEGMENT)
    text = "{handler}您好，{employer}公积金已缴至{paid_through}，请及时汇缴。详情：{link}"
    manager.page.fill("[name=template_text]", text)
    manager.page.locator("#wish button[type=submit]").click()
    manager.page.wait_for_url(re.compile(r"/campaigns/\d+/draft"))
    manager.expect_text("元")
    manager.expect_text("您好")
    draft = manager.page.url
    manager.press("提交审批")
    expect(manager.page.locator("#approval")).not_to_contain_text("批准全部")
    expect(manager.page.locator("#approval").get_by_role("button", name="批准", exact=True)).to_have_count(0)
    head.page.goto(draft)
    head.press("批准")
    head.page.locator("#approval").get_by_role("button", name="启动发送").first.click()
    head.page.locator("dialog[open]").get_by_role("button", name="启动发送").click()
    head.page.wait_for_url(re.compile(r"/campaigns/\d+(/draft)?$"))
    head.page.goto(draft.removesuffix("/draft"))
    expect(head.page.locator("#live-head")).to_contain_text(
        "已完成", timeout=3 * PATIENCE
    )  # without a reload
    expect(head.page.locator("#balance")).to_contain_text("账实相符")
    campaign_id = int(draft.split("/")[-2])
    balance = json.loads(flask(product, "campaigns", "balance", str(campaign_id), "--json").stdout)
    assert balance["adds_up"] is True
    assert balance["planned"] == balance["claimed"] == balance["unknown"] == 0
    sent = [m["key"] for m in accepted(product)]
    ledger = {row[0] for row in rows(product, SENT, campaign_id)}
    assert ledger <= set(sent)
    assert max(Counter(sent).values()) == 1


SENT = "SELECT public_id FROM messages WHERE campaign_id = ? AND submitted_at IS NOT NULL"


def accepted(product: Instance) -> list[dict[str, Any]]:
    """What the simulator took."""
    found: list[dict[str, Any]] = json.loads(flask(product, "gateway", "log", "--json").stdout)
    return found


def test_6_the_handler_reads_confirms_and_asks_for_a_visit(
    chromium: Browser, specialist: Office, product: Instance
) -> None:
    token, phone, employer_id = rows(
        product,
        "SELECT m.token, m.phone, m.employer_id FROM messages m JOIN campaigns c ON c.id = m.campaign_id "
        "WHERE c.name = ? AND m.state = 'delivered' AND m.token IS NOT NULL LIMIT 1",
        CAMPAIGN,
    )[0]
    phone_page = chromium.new_context(viewport={"width": 360, "height": 700}, locale="zh-CN").new_page()
    phone_page.goto(f"http://127.0.0.1:{product.port}/n/{token}")
    assert phone not in phone_page.content()
    phone_page.fill("[name=digits]", phone[-4:])
    phone_page.locator("main button[type=submit]").first.click()
    phone_page.locator("#confirm button").click()
    expect(phone_page.locator("#confirm")).to_contain_text("确认，谢谢")
    phone_page.locator("#ask button[type=submit]").click()
    expect(phone_page.locator("#ask")).to_contain_text("已收到您的请求")
    assert phone_page.evaluate("document.documentElement.scrollWidth") <= 360
    forged = phone_page.goto(f"http://127.0.0.1:{product.port}/n/{token[:-2]}xx")
    assert forged is not None and forged.status == 404
    phone_page.context.close()
    kinds = {row[0] for row in rows(product, "SELECT kind FROM timeline WHERE employer_id = ?", employer_id)}
    assert {"sms", "notice"} <= kinds
    asked = rows(
        product, "SELECT kind FROM tasks WHERE employer_id = ? AND kind LIKE '%request%'", employer_id
    )
    assert len(asked) == 1


def test_7_the_dashboards_bars_lead_to_their_employers(manager: Office) -> None:
    manager.open("/dashboard")
    manager.expect_text("新开户单位")
    bar = manager.page.locator("figure svg a").first
    target = bar.get_attribute("xlink:href") or bar.get_attribute("href") or ""
    assert "account_opened_on" in target
    manager.open(target)
    manager.expect_text("开户日期")


def test_8_the_trail_is_whole_until_one_byte_is_changed(chromium: Browser, product: Instance) -> None:
    security = Office(chromium, product, "security")
    security.page.wait_for_url(re.compile("second-factor"))
    secret = re.sub(r"\s", "", security.page.locator("#secret").inner_text())
    security.page.fill("[name=code]", pyotp.TOTP(secret).now())
    security.page.locator("#confirm button[type=submit]").first.click()
    security.open("/audit/")
    security.expect_text("陈静")
    assert flask(product, "audit", "verify").returncode == 0
    (event_id,) = rows(product, "SELECT id FROM audit_events WHERE actor_name = '周丽' ORDER BY id LIMIT 1")[
        0
    ]
    tamper(product, event_id)
    verdict = flask(product, "audit", "verify")
    assert verdict.returncode == 1
    assert str(event_id) in verdict.stdout + verdict.stderr


def tamper(product: Instance, event_id: int) -> None:
    """As somebody with the database file would: take the trigger off and change one letter."""
    with sqlite3.connect(product.home / "jinnuo.db") as connection:
        connection.execute("DROP TRIGGER audit_events_no_update")
        connection.execute("UPDATE audit_events SET actor_name = '周莉' WHERE id = ?", (event_id,))
