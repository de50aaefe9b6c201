"""What people do in the browser, in words."""

import re
from pathlib import Path

import pyotp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from app.accounts.demo import PASSWORD
from tests.runtime.instance import Instance

PATIENCE = 60_000


class Window:
    """A browser of somebody's own, listened to: `complaints` is what it said to its console."""

    def __init__(self, chromium: Browser, product: Instance, width: int) -> None:
        self.address = f"http://127.0.0.1:{product.port}"
        self.context = chromium.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        self.complaints: list[str] = []
        self.page: Page = self.tab()

    def tab(self) -> Page:
        """Another tab that shares the cookies."""
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        # a page that is refused on purpose is reported as a resource too
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def leave(self) -> None:
        self.context.close()
        assert self.complaints == []

    def open(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def press(self, name: str, exact: bool = True) -> None:
        self.page.locator("main").get_by_role("button", name=name, exact=exact).first.click()

    def follow(self, name: str) -> None:
        self.page.locator("main").get_by_role("link", name=name).first.click()

    def choose(self, label: str) -> None:
        """A big radio button or tick box, by its words."""
        self.page.locator("main label.btn-choice", has_text=re.compile(f"^\\s*{label}\\s*$")).first.click()

    def expect_text(self, text: str | re.Pattern[str], timeout: int = PATIENCE) -> None:
        expect(self.page.locator("main")).to_contain_text(text, timeout=timeout)

    def picture(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(file))

    def faults(self, *rules: str) -> list[str]:
        """What is wrong with the page as it stands: too wide, or not accessible (by all rules, or these)."""
        self.page.wait_for_load_state("networkidle")
        path = self.page.url.removeprefix(self.address)
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        # what is right need not be told
        options: dict[str, object] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = list(rules)
        violations = Axe().run(self.page, options=options).response["violations"]
        found = [f"{path}: {one['id']}: {one['help']}" for one in violations]
        if self.page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{path} is wider than {width} px")
        return found


class Office(Window):
    """One person at one desk, signed in; administrators turn their second factor on, as they have to."""

    def __init__(self, chromium: Browser, product: Instance, username: str, width: int = 1440) -> None:
        super().__init__(chromium, product, width)
        self.open("/login")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", PASSWORD)
        self.press("登录")
        if "second-factor" in self.page.url:
            secret = re.sub(r"\s", "", self.page.locator("#secret").inner_text())
            self.page.fill("[name=code]", pyotp.TOTP(secret).now())
            self.page.locator("#confirm button[type=submit]").first.click()

    def tile(self, label: str) -> Locator:
        return self.page.locator("main .tile", has_text=label).first

    def number(self, label: str) -> int:
        """The figure on a tile."""
        found = re.match(r"[\d,]+", self.tile(label).locator(".tile-value").inner_text())
        assert found, label
        return int(found.group().replace(",", ""))

    def reasons(self, card: str) -> dict[str, int]:
        """A card's list of reasons with their counts."""
        lines = self.page.locator(f"{card} ul.reasons li").all()
        return {
            line.locator("span").inner_text(): int(line.locator("b").inner_text().replace(",", ""))
            for line in lines
        }

    def upload(self, kind: str, file: Path, as_of: str | None = None) -> str:
        """A dry run; gives the path of the batch's page."""
        self.open(f"/imports/new/{kind}")
        self.page.set_input_files("input[type=file]", str(file))
        if as_of:
            self.page.fill("input[name=as_of]", as_of)
        self.press("预演")
        self.page.wait_for_url(re.compile(r"/imports/\d+"))
        return "/" + self.page.url.split("/", 3)[3]


class Building:
    """Everybody's desk, taken once and kept until the end of the tests."""

    def __init__(self, chromium: Browser, product: Instance) -> None:
        self._chromium, self._product = chromium, product
        self._desks: dict[str, Office] = {}

    def desk(self, username: str) -> Office:
        if username not in self._desks:
            self._desks[username] = Office(self._chromium, self._product, username)
        return self._desks[username]

    def complaints(self) -> list[str]:
        """What the browsers have said since the last time."""
        said = []
        for username, desk in self._desks.items():
            said += [f"{username} at {desk.page.url}: {text}" for text in desk.complaints]
            desk.complaints.clear()
        return said

    def close(self) -> None:
        for desk in self._desks.values():
            desk.leave()
