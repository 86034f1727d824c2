import errno
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from clir_harness.harness.content_store import read_json, write_json
from clir_harness.harness.errors import StoreError
from clir_harness.harness.record import FORMAT, Board, CellRecord, Failure, KeptScores, RowRecord, SuiteHead
from clir_harness.harness.record_identity import CellIdentity, CollectionFacts, QueriesIdentity
from clir_harness.harness.runs.run import Run
from clir_harness.harness.store import CellFiles, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def cell(**changes: Any) -> CellRecord:
    """A record under the key `k`; done unless it is changed."""
    facts = CollectionFacts(id="tiny/sw-en", pair="sw-en", documents_digest="d", qrels_digest="j")
    queries = QueriesIdentity(variant="original", digest="q")
    values = {
        "format": FORMAT,
        "key": "k",
        "row": RowRecord(label="BM25", system="bm25", queries="original"),
        "collection": facts,
        "depth": 10,
        "identity": CellIdentity(collection=facts.identity(), queries=queries, depth=10, format=1),
        "command": "clir run",
        "finished": "2026-01-01T00:00:00+00:00",
        "version": "0",
        "status": "done",
    }
    return CellRecord(**{**values, **changes})


def board(version: int) -> Board:
    head = SuiteHead(name="tiny", title="Tiny", description="", measures=("AP",), depth=10)
    return Board(format=FORMAT, suite=head, version=str(version), rows=(), collections=(), cells=())


def test_a_board_is_changed_by_one_at_a_time_and_only_when_it_is_new(store: Store) -> None:
    def add(_: int) -> bool:
        return store.change_board("tiny", lambda old: board(int(old.version) + 1 if old else 1))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(add, range(40)))
    assert store.board("tiny") == board(40)
    assert store.boards() == ["tiny"]
    assert store.change_board("tiny", lambda old: old or board(0)) is False


def test_a_cell_is_there_whole_or_not_at_all(store: Store) -> None:
    def fill(files: CellFiles) -> CellRecord:
        files.keep_run(Run.from_rankings([("q1", [("d1", 1.0)])]), {})
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        store.publish_cell("k", fill)
    assert store.cell("k") is None
    assert not store.cell_folder("k").exists()
    assert not list((store.root / "staging").iterdir())


def test_a_failed_cell_gives_way_to_a_result_and_a_result_to_nothing(store: Store) -> None:
    failure = Failure(type="ValueError", message="no", hint="try again")
    store.publish_cell("k", lambda _: cell(status="failed", error=failure))
    assert store.cell("k").error.reason == "no; try again"
    store.publish_cell("k", lambda _: cell(tie_rate=0.1))
    store.publish_cell("k", lambda _: cell(tie_rate=0.2))
    assert store.cell("k") == cell(tie_rate=0.1)


