"""The real product in a real browser: `flask up` with the demonstration department, and Chromium."""

import shutil
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.office import Building, Office
from tests.runtime.instance import Instance, checkout, running

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

#: On a module: the first of its tests that failed.
BROKEN_STEP = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and item.parent is not None:
        item.parent.stash.setdefault(BROKEN_STEP, item.name)
    return report


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of this folder alone: while it is open its event loop holds the main thread."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def product(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The whole product, started once as a newcomer would: by `make run`, without any setting."""
    folder = tmp_path_factory.mktemp("product")
    with running(folder / "home", ("make", "run"), checkout(folder / "jinnuo"), DEMO="") as instance:
        yield instance


@pytest.fixture(scope="package")
def building(chromium: Browser, product: Instance) -> Iterator[Building]:
    open_building = Building(chromium, product)
    yield open_building
    open_building.close()


@pytest.fixture(autouse=True)
def quiet_consoles(building: Building) -> Iterator[None]:
    """Whatever a test does, no desk's browser may have anything to complain of."""
    yield
    assert building.complaints() == []


@pytest.fixture
def specialist(building: Building) -> Office:
    return building.desk("specialist")


@pytest.fixture
def manager(building: Building) -> Office:
    return building.desk("manager")


@pytest.fixture
def head(building: Building) -> Office:
    return building.desk("head")
