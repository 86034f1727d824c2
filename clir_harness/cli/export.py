"""`clir export`: runs, judgements and topics of a suite as plain TREC files."""

from __future__ import annotations

from pathlib import Path

import click

from clir_harness.cli.options import many, store_option


@click.command("export", no_args_is_help=True)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--suite", required=True, metavar="NAME", help="The suite whose results are written.")
@store_option
@many("--systems", "NAME[,NAME…]", "Only these rows, by label or system.")
@many("--pairs", "PAIR[,PAIR…]", "Only these language pairs, or collections by id.")
@click.option("--force", is_flag=True, help="Replace DIR although it holds other files, which are lost.")
def command(folder: Path, suite: str, store: Path, systems: list[str], pairs: list[str], force: bool) -> None:
    """Write the runs of a suite into DIR as plain TREC files, with their judgements and topics.

    \b
      DIR/runs/SYSTEM.PAIR.run    the run, six columns, no header; its provenance beside it, as .json
      DIR/qrels/PAIR.qrels        judgements
      DIR/topics/PAIR.tsv         ids and words of the queries; PAIR.WORDING.tsv for other wordings
      DIR/export.json             which file is what, the board's means, and which cells have no run

    ir_measures, pytrec_eval, ranx, PyTerrier and trec_eval read them. A collection is named by its id where several
    have the same pair. Nothing is run. An earlier export is replaced when the new one is complete.

    \b
    Examples:
      clir export exported --suite embedded
      clir export exported --suite afriqa --systems bm25,psq --pairs sw-en,ha-en
    """
    from clir_harness.cli.progress import StepProgress
    from clir_harness.leaderboards.export import export_suite

    with StepProgress() as progress:
        found = export_suite(store, suite, folder, systems=systems, pairs=pairs, force=force, progress=progress)
    for cell in found.not_exported:
        place = " × ".join(filter(None, (cell["row"], cell["collection"], cell["track"])))
        click.echo(f"no run of {place}: {cell['state']}{': ' + cell['reason'] if cell['reason'] else ''}", err=True)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    for run in found.runs:
        click.echo(folder / run["file"])
    click.echo(
        f"wrote {len(found.runs)} runs and {len(found.collections)} collections into {folder}"
        + (f"; {len(found.not_exported)} cells have no run" if found.not_exported else ""),
        err=True,
    )
