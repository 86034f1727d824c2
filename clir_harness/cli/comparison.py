"""A comparison on the command line: its rules, output files and display."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clir_harness.cli.streams import echo_document
from clir_harness.harness.errors import UsageError
from clir_harness.leaderboards.compare.compare import compare_sides
from clir_harness.leaderboards.compare.document import ComparisonDocument
from clir_harness.leaderboards.compare.inputs import Selection, read_sides
from clir_harness.leaderboards.compare.results import BoardComparison, Verdict
from clir_harness.leaderboards.compare.rules import Rules, choose_rules
from clir_harness.leaderboards.render import comparison_lines
from clir_harness.leaderboards.render.comparison_junit import comparison_junit
from clir_harness.leaderboards.render.comparison_markdown import comparison_markdown
from clir_harness.leaderboards.render.plain import one_line, shortened

_RENDERS = {
    "json": lambda found: ComparisonDocument.of(found).to_json(),
    "markdown": comparison_markdown,
    "junit": comparison_junit,
}
_COLOURS = {"regressed": "red", "missing": "red", "not comparable": "yellow", "improved": "green", "new": "cyan"}
_LONGEST_NAME = 60


def rules_of_options(rules_file: Path | None, given: Mapping[str, Any]) -> Rules:
    """The rules of a file, overridden by options.

    Args:
        rules_file: file of rules, if any.
        given: values of options, None for those not given.

    Returns:
        The rules.

    Raises:
        UsageError: an option has a value that no rule can have.
        DataError: the file is malformed.
    """
    return choose_rules(rules_file, given, lambda field: f"--{field.replace('_', '-')}")


def compare(
    base: Path, current: Path, selection: Selection, rules: Rules, *, tests: bool, quiet: bool = False
) -> BoardComparison:
    """Compare two sides by rules, with progress on standard error.

    Args:
        base: path of the earlier side.
        current: path of the side that is judged.
        selection: which suite, measures, rows and collections to compare.
        rules: rules of the verdicts.
        tests: whether differences are tested.
        quiet: whether to show no progress.

    Returns:
        The comparison.

    Raises:
        ClirError: as for `read_sides`.
    """
    from clir_harness.cli.progress import StepProgress

    with StepProgress(quiet=quiet) as progress:
        return compare_sides(*read_sides(base, current, selection), rules, tests=tests, progress=progress)


def write_comparison(found: BoardComparison, files: Mapping[str, Path | None]) -> None:
    """Write a comparison to files.

    Args:
        found: the comparison.
        files: file by format (json, markdown, junit); `-` prints it.

    Raises:
        DataError: a file cannot be written.
    """
    from clir_harness.harness.atomic_files import write_text

    for form, path in files.items():
        if path is None:
            continue
        text = _RENDERS[form](found)
        if path != Path("-"):
            write_text(path, text)
        else:
            echo_document(text, "xml" if form == "junit" else form)


def exit_code(found: BoardComparison) -> int:
    """Exit code of a comparison: 0, or 1 when it failed.

    Raises:
        UsageError: when no cell could be compared; says why.
    """
    if not found.compared:
        reasons = "; ".join(dict.fromkeys(reason for cell in found.cells for reason in cell.reasons[:1]))
        raise UsageError(
            f"nothing could be compared{': ' + reasons[:500] if reasons else ''}",
            hint="compare boards of the same systems and collections",
        )
    return 1 if found.failed else 0


def show_comparison(found: BoardComparison, *, show_all: bool) -> None:
    """Print a comparison: what changed, worst first, and the number of cells by verdict.

    Args:
        found: the comparison.
        show_all: whether to print unchanged cells as well.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 10_000  # a pipe has no width: one line a cell, for grep and cut
    cells = [cell for cell in (*found.cells, *found.averages) if show_all or cell.verdict is not Verdict.UNCHANGED]
    if cells:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for place, header in enumerate(comparison_lines.HEADERS):
            numeric = comparison_lines.LEFT <= place < len(comparison_lines.HEADERS) - 1
            table.add_column(header, overflow="fold", justify="right" if numeric else "left")
        for line in comparison_lines.lines(cells, lambda text, most: shortened(one_line(text), most), _LONGEST_NAME):
            table.add_row(Text(line[0], style=_COLOURS.get(line[0], "")), *map(Text, line[1:]))
        console.print(table)
        console.print()
    colour = "red" if found.failed else "green"
    console.print(Text(f"{'failed' if found.failed else 'passed'}: {comparison_lines.headline(found)}", style=colour))
    unchanged = sum(cell.verdict is Verdict.UNCHANGED for cell in (*found.cells, *found.averages))
    said = [
        f"base: {one_line(comparison_lines.side_said(found.base))}",
        f"current: {one_line(comparison_lines.side_said(found.current))}",
        comparison_lines.rules_explained(found),
        comparison_lines.tests_explained(found),
        *map(one_line, found.notes),
        "" if show_all or not unchanged else "`clir compare --all` also prints unchanged cells.",
    ]
    for text in filter(None, said):
        console.print(Text(text), soft_wrap=True)
