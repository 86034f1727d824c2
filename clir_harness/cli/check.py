"""`clir check`: does a system fulfil its contract?"""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import click

from clir_harness.cli.options import echo_json, json_option, plugin_option
from clir_harness.harness.settings import parse_settings


@click.command("check")
@click.argument("system")
@click.option("--set", "assignments", multiple=True, metavar="FIELD=VALUE", help="Change a setting; repeatable.")
@click.option(
    "--pair", metavar="PAIR", help="Language pair to check it with, e.g. sw-en; the first common one it takes."
)
@plugin_option
@json_option
def command(system: str, assignments: tuple[str, ...], pair: str | None, as_json: bool) -> int:
    """Check that a system fulfils its contract: ids, depth, ties, seeds, odd texts, indexes, identity.

    A small synthetic collection is indexed and searched in many ways; nothing is kept. Exit code 1 when a check
    fails.

    \b
    Examples:
      clir check bm25
      clir check bm25 --set backend=bm25s --pair zh-en
      clir check my-system --plugin my_system.py --json
    """
    from clir_harness.harness.conformance import Subject, check_system

    with tempfile.TemporaryDirectory() as scratch:
        subject = Subject.of(system, Path(scratch), parse_settings(assignments), pair)
        if not as_json:
            click.echo(f"{subject.name} ({subject.origin}) over {subject.pair.arrow}", err=True)
        outcomes = []
        for outcome in check_system(subject):
            outcomes.append(outcome)
            if not as_json:
                click.echo(_line(outcome))
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    if as_json:
        echo_json(
            {
                "system": subject.name,
                "settings": subject.system.config.model_dump(mode="json"),
                "pair": str(subject.pair),
                "failed": failed,
                "checks": [dataclasses.asdict(outcome) for outcome in outcomes],
            }
        )
    else:
        click.echo(f"{failed} of {len(outcomes)} checks failed" if failed else "no check failed", err=True)
    return 1 if failed else 0


def _line(outcome: Any) -> str:
    label = {"ok": "ok", "failed": "FAILED", "skipped": "skipped"}[outcome.status]
    line = f"{label:8}{outcome.check}"
    if outcome.reason:
        line += f": {outcome.reason}"
    return f"{line} (to fix: {outcome.remedy})" if outcome.remedy else line
