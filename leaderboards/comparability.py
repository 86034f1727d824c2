"""Comparability of cells: a board does not mix depths, collections, queries, perturbations or measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clir_harness.harness.errors import StoreError
from clir_harness.harness.identity import fingerprint
from clir_harness.harness.record import CellRecord
from clir_harness.harness.store import PLACE_OF_SCORES

Place = tuple[str, str, str]
"""Label of a row, id of a collection, and name of a perturbation, empty for the queries as they are."""


def check_comparable(suite: str, records: Mapping[Place, CellRecord]) -> None:
    """Refuse results that cannot be on one board.

    Args:
        suite: name of the suite, for the message.
        records: records of the cells.

    Raises:
        StoreError: cells differ in what has to be equal; names them.
    """
    found: dict[tuple[str, ...], dict[object, list[Place]]] = {}
    for place, record in records.items():
        if record.done:
            for aspect, value in _must_agree(place, record).items():
                found.setdefault(aspect, {}).setdefault(value, []).append(place)
    for (what, *_), cells in found.items():
        if len(cells) > 1:
            raise _mixed(
                suite,
                what,
                {f"{what} {value}": places for value, places in cells.items()},
                f"bring all of its cells up to date: `clir run --suite {suite}`, without --systems or --pairs",
            )


def check_versions(suite: str, versions: Mapping[Place, Mapping[str, str]]) -> None:
    """Refuse scores of one measure that different versions computed.

    Args:
        suite: name of the suite.
        versions: by cell, what computed each measure.

    Raises:
        StoreError: names the measure, the versions and the cells.
    """
    found: dict[str, dict[str, list[Place]]] = {}
    for place, by_measure in versions.items():
        for measure, version in by_measure.items():
            found.setdefault(measure, {}).setdefault(version, []).append(place)
    for measure, cells in found.items():
        if len(cells) > 1:
            raise _mixed(
                suite,
                f"versions of {measure}",
                cells,
                f"delete {PLACE_OF_SCORES} of these cells in the store: scores are then computed from the kept runs",
            )


def _must_agree(place: Place, record: CellRecord) -> dict[tuple[str, ...], object]:
    """What has to be the same in all cells of a board, of a collection, of a wording, and of a track."""
    collection, queries = record.collection, record.identity.queries
    agree: dict[tuple[str, ...], object] = {
        ("depth",): record.depth,
        ("documents", collection.id): collection.documents_digest,
        ("drop_self", collection.id): collection.drop_self,
        ("judgements", collection.id): collection.qrels_digest,
        ("queries", collection.id, queries.variant): queries.digest,
    }
    if queries.perturbation:
        agree["perturbations", place[2]] = fingerprint(queries.perturbation)
    return agree


def _mixed(suite: str, what: str, sides: Mapping[str, Sequence[Place]], hint: str) -> StoreError:
    shown = "; ".join(f"{side}: {_some(places)}" for side, places in sides.items())
    return StoreError(f"the board of '{suite}' would mix cells of different {what} ({shown})", hint=hint)


def _some(places: Sequence[Place]) -> str:
    names = [f"'{row}' on {collection}" + (f" with {track}" if track else "") for row, collection, track in places]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
