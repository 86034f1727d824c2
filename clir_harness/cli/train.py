"""`clir train`: train a system on parallel text."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clir_harness.cli.options import many, plugin_option

if TYPE_CHECKING:
    from clir_harness.harness.training import TrainableSystem, TrainingSettings


@click.command("train", no_args_is_help=True)
@click.argument("system")
@click.option(
    "--bitext",
    multiple=True,
    required=True,
    metavar="LANG=FILE[,FILE…]",
    help="Parallel text of a language with the pivot; repeatable.",
)
@click.option("--teacher", metavar="DIR|ID", help="The teacher's model; the same as --set teacher=DIR.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="YAML file with training settings.")
@many("--set", "FIELD=VALUE", "Change a training setting; repeatable.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="New folder for the model; checkpoints are kept beside it until it is finished.",
)
@plugin_option
def command(
    system: str,
    bitext: tuple[str, ...],
    teacher: str | None,
    config: Path | None,
    set: list[str],
    seed: int,
    output: Path,
) -> int:
    """Train a system on parallel text; the result is a folder that its settings name.

    After a kill, the same command resumes from the last checkpoint. `clir systems SYSTEM` lists the
    training settings.

    \b
    Examples:
      clir train psq --bitext sw=bible.tsv.gz,news.tsv.gz --output models/psq-sw
      clir run --suite afriqa --data DIR --systems psq --set psq.model=models/psq-sw
    """
    from clir_harness.cli.progress import StepProgress
    from clir_harness.harness.atomic_files import atomic_folder
    from clir_harness.harness.execution.measurement import available_cores
    from clir_harness.harness.plugins.calls import calling
    from clir_harness.harness.settings import parse_settings
    from clir_harness.harness.training import TrainingContext, parse_bitext, trainable_system

    cls = trainable_system(system)
    settings = _settings(cls, config, parse_settings(set) | ({} if teacher is None else {"teacher": teacher}))
    files = parse_bitext(bitext)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise click.UsageError(f"{output} exists already; give --output a new folder")
    output = output.resolve()
    scratch = output.with_name(output.name + ".checkpoints")
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        with atomic_folder(output) as made, StepProgress() as progress, calling(f"system '{cls.name}'"):
            cls.train(files, settings, made, TrainingContext(scratch, seed, available_cores(), progress))
    except BaseException:
        if not any(path.is_file() for path in scratch.rglob("*")):  # it failed before there was anything to keep
            shutil.rmtree(scratch)
        raise
    shutil.rmtree(scratch)
    click.echo(f"wrote {output}; use it with --set {cls.name}.{cls.model_field}={output}", err=True)
    return 0


def _settings(system: type[TrainableSystem[Any]], config: Path | None, given: Mapping[str, Any]) -> TrainingSettings:
    """Training settings from the file, overridden by those given; errors in the file name the line."""
    from clir_harness.harness.errors import DataError, UsageError
    from clir_harness.harness.plugins.calls import calling
    from clir_harness.harness.settings import line_of, read_yaml
    from clir_harness.harness.training import training_settings

    written = {} if config is None else read_yaml(config) or {}
    if not isinstance(written, dict):
        raise DataError("expected a mapping of training settings", path=config, line=1)
    try:
        with calling(f"system '{system.name}'"):
            return training_settings(system, {**written, **given})
    except UsageError as error:
        if config is not None and set(error.location[:1]) & (written.keys() - given.keys()):
            error.place(config, line_of(config, error.location))
        raise
