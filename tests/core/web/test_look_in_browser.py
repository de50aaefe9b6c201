"""The look in a real browser: the policy refuses nothing, everybody can use it, nothing overflows."""

import shutil
from collections.abc import Iterator
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from app.core.web.frame import THEME

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def address(look: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, look, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(chromium: Browser, url: str, width: int = 1440, theme: str = "light") -> tuple[Page, list[str]]:
    """A page and the list into which the browser's complaints go."""
    context = chromium.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": THEME, "value": theme, "url": url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    return page, complaints


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_macro_is_accessible_and_fits_the_window(
    chromium: Browser, address: str, width: int, theme: str
) -> None:
    page, complaints = open_page(chromium, f"{address}/styleguide", width, theme)
    assert not complaints
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    page.context.close()


def test_a_wide_screen_is_used_without_overflow(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, f"{address}/styleguide", 1920)
    assert page.evaluate("document.documentElement.scrollWidth") == 1920
    page.context.close()


def test_no_request_leaves_the_machine(chromium: Browser, address: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/styleguide")
    page.wait_for_load_state("networkidle")
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    context.close()


def test_a_dialog_opens_asks_and_closes(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, f"{address}/styleguide")
    page.click("[data-opens=undo]")
    expect(page.locator("dialog#undo")).to_be_visible()
    page.click("dialog#undo [data-closes]")
    expect(page.locator("dialog#undo")).to_be_hidden()
    page.context.close()


def test_ticking_all_rows_shows_the_bulk_bar_with_their_number(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, f"{address}/styleguide")
    expect(page.locator("[data-bulk]")).to_be_hidden()
    page.check("[data-select-all]")
    expect(page.locator("[data-bulk]")).to_be_visible()
    expect(page.locator("[data-bulk-count]")).to_have_text("5")
    page.context.close()


def test_the_system_theme_is_followed_until_the_reader_chooses(chromium: Browser, address: str) -> None:
    context = chromium.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}/styleguide")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.click("button[name=theme]")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    context.close()


def test_on_a_phone_the_navigation_opens_over_the_page(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, f"{address}/styleguide", 390)
    expect(page.locator("#sidebar")).to_be_hidden()
    page.click("[data-bs-target='#sidebar']")
    expect(page.locator("#sidebar")).to_be_visible()
    page.context.close()


def test_the_first_tab_stop_skips_to_the_content(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, f"{address}/styleguide")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.context.close()


def test_what_htmx_is_refused_is_said_in_the_corner(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, f"{address}/styleguide")
    page.evaluate("htmx.ajax('GET', '/refuse', {target: '#messages'})")
    expect(page.locator("#toasts .note")).to_contain_text("No handler.")
    page.context.close()


def test_the_slash_key_goes_to_the_search_box_but_not_from_a_field(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, f"{address}/styleguide")
    page.evaluate(
        """document.querySelector('.topbar-search').innerHTML =
           '<input type="search" id="search"><div id="suggestions"><a href="#x">x</a></div>'"""
    )
    page.focus("#note")
    page.keyboard.press("/")
    expect(page.locator("#note")).to_have_value("/")
    page.focus("[data-opens=undo]")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#suggestions a")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#suggestions a")).to_have_count(0)
    page.context.close()


@pytest.mark.parametrize("brings_a_file", [False, True])
def test_a_form_is_sent_once_however_often_its_button_is_clicked(
    chromium: Browser, address: str, brings_a_file: bool
) -> None:
    page, _ = open_page(chromium, f"{address}/styleguide")
    # the window hears of a submission after app.js did; stopping it there keeps the page where it is
    refused = page.evaluate(
        """(bringsAFile) => {
             const refused = [];
             addEventListener("submit", (event) => {
               refused.push(event.defaultPrevented);
               event.preventDefault();
             });
             const button = document.querySelector("button[name=theme]");
             if (bringsAFile) button.form.dataset.repeats = "";
             button.click(); button.click(); button.click();
             return refused;
           }""",
        brings_a_file,
    )
    assert refused == [False, True, True]
    page.context.close()
