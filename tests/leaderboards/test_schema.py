"""JSON documents, written and read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.json_text import write_lines
from clir_harness.leaderboards.render.document import make_document
from clir_harness.leaderboards.schema import BoardDocument, read_board
from tests.leaderboards.page.conftest import FIGURE

SCRIPTED = {"system": "scripted"}
HUMAN = {"system": "scripted", "label": "human", "queries": "human"}


def written(text: str, folder: Path) -> Path:
    path = folder / "board.json"
    path.write_text(text, encoding="utf-8")
    return path


def changed(document: BoardDocument, folder: Path, **changes: object) -> Path:
    return written(json.dumps({**json.loads(document.to_json()), **changes}), folder)


def test_what_is_read_is_what_was_written(world, scripted, tmp_path):
    board = world.board(SCRIPTED, HUMAN, scripted("breaks", fails_on="tl"), pairs=["sw-en", "tl-en", "yo-en"])
    document = make_document(analyse(board, baseline="scripted"), [FIGURE], per_query=True)
    assert read_board(written(document.to_json(), tmp_path)) == document
    assert document.reported[0].collections == ("mini/sw-en", "mini/tl-en")


def test_comparisons_ranks_and_intervals_are_those_of_the_analysis(world):
    board = world.board(SCRIPTED, HUMAN)
    analysis = analyse(board, baseline="scripted")
    document = make_document(analysis)
    human, scripted = document.rows
    assert (human.label, human.ranks["RR"].borda_count, scripted.ranks["RR"].wins) == ("human", 3.5, 2)
    tests = document.tests["RR"]
    assert (tests.best, tests.baseline, tests.tests, tests.permutations) == ("human", "scripted", 5, 10_000)
    found = tests.rows["scripted"].best.pairs["mini/sw-en"]
    assert (found.difference, found.p, found.wins, found.ties, found.losses) == (-0.5, 0.5, 0, 1, 2)
    assert (found.holm_p, found.significant) == (1.0, False)
    assert tests.rows["human"].best is None
    assert tests.rows["human"].baseline.macro.difference == pytest.approx(1 - 31 / 48, abs=1e-6)
    assert scripted.cells[0].intervals["RR"] == analysis.intervals["RR"]["scripted"][board.columns[0].id]
    assert "index_bytes" in human.pareto["RR"]
    assert "index_bytes" not in scripted.pareto["RR"]


def test_scores_of_queries_are_in_one_order_and_only_there_when_asked_for(world):
    board = world.board(SCRIPTED, HUMAN, pairs=["sw-en"])
    document = make_document(analyse(board), per_query=True)
    assert document.queries == {"mini/sw-en": ("q1", "q2", "q3")}
    assert [row.cells[0].scores["RR"] for row in document.rows] == [(1.0, 1.0, 1.0), (1.0, 0.5, 0.0)]
    short = make_document(analyse(board))
    assert short.queries is None
    assert '"scores"' not in short.to_json()


def test_shares_of_judged_documents_stand_in_cells(world):
    board = world.board(SCRIPTED, pairs=["sw-en"])
    # Of d1 d2, of d2 d3 and of nothing: 1/2, 1/2, 0 are judged.
    assert make_document(analyse(board)).rows[0].cells[0].judged_share == pytest.approx(1 / 3)


def test_tracks_are_parts_of_the_document(world):
    board = world.board(SCRIPTED, tracks=[{"noise": "drop", "rates": [0.5, 1.0]}], pairs=["sw-en", "yo-en"])
    first, second = make_document(analyse(board)).tracks
    assert (first.row, first.collection, first.label, first.rate) == ("scripted", "mini/sw-en", "drop 0.5", 0.5)
    assert second.drops["RR"] == pytest.approx(0.5 - second.means["RR"])
    assert second.relative_drops["RR"] == pytest.approx(second.drops["RR"] / 0.5)
    assert second.queries_changed == 0.75, "the only letter of `d1` stays"


def test_a_newer_schema_is_refused_with_both_versions(world, tmp_path):
    document = make_document(analyse(world.board(SCRIPTED), resampling=False))
    with pytest.raises(DataError, match=r"board\.json: has version 3 of the schema, this program reads version 2") as e:
        read_board(changed(document, tmp_path, schema_version=3))
    assert e.value.hint == "upgrade clir-harness"
    with pytest.raises(DataError, match="version 1 of the schema") as e:
        read_board(changed(document, tmp_path, schema_version=1))
    assert "write the board again" in e.value.hint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[1]", "its `schema` is not clir-harness/leaderboard"),
        ('{"schema": "other", "schema_version": 2}', "its `schema` is not"),
        ('{"schema": "clir-harness/leaderboard"}', "has version None of the schema"),
        ('{"schema": "clir-harness/leaderboard", "schema_version": 2}', "is damaged at version: is required"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_not_a_board_is_explained(tmp_path, text, reason):
    with pytest.raises(DataError, match=reason):
        read_board(written(text, tmp_path))


def test_files_that_are_not_there_or_not_text_are_explained(tmp_path):
    with pytest.raises(MissingDataError, match="no board"):
        read_board(tmp_path / "nowhere.json")
    with pytest.raises(MissingDataError, match="no board"):
        read_board(tmp_path)
    (tmp_path / "board.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(DataError, match="not UTF-8"):
        read_board(tmp_path / "board.json")


def test_damage_is_named_with_its_place(world, tmp_path):
    document = make_document(analyse(world.board(SCRIPTED), resampling=False))
    value = json.loads(document.to_json())
    value["rows"][0]["cells"][1]["state"] = "splendid"
    with pytest.raises(DataError, match=r"is damaged at rows\.0\.cells\.1\.state"):
        read_board(written(json.dumps(value), tmp_path))
    with pytest.raises(DataError, match="is damaged at surprise"):
        read_board(changed(document, tmp_path, surprise=1))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_text_is_the_same_json_with_nothing_in_it_that_a_page_or_terminal_takes_for_more(value):
    text = write_lines(value, 3)
    assert json.loads(text) == value
    assert not set(text) & set("<\x1b\x7f\x85\u2028\u202e\x00")
