"""A real browser on a really served page over a road on the sandbox; skipped where there is no Chromium, except in CI."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from connector.gate import audits
from connector.gate.persons import Role
from connector.settings import WebSettings
from connector.web.app import pages_app
from connector.web.serving import bound, served
from tests.support.given import policy
from tests.support.road import DESKS, Road
from tests.support.visitor import house_over

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SHOTS = Path(__file__).resolve().parents[2] / "test-output" / "screenshots"
ASK = policy(gate="{supervised: until_earned}", may="{update: {category: {}, priority: {options: [low, normal, high]}}}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if Path(item.path).parent == Path(__file__).parent]
    if CHROMIUM is None and not os.environ.get("CI"):
        for item in here:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed here; in CI it has to be"))


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    assert CHROMIUM is not None, "CI=true needs Chromium: apt-get install chromium"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


class Site:
    """The served page of one road, and browsers on it."""

    def __init__(self, road, house, settings, browser) -> None:
        self.road, self.house, self.browser = road, house, browser
        self.home = f"http://127.0.0.1:{settings.port}"
        self.contexts = []
        self.problems: list[str] = []

    def page(self, name: str = "ada", role: Role = Role.APPROVER, *, width: int = 1280, height: int = 860, **more):
        """Somebody signs in with a browser of their own. What a browser complains of is a failure of the test."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, **more)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(self.home)
        page.fill("[name=name]", name)
        page.fill("[name=token]", self.house.access.add(name, role, by="root"))
        page.click("text=Come in")
        page.wait_for_selector(".tabs")
        return page

    def shot(self, page, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@pytest.fixture(autouse=True)
def blind_share(monkeypatch):
    """No question is asked blind unless a test says so: by which fifth it falls to would be chance."""
    share = partial(monkeypatch.setattr, audits, "BLIND_SHARE")
    share(0.0)
    return share


@pytest.fixture
def road(tmp_path):
    made = Road(DESKS["hubspot"](), tmp_path, under=ASK)
    made.activate()
    yield made
    made.store.close()


@pytest.fixture
def site(road, browser):
    house, settings = house_over(road), WebSettings(port=free_port())
    with served(pages_app(house, settings, beat=0.1), settings, bound(settings), house.log, house.clock):
        made = Site(road, house, settings, browser)
        yield made
        for context in made.contexts:
            context.close()
    assert made.problems == []
