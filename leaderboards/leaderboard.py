"""The leaderboard of a suite as values: rows are systems, columns are language pairs, cells have results or reasons.

Means are over all judged queries of a cell. Averages are means of those means, so every pair has the same weight. An
average over a cell without a result is missing; a pair whose data were never available is not a column and is kept
separately, in `absent`.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.harness.languages import ResourceTier
from clir_harness.harness.record import CellState
from clir_harness.leaderboards.entries import BoardRow, Column, Drop, Entry, TrackEntry


@dataclass(frozen=True)
class Leaderboard:
    """A suite's results.

    Attributes:
        suite, title, description, depth: of the suite.
        version: version of the harness that planned the board.
        measures: names of the measures, the one that ranks the rows first.
        columns: collections with data, in the order of the suite.
        absent: collections without data for any row; no average is over them.
        rows: in the order of the suite.
        tracks: entries of robustness tracks; no average and no rank is over them.
    """

    suite: str
    title: str
    description: str
    depth: int
    version: str
    measures: tuple[str, ...]
    columns: tuple[Column, ...]
    absent: tuple[Column, ...]
    rows: tuple[BoardRow, ...]
    tracks: tuple[TrackEntry, ...] = ()

    def header(self, column: Column) -> str:
        """What a column is called: its pair, `sw→en`, or its id when another collection has the same pair."""
        pairs = Counter(other.pair for other in (*self.columns, *self.absent))
        return column.pair.arrow if pairs[column.pair] == 1 else column.id

    def column(self, name: str) -> Column:
        """The column of a collection's id or of a language pair.

        Raises:
            UnknownNameError: no column has that id or pair.
            UsageError: several collections have that pair.
        """
        found = [column for column in self.columns if name in (column.id, str(column.pair), column.pair.arrow)]
        if not found:
            known = (known for column in self.columns for known in (column.id, str(column.pair)))
            raise UnknownNameError("language pair of this board", name, known)
        if len(found) > 1:
            ids = ", ".join(column.id for column in found)
            raise UsageError(f"several collections of this board are {name}: {ids}", hint="give the id of one")
        return found[0]

    def only(self, name: str) -> Leaderboard:
        """The board of one collection, by its id or language pair; raises what `column` raises."""
        kept = self.column(name)
        place = self.columns.index(kept)
        return dataclasses.replace(
            self,
            columns=(kept,),
            absent=(),
            rows=tuple(dataclasses.replace(row, entries=(row.entries[place],)) for row in self.rows),
            tracks=tuple(entry for entry in self.tracks if entry.collection == kept.id),
        )

    def row(self, label: str) -> BoardRow:
        """The row of a label.

        Raises:
            UnknownNameError: no row has it.
        """
        for row in self.rows:
            if row.label == label:
                return row
        raise UnknownNameError("row of this board", label, (row.label for row in self.rows))

    def entry(self, label: str, collection: str) -> Entry:
        """The result of a row on a collection.

        Args:
            label: label of the row.
            collection: id of a collection with data.

        Returns:
            The entry.

        Raises:
            UnknownNameError: the board does not have the row.
        """
        place = [column.id for column in self.columns].index(collection)
        return self.row(label).entries[place]

    def drop(self, entry: TrackEntry, measure: str) -> Drop | None:
        """The loss due to a perturbation.

        Args:
            entry: a row on perturbed queries.
            measure: one of the board's.

        Returns:
            Clean and perturbed mean; None when one of them is missing.
        """
        clean = self.entry(entry.row, entry.collection).means.get(measure)
        perturbed = entry.entry.means.get(measure)
        return None if clean is None or perturbed is None else Drop(clean, perturbed)

    def ranked(self) -> list[BoardRow]:
        """Rows by macro average of the first measure, best first; rows without one come last, in suite order."""

        def place(row: BoardRow) -> tuple[bool, float]:
            average = self.macro(row, self.measures[0])
            return average is None, -(average or 0.0)

        return sorted(self.rows, key=place)

    def macro(self, row: BoardRow, measure: str) -> float | None:
        """Mean over all columns.

        Args:
            row: a row of the board.
            measure: one of the board's.

        Returns:
            The mean; None when a cell has no result.

        Raises:
            UnknownNameError: the board does not have the measure.
        """
        return self._mean(row, measure, tuple(ResourceTier))

    def tier_mean(self, row: BoardRow, measure: str, tier: ResourceTier) -> float | None:
        """Mean over the columns of a tier.

        Args:
            row: a row of the board.
            measure: one of the board's.
            tier: the tier.

        Returns:
            The mean; None when one of the cells has no result or there is no such column.

        Raises:
            UnknownNameError: the board does not have the measure.
        """
        return self._mean(row, measure, (tier,))

    def gap(self, row: BoardRow, measure: str) -> float | None:
        """High-resource mean minus low-resource mean.

        Args:
            row: a row of the board.
            measure: one of the board's.

        Returns:
            The difference; None when either mean is missing.

        Raises:
            UnknownNameError: the board does not have the measure.
        """
        high = self.tier_mean(row, measure, ResourceTier.HIGH)
        low = self.tier_mean(row, measure, ResourceTier.LOW)
        return None if high is None or low is None else high - low

    def averages(self, row: BoardRow, measure: str) -> dict[str, float | None]:
        """All averages of a row.

        Args:
            row: a row of the board.
            measure: one of the board's.

        Returns:
            The averages by their names in tables: macro, high, low, gap.

        Raises:
            UnknownNameError: the board does not have the measure.
        """
        return {
            "macro": self.macro(row, measure),
            "high": self.tier_mean(row, measure, ResourceTier.HIGH),
            "low": self.tier_mean(row, measure, ResourceTier.LOW),
            "gap": self.gap(row, measure),
        }

    def _mean(self, row: BoardRow, measure: str, tiers: Sequence[ResourceTier]) -> float | None:
        if measure not in self.measures:
            raise UnknownNameError("measure of this board", measure, self.measures)
        entries = [entry for column, entry in zip(self.columns, row.entries, strict=True) if column.tier in tiers]
        means = [entry.means[measure] for entry in entries if entry.state is CellState.DONE]
        return statistics.fmean(means) if means and len(means) == len(entries) else None
