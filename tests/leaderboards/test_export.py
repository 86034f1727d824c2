"""Exported runs: what other tools read in them, what they are called, and what is never overwritten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import ir_measures
import numpy as np
import pytest
import pytrec_eval

from clir_harness.harness.errors import StoreError, UnknownNameError, UsageError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.runs.run import Run
from clir_harness.harness.submission import submit
from clir_harness.leaderboards.compare.compare import compare_sides
from clir_harness.leaderboards.compare.inputs import Selection, read_sides
from clir_harness.leaderboards.compare.results import Verdict
from clir_harness.leaderboards.compare.rules import Rules
from clir_harness.leaderboards.export import export_suite, file_names
from clir_harness.leaderboards.reading import read_leaderboard
from tests.conftest import write_collection

SUITE = """\
name: tiny
title: Four documents
measures: [AP, nDCG@10]
depth: 10
rows:
  - {system: bm25, label: "BM25/é: 中文 (k1 = 1.2)", settings: {backend: bm25s, k1: 1.2}}
  - {system: bm25, label: "bm25 é 中文 k1 1.2", settings: {backend: bm25s, k1: 0.3}}
  - {system: bm25, label: human, queries: human, settings: {backend: bm25s}}
  - {system: raises, label: Broken}
collections:
  - {source: jsonl, path: one, pairs: [sw-en, so-en]}
  - {source: jsonl, path: two, pairs: [sw-en, ha-en]}
tracks:
  - {noise: swap, rates: [0.1]}
"""
FIRST = "BM25_é_中文_k1_1.2"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, plugin: Path) -> Path:
    """A folder with a suite, its data and a store that it was run into; Hausa data is absent, and a row fails."""
    folder = tmp_path_factory.mktemp("made")
    for name, pair in (("one", "sw.en"), ("one", "so.en"), ("two", "sw.en")):
        write_collection(folder / "data" / name, pair)
    extra = "q4 0 d1 0\nq4 0 007 -1\n"  # nothing is relevant to it, and it counts
    with (folder / "data/one/qrels.sw.en.txt").open("a") as qrels:
        qrels.write(extra)
    with (folder / "data/one/queries.sw.en.tsv").open("a") as queries:
        queries.write("q4\tdaraja la Nairobi\tbridge in Nairobi\n")
    (folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
    Experiment.from_suite(folder / "suite.yaml", folder / "results", data=folder / "data", plugins=[plugin]).run()
    return folder


@pytest.fixture(scope="module")
def exported(made: Path) -> Path:
    export_suite(made / "results", "tiny", made / "exported")
    return made / "exported"


def by_ir_measures(qrels: Path, run: Path) -> float:
    """AP; unanswered queries count 0."""
    read = ir_measures.read_trec_qrels(str(qrels)), ir_measures.read_trec_run(str(run))
    return ir_measures.calc_aggregate([ir_measures.AP], *read)[ir_measures.AP]


def by_pytrec_eval(qrels: Path, run: Path) -> float:
    """AP over the judged queries, as `trec_eval -c` has it: pytrec_eval itself leaves out the unanswered ones."""
    with qrels.open(encoding="utf-8") as judged, run.open(encoding="utf-8") as ranked:
        judgements, rankings = pytrec_eval.parse_qrel(judged), pytrec_eval.parse_run(ranked)
    found = pytrec_eval.RelevanceEvaluator(judgements, {"map"}).evaluate(rankings)
    return sum(scores["map"] for scores in found.values()) / len(judgements)


def by_ranx(qrels: Path, run: Path) -> float:
    ranx = pytest.importorskip("ranx", reason="needs ranx: pip install ranx in an environment of its own")
    read = ranx.Qrels.from_file(str(qrels), kind="trec"), ranx.Run.from_file(str(run), kind="trec")
    return float(ranx.evaluate(*read, "map", make_comparable=True))


def by_pyterrier(qrels: Path, run: Path) -> float:
    """AP by PyTerrier's own readers and its evaluation, which need no Java."""
    pt = pytest.importorskip("pyterrier", reason="needs PyTerrier: pip install python-terrier in an environment")
    results, judgements = pt.io.read_results(str(run)), pt.io.read_qrels(str(qrels))
    return float(pt.Evaluate(results, judgements, metrics=["map"])["map"])


