"""Plots as files."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from clir_harness.leaderboards.analysis import analyse
from clir_harness.leaderboards.calibration import calibrate_suite
from clir_harness.leaderboards.render.document import make_document
from clir_harness.leaderboards.render.plots import write_plots, write_reliability

SCRIPTED = {"system": "scripted"}
HUMAN = {"system": "scripted", "label": "human", "queries": "human"}
NAMES = ["heat-map", "intervals", "pareto-latency", "pareto-memory", "pareto-index", "robustness-drop"]


def texts(path):
    return ["".join(one.itertext()).strip() for one in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]


@pytest.fixture
def document(world, scripted):
    rows = [SCRIPTED, HUMAN, scripted("breaks", fails_on="tl")]
    tracks = [{"noise": "drop", "rates": [0.5, 1.0]}]
    return make_document(analyse(world.board(*rows, pairs=["sw-en", "tl-en"], tracks=tracks)))


def test_every_plot_is_written_as_svg_and_png(document, tmp_path):
    written = write_plots(document, tmp_path)
    assert [path.name for path in written] == [f"{name}.{ending}" for name in NAMES for ending in ("svg", "png")]
    assert all(path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" for path in written[1::2])
    shown = texts(tmp_path / "heat-map.svg")
    assert {"sw→en", "human", "0.50", "0.33", "failed"} <= set(shown)
    assert {"human", "RR, macro, with 95 % intervals"} <= set(texts(tmp_path / "intervals.svg"))
    assert "breaks" not in texts(tmp_path / "intervals.svg"), "it has no mean over all pairs"
    robustness = texts(tmp_path / "robustness-drop.svg")
    assert {"scripted", "human", "rate of drop"} <= set(robustness)
    assert "breaks" not in robustness


def test_the_same_board_gives_the_same_bytes(document, tmp_path):
    first, second = (write_plots(document, tmp_path / name) for name in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_hostile_labels_are_only_text(world, scripted, tmp_path):
    labels = ["<script>alert(1)</script>", r"$\frac{$ \input{x} $$", "bell\u202e", "L" * 10_000]
    board = world.board(*map(scripted, labels), pairs=["sw-en"])
    write_plots(make_document(analyse(board, resampling=False)), tmp_path)
    shown = texts(tmp_path / "heat-map.svg")
    assert labels[0] in shown
    assert labels[1] in shown
    assert "bell" in shown
    assert max(map(len, shown)) == 40
    assert "<script" not in (tmp_path / "heat-map.svg").read_text("utf-8")


def test_a_board_without_results_has_no_plot_of_means(world, scripted, tmp_path):
    board = world.board(scripted("breaks", fails_on="tl"), pairs=["tl-en"])
    written = write_plots(make_document(analyse(board)), tmp_path)
    assert [path.name for path in written] == ["heat-map.svg", "heat-map.png"]


def test_reliability_diagrams_are_drawn_where_scores_can_be_calibrated(world, tmp_path):
    world.run(world.suite(SCRIPTED, HUMAN, pairs=["fr-en", "tl-en"]))
    assert write_reliability(calibrate_suite(world.store, "mini"), tmp_path) == [], "tl-en has one query only"
    world.run(world.suite(SCRIPTED, HUMAN, pairs=["fr-en"], name="french"))
    written = write_reliability(calibrate_suite(world.store, "french", folds=2), tmp_path)
    assert [path.name for path in written] == ["reliability.svg", "reliability.png"]
    assert {"scripted", "human", "probability of relevance"} <= set(texts(written[0]))
