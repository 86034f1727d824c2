from pathlib import Path

import numpy as np
import pytest

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.systems.psq.table import META, Pruning, TableFolder, TranslationTable, make_table

ALL = Pruning(most=100)


def table(pruning: Pruning = ALL) -> TranslationTable:
    """maji: water .5, waters .25, rain .15, the .1; na: and 1; zote: nothing."""
    return make_table(
        ["maji", "zote", "na"],
        ["the", "rain", "water", "and", "waters"],
        np.array([0, 4, 4, 5]),
        np.array([0, 1, 2, 4, 3], np.int32),
        np.array([0.1, 0.15, 0.5, 0.25, 1.0]),
        pruning,
    )


def test_translations_come_most_probable_first_and_words_without_any_are_unknown() -> None:
    kept = table()
    assert kept.words == ["maji", "na"]
    assert kept.translations("maji", ALL) == [
        ("water", pytest.approx(0.5)),
        ("waters", pytest.approx(0.25)),
        ("rain", pytest.approx(0.15)),
        ("the", pytest.approx(0.1)),
    ]
    assert kept.translations("na", ALL) == [("and", 1.0)]
    assert kept.translations("zote", ALL) is None
    assert kept.translations("mto", ALL) is None


@pytest.mark.parametrize(
    ("pruning", "expected"),
    [
        (Pruning(most=1), {"water": 1.0}),
        (Pruning(most=2), {"water": 2 / 3, "waters": 1 / 3}),
        (Pruning(most=9, min_probability=0.15), {"water": 5 / 9, "waters": 2.5 / 9, "rain": 1.5 / 9}),
        (Pruning(most=9, cumulative=0.5), {"water": 1.0}),
        (Pruning(most=9, cumulative=0.6), {"water": 2 / 3, "waters": 1 / 3}),
        (Pruning(most=9, min_probability=0.9), {"water": 1.0}),
    ],
)
def test_pruning_keeps_the_head_and_gives_it_all_the_mass(pruning: Pruning, expected: dict[str, float]) -> None:
    for found in (table().translations("maji", pruning), table(pruning).translations("maji", ALL)):
        assert dict(found or []) == pytest.approx(expected)


def test_equal_probabilities_are_kept_in_alphabetical_order() -> None:
    even = make_table(
        ["x"], ["c", "a", "b"], np.array([0, 3]), np.array([0, 1, 2], np.int32), np.full(3, 1 / 3), Pruning(2)
    )
    assert even.translations("x", ALL) == [("a", 0.5), ("b", 0.5)]


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    table().save(tmp_path, "sw")
    assert TableFolder(tmp_path).load("sw").translations("maji", ALL) == table().translations("maji", ALL)


def test_an_absent_or_damaged_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no translation tables"):
        _ = TableFolder(tmp_path).digest
    (tmp_path / META).write_text("{")
    with pytest.raises(DataError, match="is damaged"):
        _ = TableFolder(tmp_path).meta
    table().save(tmp_path, "sw")
    (tmp_path / "sw.targets.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match="is damaged"):
        TableFolder(tmp_path).load("sw")
