"""Published figures: the shipped ones, files of others, and which boards they belong on."""

from __future__ import annotations

import pytest

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.leaderboards.published import figures_for, read_published, shipped_figures

SCRIPTED = {"system": "scripted"}
FIGURES = """\
- collection: Mini
  matches: "MINI/*"
  measure: RR
  source: somewhere
  figures:
    - {system: one, pairs: [sw-en], value: 0.5}
    - {system: both, pairs: [swa-en, fr-en], value: 0.25}
    - {system: absent, pairs: [sw-en, yo-en], value: 0.25}
- {system: other, collection: Elsewhere, matches: "elsewhere/*", pairs: [sw-en], measure: RR, value: 0.1, source: x}
"""


def test_the_shipped_figures_are_those_of_the_sources():
    figures = {(f.system, f.pairs): (f.measure, f.value) for f in read_published(shipped_figures())}
    assert len(figures) == 30
    assert figures["Cross-Distill (Translate-Distill style)", ("sw-en", "so-en")] == ("AP@100", 0.302)
    assert figures["mContriever", ("fi-en", "de-en", "fr-en")] == ("AP@100", 0.299)
    assert figures["AfriBERTa-DPR", ("en-yo",)] == ("nDCG@20", 0.116)
    assert figures["BM25-DT", ("en-sw",)] == ("nDCG@20", 0.258)


def test_a_figure_belongs_on_boards_of_its_collection_with_all_of_its_pairs(world, tmp_path):
    path = tmp_path / "figures.yaml"
    path.write_text(FIGURES)
    board = world.board(SCRIPTED, pairs=["fr-en", "sw-en"])
    found = figures_for(board, read_published(path))
    assert [(f.system, f.pairs) for f in found] == [("one", ("sw-en",)), ("both", ("sw-en", "fr-en"))]
    assert figures_for(board) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "1: is not YAML"),
        ("a: 1", "1: expected a list of figures"),
        ("- 1", "1: expected a list of figures"),
        ("- source: x\n  figures: 3", "2: expected a list of figures"),
        (FIGURES.replace("value: 0.5", "value: much"), "6: value: "),
        (FIGURES.replace("[sw-en], value: 0.5", "[sw], value: 0.5"), "6: pairs: "),
        (FIGURES.replace("source: x", "sauce: x"), "9: sauce: unknown key\n  hint: did you mean 'source'"),
        (FIGURES.replace("value: 0.5", "value: .nan"), "6: value: .*finite"),
        (FIGURES.replace("measure: RR", "measure: 1"), "3: measure: "),
        (FIGURES.replace("measure: RR", "mesure: RR"), "3: mesure: unknown key\n  hint: did you mean 'measure'"),
    ],
)
def test_malformed_files_are_explained(tmp_path, text, message):
    path = tmp_path / "figures.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=rf"figures\.yaml:{message}"):
        read_published(path)


def test_a_file_that_is_not_there_is_explained(tmp_path):
    with pytest.raises(MissingDataError, match="no file of published figures"):
        read_published(tmp_path / "none.yaml")
