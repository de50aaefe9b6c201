"""The main screens: everybody can use them, they fit a phone, and the browser has nothing to complain of."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.e2e.office import Office
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


@pytest.mark.parametrize("width", [360, 1440])
def test_the_main_screens_are_accessible_and_fit_the_window(
    chromium: Browser, product: Instance, width: int
) -> None:
    office = Office(chromium, product, "manager", width)
    wrong = []
    for path in SCREENS:
        office.open(path)
        office.page.wait_for_load_state("networkidle")
        if office.page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{path} is wider than {width} px")
        found = Axe().run(office.page)
        wrong += [f"{path}: {one['id']}: {one['help']}" for one in found.response["violations"]]
    office.leave()
    assert wrong == []