@pytest.mark.parametrize("tool", [by_ir_measures, by_pytrec_eval, by_ranx, by_pyterrier])
def test_other_tools_find_the_ap_of_the_board(made: Path, exported: Path, tool: Callable[[Path, Path], float]) -> None:
    board = read_leaderboard(made / "results", "tiny")
    runs = json.loads((exported / "export.json").read_text("utf-8"))["runs"]
    clean = [run for run in runs if run["track"] is None]
    assert len(clean) == 9
    for run in clean:
        expected = board.entry(run["row"], run["collection"]).means["AP"]
        assert run["means"]["AP"] == expected
        assert expected > 0
        assert tool(exported / run["qrels"], exported / run["file"]) == pytest.approx(expected, abs=1e-6)
    assert any(run["unanswered_queries"] for run in clean)


def test_names_are_safe_readable_and_different(exported: Path) -> None:
    names = sorted(path.name for path in (exported / "runs").glob("*.run") if path.name.startswith(FIRST))
    endings = ["one_sw-en", "one_sw-en.swap_0_1", "so-en", "so-en.swap_0_1", "two_sw-en", "two_sw-en.swap_0_1"]
    assert names == [f"{FIRST}.{ending}.run" for ending in endings]
    assert (exported / "runs/bm25_é_中文_k1_1.2-2.so-en.run").is_file()
    assert {path.name for path in (exported / "qrels").iterdir()} == {f"{p}.qrels" for p in endings[::2]}
    topics = {path.name for path in (exported / "topics").iterdir()}
    assert topics == {f"{pair}{words}.tsv" for pair in endings[::2] for words in ("", ".human")}
    head = json.loads((exported / "export.json").read_text("utf-8"))
    written = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    assert set(head["files"]) | {"export.json"} == written


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "A", "a-2", "A-2"],
        ["é", "e\u0301", "É"],
        ["../../etc/passwd", "etc passwd", "etc_passwd"],
        ["…", "?", " ", "other", "🙂"],
        ["x" * 300, "x" * 301, "中" * 100],
        ["a\u202eb", "a\tb", "a\x00b", 'a"b', "a:b", "a\\b", "a/b"],
    ],
)
def test_parts_of_names_differ_on_every_file_system(labels: list[str], tmp_path: Path) -> None:
    names = file_names({label: label for label in labels})
    assert len({name.casefold() for name in names.values()}) == len(labels)
    for name in names.values():
        assert len(name.encode()) < 85
        assert not set(name) & set(' /\\:*?"<>|\t\x00\u202e')
        (tmp_path / f"{name}.run").touch(exist_ok=False)


def test_lines_are_six_columns_in_canonical_order_and_ids_are_kept(made: Path, exported: Path) -> None:
    head = json.loads((exported / "export.json").read_text("utf-8"))
    for run in head["runs"]:
        lines = [line.split(" ") for line in (exported / run["file"]).read_text("utf-8").splitlines()]
        assert {len(line) for line in lines} == {6}
        assert {line[5] for line in lines} == {"_".join(run["row"].split())}
        for query in {line[0] for line in lines}:
            own = [line for line in lines if line[0] == query]
            assert [int(line[3]) for line in own] == list(range(1, len(own) + 1))
            order = [(np.float32(line[4]), line[2].encode()) for line in own]
            assert order == sorted(order, reverse=True)
        assert json.loads((exported / run["provenance"]).read_text("utf-8"))["row"]["label"] == run["row"]
    (exact,) = (run for run in head["runs"] if run["file"] == "runs/human.one_sw-en.run")
    assert "007" in {document for _, ranking in Run.read(exported / exact["file"]) for document, _ in ranking}
    assert exact["topics"] == "topics/one_sw-en.human.tsv"
    assert (exported / exact["topics"]).read_text("utf-8").startswith("q1\tbridge in Kisumu\nq2\t")
    original = (made / "data/one/qrels.sw.en.txt").read_text("utf-8")
    assert sorted((exported / exact["qrels"]).read_text("utf-8").splitlines()) == sorted(original.splitlines())


def test_what_has_no_run_is_said(exported: Path) -> None:
    cells = json.loads((exported / "export.json").read_text("utf-8"))["not_exported"]
    assert {(cell["row"], cell["state"]) for cell in cells if cell["collection"] == "one/so-en"} == {
        ("Broken", "failed")
    }
    assert any("made of cheese" in cell["reason"] for cell in cells)
    assert len([cell for cell in cells if cell["collection"] == "two/ha-en"]) == 4
    assert {cell["state"] for cell in cells if cell["collection"] == "two/ha-en"} == {"missing data"}


