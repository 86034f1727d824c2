"""`clir run`: run a suite and print its leaderboard."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clir_harness.cli.options import data_option, echo_json, echo_table, json_option, many, store_option
from clir_harness.harness.errors import UsageError

if TYPE_CHECKING:
    from clir_harness.harness.execution.experiment import Experiment, Report
    from clir_harness.leaderboards.compare.results import BoardComparison
    from clir_harness.leaderboards.compare.rules import Rules

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("run", no_args_is_help=True)
@click.option("--suite", required=True, metavar="NAME|FILE", help="A suite's name, or a YAML file.")
@many("--systems", "NAME[,NAME…]", "Only these rows, by label or system; a system without a row gets one.")
@many("--pairs", "PAIR[,PAIR…]", "Only these language pairs, e.g. sw-en,so-en.")
@data_option
@store_option
@click.option("--set", "settings", multiple=True, metavar="SYSTEM.FIELD=VALUE", help="Change a setting; repeatable.")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME=DIR|ID",
    help="Use this model instead of training one; repeatable.",
)
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Python file that registers systems or collections; repeatable.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Models trained at once, each with its share of the cores; faster for small ones.",
)
@click.option("--against", type=click.Path(path_type=Path), metavar="BASE", help="Compare with this board or store.")
@click.option("--rules", "rules_file", type=_FILE, metavar="FILE", help="Rules of the comparison, as YAML.")
@click.option("--markdown", type=_FILE, metavar="FILE", help="Write a summary of the comparison.")
@click.option("--junit", type=_FILE, metavar="FILE", help="Write the comparison as JUnit XML.")
@click.option("--dry-run", is_flag=True, help="Only print what would be done for every cell.")
@json_option
def command(
    suite: str,
    systems: list[str],
    pairs: list[str],
    data: Path | None,
    store: Path,
    settings: tuple[str, ...],
    models: tuple[str, ...],
    plugins: tuple[Path, ...],
    jobs: int,
    against: Path | None,
    rules_file: Path | None,
    markdown: Path | None,
    junit: Path | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Run every system of a suite on all of its collections and language pairs.

    Results in the store are not computed again; an interrupted run resumes where it stopped; a cell that failed
    is tried again. Progress goes to standard error, the leaderboard to standard output.

    With --against, the cells of this run are compared with an earlier board, also when some have failed: exit code 1
    when a cell failed, regressed, is missing or is not comparable; 2 when nothing could be compared.

    \b
    Examples:
      clir run --suite embedded
      clir run --suite xquad --data DIR --pairs th-en,en-th --store results
      clir run --suite afriqa --data DIR --set bm25.k1=1.2 --dry-run
      clir run --suite my_suite.yaml --plugin my_system.py
      clir run --suite embedded --against baseline.json --junit junit.xml --markdown summary.md
    """
    from clir_harness.cli.comparison import exit_code, rules_of_options, show_comparison, write_comparison
    from clir_harness.cli.progress import RunProgress
    from clir_harness.harness.execution.experiment import Experiment
    from clir_harness.leaderboards.compare.inputs import check_base

    experiment = Experiment.from_suite(
        suite, store, data=data, systems=systems, pairs=pairs, settings=settings, models=models, plugins=plugins
    )
    files = {"--rules": rules_file, "--markdown": markdown, "--junit": junit}
    if against is None and (given := [name for name, file in files.items() if file]):
        raise UsageError(f"{' and '.join(given)}: nothing to compare with", hint="add --against BASE")
    if dashes := [name for name, file in files.items() if file == Path("-")]:
        raise UsageError(f"{dashes[0]} needs a file: standard output is for the board", hint=f"{dashes[0]} FILE")
    rules = rules_of_options(rules_file, {})
    if against is not None:
        check_base(against, experiment.suite.name)
    plan = experiment.plan()
    if dry_run:
        if against is not None:
            click.echo(f"nothing is compared with {against} in a dry run", err=True)
        _show_plan([_cell(cell) for cell in plan.cells], as_json)
        return 0
    with RunProgress(plan, quiet=as_json) as progress:
        report = experiment.run(progress, plan, jobs=jobs)
    if not as_json:
        _show_report(experiment, report)
    found = None if against is None else _compare(experiment, report, against, rules, quiet=as_json)
    if found is not None:
        write_comparison(found, {"markdown": markdown, "junit": junit})
    if as_json:
        _echo_report(experiment, report, found)
    elif found is not None:
        show_comparison(found, show_all=False)
    return max(1 if report.failed else 0, 0 if found is None else exit_code(found))


def _compare(experiment: Experiment, report: Report, base: Path, rules: Rules, *, quiet: bool) -> BoardComparison:
    """The run's cells compared with a board; cells that were not selected do not count."""
    from clir_harness.cli.comparison import compare
    from clir_harness.leaderboards.compare.inputs import Selection

    cells = {(cell.row.label, cell.collection) for cell in report.plan.cells} if experiment.part else None
    selection = Selection(rules.measures, experiment.suite.name, cells=cells)
    return compare(base, experiment.store.root, selection, rules, tests=True, quiet=quiet)


def _echo_report(experiment: Experiment, report: Report, found: BoardComparison | None) -> None:
    from clir_harness.leaderboards.compare.document import ComparisonDocument

    echo_json(
        {
            "suite": experiment.suite.name,
            "store": str(experiment.store.root),
            "computed": report.computed,
            "reused": report.reused,
            "seconds": round(report.seconds, 3),
            "cells": [_cell(cell) for cell in report.plan.cells],
        }
        | ({"comparison": ComparisonDocument.of(found).model_dump(mode="json", by_alias=True)} if found else {})
    )


def _show_report(experiment: Experiment, report: Report) -> None:
    """Print the board to standard output, and a summary with failures to standard error."""
    from clir_harness.harness.record import CellState
    from clir_harness.leaderboards.reading import read_leaderboard
    from clir_harness.leaderboards.render.formats import render

    click.echo(render(read_leaderboard(experiment.store, experiment.suite.name)))
    missing = report.plan.count(CellState.MISSING_DATA)
    click.echo(
        f"{report.computed} cells computed, {report.reused} reused, {len(report.failed)} failed"
        + (f", {missing} without data" if missing else "")
        + f", in {report.seconds:.1f} s; stored in {experiment.store.root}",
        err=True,
    )
    if perturbed := sum(cell.perturbation is not None for cell in report.plan.cells):
        click.echo(f"{perturbed} of the cells are of tracks; see Robustness on the board", err=True)
    for cell in report.failed:
        click.echo(f"failed: {cell.name}: {cell.reason}", err=True)


def _cell(cell: Any) -> dict[str, Any]:
    return {
        "system": cell.row.label,
        "collection": cell.collection,
        "pair": str(cell.pair),
        "track": cell.perturbation.label if cell.perturbation else None,
        "state": cell.state.value,
        "reason": cell.reason,
        "key": cell.task.key if cell.task else None,
    }


def _show_plan(cells: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        echo_json({"cells": cells})
        return
    tracks = ["track"] if any(cell["track"] for cell in cells) else []
    names = ["system", "collection", "pair", *tracks, "state", "reason"]
    echo_table(names, [[cell[name] or "" for name in names] for cell in cells])
    to_do = sum(cell["state"] == "to do" for cell in cells)
    click.echo(f"\n{to_do} of {len(cells)} cells to do; nothing was run", file=sys.stderr)
