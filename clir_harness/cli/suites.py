"""`clir suites`: the named benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clir_harness.cli.options import data_option, echo_json, echo_table, json_option
from clir_harness.harness.errors import MissingDataError

if TYPE_CHECKING:
    from clir_harness.harness.perturbation.tracks import Track


@click.command("suites")
@click.argument("name", required=False)
@data_option
@json_option
def command(name: str | None, data: Path | None, as_json: bool) -> int:
    """List suites, or describe one: rows, measures, tracks, and collections with their availability.

    \b
    Examples:
      clir suites
      clir suites xquad --data DIR
      clir suites my_suite.yaml
    """
    from clir_harness.harness.suite import builtin_suites, load_suite

    if name is not None:
        _describe(name, data, as_json)
        return 0
    suites = [load_suite(found) for found in builtin_suites()]
    if as_json:
        echo_json([s.model_dump(mode="json") for s in suites])
    else:
        rows = [[s.name, s.title, len(s.rows), ", ".join(s.measures)] for s in suites]
        echo_table(["suite", "what it is", "rows", "measures"], rows)
    return 0


def _describe(name: str, data: Path | None, as_json: bool) -> None:
    from clir_harness.harness.execution.catalogue import offered
    from clir_harness.harness.suite import load_suite

    suite = load_suite(name)
    tracks = [(track, _missing(track, data)) for track in suite.tracks]
    entries = [entry for _, _, entry in offered(suite.collections, data)]
    if as_json:
        collections = [{"id": e.id, "pair": str(e.pair), "missing": e.missing, "remedy": e.remedy} for e in entries]
        lexicons = [{"code_switch": t.code_switch, "missing": missing} for t, missing in tracks if t.code_switch]
        echo_json({**suite.model_dump(mode="json"), "entries": collections, "lexicons": lexicons})
        return
    click.echo(f"{suite.name}: {suite.title}\n{suite.description}")
    click.echo(f"measures: {', '.join(suite.measures)}; depth {suite.depth}; seed {suite.seed}\n")
    settings = [", ".join(f"{key}={value}" for key, value in row.settings.items()) for row in suite.rows]
    echo_table(
        ["row", "system", "queries", "settings"],
        [[row.label, row.system, row.queries, text] for row, text in zip(suite.rows, settings, strict=True)],
    )
    if tracks:
        click.echo()
        echo_table(
            ["track", "rates", "queries", "data"],
            [
                [
                    track.name,
                    ", ".join(f"{rate:g}" for rate in track.rates),
                    track.language or "all",
                    missing or ("there" if track.code_switch else ""),
                ]
                for track, missing in tracks
            ],
        )
    click.echo()
    echo_table(
        ["collection", "pair", "data"],
        [[e.id, e.pair.arrow, "there" if e.missing is None else f"missing: {e.missing}; {e.remedy}"] for e in entries],
    )


def _missing(track: Track, data: Path | None) -> str | None:
    """Why a track's lexicon is missing, and what to do; None when it exists or is not needed."""
    try:
        if track.code_switch:
            track.lexicon_path(data)
    except MissingDataError as error:
        return f"missing: {error.message}; {error.hint}"
    return None
