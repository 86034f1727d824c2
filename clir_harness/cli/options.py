"""Options shared by several sub-commands, and output of tables and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from clir_harness.cli.streams import echo_document
from clir_harness.harness.errors import UsageError
from clir_harness.harness.plugins.files import load_plugin_file

F = TypeVar("F", bound=Callable[..., Any])


def _split(_ctx: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> list[str]:
    """Items of a repeatable option whose values are comma-separated."""
    return [item.strip() for value in values for item in value.split(",") if item.strip()]


def many(name: str, metavar: str, text: str) -> Callable[[F], F]:
    """A repeatable, comma-separated option.

    Args:
        name: the option, with dashes.
        metavar: its value in the help.
        text: its help text.

    Returns:
        A decorator for a click command.
    """
    return click.option(name, multiple=True, metavar=metavar, callback=_split, help=text)


def _load_plugins(_ctx: click.Context, _parameter: click.Parameter, values: Sequence[Path]) -> None:
    for path in values:
        load_plugin_file(path)


plugin_option = click.option(
    "--plugin",
    multiple=True,
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_load_plugins,
    help="Python file that registers systems or collections; repeatable.",
)
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="CLIR_DATA",
    show_envvar=True,
    help="Folder that holds the data a suite needs.",
)
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    envvar="CLIR_STORE",
    show_envvar=True,
    help="Folder of the results store.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON instead of text.")


def echo_json(value: Any) -> None:
    """Write a value as JSON to standard output."""
    echo_document(json.dumps(value, ensure_ascii=False, indent=2), "json")


def echo_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table to standard output, with cells wrapped to the terminal's width.

    Args:
        headers: names of the columns.
        rows: cells by row.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 10_000  # a pipe has no width: one line per row, for grep and cut
    console.print(table)


def echo_written(write: Callable[[Any, Path], Iterable[Path]], value: Any, folder: Path) -> None:
    """Write files into a folder and print their names to standard error.

    Args:
        write: writes the files of a value into a folder and returns their paths.
        value: the value.
        folder: the folder.

    Raises:
        UsageError: the folder cannot be written.
    """
    try:
        for path in write(value, folder):
            click.echo(f"wrote {path}", err=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}", hint="name another folder") from error
