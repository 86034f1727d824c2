"""Tables of GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabulate import tabulate


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table of text that is already escaped; `left` columns are aligned left, the others right."""
    align = ["left" if i < left else "right" for i in range(len(headers))]
    return tabulate(list(rows), headers=headers, tablefmt="github", colalign=align, disable_numparse=True)
