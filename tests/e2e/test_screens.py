"""The main screens: everybody can use them, they fit a phone, and the browser has nothing to complain of."""

import re

import pytest
from playwright.sync_api import Browser, expect

from app.core.web.frame import THEME
from tests.attachments import files as samples
from tests.e2e.office import Building, Office
from tests.runtime.instance import Instance

SCREENS = (
    "/",
    "/employers",
    "/leads",
    "/imports",
    "/tasks",
    "/visits",
    "/employers/segments",
    "/campaigns",
    "/campaigns/1",
    "/dashboard",
)

#: Stands for the page of the first employer in the reader's list.
ONE_EMPLOYER = "/employers/…"

#: The pages on which everybody else spends the day.
WORKPLACES = {
    "specialist": ("/", ONE_EMPLOYER, "/visits/new", "/imports/new/registry", "/identity"),
    "enforcement": ("/", "/employers?stage.in=in_arrears", ONE_EMPLOYER),
    "head": ("/", "/campaigns/1/draft", "/campaigns/1/messages", "/campaigns/sender", "/duplicates"),
    "security": ("/users", "/roles"),
    "auditor": ("/audit/",),
}


@pytest.mark.parametrize("width", [360, 1440])
def test_the_main_screens_are_accessible_and_fit_the_window(
    chromium: Browser, product: Instance, width: int
) -> None:
    office = Office(chromium, product, "manager", width)
    wrong = []
    for path in SCREENS:
        office.open(path)
        wrong += office.faults()
    office.leave()
    assert wrong == []


def test_in_the_dark_and_on_a_wide_screen_pages_fit_and_can_be_read(
    chromium: Browser, product: Instance
) -> None:
    office = Office(chromium, product, "manager", 1920)
    office.context.add_cookies([{"name": THEME, "value": "dark", "url": office.address}])
    wrong = []
    for path in ("/", "/employers", "/campaigns/1", "/dashboard"):
        office.open(path)
        assert office.page.locator("html").get_attribute("data-bs-theme") == "dark"
        wrong += office.faults("color-contrast")
    office.leave()
    assert wrong == []


def test_an_employers_page_on_paper_is_its_facts_and_its_story_and_nothing_to_press(manager: Office) -> None:
    manager.open("/employers?stage.in=in_arrears")
    manager.page.locator("#list tbody a").first.click()
    manager.page.wait_for_url(re.compile(r"/employers/\d+$"))
    window = manager.page.viewport_size
    assert window is not None
    # what margins leave of A4, in pixels of CSS
    manager.page.set_viewport_size({"width": 688, "height": 1000})
    manager.page.emulate_media(media="print")
    for told in ("main h1", "#unit", "#account", "#contacts", "#timeline .timeline-item >> nth=0"):
        expect(manager.page.locator(told)).to_be_visible()
    pressed = manager.page.locator(".sidebar, .topbar, .page-actions, main button, main .btn, main input")
    assert [one.inner_text() for one in pressed.all() if one.is_visible()] == []
    assert manager.page.evaluate(CUT_ON_PAPER) == []
    manager.page.emulate_media(media="screen")
    manager.page.set_viewport_size(window)


#: what stands out of the sheet, and what would have to be scrolled to be read
CUT_ON_PAPER = """() => [...document.querySelectorAll('main *')].filter(one => {
    const box = one.getBoundingClientRect()
    const scrolls = ['auto', 'scroll'].includes(getComputedStyle(one).overflowY)
    return box.width && (box.right > innerWidth + 1 || scrolls && one.scrollHeight > one.clientHeight + 1)
}).map(one => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("username", WORKPLACES)
def test_everybodys_own_pages_are_accessible(building: Building, username: str) -> None:
    desk = building.desk(username)
    wrong = []
    for path in WORKPLACES[username]:
        if path == ONE_EMPLOYER:
            desk.open("/employers")
            desk.page.locator("#list tbody a").first.click()
            desk.page.wait_for_url(re.compile(r"/employers/\d+$"))
        else:
            answer = desk.page.goto(f"{desk.address}{path}")
            assert answer is not None
            assert answer.status == 200, path
        wrong += desk.faults()
    assert wrong == []


def test_the_arrow_keys_walk_through_the_suggestions_one_by_one(manager: Office) -> None:
    manager.open("/tasks")
    manager.page.locator("#search").press_sequentially("公司")
    found = manager.page.locator("#suggestions a")
    expect(found.nth(1)).to_be_visible()
    for place in (0, 1):
        manager.page.keyboard.press("ArrowDown")
        expect(found.nth(place)).to_be_focused()
    manager.page.keyboard.press("Escape")
    expect(found).to_have_count(0)


def test_chosen_files_are_attached_one_by_one_and_the_list_shows_them(specialist: Office) -> None:
    specialist.open("/visits")
    specialist.page.locator("#list tbody a[href^='/visits/']").first.click()
    files = [
        {"name": "门头.jpg", "mimeType": "image/jpeg", "buffer": samples.photo()},
        {"name": "授权书.pdf", "mimeType": "application/pdf", "buffer": samples.PDF},
    ]
    card = specialist.page.locator("#attachments")
    card.locator("[name=proves]").fill("两份原件")
    card.locator("input[multiple]").set_input_files(files)  # type: ignore[arg-type]
    expect(card.locator(".file", has_text="两份原件")).to_have_count(2)
    expect(card.locator(".file", has_text="门头.jpg").locator("img")).to_have_js_property("naturalWidth", 240)
    assert specialist.faults() == []


def test_what_was_typed_in_a_form_stands_in_it_again_when_it_is_refused(specialist: Office) -> None:
    specialist.open("/onboarding/all?state.in=preparing")
    specialist.page.locator("#list tbody a").first.click()
    form = specialist.page.locator("form[action$='/papers']")
    form.locator("[name=result_101]").select_option("complete")
    form.locator("[name=result_102]").select_option("correctable")
    specialist.press("登记材料情况")
    expect(specialist.page.locator("#messages")).to_contain_text("请说明如何更正")
    expect(form.locator("[name=result_101]")).to_have_value("complete")
    expect(form.locator("[name=result_102]")).to_have_value("correctable")
    form.locator("[name=how_102]").fill("请加盖公章")
    specialist.press("登记材料情况")
    expect(specialist.page.locator("#messages")).to_contain_text("材料情况已登记")
    assert specialist.page.evaluate("sessionStorage.length") == 0
