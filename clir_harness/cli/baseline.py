"""`clir baseline`: store a board as the baseline of later comparisons."""

from __future__ import annotations

from pathlib import Path

import click

from clir_harness.cli.options import store_option


@click.group("baseline", no_args_is_help=True)
def command() -> None:
    """Store a board as the baseline that `clir compare` compares later ones with.

    \b
    Examples:
      clir baseline freeze baselines/embedded.json --suite embedded
      clir compare baselines/embedded.json results
    """


@command.command("freeze", no_args_is_help=True)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--suite", metavar="NAME", help="The suite; needed when the store has several.")
@store_option
@click.option("--partial", is_flag=True, help="Also freeze a board with failed or missing cells.")
def freeze(file: Path, suite: str | None, store: Path, partial: bool) -> None:
    """Write the board of a suite with the score of every query to FILE, as JSON.

    FILE takes its name only when it is whole. A board with cells that failed or were not run is refused.

    \b
    Examples:
      clir baseline freeze baselines/embedded.json --suite embedded
      clir baseline freeze afriqa.json --suite afriqa --store results --partial
    """
    from clir_harness.harness.store import Store
    from clir_harness.leaderboards.baseline import freeze_baseline

    board = freeze_baseline(file, Store(store, create=False), suite, partial=partial)
    size = file.stat().st_size
    click.echo(
        f"wrote {file}: suite {board.suite}, {len(board.rows)} rows, {len(board.columns)} collections, "
        f"{size / 1000:,.0f} kB",
        err=True,
    )
