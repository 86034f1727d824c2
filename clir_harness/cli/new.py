"""`clir new`: create a working plugin package."""

from __future__ import annotations

import re
import shlex
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

import click

from clir_harness.harness.errors import UsageError


@click.group("new")
def command() -> None:
    """Create a plugin package to start from.

    \b
    Examples:
      clir new system my-system
      clir new system my-system --directory ~/code
    """


@command.command("system")
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder in which to create the package's folder; by default the current one.",
)
def system(name: str, directory: Path) -> int:
    """Write a package with a retrieval system NAME: settings, index, search, and tests that pass.

    \b
    Examples:
      clir new system my-system
      clir new system my-system --directory ~/code
    """
    _require_free(name)
    folder = directory / f"clir-{name}"
    package = f"clir_{name.replace('-', '_')}"
    write_template("system", folder, {"name": name, "package": package})
    place = shlex.quote(str(folder))
    click.echo(
        f"wrote {folder}; next:\n"
        f"  clir check {name} --plugin {shlex.quote(str(folder / 'src' / package / 'system.py'))}\n"
        f"  pip install --editable {place}   # from then on it is known without --plugin\n"
        f"  pytest {place}\n"
        f"  clir run --suite embedded --systems {name}"
    )
    return 0


def _require_free(name: str) -> None:
    """Refuse names that are invalid or taken."""
    from clir_harness.harness.system import SYSTEMS

    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UsageError(
            f"'{name}' cannot be the name of a new system",
            hint="write lower-case letters, digits and single hyphens, a letter first, e.g. my-system",
        )
    aliases = {alias: known for known, cls in SYSTEMS.usable() for alias in cls.aliases}
    holder = name if name in SYSTEMS.names() else aliases.get(name)
    if holder is not None:
        raise UsageError(
            f"the name '{name}' is taken by system '{holder}' ({SYSTEMS.origin(holder)})", hint="choose another name"
        )


def write_template(template: str, folder: Path, values: dict[str, str]) -> None:
    """Create a folder from a template; `$name` and `$package` are filled in, as is PACKAGE in file names.

    Args:
        template: name of the template.
        folder: the new folder.
        values: text by name.

    Raises:
        UsageError: the folder exists already or cannot be written.
    """
    try:
        folder.mkdir(parents=True)
        _fill(resources.files("clir_harness.harness") / "templates" / template, folder, values)
    except FileExistsError as error:
        raise UsageError(f"{error.filename} exists already", hint="choose another name or --directory") from None
    except OSError as error:
        raise UsageError(
            f"cannot write {error.filename}: {error.strerror}", hint="choose another --directory"
        ) from None


def _fill(source: Traversable, folder: Path, values: dict[str, str]) -> None:
    for entry in source.iterdir():
        name = entry.name.replace("PACKAGE", values["package"]).removesuffix(".tmpl")
        if entry.is_dir():
            (folder / name).mkdir()
            _fill(entry, folder / name, values)
        else:
            (folder / name).write_text(Template(entry.read_text("utf-8")).substitute(values), encoding="utf-8")
