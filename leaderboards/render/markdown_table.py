"""Tables of GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabulate import tabulate


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table of escaped text.

    Args:
        headers: names of the columns.
        rows: cells by row.
        left: number of columns aligned left; the others are aligned right.

    Returns:
        Markdown.
    """
    align = ["left" if i < left else "right" for i in range(len(headers))]
    return tabulate(list(rows), headers=headers, tablefmt="github", colalign=align, disable_numparse=True)
