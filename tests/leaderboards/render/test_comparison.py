"""Comparisons as Markdown, JSON, JUnit and lines; each read back with a parser of its own."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from clir_harness.harness.record import CellState
from clir_harness.leaderboards.compare.compare import compare_sides
from clir_harness.leaderboards.compare.document import ComparisonDocument
from clir_harness.leaderboards.compare.results import BoardComparison
from clir_harness.leaderboards.compare.rules import Rules
from clir_harness.leaderboards.compare.sides import SideCell
from clir_harness.leaderboards.render.comparison_junit import comparison_junit, xml_text
from clir_harness.leaderboards.render.comparison_lines import rules_explained
from clir_harness.leaderboards.render.comparison_markdown import MOST_LINES, comparison_markdown
from tests.leaderboards.compare.conftest import FACTS, cell, side
from tests.leaderboards.render.markdown_tables import tables


def compared(label: str = "bm25", reason: str = "out of memory", name: str = "side", **rules) -> BoardComparison:
    """One cell of every verdict: the row of the label has regressed."""
    other = {**FACTS, "judgements": f"j {reason}"}
    base = {
        (label, "c/sw-en"): cell(0.5, 0.5, costs={"latency_p50_ms": 2.0}),
        ("gone", "c/sw-en"): cell(0.5, 0.5),
        ("other", "c/sw-en"): cell(0.5, 0.5),
        ("better", "c/sw-en"): cell(0.5, 0.5),
        ("same", "c/sw-en"): cell(0.25, 0.75),
    }
    current = {
        (label, "c/sw-en"): cell(0.4, 0.2, costs={"latency_p50_ms": 3.0}),
        ("gone", "c/sw-en"): SideCell(CellState.FAILED, reason),
        ("other", "c/sw-en"): cell(0.5, 0.5, facts=other),
        ("better", "c/sw-en"): cell(0.6, 0.7),
        ("new", "c/sw-en"): cell(0.1, 0.3),
        ("same", "c/sw-en"): cell(0.25, 0.75),
    }
    return compare_sides(side(base, name="base"), side(current, name=name), Rules.model_validate(rules))


def test_markdown_has_what_changed_worst_first_and_folds_what_did_not():
    text = comparison_markdown(compared())
    assert text.startswith("## ❌ Failed: 1 regressed, 1 missing, 1 not comparable, 1 improved, 1 new, 1 unchanged\n")
    changed, unchanged = tables(text)
    assert [row[:2] for row in changed[1:]] == [
        ["regressed", "bm25"],
        ["missing", "gone"],
        ["not comparable", "other"],
        ["improved", "better"],
        ["new", "new"],
    ]
    # -.1 and -.3: 2 of 4 patterns; +.1 and +.2 the same; two tests: corrected 1. Resampled means: -.3, -.2 or -.1.
    assert changed[1][4:] == [
        *("0.500", "0.300", "-0.200", "-0.300 to -0.100", "1.000", "0/0/2", "×1.50", "–"),
        "AP lost 0.2, more than 0.005",
    ]
    assert changed[2][-1] == "failed: out of memory"
    assert changed[5][4:7] == ["–", "0.200", "–"]
    assert [row[1] for row in unchanged[1:]] == ["same"]
    assert text.index("<details>") < text.index("| unchanged") < text.index("</details>")
    assert "Holm-corrected for the 2 tests made" in text


def test_markdown_of_boards_without_change_has_passed():
    board = side({("bm25", "c/1"): cell(0.5)})
    text = comparison_markdown(compare_sides(board, board, Rules()))
    assert text.startswith("## ✅ Passed: 1 unchanged\n")
    assert len(tables(text)) == 1


def test_markdown_of_many_cells_fits_a_comment():
    base = {(f"system {n} " + "x" * 500, "c/" + "y" * 500): cell(0.5) for n in range(300)}
    current = {place: cell(0.1) for place in base}
    text = comparison_markdown(compare_sides(side(base), side(current), Rules()))
    assert len(tables(text)[0]) == MOST_LINES + 1
    assert "200 more are not shown" in text
    assert len(text) < 65_536


def test_json_holds_every_number_and_no_nan():
    value = json.loads(ComparisonDocument.of(compared()).to_json(), parse_constant=pytest.fail)
    assert (value["schema"], value["schema_version"], value["failed"]) == ("clir-harness/comparison", 1, True)
    assert value["counts"] == dict.fromkeys(
        ["regressed", "missing", "not comparable", "improved", "new", "unchanged"], 1
    )
    worst = value["cells"][0]
    assert (worst["row"], worst["verdict"], worst["failed"], worst["latency_ratio"]) == ("bm25", "regressed", True, 1.5)
    assert worst["measures"]["AP"] == {
        **{"base": 0.5, "current": 0.3, "difference": -0.2, "verdict": "regressed", "low": -0.3, "high": -0.1},
        **{"p": 0.5, "holm_p": 1.0, "wins": 0, "ties": 0, "losses": 2},
    }
    assert value["cells"][2]["measures"] == {}
    assert value["rules"]["absolute"] == 0.005


def test_junit_has_a_case_for_each_cell_and_a_failure_for_each_that_is_not_tolerated():
    (suite,) = ElementTree.fromstring(comparison_junit(compared()).encode())
    assert suite.attrib | {"name": ""} == {"name": "", "tests": "6", "failures": "3", "errors": "0", "skipped": "0"}
    cases = suite.findall("testcase")
    assert [(case.get("classname"), case.get("name")) for case in cases[:2]] == [
        ("bm25", "c/sw-en"),
        ("gone", "c/sw-en"),
    ]
    failures = [case.find("failure") for case in cases]
    assert [found.get("type") for found in failures if found is not None] == ["regressed", "missing", "not comparable"]
    assert failures[0].get("message") == "regressed; AP lost 0.2, more than 0.005"
    assert "difference -0.200" in failures[0].text


def test_junit_skips_what_the_rules_allow():
    text = comparison_junit(compared(allow_missing=True, allow_not_comparable=True))
    (suite,) = ElementTree.fromstring(text.encode())
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "2")
    assert len(suite.findall("testcase/skipped")) == 2


HOSTILE = [
    "<script>alert(1)</script>",
    "</details><img src=x onerror=alert(1)>",
    "a|b\n| c | d |\r\n## heading",
    "[x](javascript:alert(1)) ![y](//host/z) **b** `c` @user",
    "=cmd|' /C calc'!A0",
    r"\input{/etc/passwd}",
    "../../etc/passwd",
    "\x00\x1b[31m\x07\x9b\ufffe\uffff\u202e\u2028]]>&amp;<!--",
    "x" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_reasons_are_inert_in_every_format(text):
    comparison = compared(text, text, text)
    markdown = comparison_markdown(comparison)
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    html = [token.content for token in tokens if token.type == "html_block"]
    html += [child.content for token in tokens for child in token.children or () if child.type == "html_inline"]
    assert html == ["<details><summary>1 unchanged</summary>\n", "</details>\n"]
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert not kinds & {"link_open", "image", "code_inline"}
    assert sum(token.type == "heading_open" for token in tokens) == 1
    assert [len(row) for row in tables(markdown)[0]] == [13] * 6
    assert not set(markdown) & set("\x00\x1b\x07\x9b\u202e\u2028")
    assert "@user" not in markdown, "nobody is called"
    assert max(map(len, markdown.splitlines())) < 3000

    (suite,) = ElementTree.fromstring(comparison_junit(comparison).encode())
    assert {element.tag for element in suite.iter()} == {
        *("testsuite", "properties", "property", "testcase", "failure", "system-out")
    }
    assert json.loads(ComparisonDocument.of(comparison).to_json())["cells"][0]["row"] == text
    assert not set(ComparisonDocument.of(comparison).to_json()) & set("<\x00\x1b\x9b\u202e\u2028")


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_stand_in_xml(text):
    element = ElementTree.Element("a", b=xml_text(text))
    element.text = xml_text(text)
    again = ElementTree.fromstring(ElementTree.tostring(element, encoding="unicode").encode())
    assert again.get("b") == (again.text or "") == xml_text(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202e]", xml_text(text))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({}, "A cell has changed when a mean differs by more than 0.005."),
        ({"absolute": None}, "A cell has changed when a mean differs by more than 0."),
        (
            {"relative": 0.02, "alpha": 0.05, "latency_ratio": 1.5},
            "A cell has changed when a mean differs by more than 0.005 and by more than 0.02 of the base's mean and "
            "the corrected p is below 0.05. It has regressed when its latency is more than 1.5 times the base's.",
        ),
    ],
)
def test_rules_are_told_in_words(rules, said):
    assert rules_explained(compared(**rules)) == said
