"""`clir calibration`: how well the scores of a suite's systems predict relevance."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clir_harness.cli.options import echo_json, echo_table, echo_written, json_option, store_option

if TYPE_CHECKING:
    from clir_harness.leaderboards.calibration import Calibration, SuiteCalibration, SystemCalibration


@click.command("calibration", no_args_is_help=True)
@click.option("--suite", required=True, metavar="NAME", help="The suite whose runs are evaluated.")
@store_option
@click.option(
    "--method",
    type=click.Choice(["isotonic", "platt"]),
    default="isotonic",
    show_default=True,
    help="How scores are converted to probabilities of relevance.",
)
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write reliability diagrams of all systems into this folder, as SVG and PNG.",
)
@json_option
def command(suite: str, store: Path, method: Any, plots: Path | None, as_json: bool) -> None:
    """Print how well scores predict relevance: Brier score and expected calibration error.

    Scores become probabilities by a scaling that is fitted on other queries of the same pair. Documents without a
    judgement count as not relevant. --json also holds the points of the reliability diagrams.

    \b
    Examples:
      clir calibration --suite embedded
      clir calibration --suite afriqa --method platt --json
    """
    from clir_harness.leaderboards.calibration import calibrate_suite

    result = calibrate_suite(store, suite, method)
    if plots is not None:
        from clir_harness.leaderboards.render.plots import write_reliability

        echo_written(write_reliability, result, plots)
    if as_json:
        echo_json(_plain(result))
        return
    headers = ["system", "of", "queries", "documents", "relevant", "Brier", "ECE equal width", "ECE equal mass"]
    echo_table(headers, [line for system in result.systems for line in _lines(result, system)])
    for system in result.systems:
        for collection, reason in system.reasons.items():
            click.echo(f"nothing for {system.label} on {result.headers[collection]}: {reason}", err=True)
    click.echo(
        f"{result.method} scaling fitted on other queries ({result.folds} folds, seed {result.seed}), the best "
        f"{result.depth} documents a query, {result.bins} bins; documents without a judgement are not relevant",
        err=True,
    )


def _lines(result: SuiteCalibration, system: SystemCalibration) -> list[list[str]]:
    parts = [(result.headers[collection], found) for collection, found in system.pairs.items()]
    parts += [(tier.value, found) for tier, found in system.tiers.items() if found is not None]
    return [[system.label, name, *_numbers(found)] for name, found in [*parts, ("all", system.overall)]]


def _numbers(found: Calibration | None) -> list[str]:
    if found is None:
        return ["–"] * 6
    counts = [f"{count:,}" for count in (found.queries, found.documents, found.relevant)]
    return [*counts, *(f"{value:.4f}" for value in (found.brier, found.ece_equal_width, found.ece_equal_mass))]


def _plain(result: SuiteCalibration) -> dict[str, Any]:
    def one(found: Calibration | None) -> dict[str, Any] | None:
        return asdict(found) if found else None

    return {
        "suite": result.suite,
        "method": result.method,
        **{name: getattr(result, name) for name in ("depth", "folds", "bins", "seed")},
        "unjudged": "not relevant",
        "collections": dict(result.headers),
        "systems": [
            {
                "label": system.label,
                "pairs": {collection: one(found) for collection, found in system.pairs.items()},
                "tiers": {tier.value: one(found) for tier, found in system.tiers.items()},
                "overall": one(system.overall),
                "reasons": dict(system.reasons),
            }
            for system in result.systems
        ],
    }
