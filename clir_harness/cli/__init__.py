"""The `clir` command. One module a sub-command; each is imported only when it runs."""

from __future__ import annotations

import importlib
import os
import sys

import click

from clir_harness.cli.streams import prepare_streams, report_escapes, use_utf8
from clir_harness.harness.errors import ClirError, UnknownNameError

COMMANDS = {
    "run": "Run a suite: every system over every collection, then print the leaderboard.",
    "submit": "Put a run that another tool wrote on the board of a suite.",
    "leaderboard": "Print the leaderboard of a suite from the results store.",
    "compare": "Compare two boards or runs cell by cell: what improved, what regressed.",
    "export": "Write runs, judgements and topics as plain TREC files, for any tool.",
    "baseline": "Store a board as the baseline of later comparisons.",
    "publish": "Write the boards of a results store as a static site.",
    "calibration": "Print how well scores predict relevance: Brier score, calibration error, diagrams.",
    "systems": "List retrieval systems, or describe one.",
    "collections": "List collection sources, describe one, or check a suite's collections.",
    "suites": "List suites, or describe one.",
    "train": "Train a system on parallel text; the result is a folder that its settings name.",
    "check": "Check that a retrieval system fulfils its contract.",
    "new": "Create a plugin package to start from.",
    "doctor": "Check Java, libraries, devices, memory, disk and folders; suggest fixes.",
}
"""Sub-commands with the line that `clir --help` shows for them."""


class _LazyGroup(click.Group):
    """A group whose commands live in modules of their own, imported when one is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"clir_harness.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UnknownNameError("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="clir-harness", message="clir-harness %(version)s")
def clir() -> None:
    """Benchmark cross-lingual retrieval: queries in one language, documents in another.

    \b
    Examples:
      clir run --suite embedded                       the demo: no download, a few minutes
      clir run --suite afriqa --data DIR --pairs sw-en,ha-en
      clir run --suite embedded --systems my-system --plugin my_system.py
      clir leaderboard --suite afriqa --measure nDCG@20 --format csv
      clir compare baselines/embedded.json results
      clir doctor

    \b
    Exit codes: 0 success; 1 a cell failed or a result regressed; 2 the request is invalid.
    """


def main() -> None:
    """Entry point: errors a user can act on are shown without a traceback and end with exit code 2."""
    use_utf8()
    prepare_streams()
    try:
        code = clir.main(prog_name="clir", standalone_mode=False)
    except ClirError as error:
        click.echo(f"error: {error}", err=True)
        code = 2
    except click.exceptions.Abort:
        click.echo("interrupted: finished results are kept; run the same command to resume", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = 2
    except BrokenPipeError:  # the reader of the output has closed it, e.g. `clir leaderboard | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    report_escapes()
    sys.exit(code if isinstance(code, int) else 0)
