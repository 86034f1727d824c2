"""`clir collections`: sources of test collections, and the collections of a suite."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clir_harness.cli.options import data_option, echo_json, echo_table, json_option, many, plugin_option
from clir_harness.cli.settings import echo_settings, settings_of

if TYPE_CHECKING:
    from clir_harness.harness.execution.catalogue import CatalogueEntry


@click.command("collections")
@click.argument("source", required=False)
@click.option("--suite", metavar="NAME|FILE", help="Check the collections of a suite instead.")
@many("--pairs", "PAIR[,PAIR…]", "With --suite: only these language pairs.")
@data_option
@plugin_option
@json_option
def command(source: str | None, suite: str | None, pairs: list[str], data: Path | None, as_json: bool) -> int:
    """List collection sources, describe one, or check the collections of a suite.

    With --suite every collection is read and checked: languages, counts, licence, digest, and what is wrong.

    \b
    Examples:
      clir collections
      clir collections squad
      clir collections --suite afriqa --data DIR
    """
    if suite is not None:
        _show_suite(suite, pairs, data, as_json)
    elif source is not None:
        _describe(source, as_json)
    else:
        _list(as_json)
    return 0


def _list(as_json: bool) -> None:
    from clir_harness.harness.collections.sources import SOURCES

    sources = [
        {"name": name, "origin": str(SOURCES.origin(name)), "summary": cls.summary} for name, cls in SOURCES.usable()
    ]
    broken = [{"name": b.name, "origin": str(b.origin), "reason": b.reason} for b in SOURCES.broken()]
    if as_json:
        echo_json({"sources": sources, "broken": broken})
        return
    echo_table(["source", "origin", "what it reads"], [[s["name"], s["origin"], s["summary"]] for s in sources])
    for plugin in broken:
        click.echo(f"broken: {plugin['name']} ({plugin['origin']}): {plugin['reason']}", err=True)


def _describe(name: str, as_json: bool) -> None:
    from clir_harness.harness.collections.sources import SOURCES
    from clir_harness.harness.plugins.calls import calling

    cls = SOURCES.get(name)
    with calling(f"collection source '{name}'"):
        settings = settings_of(cls.Config)
    if as_json:
        echo_json({"name": name, "summary": cls.summary, "settings": settings})
        return
    click.echo(f"{name}: {cls.summary}\n")
    echo_settings(settings)


def _show_suite(suite: str, pairs: list[str], data: Path | None, as_json: bool) -> None:
    from clir_harness.harness.execution.catalogue import Catalogue
    from clir_harness.harness.store import Store
    from clir_harness.harness.suite import load_suite, parse_pairs

    with tempfile.TemporaryDirectory() as scratch:
        catalogue = Catalogue(load_suite(suite).collections, data, Store(scratch))
        entries = catalogue.entries(parse_pairs(pairs))
    if as_json:
        echo_json([_plain(entry) for entry in entries])
        return
    there = [(entry, entry.facts) for entry in entries if entry.facts]
    echo_table(
        ["collection", "pair", "documents", "queries", "judged", "query variants", "licence", "synthetic"],
        [
            [
                *(facts.id, facts.pair, facts.documents, facts.queries, facts.judged_queries),
                *(", ".join(entry.queries), facts.licence, "yes" if facts.synthetic else "no"),
            ]
            for entry, facts in there
        ],
    )
    for _, facts in there:
        if facts.description:
            click.echo(f"{facts.id}: {facts.description}", err=True)
        for warning in facts.warnings:
            click.echo(f"warning: {facts.id}: {warning}", err=True)
    for entry in entries:
        if entry.facts is None:
            click.echo(f"missing: {entry.id}: {entry.missing}; {entry.remedy}", err=True)


def _plain(entry: CatalogueEntry) -> dict[str, Any]:
    """A collection as `--json` shows it."""
    facts = entry.facts.model_dump() if entry.facts else {"id": entry.id, "pair": str(entry.pair)}
    variants = {name: queries.language for name, queries in entry.queries.items()}
    return {**facts, "query_variants": variants, "missing": entry.missing or None, "remedy": entry.remedy or None}
