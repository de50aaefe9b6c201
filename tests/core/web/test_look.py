"""What every page promises: strict headers, a language and a theme that stay, refusals one can act on."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from markupsafe import Markup
from time_machine import travel

from app.core.db import db
from app.core.language import formats, i18n
from app.core.links import asset, safe_path
from app.core.periods import Period
from app.core.web.charts import Point, Series, bar_chart, line_chart, row_chart
from app.core.web.icons import icon
from tests.factories import create_user

HTML = {"Accept": "text/html"}


@pytest.fixture
def browser(look: Flask) -> FlaskClient:
    return look.test_client()


@pytest.fixture
def signed_in(look: Flask, browser: FlaskClient) -> FlaskClient:
    with look.app_context():
        user = create_user(name="李婷")
        db.session.commit()
        key = user.get_id()
    with browser.session_transaction() as session:
        session["_user_id"] = key
        session["_fresh"] = True
    return browser


def in_language(app: Flask, language: str) -> Any:
    return app.test_request_context(headers={"Cookie": f"{i18n.COOKIE}={language}"})


def test_a_page_carries_a_policy_that_allows_nothing_inline_and_nothing_from_elsewhere(
    browser: FlaskClient,
) -> None:
    policy = browser.get("/styleguide").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "nonce" not in policy


def test_a_page_holds_no_inline_script_style_or_foreign_address(browser: FlaskClient) -> None:
    page = browser.get("/styleguide").text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


def test_pages_are_never_stored_and_never_framed(browser: FlaskClient) -> None:
    headers = browser.get("/styleguide").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_every_asset_of_a_page_exists_and_may_be_kept_for_a_year(browser: FlaskClient) -> None:
    page = browser.get("/styleguide").text
    found = set(re.findall(r'(?:src|href)="(/[^"]+\?v=[^"]+)"', page))
    assert len(found) >= 8
    for address in found:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"]


def test_an_asset_gets_a_new_address_when_its_content_changes(tmp_path: Path) -> None:
    def address() -> str:
        with Flask("own", static_folder=str(tmp_path)).test_request_context():
            return asset("a.css")

    (tmp_path / "a.css").write_text("a{}")
    before = address()
    assert address() == before
    (tmp_path / "a.css").write_text("b{}")
    assert address() != before


def test_the_page_is_chinese_unless_the_reader_chose_english(browser: FlaskClient) -> None:
    first = browser.get("/nowhere", headers=HTML).text
    assert 'lang="zh-CN"' in first
    assert "页面不存在" in first
    browser.post("/preferences", data={"language": "en"})
    second = browser.get("/nowhere", headers=HTML).text
    assert 'lang="en"' in second
    assert "This page does not exist" in second


def test_the_theme_is_in_the_page_itself_so_that_nothing_flashes(browser: FlaskClient) -> None:
    assert 'data-bs-theme="light" data-theme="auto"' in browser.get("/styleguide").text
    answer = browser.post("/preferences", data={"theme": "dark"})
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert 'data-bs-theme="dark" data-theme="dark"' in browser.get("/styleguide").text


@pytest.mark.parametrize("field", ["language", "theme"])
def test_a_preference_that_does_not_exist_is_not_kept(browser: FlaskClient, field: str) -> None:
    answer = browser.post("/preferences", data={field: "klingon"})
    assert "Set-Cookie" not in answer.headers


def test_after_choosing_the_reader_is_back_on_the_page_but_never_on_another_site(
    browser: FlaskClient,
) -> None:
    here = browser.post(
        "/preferences", data={"theme": "dark"}, headers={"Referer": "http://localhost/styleguide?a=1"}
    )
    assert here.headers["Location"] == "/styleguide?a=1"
    elsewhere = browser.post(
        "/preferences", data={"theme": "dark"}, headers={"Referer": "https://evil.example/x"}
    )
    assert elsewhere.headers["Location"] == "/"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)",
     "evil", "", None, "http://[", "/a\r\nSet-Cookie: x=1"],
)  # fmt: skip
def test_a_way_back_never_leads_to_another_site(look: Flask, target: str | None) -> None:
    with look.test_request_context():
        assert safe_path(target) is None


def test_a_way_back_keeps_the_path_and_the_question(look: Flask) -> None:
    with look.test_request_context():
        assert safe_path("http://localhost/employers?q=a#top") == "/employers?q=a"
        assert safe_path("///employers") == "/employers"


@pytest.mark.parametrize(("address", "status"), [("/nowhere", 404), ("/refuse", 400), ("/conflict", 409)])
def test_a_failure_is_a_page_that_says_what_to_do(browser: FlaskClient, address: str, status: int) -> None:
    answer = browser.get(address, headers=HTML)
    assert answer.status_code == status
    assert "返回首页" in answer.text
    assert answer.headers["Content-Security-Policy"]


def test_a_refusal_shows_every_reason(browser: FlaskClient) -> None:
    text = browser.get("/refuse", headers=HTML).text
    assert "No account." in text
    assert "No handler." in text


def test_a_refused_form_comes_back_to_its_page_with_every_reason(signed_in: FlaskClient) -> None:
    answer = signed_in.post("/refuse", headers={**HTML, "Referer": "http://localhost/styleguide"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/styleguide")
    text = signed_in.get("/styleguide").text
    assert "No account." in text
    assert "No handler." in text


def test_what_may_not_be_known_stays_a_404_even_for_a_form(browser: FlaskClient) -> None:
    answer = browser.post("/hidden", headers={**HTML, "Referer": "http://localhost/styleguide"})
    assert answer.status_code == 404


def test_a_machine_gets_json_and_htmx_a_line_of_text(browser: FlaskClient) -> None:
    machine = browser.get("/refuse", headers={"Accept": "application/json"})
    assert machine.status_code == 400
    assert machine.json == {
        "message": "This step is not possible yet:",
        "reasons": ["No account.", "No handler."],
    }
    line = browser.get("/refuse", headers={"HX-Request": "true"})
    assert line.status_code == 400
    assert line.mimetype == "text/plain"
    assert line.text.splitlines() == ["This step is not possible yet:", "No account.", "No handler."]


def test_a_fault_of_ours_tells_what_to_do_and_no_detail(browser: FlaskClient) -> None:
    answer = browser.get("/crash", headers=HTML)
    assert answer.status_code == 500
    assert "系统出现故障" in answer.text
    assert "a secret detail" not in answer.text


def test_a_wrong_method_keeps_its_allow_header(browser: FlaskClient) -> None:
    answer = browser.get("/preferences", headers=HTML)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_form_from_a_page_that_was_open_too_long_says_so(look: Flask, browser: FlaskClient) -> None:
    browser.set_cookie(look.config["SESSION_COOKIE_NAME"], "of another day")
    look.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = browser.post("/preferences", data={"theme": "dark"}, headers=HTML)
    finally:
        look.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400
    assert "页面停留时间过长" in answer.text


def test_a_signed_in_reader_keeps_the_navigation_on_an_error_page(signed_in: FlaskClient) -> None:
    text = signed_in.get("/nowhere", headers=HTML).text
    assert 'id="sidebar"' in text
    assert "李婷" in text


def test_htmx_may_not_evaluate_anything(browser: FlaskClient) -> None:
    page = browser.get("/styleguide").text
    found = re.search(r"name=\"htmx-config\" content='([^']+)'", page)
    assert found
    config = json.loads(found[1])
    assert config["allowEval"] is False
    assert config["includeIndicatorStyles"] is False


def test_an_icon_is_set_into_the_page_and_a_wrong_name_fails() -> None:
    assert icon("house").startswith('<svg class="icon"')
    assert 'aria-hidden="true"' in icon("house")
    assert 'aria-label="&lt;b&gt;"' in icon("house", "<b>")
    with pytest.raises(KeyError):
        icon("no-such-icon")


def test_dates_read_as_each_language_writes_them(look: Flask) -> None:
    late = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)  # the next day in Shanghai
    with in_language(look, "zh_CN"):
        assert formats.date(date(2026, 11, 2)) == "2026-11-02"
        assert formats.moment(late) == "2026-11-22 02:30"
        assert formats.period(Period(2022, 9)) == "2022年9月"
    with in_language(look, "en"):
        assert formats.date(late) == "22 Nov 2026"
        assert formats.period(Period(2022, 9)) == "Sep 2022"


@travel("2026-11-22T02:00:00+00:00")
@pytest.mark.parametrize(
    ("day", "words", "tone"),
    [
        (19, "逾期 3 天", "danger"),
        (22, "今天到期", "warning"),
        (24, "还有 2 天", "warning"),
        (29, "还有 7 天", "neutral"),
    ],
)
def test_a_deadline_says_how_far_it_is(look: Flask, day: int, words: str, tone: str) -> None:
    with in_language(look, "zh_CN"):
        assert formats.due(date(2026, 11, day)) == words
        assert formats.due_tone(date(2026, 11, day)) == tone


def test_figures_are_grouped_and_money_is_exact(look: Flask) -> None:
    with in_language(look, "zh_CN"):
        assert formats.number(12057) == "12,057"
        assert formats.money(Decimal("1234567.005")) == "1,234,567.01"
        assert formats.short_money(Decimal(12_864_000)) == "1,286.40 万元"
        assert [formats.file_size(n) for n in (12, 3_500, 10 << 20)] == ["12 B", "3.4 KB", "10.0 MB"]
        assert formats.percent(Decimal("0.6845")) == "68.5%"
        assert formats.rate(Decimal("0.12")) == "12%"
        assert formats.rate(Decimal("0.125")) == "12.5%"
        assert formats.rate(Decimal("0.10")) == "10%"


def test_an_empty_value_is_a_dash_and_never_a_zero(look: Flask) -> None:
    with in_language(look, "zh_CN"):
        for show in (f for f in formats.FILTERS if f not in (formats.due_tone, formats.dialled)):
            assert show(None) == "—", show.__name__
        assert formats.display(0) == "0"
        assert formats.display(False) == "否"
        assert formats.display(["甲", "乙"]) == "甲、乙"


@pytest.mark.parametrize(
    ("number", "shown"), [("13812345678", "138****5678"), ("02212345678", "022****5678"), ("12345", "*****")]
)
def test_a_phone_number_is_masked_in_its_middle(number: str, shown: str) -> None:
    assert formats.masked_phone(number) == shown


def test_a_stored_text_is_told_in_the_readers_language_and_survives_missing_values(look: Flask) -> None:
    text = i18n.msgid("Account of %(name)s")
    with in_language(look, "zh_CN"):
        assert i18n.translated(text, {"name": "李婷"}) == "李婷的账户"
        assert i18n.translated(text, {"other": 1}) == "%(name)s的账户"
        assert i18n.translated("补缴 50% 再谈", {"a": 1}) == "补缴 50% 再谈"
        assert i18n.translated("自己写的话") == "自己写的话"


SERIES = [
    Series("完成", [Point(37, "/employers?branch=1&x=<2>"), Point(21), Point(None)]),
    Series("目标", [Point(45), Point(20), Point(9)]),
]
LABELS = ["一分局", "<script>", "滨海新区管理部"]


@pytest.mark.parametrize("draw", [bar_chart, row_chart, line_chart])
def test_a_chart_carries_nothing_that_the_policy_refuses(draw: Any) -> None:
    svg = draw("新开户", LABELS, SERIES).svg
    assert not re.search(r"<style|<script|\sstyle=|<!--|xml-stylesheet", svg)
    assert isinstance(svg, Markup)


@pytest.mark.parametrize("draw", [bar_chart, row_chart, line_chart])
def test_a_chart_leads_to_the_rows_behind_it_and_names_each_part(draw: Any) -> None:
    svg = draw("新开户", LABELS, SERIES).svg
    assert 'href="/employers?branch=1&amp;x=&lt;2&gt;"' in svg
    assert "<title>一分局 · 完成: 37</title>" in svg
    assert "<title>滨海新区管理部 · 目标: 9</title>" in svg
    assert svg.count("<title>") == 5


def test_a_chart_without_figures_says_so(look: Flask) -> None:
    assert bar_chart("无", ["甲"], [Series("完成", [Point(None)])]).empty
    assert bar_chart("无", [], []).empty
    assert bar_chart("无", ["甲"], [Series("完成", [Point(0)])]).empty  # an axis without a bar
    assert not bar_chart("有", ["甲", "乙"], [Series("完成", [Point(0), Point(1)])]).empty


def test_a_chart_refuses_more_series_than_colours() -> None:
    with pytest.raises(ValueError, match="at most 6"):
        bar_chart("多", ["甲"], [Series(str(n), [Point(n)]) for n in range(7)])


def test_the_search_words_of_a_reader_are_escaped_everywhere(look: Flask) -> None:
    with look.test_request_context("/styleguide?q=<script>"):
        assert request.args["q"] == "<script>"
    assert "<script>alert" not in look.test_client().get("/nowhere?q=<script>alert", headers=HTML).text
