"""The department's story, from the first file to the audit trail, in a real browser on the real product."""

import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect

from app.accounts.demo import PASSWORD
from app.config import PROJECT
from tests.e2e.conftest import BROKEN_STEP
from tests.e2e.office import PATIENCE, Building, Office, Window
from tests.runtime.instance import Instance
from tests.waiting import wait_until

SEGMENT = "欠缴、10人以上"
CAMPAIGN = "欠缴提醒"
#: yuan for a segment, as the demonstration department pays
PRICE = Decimal("0.05")
#: what the bank's statuses prove of an account, but for one in normal use (01)
STATUSES = {"02": "registered", "03": "on_relief", "04": "closed", "05": "sealed"}


def flask(product: Instance, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command on the running instance's folder."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.run(
        command, cwd=product.tree, env=product.env, capture_output=True, text=True, timeout=120
    )


def rows(product: Instance, sql: str, *values: Any) -> list[Any]:
    with sqlite3.connect(product.home / "jinnuo.db") as connection:
        return connection.execute(sql, values).fetchall()


@pytest.fixture(autouse=True)
def earlier_steps(request: pytest.FixtureRequest, shared_data: Path) -> None:
    """The story needs real files, and each step goes on from the one before: else it is skipped."""
    broken = request.node.parent.stash.get(BROKEN_STEP, None)
    if broken:
        pytest.skip(f"the story broke off at {broken}")


def test_0_make_run_tells_the_address_and_who_may_sign_in(product: Instance) -> None:
    said = product.output()
    assert f"Jinnuo is served at http://127.0.0.1:{product.port} " in said
    logins = dict(re.findall(r"^  (\w+) +(\S+) ", said, re.MULTILINE))
    assert {"specialist", "enforcement", "manager", "head", "security", "auditor"} <= set(logins)
    assert f"password of all: {PASSWORD}" in said, "with which the desks of these tests are taken"
    assert "Installing" not in said


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
    specialist.press("写入12,057行")
    expect_a_moving_bar(specialist.page)
    expect(specialist.page.locator("main h1")).to_contain_text("已写入", timeout=3 * PATIENCE)
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
    apply_all(specialist, "12,057")
    assert leads(product) == [(12057, 104)]


def expect_a_moving_bar(page: Page) -> None:
    """The progress of the import is seen part of the way, and then further on, without a reload."""
    look = "() => [...document.querySelectorAll('#progress progress')].map(bar => [bar.value, bar.max])"
    seen: set[int] = set()

    def moved() -> bool:
        seen.update(value for value, most in page.evaluate(look) if 0 < value < most)
        return len(seen) > 1

    wait_until(moved, every=0.1)


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
    file = shared_data / "contributions_2022-09.xlsx"
    lines = statement_lines(file)
    with (shared_data / "registry_binhai.csv").open(encoding="utf-8-sig") as stream:
        registered = {row["统一社会信用代码"] for row in csv.DictReader(stream)}
    matched = sum(line["统一社会信用代码"] in registered for line in lines)
    batch = specialist.upload("statement", file, "2022-09-30")
    assert (specialist.number("新增"), specialist.number("修改")) == (len(lines) - matched, matched)
    apply_all(specialist, "483")
    counted = rows(
        product,
        "SELECT total, new, changed, unchanged, rejected FROM import_batches WHERE id = ?",
        batch.rpartition("/")[2],
    )
    assert counted == [(483, len(lines) - matched, matched, 0, 0)]
    found = rows(
        product,
        "SELECT stage, count(*) FROM employers WHERE substr(uscc, 3, 6) <> '000000' "
        "AND employer_account_no IS NOT NULL GROUP BY stage",
    )
    assert dict(found) == Counter(stage_on_the_last_of_september(line) for line in lines)


def statement_lines(file: Path) -> list[dict[str, Any]]:
    sheet = load_workbook(file, read_only=True).active
    assert sheet is not None
    _title, header, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, header), line, strict=True)) for line in lines]