def test_what_is_kept_of_a_cell_is_read_as_it_was(store: Store) -> None:
    run = Run.from_rankings([("q1", [("d1", 2.0), ("d2", 1.0)])])
    scores = KeptScores(queries=("q1",), scores={"AP": (1.0,)}, versions={"AP": "1"})

    def fill(files: CellFiles) -> CellRecord:
        files.keep_run(run, {})
        files.keep_scores(scores)
        return cell(means={"AP": 1.0})

    store.publish_cell("k", fill)
    assert store.run("k").ranking("q1") == [("d1", 2.0), ("d2", 1.0)]
    assert store.scores("k") == scores
    assert store.cell("k") == cell(means={"AP": 1.0})
    assert store.scores("none") is None
    with pytest.raises(StoreError, match=r"has no .*none"):
        store.run("none")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": FORMAT + 1}, "format 2, this version reads up to 1"),
        ({"format": "x"}, "is damaged: format"),
        ({"format": None}, "is damaged: format"),
        ({"depth": "ten"}, "is damaged: depth"),
        ({"later": 1}, "is damaged: later"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_by_its_file_and_field(store: Store, change: dict, said: str) -> None:
    store.publish_cell("k", lambda _: cell())
    path = store.cell_folder("k") / "cell.json"
    write_json(path, {**read_json(path), **change})
    with pytest.raises(StoreError, match=said) as caught:
        store.cell("k")
    assert str(path) in str(caught.value)


def test_a_record_of_before_they_had_a_format_is_read(store: Store) -> None:
    store.publish_cell("k", lambda _: cell())
    path = store.cell_folder("k") / "cell.json"
    old = {name: value for name, value in read_json(path).items() if name != "format"} | {"track": None}
    write_json(path, old)
    assert store.cell("k") == cell(format=0)


def test_judgements_that_are_not_as_they_were_written_are_refused(store: Store) -> None:
    digest = store.keep_qrels({"q1": {"d1": 1}})
    assert Store(store.root).qrels(digest) == {"q1": {"d1": 1}}
    (store.root / "qrels" / f"{digest}.trec").write_text("q1 0 d1 0\n")
    with pytest.raises(StoreError, match="not as it was written"):
        Store(store.root).qrels(digest)


def test_texts_of_queries_are_kept_by_their_digest(store: Store) -> None:
    assert store.query_texts("x") is None
    store.keep_query_texts("x", {"q1": "maji"})
    assert store.query_texts("x") == {"q1": "maji"}


def test_an_artefact_is_built_once_by_many_threads(store: Store) -> None:
    built = []

    def build(folder: Path) -> dict[str, int]:
        built.append(1)
        (folder / "data").write_text("x")
        return {"n": 1}

    threads = [threading.Thread(target=store.obtain, args=("index", "k", build)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    kept = store.obtain("index", "k", build)
    assert kept.reused
    assert (kept.content / "data").read_text() == "x"


def test_a_build_that_fails_leaves_nothing_and_can_be_tried_again(store: Store) -> None:
    def build(folder: Path) -> dict[str, int]:
        (folder / "part").write_text("x")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.obtain("index", "k", build)
    assert store.artefact("index", "k") is None
    assert not store.obtain("index", "k", lambda _: {}).reused


KILLED = """
import os, signal, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from clir_harness.harness.store import Store
def fill(files):
    (files.folder / "run.trec.gz").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
Store(sys.argv[1]).publish_cell("k", fill)
"""


def test_a_killed_process_leaves_a_valid_store_and_its_remains_are_swept(store: Store) -> None:
    process = subprocess.run([sys.executable, "-c", KILLED, str(store.root)], check=False)
    assert process.returncode == -signal.SIGKILL
    assert list((store.root / "staging").iterdir())
    assert Store(store.root).cell("k") is None
    store.publish_cell("k", lambda _: cell())
    assert not list((store.root / "staging").iterdir())


def test_work_in_progress_of_a_living_process_is_not_swept(store: Store) -> None:
    with store.staging() as first, store.staging():
        assert first.is_dir()


def test_a_full_disk_is_an_error_that_says_what_to_do(store: Store) -> None:
    def fill(files: CellFiles) -> CellRecord:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(files.folder / "run"))

    with pytest.raises(StoreError, match=r"(?s)no space left .* free space"):
        store.publish_cell("k", fill)
    assert store.cell("k") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be written"):
        Store(tmp_path / "store")


def test_a_refusal_to_write_inside_the_store_is_the_stores_and_elsewhere_is_not(store: Store) -> None:
    def refuse(place: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", place)

    with pytest.raises(StoreError, match="cannot be written"), store.staging() as folder:
        refuse(str(folder / "x"))
    with pytest.raises(PermissionError), store.staging():
        refuse("/somewhere/else")


def test_a_folder_with_other_things_in_it_is_not_taken_for_a_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(StoreError, match="not a results store"):
        Store(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["thesis.tex"]


def test_a_store_of_a_newer_format_is_refused_with_both_versions(store: Store) -> None:
    (store.root / "store.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(StoreError, match="format 99, this version reads up to 1"):
        Store(store.root)


def test_reading_needs_a_store_that_exists(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no results store"):
        Store(tmp_path / "none", create=False)


def test_a_damaged_file_is_named(store: Store) -> None:
    path = store.root / "notes" / "x.json"
    write_json(path, {"a": 1})
    path.write_text("{")
    with pytest.raises(StoreError, match=r"x\.json is damaged"):
        read_json(path)


def test_others_may_read_what_the_umask_lets_them(store: Store) -> None:
    before = os.umask(0o022)
    try:
        store.publish_cell("k", lambda _: cell())
        store.obtain("index", "k", lambda _: {})
    finally:
        os.umask(before)
    folders = [store.cell_folder("k"), store.root / "artefacts" / "index" / "k"]
    assert [oct(folder.stat().st_mode & 0o777) for folder in folders] == ["0o755", "0o755"]
    assert oct((folders[0] / "cell.json").stat().st_mode & 0o777) == "0o644"
