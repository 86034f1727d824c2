"""Comparisons as JUnit XML: a test case for each cell, a failure for each that the rules do not tolerate."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from clir_harness.leaderboards.compare.results import BoardComparison, CellChange, Verdict
from clir_harness.leaderboards.render.comparison_lines import HEADERS, headline, lines
from clir_harness.leaderboards.render.plain import LONGEST_NAME, one_line, shortened

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not have, not even escaped."""
_LONGEST_TEXT = 1000


def xml_text(text: str, longest: int = _LONGEST_TEXT) -> str:
    r"""The text on one line, without characters that XML cannot hold; markup is escaped when it is written.

    Args:
        text: any text.
        longest: maximum number of characters.

    Returns:
        The text.

    >>> xml_text("a\x00b\ufffe <b>")
    'a b <b>'
    """
    return shortened(" ".join(_ILLEGAL.sub(" ", one_line(text)).split()), longest)


def comparison_junit(comparison: BoardComparison) -> str:
    """A test suite whose classes are rows and whose cases are collections.

    A case fails when it regressed, and when it is missing or not comparable and the rules do not allow that; where
    they do, it counts as skipped. What is new passes.
    """
    cells = (*comparison.cells, *comparison.averages)
    failed = sum(map(comparison.fails, cells))
    skipped = sum(_skips(cell) and not comparison.fails(cell) for cell in cells)
    counts = {"tests": str(len(cells)), "failures": str(failed), "errors": "0", "skipped": str(skipped)}
    name = xml_text(f"clir compare {comparison.base.suite}", LONGEST_NAME)
    root = ElementTree.Element("testsuites", {"name": name, **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": name, **counts})
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in (
        ("base", comparison.base.name),
        ("current", comparison.current.name),
        ("measures", ", ".join(comparison.measures)),
        ("verdicts", headline(comparison)),
    ):
        ElementTree.SubElement(properties, "property", name=key, value=xml_text(value))
    for cell in cells:
        _case(suite, comparison, cell)
    ElementTree.indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ElementTree.tostring(root, encoding="unicode") + "\n"


def _skips(cell: CellChange) -> bool:
    return cell.verdict in (Verdict.MISSING, Verdict.NOT_COMPARABLE)


def _case(suite: ElementTree.Element, comparison: BoardComparison, cell: CellChange) -> None:
    where = " with ".join(filter(None, (cell.collection, cell.track)))
    case = ElementTree.SubElement(
        suite, "testcase", classname=xml_text(cell.row, LONGEST_NAME), name=xml_text(where, LONGEST_NAME)
    )
    said = xml_text("; ".join((cell.verdict.value, *cell.reasons)))
    if comparison.fails(cell):
        failure = ElementTree.SubElement(case, "failure", type=cell.verdict.value, message=said)
        failure.text = _numbers(cell)
    elif _skips(cell):
        ElementTree.SubElement(case, "skipped", message=said)
    else:
        ElementTree.SubElement(case, "system-out").text = f"{said}\n{_numbers(cell)}"


def _numbers(cell: CellChange) -> str:
    """The numbers of a cell by name, a line for each measure."""
    found = lines([cell], xml_text, LONGEST_NAME)
    return "\n".join(
        ", ".join(f"{name} {value}" for name, value in zip(HEADERS[3:-1], line[3:-1], strict=True) if value)
        for line in found
    )
