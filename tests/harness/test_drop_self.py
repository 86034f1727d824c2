"""Sets whose queries are documents of theirs, as ArguAna: the query itself is left out of rankings, or told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clir_harness.harness.execution.catalogue import Catalogue
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import Store
from clir_harness.harness.submission import submit
from clir_harness.harness.suite import load_suite
from clir_harness.leaderboards.leaderboard import Leaderboard
from clir_harness.leaderboards.reading import read_leaderboard
from clir_harness.leaderboards.render.formats import render

DOCUMENTS = {"a": "flood bridge river", "b": "flood bridge", "c": "flood", "d": "maize"}
QUERIES = {"a": "flood bridge river", "b": "flood bridge", "q": "flood"}
QRELS = "a 0 b 1\nb 0 a 1\nq 0 c 1\n"
SUITE = """\
name: argu
title: Counter-arguments
measures: [RR, R@2]
depth: 2
rows:
  - {{system: bm25, label: BM25, settings: {{backend: bm25s}}}}
  - system: rrf
    label: Fused
    settings:
      pool: 2
      systems:
        - {{system: bm25, settings: {{backend: bm25s}}}}
        - {{system: bm25, settings: {{backend: bm25s, k1: 1.5}}}}
collections:
  - {{source: jsonl, path: argu, pairs: [sw-en]{more}}}
"""


class Argu:
    """A suite over the set, with and without the setting, in one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        place = folder / "argu"
        place.mkdir()
        lines = [json.dumps({"id": key, "text": text}) for key, text in DOCUMENTS.items()]
        (place / "docs.en.jsonl").write_text("\n".join(lines))
        (place / "queries.sw.en.tsv").write_text("".join(f"{key}\t{text}\n" for key, text in QUERIES.items()))
        (place / "qrels.sw.en.txt").write_text(QRELS)

    def suite(self, more: str = ", drop_self: true") -> Path:
        path = self.folder / "argu.yaml"
        path.write_text(SUITE.format(more=more))
        return path

    def run(self, more: str = ", drop_self: true") -> Leaderboard:
        report = Experiment.from_suite(self.suite(more), self.folder / "store", data=self.folder).run()
        assert not report.failed
        self.computed = report.computed
        return read_leaderboard(self.folder / "store", "argu")

    def ranking(self, board: Leaderboard, row: int, query: str) -> list[str]:
        key = board.rows[row].entries[0].record.key
        run = Run.read(self.folder / "store" / "cells" / key / "run.trec.gz")
        return [document for document, _ in run.ranking(query)]


@pytest.fixture
def argu(tmp_path: Path) -> Argu:
    return Argu(tmp_path)


def test_the_document_that_is_the_query_is_left_out_and_rankings_keep_their_depth(argu: Argu) -> None:
    board = argu.run()
    assert [argu.ranking(board, 0, query) for query in QUERIES] == [["b", "c"], ["a", "c"], ["c", "b"]]
    assert board.rows[0].entries[0].means == {"RR": 1.0, "R@2": 1.0}
    assert "(drop_self)" in render(board)
    assert "(drop_self)" in render(board, "json")


def test_components_of_a_system_do_not_see_it_either(argu: Argu) -> None:
    board = argu.run()
    # In pools of 2 the documents b and c are first and second for both components: no place is lost to a itself.
    key = board.rows[1].entries[0].record.key
    run = Run.read(argu.folder / "store" / "cells" / key / "run.trec.gz")
    assert run.ranking("a") == [("b", pytest.approx(2 / 61)), ("c", pytest.approx(2 / 62))]


def test_it_is_part_of_what_a_result_depends_on_and_indexes_are_shared(argu: Argu) -> None:
    without = argu.run(more="")
    assert argu.computed == 2
    board = argu.run()
    assert argu.computed == 2
    first, second = (found.rows[0].entries[0].record for found in (without, board))
    assert first.key != second.key
    assert second.identity.collection.drop_self is True
    assert "drop_self" not in first.identity.collection.plain()
    assert second.index["reused"]


def test_queries_that_find_themselves_are_told_with_the_remedy(argu: Argu) -> None:
    board = argu.run(more="")
    assert board.rows[0].entries[0].means["RR"] == pytest.approx((0.5 + 0.5 + 1) / 3)
    (warning,) = board.columns[0].warnings
    assert "2 of 3 queries" in warning
    assert "drop_self: true" in warning
    assert "drop_self: true" in render(board)


def test_a_query_that_is_its_own_relevant_document_is_no_such_case_but_told_with_drop_self(argu: Argu) -> None:
    (argu.folder / "argu" / "qrels.sw.en.txt").write_text("a 0 a 1\nb 0 b 1\nq 0 c 1\n")
    assert argu.run(more="").columns[0].warnings == ()
    assert any("2 queries have as relevant" in warning for warning in argu.run().columns[0].warnings)


def test_a_submitted_run_is_treated_alike(argu: Argu) -> None:
    path = argu.folder / "their.run"
    path.write_text("a Q0 a 1 9 t\na Q0 c 2 8 t\na Q0 b 3 7 t\nb Q0 b 1 9 t\nq Q0 c 1 9 t\n")
    options = {"system": "Theirs", "collection": "argu/sw-en", "store": argu.folder / "store", "data": argu.folder}
    report = submit(path, suite=argu.suite(), **options)
    # a: c then b, found at rank 2; b: nothing is left; q: found first.
    assert report.means == {"RR": pytest.approx((0.5 + 0 + 1) / 3), "R@2": pytest.approx((1 + 0 + 1) / 3)}
    (said,) = [problem for problem in report.checked.warnings if problem.kind == "self"]
    assert said.count == 2
    assert not any("suite's depth is 2" in p.message and "has 3" in p.message for p in report.checked.warnings)
    record = Store(argu.folder / "store").cell(report.key)
    assert record.counts.unanswered_queries == 1
    assert record.identity.collection.drop_self is True


def test_a_submission_does_not_stay_on_a_board_that_treats_the_query_itself_otherwise(argu: Argu) -> None:
    path = argu.folder / "their.run"
    path.write_text("a Q0 b 1 9 t\nb Q0 a 1 9 t\nq Q0 c 1 9 t\n")
    submit(
        path,
        suite=argu.suite(""),
        system="Theirs",
        collection="argu/sw-en",
        store=argu.folder / "store",
        data=argu.folder,
    )
    (theirs,) = [row for row in argu.run().rows if row.label == "Theirs"]
    assert "submit the run again" in theirs.entries[0].reason


def test_every_source_has_the_setting(argu: Argu) -> None:
    suite = load_suite("embedded")
    spec = suite.collections[0].model_copy(update={"drop_self": True, "size": 200, "pairs": ["sw-en"]})
    (entry,) = Catalogue([spec], None, Store(argu.folder / "looked")).entries()
    assert entry.facts is not None
    assert entry.facts.drop_self is True
