"""The page of a board in a real browser."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"' onfocus=alert(3) {script} </style>& =1+1 $x_1$"
CONTROL = "bell over\u202eride"
ARABIC = "نظام الاسترجاع"
SCRIPTED = {"system": "scripted"}
HUMAN = {"system": "scripted", "label": "human", "queries": "human"}
PAIRS = ["fr-en", "sw-en", "tl-en", "yo-en"]


@pytest.fixture
def page(world, scripted, open_page):
    """Three rows: human 1.000 everywhere; scripted .750, .500, .333; one that fails on Tagalog and refuses French."""
    board = world.board(
        SCRIPTED,
        HUMAN,
        scripted("breaks", fails_on="tl", refuses="fr", failure="out of memory at 0x1"),
        pairs=PAIRS,
        tracks=[{"noise": "drop", "rates": [1.0]}],
    )
    return open_page(board, world.store, baseline="scripted")


def test_the_table_shows_ranks_averages_and_pairs_as_the_other_formats_do(page):
    assert page.column("rank") == ["1", "2", "–"]
    assert page.column("system") == ["human", "scripted", "breaks"]
    assert page.column("macro") == ["1.000", "0.528", "–"]
    assert page.column("gap") == ["0.000", "0.333", "–"]
    assert page.column("mini/fr-en") == ["1.000", "0.750", "n/a"]
    assert page.column("mini/tl-en") == ["1.000", "0.333", "failed"]
    assert page.texts("#board .best") == ["1.000"] * 6, "macro, high, low and three pairs"
    assert "yo" in page.texts("[aria-labelledby=collections-title] ul")[1]


def test_headers_sort_and_say_so(page):
    def press(key):
        page.one(f"#board th[data-key='{key}'] button").click()
        return page.one(f"#board th[data-key='{key}']").get_attribute("aria-sort"), page.column("system")

    assert press("mini/sw-en") == ("descending", ["human", "scripted", "breaks"])
    assert press("mini/sw-en") == ("ascending", ["scripted", "breaks", "human"])
    assert press("system") == ("ascending", ["breaks", "human", "scripted"])
    assert press("macro")[1][-1] == "breaks", "what has no value is last"
    assert press("macro")[1][-1] == "breaks"
    assert len(page.all("#board th[aria-sort]")) == 1


def test_filters_keep_what_matches(page):
    systems, pairs = page.all(".controls input")
    systems.send_keys("SCRIPT")
    assert page.column("system") == ["human", "scripted", "breaks"], "all are of the system `scripted`"
    systems.clear()
    systems.send_keys("hum")
    assert page.column("system") == ["human"]
    pairs.send_keys("swahili")
    assert page.texts("#board thead tr:nth-child(2) th")[6:] == ["sw→en"]
    assert page.one("#shown").text == "1 of 3 systems, 1 of 3 language pairs."
    assert page.column("macro") == ["1.000"], "averages stay over all pairs"
    pairs.clear()
    pairs.send_keys(" ")
    page.choose("Resource tier", "high")
    assert page.texts("#board thead tr:nth-child(2) th")[6:] == ["fr→en"]


def test_the_measure_is_switched_everywhere(page):
    page.choose("Measure", "P@1")
    assert page.column("mini/sw-en") == ["1.000", "0.333", "0.333"]
    assert "P@1" in page.one("#intervals svg title").get_attribute("textContent")
    assert "P@1 was not" in page.one("#tests").text


def test_heat_and_intervals_are_switched_and_text_stands_out_in_both_modes(page):
    def contrasts():
        return page.do(
            """const light = (text) => text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
                .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
                .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0.05);
            return [...document.querySelectorAll("#board td.shaded")].map((cell) => {
                const style = getComputedStyle(cell);
                const [a, b] = [light(style.color), light(style.backgroundColor)];
                return Math.max(a, b) / Math.min(a, b);
            });"""
        )

    assert len(contrasts()) == 7
    assert min(contrasts()) >= 4.5
    before = page.do("return getComputedStyle(document.body).backgroundColor")
    page.one("header button").click()
    assert page.do("return getComputedStyle(document.body).backgroundColor") != before
    assert min(contrasts()) >= 4.5
    heat, intervals = page.all(".controls button")
    heat.click()
    intervals.click()
    assert (heat.get_attribute("aria-pressed"), intervals.get_attribute("aria-pressed")) == ("false", "true")
    assert contrasts() == []
    assert page.texts("#board .ends")


def test_the_system_setting_chooses_dark(page):
    page.browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    assert page.do("return getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"


def test_a_failed_cell_opens_with_its_reason_and_command(page):
    page.one(".cell.failed").click()
    shown = page.one("dialog").text
    assert "out of memory at 0x1" in shown
    assert "clir run --suite mini --systems breaks --pairs tl-en" in shown
    page.one("dialog button").click()
    page.wait("document.querySelector('dialog') === null")  # its close event comes after the click or key


def test_a_cell_compares_its_row_with_others_query_by_query(page):
    page.one("#board tbody tr:nth-child(2) td:nth-child(8) .cell").click()  # scripted on sw-en
    page.wait("document.querySelector('dialog .outcome') !== null")
    assert page.one("dialog .outcome").text == "0 wins, 1 ties, 2 losses over 3 queries"
    lines = page.all("dialog .queries tbody tr")
    assert [line.text.splitlines()[0] for line in lines] == ["hapana", "d2 d3", "d1 d2"]
    assert lines[0].text.endswith("0.000 1.000 −1.000")
    assert page.one("dialog .queries tbody bdi").get_attribute("lang") == "sw"
    page.one("dialog summary").click()
    lines[1].find_element("css selector", "summary").click()
    assert lines[1].find_element("css selector", ".tops").text.splitlines() == [
        "scripted",
        "d2 (not judged)",
        "d3 (grade 1)",
        "human",
        "d3 (grade 1)",
    ]
    page.choose("against", "breaks")
    assert page.one("dialog .outcome").text == "0 wins, 3 ties, 0 losses over 3 queries"


def test_a_row_opens_with_ranks_settings_and_tests(page):
    page.one("#board tbody tr:nth-child(3) .system button").click()
    assert "fails_on\ntl" in page.one("dialog").text
    ActionChains(page.browser).send_keys(Keys.ESCAPE).perform()
    page.one("#board tbody tr:nth-child(2) .system button").click()
    assert "2 (0.5 points)" in page.one("dialog").text or "by Borda count" in page.one("dialog").text
    assert "human best" in page.one("dialog").text.replace("\n", " ")


def test_everything_is_reached_with_the_keyboard_alone(page):
    keys = ActionChains(page.browser)

    def focused():
        return page.do("const one = document.activeElement; return [one.tagName, one.className, one.textContent]")

    seen = []
    for _ in range(80):
        ActionChains(page.browser).send_keys(Keys.TAB).perform()
        seen.append(focused())
        if seen[-1][1].startswith("cell"):
            break
    assert [tag for tag, *_ in seen[:9]] == [
        "A",
        "BUTTON",
        "SELECT",
        "SELECT",
        "SELECT",
        "INPUT",
        "INPUT",
        *["BUTTON"] * 2,
    ]
    assert page.do("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keys.send_keys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ENTER).perform()
    assert page.one("dialog h2").text == "scripted"
    assert "sw→en" in page.one("dialog .bar").text
    ActionChains(page.browser).send_keys(Keys.ESCAPE).perform()
    page.wait("document.querySelector('dialog') === null")  # its close event comes after the click or key
    assert "cell" in focused()[1], "focus is back where it was"


def test_a_phone_scrolls_tables_and_never_the_page(page):
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    )
    page.browser.refresh()
    assert page.do("return document.documentElement.scrollWidth") == 390
    page.do("document.getElementById('board').scrollLeft = 200")
    assert page.do("return document.querySelector('#board tbody .system').getBoundingClientRect().left") < 30
    page.one("#board tbody .system button").click()
    assert page.do("return document.querySelector('dialog').getBoundingClientRect().right") <= 390
    assert page.requests().count(page.path.as_uri()) == 2
    page.browser.get(page.path.as_uri())


def test_reported_figures_and_tracks_stand_apart(page):
    assert "Elsewhere reported" in page.one("[aria-labelledby=reported-title] tbody").text
    assert page.one("#tracks tbody tr").text.startswith("human drop 1")
    assert "Elsewhere" not in page.one("#board").text
    assert len(page.all("#tracks svg path.line")) == 2, "a curve for every row with all results"


def test_hostile_texts_are_only_text(world, scripted, open_page):
    long = "L" * 10_000
    labels = [HOSTILE, CONTROL, long, ARABIC]
    rows = [scripted(label) for label in labels]
    board = world.board(
        *rows,
        scripted("breaks", fails_on="sw", failure=f"{HOSTILE} {CONTROL} {long}"),
        pairs=["sw-en", "tl-en"],
        title=HOSTILE,
        description=HOSTILE + CONTROL,
        licence=HOSTILE,
    )
    page = open_page(board, world.store)
    assert page.one("h1").text == HOSTILE
    assert page.browser.title.startswith(HOSTILE[:60])
    assert page.all("#page script, #page img, #page style") == []
    shown = page.column("system")
    assert HOSTILE[:60] in " ".join(shown)
    assert "bell over[U+202E]ride" in shown
    assert max(map(len, shown)) <= 101
    assert page.do("return [...document.querySelectorAll('#board bdi')].every((one) => one.dir === 'auto')")
    arabic = page.do(
        "return [...document.querySelectorAll('#board bdi')].find((one) => one.textContent === arguments[0])", ARABIC
    )
    assert page.do("return getComputedStyle(arguments[0]).direction", arabic) == "rtl"
    page.one(".cell.failed").click()
    assert HOSTILE in page.one("dialog .reason").text
    ActionChains(page.browser).send_keys(Keys.ESCAPE).perform()
    for button in page.all("#board tbody .system button"):
        button.click()
        assert page.all("dialog script, dialog img") == []
        ActionChains(page.browser).send_keys(Keys.ESCAPE).perform()
    assert page.do("return document.documentElement.scrollWidth <= innerWidth")


def test_a_board_without_a_result_and_one_without_rows_are_pages(world, scripted, open_page):
    page = open_page(world.board(scripted("breaks", refuses="sw"), pairs=["sw-en"]), world.store)
    assert page.column("mini/sw-en") == ["n/a"]
    assert "No shown system" in page.one("#intervals").text
