"""Markdown boards, read back with an independent Markdown parser."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.published import PublishedFigure
from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.render.formats import render
from clir_harness.leaderboards.render.markdown import render_markdown
from tests.leaderboards.render.markdown_tables import tables

SCRIPTED = {"system": "scripted"}
HUMAN = {"system": "scripted", "label": "human", "queries": "human"}


def section(markdown: str, heading: str) -> list[list[str]]:
    """The first table under a heading."""
    return tables(markdown.split(f"\n## {heading}\n")[1])[0]


def test_a_measure_table_has_pairs_and_averages_ranked_with_the_best_in_bold(world):
    board = world.board(SCRIPTED, HUMAN)
    reciprocal_rank, precision, *_ = tables(render(board))
    assert reciprocal_rank == [
        ["system", "fr→en", "uk→en", "sw→en", "tl→en", "macro", "high", "low", "gap"],
        ["human", *["<b>1.000</b>"] * 7, "0.000"],
        ["scripted", "0.750 ≈", "<b>1.000</b> ≈", "0.500 ≈", "0.333 ≈", "0.646 ≈", "0.750", "0.417", "0.333"],
    ]
    assert [row[3] for row in precision] == ["sw→en", "<b>1.000</b>", "0.333"], "only the first measure is tested"


def test_a_single_row_has_nothing_to_be_best_of(world):
    assert "**" not in render(world.board(SCRIPTED))


def test_cells_without_a_score_show_why_and_their_averages_are_missing(world, scripted):
    rows = [scripted("breaks", fails_on="tl", failure="out of\nmemory | at 0x1"), scripted("picky", refuses="fr")]
    pairs = ["fr-en", "sw-en", "tl-en"]
    world.run(world.suite(*rows, pairs=pairs))
    world.run(world.suite(*rows, scripted("late"), pairs=pairs), systems=["late"], pairs=["sw-en"])
    text = render(read_leaderboard(world.store, "mini"))
    assert tables(text)[0][1:] == [
        ["breaks", "0.750", "<b>0.500</b>", "failed [1]", "–", "0.750", "–", "–"],
        ["picky", "n/a [2]", "<b>0.500</b>", "0.333", "–", "–", "0.417", "–"],
        ["late", "–", "<b>0.500</b>", "–", "–", "–", "–", "–"],
    ]
    assert "- [1] failed, breaks on tl→en: out of memory \\| at 0x1\n" in text
    assert "- [2] not applicable, picky on fr→en: does not read fr\n" in text


def test_cells_of_the_same_reason_share_a_note_and_long_reasons_are_cut(world, scripted):
    board = world.board(scripted("long", fails_on="sw", failure="x" * 900), scripted("again", refuses="sw"))
    text = render(board)
    assert "x" * 299 + "…\n" in text
    assert "x" * 300 not in text
    board = world.board(*(scripted(label, refuses="sw") for label in ("one", "two")))
    assert "- [1] not applicable, one on sw→en; two on sw→en: does not read sw" in render(board)


def test_unanswered_queries_are_shown_beside_the_judged_ones(world):
    board = world.board(SCRIPTED, HUMAN)
    assert section(render(board), "Queries without an answer") == [
        ["system", "fr→en", "uk→en", "sw→en", "tl→en", "share"],
        ["human", "0", "0", "0", "0", "0.0 %"],
        ["scripted", "0", "0", "1", "0", "14.3 %"],
        ["judged queries", "2", "1", "3", "1", ""],
    ]
    assert "an answer to every judged query" in render(world.board(HUMAN))


def test_collections_show_counts_licence_and_warnings_and_those_without_data_their_remedy(world):
    text = render(world.board(SCRIPTED, pairs=["sw-en", "yo-en"], licence="CC BY-SA 4.0"))
    assert section(text, "Collections") == [
        ["collection", "pair", "languages", "tier", "licence", "documents", "queries", "judged", "judgements"],
        ["mini/sw-en", "sw→en", "Swahili to English", "low", "CC BY-SA 4.0", "5", "4", "3", "3"],
    ]
    assert "- mini/sw-en: 1 queries have no judgements" in text
    assert "Without data, and so in no table and no average:\n\n- yo→en (mini/yo-en): no queries.yo.en.tsv" in text
    assert "macro: mean over 1 of 2 collections; high: over the high-resource ones (0); low: over" in text


def test_synthetic_collections_say_so(world):
    text = render(world.board(SCRIPTED, source="generated-jsonl"))
    assert "**Synthetic data.** All collections: texts were generated" in text
    assert "| mini/sw-en (synthetic)" in text
    assert "ynthetic" not in render(world.board(SCRIPTED))


def test_costs_are_a_row_each_with_the_number_of_cells_they_are_medians_of(world, scripted):
    *_, costs = tables(render(world.board(SCRIPTED, scripted("breaks", fails_on="tl"))))
    assert costs[0][:3] == ["system", "cells", "index s"]
    assert [row[:2] for row in costs[1:]] == [["scripted", "4"], ["breaks", "3"]]
    assert all("–" not in row for row in costs)
    *_, costs = tables(render(world.board(scripted("breaks", fails_on="sw"), pairs=["sw-en"])))
    assert costs[1] == ["breaks", "0", *["–"] * 8]


@pytest.mark.parametrize(
    "label",
    ["a|b", "`x` | **y**", "<img src=x onerror=alert(1)>", "[x](https://example.org)", "_a_ __b__ c_d", "&lt; \\| $x$"],
)
def test_labels_are_shown_as_they_are_and_never_break_the_table(world, scripted, label):
    text = render(world.board(scripted(label), pairs=["sw-en"]))
    rendered = MarkdownIt("commonmark").enable("table").render(text)
    assert "<img" not in rendered
    assert "href" not in rendered
    for table in tables(text):
        assert {len(row) for row in table} == {len(table[0])}
    assert tables(text)[0][1][0] == label


def test_titles_and_descriptions_stay_in_their_paragraphs(world):
    board = world.board(SCRIPTED, title="# Two", description="- a\n\n<script>x</script>\n| b |\n|---|")
    rendered = MarkdownIt("commonmark").enable("table").render(render(board))
    assert "<h1># Two</h1>\n<p>- a &lt;script&gt;x&lt;/script&gt; | b | |---|</p>" in rendered


def test_names_of_ten_thousand_characters_are_cut_in_tables(world, scripted):
    text = render(world.board(scripted("x" * 10_000), pairs=["sw-en"]))
    assert max(map(len, text.splitlines())) < 1_000
    assert tables(text)[0][1][0] == "x" * 99 + "…"


def test_ranks_stand_with_counts_and_intervals(world):
    text = render(world.board(SCRIPTED, HUMAN))
    # uk-en is a tie: Borda 1/2 each, a win each. One query a pair in uk-en and tl-en: no interval.
    assert section(text, "Ranks by RR")[1:] == [
        ["human", "1.000", "–", "1", "3.5", "1", "4", "1"],
        ["scripted", "0.646", "–", "2", "0.5", "2", "1", "2"],
    ]


def test_differences_from_best_and_baseline_are_tables_with_wins_ties_and_losses(world, scripted):
    board = world.board(SCRIPTED, HUMAN, scripted("again", fails_on="de"), pairs=["sw-en"])
    text = render_markdown(analyse(board, baseline="scripted"))
    (line,) = [line for line in section(text, "RR against human")[1:] if line[0] == "scripted"]
    # Differences 0, -1/2, -1: two signs, so half of the four patterns are as extreme.
    assert (line[1], line[3], line[7], line[8], line[9]) == ("-0.500", "0.500", "0/1/2", "3", "0")
    against = section(text, "RR against scripted")
    assert [(line[0], line[1], line[7]) for line in against[1:]] == [
        ("human", "+0.500", "2/1/0"),
        ("again", "0.000", "0/3/0"),
    ]
    assert "the best row by macro average, human, and the baseline, scripted" in text
    assert "10,000 permutations, Holm-corrected for the 3 comparisons made" in text


def test_a_board_without_a_complete_row_marks_nothing_and_says_so(world, scripted):
    text = render(world.board(scripted("breaks", fails_on="tl"), scripted("picky", refuses="fr")))
    assert "0.750 ≈" not in text
    assert "No row has a result in every collection, so none is the best in RR" in text


def test_rows_can_be_ranked_by_wins(world, scripted):
    board = world.board(SCRIPTED, HUMAN, pairs=["uk-en"])
    analysis = analyse(board, by="wins")
    assert [row.label for row in analysis.ranked()] == ["scripted", "human"], "equal ones stay in suite order"


def test_without_tests_there_is_neither_a_mark_nor_an_interval(world):
    text = render_markdown(analyse(world.board(SCRIPTED, HUMAN), resampling=False))
    assert "≈" not in text
    assert "bootstrap" not in text
    assert section(text, "Ranks by RR")[1][:2] == ["human", "1.000"]


def test_published_figures_stand_apart(world):
    figure = PublishedFigure(
        system="<b>Mono</b>",
        collection="Mini",
        matches="mini/*",
        pairs=("sw-en",),
        measure="RR",
        value=0.9,
        source="x|y",
    )
    board = world.board(SCRIPTED, HUMAN)
    text = render_markdown(analyse(board), [figure])
    assert section(text, "Reported, not measured here")[1] == ["<b>Mono</b>", "Mini", "sw→en", "RR", "x|y", "0.900"]
    assert len(tables(text)[0]) == 3, "the table of the measure has the two rows of the board"


def test_tracks_show_what_is_lost(world):
    tracks = [{"noise": "drop", "rates": [1.0]}]
    board = world.board(SCRIPTED, tracks=tracks, pairs=["sw-en"])
    (part,) = board.tracks
    lost = board.drop(part, "RR")
    row = section(render(board), "Robustness")[1]
    assert row[:2] == ["scripted", "drop 1"]
    assert row[2] == f"{lost.perturbed:.3f} ({-100 * lost.relative:+.0f} %)"
    assert lost.relative
