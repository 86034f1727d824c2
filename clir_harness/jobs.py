"""Two of the jobs as functions: run a suite, compare two boards. The command line's options are their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clir_harness.cli.comparison import compare as compare_sides
from clir_harness.cli.progress import RunProgress
from clir_harness.harness.execution.experiment import Experiment, Report
from clir_harness.harness.store import Store
from clir_harness.harness.suite import Suite
from clir_harness.leaderboards.compare.inputs import Selection
from clir_harness.leaderboards.compare.results import BoardComparison
from clir_harness.leaderboards.compare.rules import choose_rules


def run(
    suite: str | Path | Suite,
    store: str | Path | Store = "results",
    *,
    data: str | Path | None = None,
    systems: Sequence[str] = (),
    pairs: Sequence[str] = (),
    settings: Sequence[str] = (),
    models: Sequence[str] = (),
    plugins: Sequence[str | Path] = (),
    jobs: int = 1,
    quiet: bool = False,
) -> Report:
    """Run every system of a suite over every collection and language pair in it, and keep the results in a store.

    What is in the store already is not run again; an interrupted run resumes; a cell that failed is tried again.

    Args:
        suite: a built-in suite's name, a YAML file, or a `Suite`.
        store: folder of the results store, made when it does not exist; or an opened store.
        data: folder with the data the suite needs.
        systems: only these rows, by label or system; registered systems without a row get one.
        pairs: only these language pairs, e.g. `sw-en`.
        settings: changes of settings, `SYSTEM.FIELD=VALUE`.
        models: existing models instead of those the suite trains, `NAME=FOLDER`.
        plugins: Python files that register systems or collections.
        jobs: models trained at once, each with its share of the cores.
        quiet: whether to show no progress on standard error.

    Returns:
        What was done: `computed` and `reused` cells, those that `failed` with their reasons, `seconds`, the `plan`.

    Raises:
        ClirError: when a name, a setting, a file, the data or the store cannot be used; says which and why.
    """
    experiment = Experiment.from_suite(
        suite, store, data=data, systems=systems, pairs=pairs, settings=settings, models=models, plugins=plugins
    )
    plan = experiment.plan()
    with RunProgress(plan, quiet=quiet) as progress:
        return experiment.run(progress, plan, jobs=jobs)


def compare(
    base: str | Path,
    current: str | Path,
    *,
    suite: str | None = None,
    measures: Sequence[str] = (),
    collection: str | None = None,
    row: str | None = None,
    data: str | Path | None = None,
    rules: str | Path | None = None,
    absolute: float | None = None,
    relative: float | None = None,
    alpha: float | None = None,
    latency_ratio: float | None = None,
    memory_ratio: float | None = None,
    allow_missing: bool | None = None,
    allow_not_comparable: bool | None = None,
    tests: bool = True,
    quiet: bool = False,
) -> BoardComparison:
    """Compare two boards, or runs, cell by cell.

    A cell is improved, unchanged, regressed, missing, new, or not comparable (other documents, judgements, queries,
    depth or versions of measures). It has regressed when it lost more than all tolerances and, with `alpha`, the loss
    is significant (paired permutation test, Holm-corrected).

    Args:
        base, current: each a results store, a board as JSON, or a run file.
        suite: name of the suite; needed when stores have several, and for two runs.
        measures: in ir-measures' language; the first one of the base when empty.
        collection: only this collection; the one that runs are of.
        row: only this row; the one that a run is compared with.
        data: folder of the data, for the judgements of runs.
        rules: YAML file of rules; the parameters below replace what it says.
        absolute: tolerated difference of means; 0.005 unless given.
        relative: tolerated share of the base's mean, 0 to 1.
        alpha: count only differences with a corrected p below this.
        latency_ratio, memory_ratio: tolerated ratios of median latency and of peak memory in search, 1 or more.
        allow_missing, allow_not_comparable: whether such cells do not fail.
        tests: whether there are tests and intervals.
        quiet: whether to show no progress on standard error.

    Returns:
        The comparison: `failed` when a cell regressed, is missing or is not comparable; `cells` with their verdicts.

    Raises:
        ClirError: when a file, a name or a rule cannot be used; says which and why.
    """
    given = {
        "absolute": absolute,
        "relative": relative,
        "alpha": alpha,
        "latency_ratio": latency_ratio,
        "memory_ratio": memory_ratio,
        "allow_missing": allow_missing,
        "allow_not_comparable": allow_not_comparable,
    }
    chosen = choose_rules(None if rules is None else Path(rules), given)
    selection = Selection(measures or chosen.measures, suite, collection, row, None if data is None else Path(data))
    return compare_sides(Path(base), Path(current), selection, chosen, tests=tests, quiet=quiet)
