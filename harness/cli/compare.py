"""`clir compare`: two boards or runs cell by cell, with a verdict by rules and an exit code for a build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import data_option, json_option, many, plugin_option
from harness.errors import UsageError

if TYPE_CHECKING:
    from leaderboards.compare.results import BoardComparison

_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command("compare", no_args_is_help=True)
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("current", type=click.Path(path_type=Path))
@click.option("--suite", metavar="NAME|FILE", help="The suite; needed when stores have several, and for two runs.")
@many("--measure", "MEASURE[,MEASURE…]", "Measures to compare; the first one of BASE when left out.")
@click.option("--collection", metavar="ID", help="Only this collection; the one that runs are of.")
@click.option("--row", metavar="LABEL", help="Only this row; the one that a run is compared with.")
@click.option("--rules", "rules_file", type=click.Path(path_type=Path, dir_okay=False), help="YAML file of rules.")
@click.option("--absolute", type=float, metavar="X", help="Tolerated difference of means.  [default: 0.005]")
@click.option("--relative", type=float, metavar="SHARE", help="Tolerated share of the base's mean, e.g. 0.02.")
@click.option("--alpha", type=float, metavar="P", help="Count only differences with a corrected p below this.")
@click.option("--latency-ratio", type=float, metavar="R", help="Tolerated ratio of median latencies, e.g. 1.5.")
@click.option("--memory-ratio", type=float, metavar="R", help="Tolerated ratio of peak memory of searching.")
@click.option("--allow-missing", is_flag=True, default=None, help="Results that are there no longer do not fail.")
@click.option("--allow-not-comparable", is_flag=True, default=None, help="Cells that cannot be compared do not fail.")
@click.option("--no-tests", is_flag=True, help="Leave out tests and intervals, which takes less time.")
@click.option("--all", "show_all", is_flag=True, help="Print unchanged cells, too.")
@json_option
@click.option("--markdown", type=_FILE, metavar="FILE", help="Write a summary for a pull request; - prints it.")
@click.option("--junit", type=_FILE, metavar="FILE", help="Write JUnit XML; - prints it.")
@data_option
@plugin_option
def command(
    base: Path,
    current: Path,
    suite: str | None,
    measure: list[str],
    collection: str | None,
    row: str | None,
    data: Path | None,
    no_tests: bool,
    show_all: bool,
    as_json: bool,
    markdown: Path | None,
    junit: Path | None,
    **rules: Any,
) -> int:
    """Compare CURRENT with BASE: each is a results store, a board as JSON, or a run file.

    Every cell is improved, unchanged, regressed, missing, new, or not comparable (other documents, judgements,
    queries, depth or versions of measures). It has regressed when it lost more than all tolerances and, with --alpha,
    the loss is significant (paired permutation test, Holm-corrected).

    Exit code 1 when a cell regressed, is missing or is not comparable; 2 when nothing could be compared.

    \b
    Examples:
      clir compare baselines/embedded.json results
      clir compare old-results results --suite afriqa --alpha 0.05 --relative 0.02
      clir compare baselines/embedded.json results --rules rules.yaml --junit junit.xml --markdown summary.md
      clir compare old.run new.run --suite embedded --collection embedded/sw-en
      clir compare results new.run --collection embedded/sw-en --row "BM25 (no translation)"
    """
    from harness.cli.progress import StepProgress
    from leaderboards.compare.comparing import compare_sides
    from leaderboards.compare.reading import Selection, read_sides
    from leaderboards.render.comparison_json import comparison_json
    from leaderboards.render.comparison_junit import comparison_junit
    from leaderboards.render.comparison_markdown import comparison_markdown

    outputs = {"--json": Path("-") if as_json else None, "--markdown": markdown, "--junit": junit}
    printed = [name for name, path in outputs.items() if path == Path("-")]
    if len(printed) > 1:
        raise UsageError(f"{' and '.join(printed)} cannot both be printed", hint="write one of them to a file")
    chosen = _rules(**rules)
    if no_tests and any(limits.alpha is not None for limits in (chosen, *chosen.overrides)):
        raise UsageError("--no-tests leaves --alpha nothing to judge by", hint="leave out one of them")
    selection = Selection(measure or chosen.measures, suite, collection, row, data)
    with StepProgress() as progress:
        sides = read_sides(base, current, selection)
        found = compare_sides(*sides, chosen, tests=not no_tests, listen=progress)
    renders = (comparison_json, comparison_markdown, comparison_junit)
    for path, render in zip(outputs.values(), renders, strict=True):
        if path is not None:
            _write(path, render(found))
    if not printed:
        _show(found, show_all=show_all)
    if not found.compared:
        reasons = "; ".join(dict.fromkeys(reason for cell in found.cells for reason in cell.reasons[:1]))
        raise UsageError(
            f"nothing could be compared{': ' + reasons[:500] if reasons else ''}",
            hint="compare boards of the same systems and collections",
        )
    return 1 if found.failed else 0


def _rules(rules_file: Path | None, **given: Any) -> Any:
    """The rules of the file with the options in place of their namesakes."""
    from pydantic import ValidationError

    from leaderboards.compare.rules import Rules, read_rules

    try:
        return (read_rules(rules_file) if rules_file else Rules()).changed(given)
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0]).replace("_", "-")
        raise UsageError(f"--{name} {fault['input']}: {fault['msg']}") from None


def _write(path: Path, text: str) -> None:
    from harness.run_files import written_whole

    if path == Path("-"):
        click.echo(text, nl=False)
        return
    with written_whole(path) as file:
        file.write(text.encode())


_COLOURS = {"regressed": "red", "missing": "red", "not comparable": "yellow", "improved": "green", "new": "cyan"}
_LONGEST_NAME = 60


def _show(found: BoardComparison, *, show_all: bool) -> None:
    """The comparison for people: what changed, worst first, and how many cells have which verdict."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from leaderboards.compare.results import Verdict
    from leaderboards.render import comparison_lines
    from leaderboards.render.plain import one_line, shortened

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
        "" if show_all or not unchanged else "--all prints what is unchanged, too.",
    ]
    for text in filter(None, said):
        console.print(Text(text), soft_wrap=True)
