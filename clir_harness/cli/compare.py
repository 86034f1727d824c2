"""`clir compare`: two boards or runs cell by cell, with a verdict by rules and an exit code for a build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clir_harness.cli.options import data_option, json_option, many, plugin_option
from clir_harness.harness.errors import UsageError

_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command("compare", no_args_is_help=True)
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("current", type=click.Path(path_type=Path))
@click.option("--suite", metavar="NAME|FILE", help="The suite; needed when stores have several, and for two runs.")
@many("--measure", "MEASURE[,MEASURE…]", "Measures to compare; the first one of BASE when left out.")
@click.option("--collection", metavar="ID", help="Only this collection; required for runs.")
@click.option("--row", metavar="LABEL", help="Only this row; the one to compare a run with.")
@click.option("--rules", "rules_file", type=click.Path(path_type=Path, dir_okay=False), help="YAML file of rules.")
@click.option("--absolute", type=float, metavar="X", help="Tolerated difference of means.  [default: 0.005]")
@click.option("--relative", type=float, metavar="SHARE", help="Tolerated share of the base's mean, e.g. 0.02.")
@click.option("--alpha", type=float, metavar="P", help="Count only differences with a corrected p below this.")
@click.option("--latency-ratio", type=float, metavar="R", help="Tolerated ratio of median latencies, e.g. 1.5.")
@click.option("--memory-ratio", type=float, metavar="R", help="Tolerated ratio of peak memory in search.")
@click.option("--allow-missing", is_flag=True, default=None, help="Results that have disappeared do not fail.")
@click.option("--allow-not-comparable", is_flag=True, default=None, help="Cells that cannot be compared do not fail.")
@click.option("--no-tests", is_flag=True, help="Omit tests and intervals, to save time.")
@click.option("--all", "show_all", is_flag=True, help="Also print unchanged cells.")
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
    rules_file: Path | None,
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
    from clir_harness.cli.comparison import compare, exit_code, rules_of_options, show_comparison, write_comparison
    from clir_harness.leaderboards.compare.inputs import Selection

    outputs = {"json": Path("-") if as_json else None, "markdown": markdown, "junit": junit}
    printed = [f"--{name}" for name, path in outputs.items() if path == Path("-")]
    if len(printed) > 1:
        raise UsageError(f"{' and '.join(printed)} cannot both be printed", hint="write one of them to a file")
    chosen = rules_of_options(rules_file, rules)
    if no_tests and any(limits.alpha is not None for limits in (chosen, *chosen.overrides)):
        raise UsageError("--alpha needs tests, which --no-tests omits", hint="leave out one of them")
    selection = Selection(measure or chosen.measures, suite, collection, row, data)
    found = compare(base, current, selection, chosen, tests=not no_tests)
    write_comparison(found, outputs)
    if not printed:
        show_comparison(found, show_all=show_all)
    return exit_code(found)
