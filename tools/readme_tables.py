"""Tables of README.md, written from committed boards: `make readme`.

A table stands between two comments, of which the first names the board and the measure:

    <!-- table: baselines/embedded.json AP -->
    ...
    <!-- end of table -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from clir_harness.harness.errors import UsageError
from clir_harness.harness.languages import LanguagePair, ResourceTier
from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.entries import BoardRow, Column, Entry
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.render.markdown import score_table
from clir_harness.leaderboards.schema import BoardDocument, CellPart, CollectionPart, read_board

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"(?<=<!-- table: )(\S+) (\S+)( -->\n).*?(?=<!-- end of table -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """The text with every table as its board has it; what is outside of the comments stays."""
    return TABLE.sub(lambda found: f"{found[1]} {found[2]}{found[3]}\n{_table(found[1], found[2])}\n\n", text)


def _table(path: str, measure: str) -> str:
    document = read_board(ROOT / path)
    if document.queries is None:
        raise UsageError(f"{path} holds no scores of queries", hint="write it with `clir baseline freeze`")
    return score_table(analyse(_leaderboard(document, document.queries, measure)), measure)


def _leaderboard(document: BoardDocument, queries: Mapping[str, tuple[str, ...]], measure: str) -> Leaderboard:
    def entry(cell: CellPart) -> Entry:
        if cell.scores is None:
            return Entry(cell.state, cell.reason)
        return Entry(cell.state, cell.reason, queries[cell.collection], {measure: np.array(cell.scores[measure])})

    return Leaderboard(
        suite=document.suite.name,
        title=document.suite.title,
        description=document.suite.description,
        depth=document.suite.depth,
        version=document.version,
        measures=(measure,),
        columns=tuple(_column(one) for one in document.collections if not one.missing),
        absent=tuple(_column(one) for one in document.collections if one.missing),
        rows=tuple(
            BoardRow(row.label, row.system, row.queries, row.settings, tuple(map(entry, row.cells)), row.submitted)
            for row in document.rows
        ),
    )


def _column(part: CollectionPart) -> Column:
    return Column(**{**part.model_dump(), "pair": LanguagePair.parse(part.pair), "tier": ResourceTier(part.tier)})


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(with_tables(readme.read_text("utf-8")), encoding="utf-8")
