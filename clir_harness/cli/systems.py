"""`clir systems`: the available systems."""

from __future__ import annotations

from typing import Any

import click

from clir_harness.cli.options import echo_json, echo_table, json_option, plugin_option
from clir_harness.cli.settings import echo_settings, settings_of
from clir_harness.harness.errors import PluginError


@click.command("systems")
@click.argument("name", required=False)
@plugin_option
@json_option
def command(name: str | None, as_json: bool) -> int:
    """List retrieval systems with their origin, or describe one: languages, requirements, settings.

    \b
    Examples:
      clir systems
      clir systems bm25
      clir systems --plugin my_system.py --json
    """
    from clir_harness.harness.system import SYSTEMS

    if name is not None:
        _describe(_details(SYSTEMS.resolve(name)), as_json)
        return 0
    systems, broken = [], []
    for found, _ in SYSTEMS.usable():
        try:
            systems.append(_details(found))
        except PluginError as error:
            broken.append({"name": found, "origin": str(SYSTEMS.origin(found)), "reason": error.message})
    broken += [{"name": b.name, "origin": str(b.origin), "reason": b.reason} for b in SYSTEMS.broken()]
    if as_json:
        echo_json({"systems": systems, "broken": broken})
    else:
        rows = [[s["name"], s["origin"], s["languages"], s["summary"]] for s in systems]
        echo_table(["system", "origin", "languages", "what it is"], rows)
        for plugin in broken:
            click.echo(f"broken: {plugin['name']} ({plugin['origin']}): {plugin['reason']}", err=True)
    return 0


def _details(name: str) -> dict[str, Any]:
    from clir_harness.harness.identity import package_version
    from clir_harness.harness.plugins.calls import calling
    from clir_harness.harness.system import SYSTEMS

    cls = SYSTEMS.get(name)
    with calling(f"system '{name}'"):
        return {
            "name": name,
            "aliases": list(cls.aliases),
            "origin": str(SYSTEMS.origin(name)),
            "summary": cls.summary,
            "languages": cls.languages,
            "requires": {package: package_version(package) for package in cls.requires},
            "settings": settings_of(cls.Config),
            "training": settings_of(cls.Training) if hasattr(cls, "Training") else None,
        }


def _describe(details: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(details)
        return
    click.echo(f"{details['name']}: {details['summary']}")
    click.echo(f"origin: {details['origin']}")
    click.echo(f"languages: {details['languages']}")
    if details["aliases"]:
        click.echo(f"also known as: {', '.join(details['aliases'])}")
    if details["requires"]:
        click.echo("needs: " + ", ".join(f"{name} ({found})" for name, found in details["requires"].items()))
    click.echo()
    echo_settings(details["settings"])
    if details["training"] is not None:
        click.echo(f"\ntraining settings, for `clir train {details['name']}`:\n")
        echo_settings(details["training"])
