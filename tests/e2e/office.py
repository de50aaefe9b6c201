"""What people do in the browser, in words."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from app.accounts.demo import PASSWORD
from tests.runtime.instance import Instance

PATIENCE = 30_000


class Office:
    """One person at one desk: a browser context signed in as somebody."""

    def __init__(self, chromium: Browser, product: Instance, username: str, width: int = 1440) -> None:
        self.address = f"http://127.0.0.1:{product.port}"
        self.context = chromium.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.goto(f"{self.address}/login")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", PASSWORD)
        self.press("登录")

    def _listen(self, message: object) -> None:
        text = str(getattr(message, "text", message))
        if "Content Security Policy" in text or "Uncaught" in text:
            self.complaints.append(text)

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

    def tile(self, label: str) -> Locator:
        return self.page.locator("main .tile", has_text=label).first

    def expect_text(self, text: str | re.Pattern[str], timeout: int = PATIENCE) -> None:
        expect(self.page.locator("main")).to_contain_text(text, timeout=timeout)

    def picture(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(file))

    def upload(self, kind: str, file: Path, as_of: str | None = None) -> str:
        """A dry run; gives the path of the batch's page."""
        self.open(f"/imports/new/{kind}")
        self.page.set_input_files("input[type=file]", str(file))
        if as_of:
            self.page.fill("input[name=as_of]", as_of)
        self.press("预演")
        self.page.wait_for_url(re.compile(r"/imports/\d+"))
        return "/" + self.page.url.split("/", 3)[3]
