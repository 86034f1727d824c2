"""`clir submit`: put a run of another tool on a suite's board."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clir_harness.cli.options import data_option, echo_json, echo_table, json_option, plugin_option, store_option

if TYPE_CHECKING:
    from clir_harness.harness.runs.findings import Finding


@click.command("submit", no_args_is_help=True)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--system", required=True, metavar="NAME", help="Label of the row on the board.")
@click.option("--collection", required=True, metavar="ID", help="The collection of the run, e.g. embedded/sw-en.")
@click.option("--suite", metavar="NAME|FILE", help="The suite; needed when several have the collection.")
@store_option
@data_option
@plugin_option
@click.option("--dry-run", is_flag=True, help="Check and evaluate the run; store nothing.")
@json_option
def command(
    run: Path,
    system: str,
    collection: str,
    suite: str | None,
    store: Path,
    data: Path | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Check RUN, a TREC run of any tool, and put it on the board of a suite as a submitted row.

    With errors, it is not put on the board and the exit code is 1; warnings are allowed. Another submission for the
    same system and collection replaces the cell.

    \b
    Examples:
      clir submit mine.run --system "My system" --collection embedded/sw-en --suite embedded
      clir submit mine.run.gz --system mine --collection afriqa/sw-en --suite afriqa --data DIR --dry-run
    """
    from clir_harness.cli.progress import StepProgress
    from clir_harness.harness.submission import submit

    with StepProgress(quiet=as_json) as progress:
        report = submit(
            run,
            system=system,
            collection=collection,
            suite=suite,
            store=store,
            data=data,
            dry_run=dry_run,
            progress=progress,
        )
    if as_json:
        echo_json(
            {
                **{name: getattr(report, name) for name in ("suite", "system", "collection", "pair", "state", "key")},
                "lines": report.checked.lines,
                "errors": [_plain(finding) for finding in report.checked.errors],
                "warnings": [_plain(finding) for finding in report.checked.warnings],
                "means": dict(report.means),
            }
        )
    else:
        for finding in report.checked.findings:
            _show(run, finding)
        if report.means:
            echo_table(["measure", collection], [[name, f"{mean:.3f}"] for name, mean in report.means.items()])
        said = {
            "refused": "refused; nothing was kept",
            "checked": "no errors; nothing was kept",
            "kept": f"kept as a submitted row of suite {report.suite}",
            "unchanged": "the same run is already there; nothing has changed",
        }
        click.echo(f"{system} on {collection}: {said[report.state]}", err=True)
    return 1 if report.state == "refused" else 0


def _plain(finding: Finding) -> dict[str, Any]:
    return {name: value for name, value in asdict(finding).items() if name != "error"}


def _show(run: Path, finding: Finding) -> None:
    place = f"{run}:{finding.lines[0]}" if finding.lines else str(run)
    click.echo(f"{'error' if finding.error else 'warning'}: {place}: {finding.message}", err=True)
    if finding.lines and finding.count > 1:
        more = finding.count - len(finding.lines)
        lines = ", ".join(map(str, finding.lines)) + (f" and {more:,} more" if more else "")
        click.echo(f"  lines: {lines}", err=True)
    if finding.hint:
        click.echo(f"  hint: {finding.hint}", err=True)