def test_part_of_a_board_keeps_its_names(made: Path, tmp_path: Path) -> None:
    found = export_suite(
        made / "results", "tiny", tmp_path / "part", systems=["BM25 É 中文 k1 1.2"], pairs=["so-en", "two/sw-en"]
    )
    assert [run["file"] for run in found.runs if not run["track"]] == [
        "runs/bm25_é_中文_k1_1.2-2.so-en.run",
        "runs/bm25_é_中文_k1_1.2-2.two_sw-en.run",
    ]
    assert len(export_suite(made / "results", "tiny", tmp_path / "bm25", systems=["bm25"], pairs=["sw-en"]).runs) == 12
    with pytest.raises(UnknownNameError, match="row of this board 'bm52'"):
        export_suite(made / "results", "tiny", tmp_path / "none", systems=["bm52"])
    with pytest.raises(UnknownNameError, match="language pair of this board 'fr-en'"):
        export_suite(made / "results", "tiny", tmp_path / "none", pairs=["fr-en"])
    with pytest.raises(UsageError, match=r"no cell has a run \(failed\)"):
        export_suite(made / "results", "tiny", tmp_path / "none", systems=["Broken"], pairs=["sw-en"])
    assert not (tmp_path / "none").exists()


def test_an_export_is_replaced_as_a_whole_and_nothing_else_is(made: Path, tmp_path: Path) -> None:
    place = tmp_path / "exported"
    export_suite(made / "results", "tiny", place)
    export_suite(made / "results", "tiny", place, systems=["human"])
    assert not list((place / "runs").glob("BM25*")), "what an export does not hold is not in its folder"
    (place / "runs" / "mine.run").write_text("q1 Q0 d1 1 1 mine\n")
    with pytest.raises(UsageError, match=r"did not write: runs/mine\.run"):
        export_suite(made / "results", "tiny", place)
    assert (place / "runs" / "mine.run").is_file()
    export_suite(made / "results", "tiny", place, force=True)
    assert not (place / "runs" / "mine.run").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(UsageError, match="is no export that `clir export` wrote"):
        export_suite(made / "results", "tiny", tmp_path / "other")


@pytest.mark.parametrize("damage", ["qrels", "run"])
def test_a_damaged_store_leaves_the_export_as_it_was(made: Path, tmp_path: Path, damage: str) -> None:
    store = Path(shutil.copytree(made / "results", tmp_path / "results"))
    export_suite(store, "tiny", tmp_path / "exported")
    before = {path: path.read_bytes() for path in (tmp_path / "exported").rglob("*") if path.is_file()}
    if damage == "qrels":
        for path in (store / "qrels").iterdir():
            path.write_text(path.read_text("utf-8").replace(" 1\n", " 0\n"), encoding="utf-8")
    else:
        next((store / "cells").glob("*/run.trec.gz")).unlink()
    with pytest.raises(StoreError, match=r"not as it was written|has no .*run\.trec\.gz"):
        export_suite(store, "tiny", tmp_path / "exported")
    assert {path: path.read_bytes() for path in (tmp_path / "exported").rglob("*") if path.is_file()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"results", "exported"}


def test_an_exported_run_is_submitted_and_compared_as_the_row_it_was(
    made: Path, exported: Path, tmp_path: Path
) -> None:
    run = exported / "runs" / f"{FIRST}.one_sw-en.run"
    board = read_leaderboard(made / "results", "tiny")
    row, suite, data = board.rows[0].label, str(made / "suite.yaml"), made / "data"
    report = submit(run, system="again", collection="one/sw-en", suite=suite, store=tmp_path / "again", data=data)
    assert report.state == "kept"
    assert report.means == pytest.approx(board.entry(row, "one/sw-en").means)
    selection = Selection(["AP"], suite, "one/sw-en", row, data)
    compared = compare_sides(*read_sides(made / "results", run, selection), Rules())
    (cell,) = (cell for cell in compared.cells if not cell.track)
    assert cell.verdict is Verdict.UNCHANGED
    again = export_suite(tmp_path / "again", "tiny", tmp_path / "exported").runs[0]
    assert again["submitted"]
    first, second = Run.read(run), Run.read(tmp_path / "exported" / again["file"])
    assert list(first) == list(second)
