"""`clir publish`: the boards of a results store as a static site."""

from __future__ import annotations

from pathlib import Path

import click

from clir_harness.cli.options import many, store_option


@click.command("publish", no_args_is_help=True)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@store_option
@many("--suite", "NAME[,NAME…]", "Only these suites; all of the store when left out.")
@click.option("--force", is_flag=True, help="Replace DIR although it holds other files, which are lost.")
def command(folder: Path, store: Path, suite: list[str], force: bool) -> None:
    """Write the boards of a results store as a static site into DIR: an index, and per suite a page and JSON.

    Any web server can serve it, and its pages open from disk: they load nothing. The same store gives the same
    bytes. An earlier site is replaced when the new one is complete.

    \b
    Examples:
      clir publish site
      clir publish site --suite afriqa,ciral --store results
    """
    from clir_harness.cli.progress import StepProgress
    from clir_harness.leaderboards.site import publish_site

    with StepProgress() as progress:
        pages = publish_site(store, folder, suite, force=force, progress=progress)
    for page in ("index.html", *pages.values()):
        click.echo(folder / page)
