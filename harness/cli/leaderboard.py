"""`clir leaderboard`: the board of a suite from the results store."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import many, store_option


@click.command("leaderboard", no_args_is_help=True)
@click.option("--suite", required=True, metavar="NAME", help="The suite whose results are shown.")
@store_option
@many("--measure", "MEASURE[,MEASURE…]", "Any ir-measures measure, e.g. nDCG@20,RR@10; the suite's when left out.")
@click.option("--format", "form", type=click.Choice(["markdown", "csv", "json"]), default="markdown", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file instead.")
def command(suite: str, store: Path, measure: list[str], form: str, output: Path | None) -> None:
    """Print the leaderboard of a suite: systems by language pairs, averages, resource gap, costs.

    Nothing is run: measures the run did not compute are computed from the kept runs.

    \b
    Examples:
      clir leaderboard --suite embedded
      clir leaderboard --suite afriqa --measure nDCG@20,Judged@20
      clir leaderboard --suite xquad --format csv --output xquad.csv
    """
    from harness.store import Store
    from leaderboards.leaderboard import Leaderboard

    board = Leaderboard.from_store(Store(store, create=False), suite, measure or None)
    text = {"markdown": board.to_markdown, "csv": board.to_csv, "json": board.to_json}[form]()
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(f"wrote {output}", err=True)
