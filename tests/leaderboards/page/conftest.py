"""A headless Chromium, and pages of small real boards with friendly and hostile texts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clir_harness.harness.store import Store
from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.published import PublishedFigure
from clir_harness.leaderboards.query_details import read_details
from clir_harness.leaderboards.render.document import make_document
from clir_harness.leaderboards.render.html_page import render_html

FIGURE = PublishedFigure(
    system="Elsewhere",
    collection="Mini",
    matches="mini/*",
    pairs=("sw-en", "tl-en"),
    measure="RR",
    value=0.5,
    source="a paper",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("needs Chromium and chromedriver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield made
    made.quit()


class Page:
    """One opened page; says what a reader of it sees."""

    def __init__(self, browser: Any, path: Path) -> None:
        self.browser = browser
        self.path = path
        browser.get_log("browser")
        browser.get_log("performance")
        browser.get(path.as_uri())

    def do(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def all(self, selector: str) -> list[Any]:
        return self.browser.find_elements("css selector", selector)

    def one(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        return [element.text for element in self.all(selector)]

    def choose(self, label: str, value: str) -> None:
        self.do(
            """const labels = [...document.querySelectorAll("label")];
            const label = labels.filter((one) => one.textContent.startsWith(arguments[0])).at(-1);
            const select = label.querySelector("select");
            select.value = [...select.options].find((one) => one.textContent === arguments[1]).value;
            select.dispatchEvent(new Event("change"));""",
            label,
            value,
        )

    def column(self, key: str) -> list[str]:
        place = self.do(
            """const headers = [...document.querySelectorAll("#board thead tr:nth-child(2) th")];
            return headers.findIndex((one) => one.dataset.key === arguments[0]);""",
            key,
        )
        return [text.split("≈")[0].strip() for text in self.texts(f"#board tbody tr > :nth-child({place + 1})")]

    def wait(self, script: str) -> Any:
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, 20).until(lambda _: self.do(f"return {script}"))

    def requests(self) -> list[str]:
        """Addresses that the page asked for."""
        events = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.browser.get_log("browser")]


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[[Any], Page]]:
    """Opens the page of a board; at the end there must have been no complaint and no request but the page's own."""
    opened: list[Page] = []

    def page(board: Leaderboard, store: Path, **options: Any) -> Page:
        document = make_document(analyse(board, **options), [FIGURE], per_query=True)
        path = tmp_path / "board.html"
        path.write_text(render_html(document, read_details(Store(store), board, document)), encoding="utf-8")
        opened.append(Page(browser, path))
        return opened[-1]

    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    yield page
    for one in opened:
        assert one.complaints() == []
        assert [url for url in one.requests() if not url.startswith("data:")] == [one.path.as_uri()]
