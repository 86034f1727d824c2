"""`clir run`: carry out a suite and print its leaderboard."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from harness.cli.options import data_option, echo_json, echo_table, json_option, many, store_option


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
    help="Take a model of the suite from there in place of training it; repeatable.",
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
    help="Models trained at once, each with its share of the cores; small ones are done sooner.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done about every cell.")
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
    dry_run: bool,
    as_json: bool,
) -> int:
    """Run every system of a suite over every collection and language pair in it.

    What is in the store already is not run again; an interrupted run goes on where it stopped; a cell that
    failed is tried again. Progress goes to standard error, the leaderboard to standard output.

    \b
    Examples:
      clir run --suite embedded
      clir run --suite xquad --data DIR --pairs th-en,en-th --store results
      clir run --suite afriqa --data DIR --set bm25.k1=1.2 --dry-run
      clir run --suite my_suite.yaml --plugin my_system.py
    """
    from harness.cli.progress import RunProgress
    from harness.experiment import Experiment
    from harness.plan import State
    from leaderboards.leaderboard import Leaderboard

    experiment = Experiment.from_suite(
        suite, store, data=data, systems=systems, pairs=pairs, settings=settings, models=models, plugins=plugins
    )
    plan = experiment.plan()
    if dry_run:
        _show_plan([_cell(cell) for cell in plan.cells], as_json)
        return 0
    with RunProgress(plan, quiet=as_json) as progress:
        report = experiment.run(progress, plan, jobs=jobs)
    if as_json:
        echo_json(
            {
                "suite": experiment.suite.name,
                "store": str(experiment.store.root),
                "computed": report.computed,
                "reused": report.reused,
                "seconds": round(report.seconds, 3),
                "cells": [_cell(cell) for cell in report.plan.cells],
            }
        )
    else:
        click.echo(Leaderboard.from_store(experiment.store, experiment.suite.name).to_markdown())
        missing = report.plan.count(State.MISSING_DATA)
        click.echo(
            f"{report.computed} cells computed, {report.reused} reused, {len(report.failed)} failed"
            + (f", {missing} without data" if missing else "")
            + f", in {report.seconds:.1f} s; kept in {experiment.store.root}",
            err=True,
        )
        if perturbed := sum(cell.perturbation is not None for cell in report.plan.cells):
            click.echo(f"{perturbed} of the cells are of tracks, and under Robustness on the board", err=True)
        for cell in report.failed:
            click.echo(f"failed: {cell.name}: {cell.reason}", err=True)
    return 1 if report.failed else 0


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
