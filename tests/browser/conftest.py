"""A running desk, a real browser on it, and the screen as a person has it in front of him."""

import os
import shutil
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.conftest import Project, eventually, make_project

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 40_000
"""For what has to happen; how fast it does is not asked here."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Running(NamedTuple):
    """A desk that is up, and where its screen is."""

    project: Project
    address: str

    @property
    def token(self) -> str:
        """Return the token that `make up` wrote."""
        return (self.project.root / "var/secrets/gateway_token").read_text().strip()


class Screen:
    """One page, logged in, and the desk behind it."""

    def __init__(self, page: Page, desk: Running) -> None:
        self.page = page
        self.desk = desk.project
        self._running = desk
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )

    def log_in(self) -> None:
        """Enter with the desk's first token."""
        self.page.goto(self._running.address)
        self.page.fill("[name=token]", self._running.token)
        self.page.click("text=Enter the desk")
        self.page.wait_for_selector("[data-test=figures]")

    def show(self, view: str) -> None:
        """Go to a view."""
        self.page.goto(f"{self._running.address}/#/{view}")

    def text(self, name: str) -> str:
        """Return what stands in a marked place."""
        return self.page.inner_text(f"[data-test={name}]")

    def fills(self) -> set[str]:
        """Return the ids of the fills that the desk view lists."""
        found = self.page.eval_on_selector_all("[data-fill]", "all => all.map(one => one.dataset.fill)")
        return set(found)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Running]:
    """A desk that trades at the file's `SPEED`: the straddle has been sold, so there is something to see."""
    made = make_project(tmp_path_factory.mktemp("screen") / "desk")
    try:
        said = made.up("--speed", getattr(request.module, "SPEED", "60")).stdout
        address = next(words[1] for line in said.splitlines() if (words := line.split())[:1] == ["screen"])
        eventually(made.fills, within_s=120)
        yield Running(made, address)
    finally:
        made.sauda("down")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of this machine, as long as a file needs it: an event loop runs beside it, and others want one of their own."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: apt-get install chromium")
        pytest.skip("no Chromium on this machine")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def laptop(browser: Browser) -> Iterator[BrowserContext]:
    """A 13-inch laptop."""
    context = browser.new_context(viewport={"width": 1280, "height": 760}, locale="en-IN")
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def screen(laptop: BrowserContext, desk: Running) -> Iterator[Screen]:
    """The page, logged in; whatever it complains of fails the test."""
    made = Screen(laptop.new_page(), desk)
    made.log_in()
    yield made
    assert made.complaints == []