def stage_on_the_last_of_september(line: dict[str, Any]) -> str:
    """Read naively: a month is owed from five days after its pay day."""
    if line["单位账户状态"] in STATUSES:
        return STATUSES[line["单位账户状态"]]
    year, paid = divmod(int(line["缴至年月"]), 100)
    owed = date(year + paid // 12, paid % 12 + 1, int(line["发薪日"])) + timedelta(days=5)
    return "in_arrears" if owed < date(2022, 9, 30) else "contributing"


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


def test_5_a_campaign_leaves_out_a_dead_number_and_says_so(manager: Office) -> None:
    manager.open("/employers?stage.in=in_arrears&heads.ge=10")
    first = manager.page.locator("#list tbody a").first
    unreachable = first.inner_text()
    first.click()
    manager.page.locator("#contacts .contact-who a").first.click()
    manager.page.locator("#verify").get_by_role("button", name="标记停用").click()
    manager.page.get_by_role("dialog").get_by_role("button", name="标记停用").click()
    expect(manager.page.locator("main .page-header")).to_contain_text("号码已停用")
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
    manager.expect_text("您好")
    reasons = manager.reasons("#audience")
    left_out = manager.number("排除或合并")
    assert reasons["号码已失效"] > 0
    assert sum(reasons.values()) == left_out == manager.number("分组内") - manager.number("实际接收")
    manager.page.locator("#audience ul.reasons a", has_text="号码已失效").click()
    out = manager.page.locator("#list tbody tr")
    expect(out).to_have_count(reasons["号码已失效"])
    expect(out.filter(has_text=unreachable)).to_contain_text("号码已失效")


def test_6_another_approves_it_and_a_double_click_launches_it_once(
    manager: Office, head: Office, product: Instance
) -> None:
    campaign = f"/campaigns/{campaign_id(product)}"
    manager.open(f"{campaign}/draft")
    reasons, cost = manager.reasons("#audience"), manager.tile("费用").locator(".tile-value").inner_text()
    manager.press("提交审批")
    expect(manager.page.locator("#history")).to_contain_text("提交审批")
    expect(manager.page.locator("#approval").get_by_role("button", name="批准", exact=True)).to_have_count(0)
    head.open(f"{campaign}/draft")
    head.press("批准")
    head.page.locator("#approval").get_by_role("button", name="启动发送").first.click()
    head.page.locator("dialog[open]").get_by_role("button", name="启动发送").dblclick()
    head.page.wait_for_url(re.compile(r"/campaigns/\d+$"))
    # without a reload
    expect(head.page.locator("#live-head")).to_contain_text("已完成", timeout=3 * PATIENCE)
    expect(head.page.locator("#balance")).to_contain_text("账实相符")
    expect(head.page.locator("#history .timeline-item", has_text="启动发送")).to_have_count(1)
    assert head.reasons("#left-out") == reasons
    by_hand = sum(segments(message["text"]) for message in accepted(product)) * PRICE
    assert cost == f"{by_hand:,.2f}元"
    expect(head.tile("已发送")).to_contain_text(f"{by_hand:,.2f} 元")


def segments(text: str) -> int:
    """What the operators bill: one up to 70 characters, else one for each 67 begun."""
    return 1 if len(text) <= 70 else -(-len(text) // 67)


def test_7_the_books_of_the_ledger_and_of_the_gateway_agree(
    product: Instance, log: list[dict[str, Any]]
) -> None:
    balance = json.loads(flask(product, "campaigns", "balance", str(campaign_id(product)), "--json").stdout)
    assert balance["adds_up"] is True
    assert balance["planned"] == balance["claimed"] == balance["unknown"] == 0
    sent = [message["key"] for message in log]
    assert {row[0] for row in rows(product, SENT, campaign_id(product))} == set(sent)
    assert max(Counter(sent).values()) == max(Counter(message["phone"] for message in log).values()) == 1
    assert {message["repeats"] for message in log} == {0}


def test_7_the_gateway_also_tells_what_the_finished_campaigns_had_sent(product: Instance) -> None:
    told = {message["key"]: message["outcome"] for message in ever_accepted(product)}
    finished = rows(product, EVER_SENT)
    assert len({campaign for campaign, _key, _state in finished}) == 4, "three of the demonstration, and this"
    assert {key: state for _campaign, key, state in finished} == told


EVER_SENT = (
    "SELECT campaign_id, public_id, state FROM messages WHERE submitted_at IS NOT NULL AND channel = 'sms'"
)
SENT = "SELECT public_id FROM messages WHERE campaign_id = ? AND submitted_at IS NOT NULL"


def campaign_id(product: Instance) -> int:
    return int(rows(product, "SELECT id FROM campaigns WHERE name = ?", CAMPAIGN)[0][0])


def accepted(product: Instance) -> list[dict[str, Any]]:
    """What the simulator took of this campaign: all but what the demonstration had sent before."""
    return [message for message in ever_accepted(product) if not message["batch"].startswith("demo-")]


def ever_accepted(product: Instance) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(flask(product, "gateway", "log", "--json").stdout)
    return found


@pytest.fixture(scope="module")
def log(product: Instance) -> list[dict[str, Any]]:
    """The simulator's log, read once when all has been sent."""
    return accepted(product)


@pytest.fixture
def delivered(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages that arrived, as the gateway tells."""
    return [message for message in log if message["outcome"] == "delivered"]


@pytest.fixture
def phone(chromium: Browser, product: Instance) -> Iterator[Window]:
    """The browser of a handler's telephone."""
    window = Window(chromium, product, 360)
    yield window
    window.leave()


def link(message: dict[str, Any]) -> str:
    """Where the text leads."""
    found = re.search(r"https?://\S+/n/[\w-]+", message["text"])
    assert found
    return found.group()


def prove(page: Page, digits: str) -> None:
    page.fill("[name=digits]", digits)
    page.locator("main button[type=submit]").first.click()


def test_8_the_handler_reads_confirms_once_and_asks_for_a_visit(
    phone: Window, manager: Office, delivered: list[dict[str, Any]]
) -> None:
    message = delivered[0]
    number = message["phone"]
    phone.page.goto(link(message))
    assert phone.faults() == []
    assert number not in phone.page.content()
    prove(phone.page, number[-4:])
    expect(phone.page.locator("#confirm button")).to_be_visible()
    assert phone.faults() == []
    second = phone.tab()
    second.goto(link(message))
    phone.page.locator("#confirm button").dblclick()
    expect(phone.page.locator("#confirm")).to_contain_text("确认，谢谢")
    second.locator("#confirm button").click()  # which does not know yet
    expect(second.locator("#confirm")).to_contain_text("确认，谢谢")
    phone.page.locator("#ask button[type=submit]").click()
    expect(phone.page.locator("#ask")).to_contain_text("已收到您的请求")
    found = re.search(r"您好，(.+?)公积金已缴至", message["text"])
    assert found
    employer = found.group(1)
    manager.open(f"/employers?q={employer}")
    manager.follow(employer)
    story = manager.page.locator("main .timeline-item")
    expect(story.filter(has_text=f"已阅读并确认通知“{CAMPAIGN}”")).to_have_count(1)
    expect(story.filter(has_text=f"在查看通知“{CAMPAIGN}”后请求上门服务")).to_have_count(1)
    expect(story.filter(has_text="短信已送达").filter(has_text="公积金已缴至")).not_to_have_count(0)
    manager.open(f"/tasks?q={employer}")
    asked = manager.page.locator("#list tbody tr", has_text=f"“{CAMPAIGN}”后请求上门服务")
    expect(asked).to_have_count(1)
    expect(asked).to_contain_text(employer)


def test_9_a_link_used_again_too_old_or_forged_gives_nothing_away(
    phone: Window, product: Instance, delivered: list[dict[str, Any]]
) -> None:
    message, old = delivered[0], delivered[1]
    phone.page.goto(link(message))
    expect(phone.page.locator("main")).not_to_contain_text("汇缴")  # another browser, so the digits again
    prove(phone.page, "0000" if message["phone"][-4:] != "0000" else "1111")
    expect(phone.page.locator("[name=digits]")).to_be_visible()
    prove(phone.page, message["phone"][-4:])
    expect(phone.page.locator("#confirm")).to_contain_text("确认，谢谢")
    expect(phone.page.locator("#confirm button")).to_have_count(0)
    expect(phone.page.locator("#ask button")).to_have_count(0)
    with sqlite3.connect(product.home / "jinnuo.db") as connection:
        connection.execute(
            "UPDATE messages SET created_at = datetime(created_at, '-31 days') WHERE public_id = ?",
            (old["key"],),
        )
    answer = phone.page.goto(link(old))
    assert answer is not None
    assert answer.status == 404
    expect(phone.page.locator("main")).to_contain_text("链接无法打开")
    expect(phone.page.locator("[name=digits]")).to_have_count(0)
    assert phone.faults() == []
    forged = phone.page.goto(link(message)[:-2] + "xx")
    assert forged is not None
    assert forged.status == 404


def test_10_the_dashboards_bars_lead_to_as_many_employers_as_they_are_long(
    manager: Office, product: Instance
) -> None:
    branches = {name for (name,) in rows(product, "SELECT name FROM branches")}
    manager.open("/dashboard")
    manager.expect_text("新开户单位")
    bars = [told for told in manager.page.evaluate(BARS) if " · 完成: " in told[0]]
    long = {"branch": None, "specialist": None} | {
        "branch" if told.partition(" · ")[0] in branches else "specialist": (told, place)
        for told, _url, place in bars
        if not told.endswith(": 0")
    }
    for told, url, _place in bars:
        assert listed(manager, url) == int(told.rpartition(": ")[2]), told
    for found in long.values():
        assert found is not None, "a chart of branches and one of specialists, neither of them empty"
        told, place = found
        manager.open("/dashboard")
        manager.page.locator("figure svg a").nth(place).locator("rect, path").first.click()
        manager.page.wait_for_url(re.compile("/employers\\?"))
        expect(manager.page.locator("#list tbody tr")).to_have_count(int(told.rpartition(": ")[2]))


#: each bar's words, where it leads, and its place among all
BARS = """() => [...document.querySelectorAll('figure svg a')].map(
    (bar, place) => [bar.getAttribute('aria-label'), bar.getAttribute('xlink:href'), place])"""


def listed(office: Office, url: str) -> int:
    """How many records a list says it has."""
    page = office.page.request.get(f"{office.address}{url}").text()
    found = re.search(r"共 ([\d,]+) 条", page)
    return int(found[1].replace(",", "")) if found else 0


def test_11_the_trail_is_whole_until_one_byte_is_changed(building: Building, product: Instance) -> None:
    security = building.desk("security")
    security.open("/audit/")
    security.expect_text("陈静")
    assert flask(product, "audit", "verify").returncode == 0
    (event_id,) = rows(product, "SELECT id FROM audit_events WHERE actor_name = '周丽' ORDER BY id LIMIT 1")[
        0
    ]
    tamper(product, event_id)
    verdict = flask(product, "audit", "verify", "--json")
    assert verdict.returncode == 1
    answer = json.loads(verdict.stdout)
    assert (answer["whole"], answer["broken"]) == (False, event_id)
    assert f"broken at event {event_id}:" in flask(product, "audit", "verify").stdout


def tamper(product: Instance, event_id: int) -> None:
    """As somebody with the database file would: take the trigger off and change one byte."""
    with sqlite3.connect(product.home / "jinnuo.db") as connection:
        connection.execute("DROP TRIGGER audit_events_no_update")
        connection.execute(
            "UPDATE audit_events SET action = char(unicode(action) + 1) || substr(action, 2) WHERE id = ?",
            (event_id,),
        )
