"""One system against another, query by query, on stores made by real runs."""

from __future__ import annotations

import json
import shutil

import pytest

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.leaderboards.head_to_head import Retrieved, compare_two
from clir_harness.leaderboards.render.head_to_head import head_to_head_json, head_to_head_markdown

SCRIPTED = {"system": "scripted"}
HUMAN = {"system": "scripted", "label": "human", "queries": "human"}


@pytest.fixture
def result(world):
    board = world.board(SCRIPTED, HUMAN)
    return compare_two(world.store, board, ("scripted", "human"), "sw-en")


def test_queries_are_in_order_of_their_differences_with_words_and_rankings_of_both(result):
    # RR of scripted: 1, 1/2, 0; of human: 1, 1, 1.
    assert [(o.query, o.difference) for o in result.outcomes] == [("q3", -1.0), ("q2", -0.5), ("q1", 0.0)]
    unanswered, second, _ = result.outcomes
    assert unanswered.texts == ("hapana", "d2")
    assert unanswered.tops == ((), (Retrieved("d2", 1.0, 1),))
    assert second.tops[0] == (Retrieved("d2", 1.0, None), Retrieved("d3", 0.5, 1))
    found = result.comparison
    assert (found.wins, found.ties, found.losses, found.difference) == (0, 1, 2, -0.5)
    assert found.permutation_p == found.holm_p == 0.5


def test_another_measure_of_the_board_can_be_asked_for(world):
    board = world.board(SCRIPTED, HUMAN)
    result = compare_two(world.store, board, ("scripted", "human"), "mini/sw-en", "P@1")
    assert [o.scores for o in result.outcomes] == [(0.0, 1.0), (0.0, 1.0), (1.0, 1.0)]


def test_the_page_shows_both_top_tens_side_by_side(result):
    text = head_to_head_markdown(result, queries=2)
    assert "3 judged queries: 0 wins, 1 ties, 2 losses" in text
    assert "| q3      | hapana |" in text
    assert "- scripted: hapana\n- human: d2" in text
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| 1 ")]
    assert lines == [["1", "", "**d2** (1)"], ["1", "d2", "**d3** (1)"]]
    assert "### q1" not in text


def test_json_has_all_queries(result):
    value = json.loads(head_to_head_json(result))
    assert [query["query"] for query in value["queries"]] == ["q3", "q2", "q1"]
    assert value["queries"][1]["tops"][0][1] == {"document": "d3", "score": 0.5, "grade": 1}
    assert value["comparison"]["holm_p"] == 0.5


def test_words_that_the_store_does_not_have_are_missed_with_the_remedy(world):
    board = world.board(SCRIPTED, HUMAN)
    shutil.rmtree(world.store / "queries")
    result = compare_two(world.store, board, ("scripted", "human"), "sw-en")
    assert result.outcomes[0].texts == (None, None)
    assert "`clir run` the suite again" in head_to_head_markdown(result, 1)
    world.run(world.suite(SCRIPTED, HUMAN))
    result = compare_two(world.store, board, ("scripted", "human"), "sw-en")
    assert result.outcomes[0].texts == ("hapana", "d2")


def test_what_cannot_be_compared_is_explained(world, scripted):
    board = world.board(SCRIPTED, HUMAN, scripted("breaks", fails_on="tl"))
    with pytest.raises(UsageError, match=r"'breaks' has no result on mini/tl-en \(failed: out of luck\)"):
        compare_two(world.store, board, ("human", "breaks"), "tl-en")
    with pytest.raises(UsageError, match="cannot be compared with itself"):
        compare_two(world.store, board, ("human", "human"), "tl-en")
    with pytest.raises(UnknownNameError, match="unknown row of this board 'humane'"):
        compare_two(world.store, board, ("humane", "human"), "tl-en")
    with pytest.raises(UnknownNameError, match="unknown language pair of this board 'sv-en'"):
        compare_two(world.store, board, ("scripted", "human"), "sv-en")
    with pytest.raises(UnknownNameError, match="unknown measure of this board"):
        compare_two(world.store, board, ("scripted", "human"), "sw-en", "AP")


def test_hostile_queries_are_inert(world):
    queries = world.folder / "queries.sw.en.tsv"
    queries.write_text(queries.read_text().replace("hapana", "<script>x</script> | a \x1b[31m"))
    board = world.board(SCRIPTED, HUMAN, pairs=["sw-en"])
    result = compare_two(world.store, board, ("scripted", "human"), "sw-en")
    text = head_to_head_markdown(result, 3)
    assert r"\<script\>x\</script\> \| a \[31m" in text
    assert "<script" not in head_to_head_json(result)
