"""`clir leaderboard`: the board of a suite from the results store, and two of its systems query by query."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clir_harness.cli.options import echo_written, many, store_option
from clir_harness.cli.streams import echo_document
from clir_harness.harness.errors import UsageError

if TYPE_CHECKING:
    from clir_harness.harness.store import Store
    from clir_harness.leaderboards.leaderboard import Leaderboard

FORMATS = ("markdown", "csv", "json", "latex", "html")


@click.command("leaderboard", no_args_is_help=True)
@click.option("--suite", required=True, metavar="NAME", help="The suite whose results are shown.")
@store_option
@many("--measure", "MEASURE[,MEASURE…]", "Any ir-measures measure, e.g. nDCG@20,RR@10; the suite's when left out.")
@click.option("--pair", metavar="PAIR", help="Only this language pair (or collection id), in detail.")
@click.option("--baseline", metavar="LABEL", help="Compare every row with this one, in addition to the best.")
@many("--test", "MEASURE[,MEASURE…]", "Measures whose differences are tested; the first one when left out.")
@click.option("--no-tests", is_flag=True, help="Omit tests and intervals, to save time.")
@click.option("--rank", "by", type=click.Choice(["mean", "borda", "wins"]), default="mean", show_default=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="markdown", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option("--per-query", is_flag=True, help="Include the score of every query in the JSON document.")
@click.option(
    "--published", type=click.Path(path_type=Path, dir_okay=False), help="YAML file of published figures to show."
)
@click.option("--against", nargs=2, metavar="A B", default=None, help="Compare two rows query by query; needs --pair.")
@click.option(
    "--queries", type=click.IntRange(min=1), default=10, show_default=True, help="Queries that --against shows."
)
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write plots of the first measure into this folder, as SVG and PNG.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file instead.")
def command(
    suite: str,
    store: Path,
    measure: list[str],
    pair: str | None,
    form: str,
    against: tuple[str, str] | None,
    queries: int,
    output: Path | None,
    **options: Any,
) -> None:
    """Print the leaderboard of a suite: systems by language pairs, averages, resource gap, tests, ranks, costs.

    Nothing is run: measures the run did not compute are computed from the kept runs. Every row is compared with the
    best one (paired permutation test, Holm-corrected), and what is not distinguishable from it is marked.

    \b
    Examples:
      clir leaderboard --suite embedded
      clir leaderboard --suite afriqa --measure nDCG@20,Judged@20 --baseline "BM25 (no translation)"
      clir leaderboard --suite afriqa --pair sw-en --rank borda
      clir leaderboard --suite xquad --format latex --output xquad.tex
      clir leaderboard --suite xquad --format html --output xquad.html --plots plots
      clir leaderboard --suite embedded --against PSQ OPTICAL --pair sw-en
    """
    from clir_harness.harness.atomic_files import write_text
    from clir_harness.harness.store import Store
    from clir_harness.leaderboards.reading import read_leaderboard

    opened = Store(store, create=False)
    board = read_leaderboard(opened, suite, measure or None)
    if against:
        if options["plots"] is not None:
            raise UsageError("--against has no plots", hint="leave out one of --against and --plots")
        text = _contest(opened, board, against, pair, form, queries)
    else:
        text = _board(opened, board.only(pair) if pair else board, form, **options)
    if output is None:
        echo_document(text, form)
    else:
        write_text(output, text)
        click.echo(f"wrote {output}", err=True)


def _board(
    store: Store,
    board: Leaderboard,
    form: str,
    *,
    baseline: str | None,
    test: list[str],
    no_tests: bool,
    by: Any,
    per_query: bool,
    published: Path | None,
    plots: Path | None,
) -> str:
    from clir_harness.cli.progress import StepProgress
    from clir_harness.leaderboards.analysis import analyse
    from clir_harness.leaderboards.published import figures_for, read_published
    from clir_harness.leaderboards.query_details import read_details
    from clir_harness.leaderboards.render.document import make_document
    from clir_harness.leaderboards.render.formats import render
    from clir_harness.leaderboards.render.html_page import render_html
    from clir_harness.leaderboards.render.plots import write_plots

    if no_tests and (test or baseline):
        raise UsageError("--test and --baseline need tests, which --no-tests omits", hint="leave out one of them")
    if per_query and form != "json":
        raise UsageError("--per-query is for JSON", hint="add --format json")
    figures = figures_for(board, read_published(published) if published else None)
    with StepProgress() as progress:
        analysis = analyse(board, baseline, test or None, by=by, resampling=not no_tests, progress=progress)
    if plots is not None:
        echo_written(write_plots, make_document(analysis), plots)
    if form == "html":
        document = make_document(analysis, figures, per_query=True)
        with StepProgress() as progress:
            return render_html(document, read_details(store, board, document, progress))
    return render(analysis, form, figures, per_query=per_query)


def _contest(
    store: Any, board: Leaderboard, systems: tuple[str, str], pair: str | None, form: str, queries: int
) -> str:
    from clir_harness.leaderboards.head_to_head import compare_two
    from clir_harness.leaderboards.render.head_to_head import head_to_head_json, head_to_head_markdown

    if pair is None:
        raise UsageError("--against compares on one language pair", hint="add --pair, e.g. --pair sw-en")
    if form not in ("markdown", "json"):
        raise UsageError(f"--against has no {form}", hint="leave out --format, or use --format json")
    result = compare_two(store, board, systems, pair)
    return head_to_head_json(result) if form == "json" else head_to_head_markdown(result, queries)
