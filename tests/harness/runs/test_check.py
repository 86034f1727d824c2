"""Runs of other tools: every fault is named with its lines, errors apart from warnings."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clir_harness.harness.collections.base import Document, DocumentSet, Query, QuerySet, TestCollection
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.runs.check import CheckedRun, check_run
from clir_harness.harness.runs.findings import Finding

DOCUMENTS = ["d1", "d2", "d3", "d4"]
COLLECTION = TestCollection(
    "mini/sw-en",
    LanguagePair("sw", "en"),
    DocumentSet("mini", "en", lambda: iter([Document(name, "text") for name in DOCUMENTS]), "mini"),
    {"original": QuerySet("sw", tuple(Query(name, "swali") for name in ("q1", "q2", "q3")))},
    {"q1": {"d1": 1}, "q2": {"d2": 1}},
)
GOOD = """\
q1 Q0 d1 1 4.0 mine
q1 Q0 d2 2 3.0 mine
q1 Q0 d3 3 2.0 mine
q1 Q0 d4 4 1.0 mine
q2 Q0 d2 1 0.5 mine
"""


def check(path: Path, text: str | bytes, depth: int = 4) -> CheckedRun:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return check_run(path, COLLECTION, depth)


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return tmp_path / "mine.run"


def test_a_sound_run_has_no_findings_and_is_what_the_file_says(run: Path) -> None:
    checked = check(run, GOOD)
    assert checked.findings == ()
    assert checked.run is not None
    assert (checked.lines, checked.run.tag, checked.run.query_ids) == (5, "mine", ("q1", "q2"))
    assert checked.run.ranking("q1") == [("d1", 4.0), ("d2", 3.0), ("d3", 2.0), ("d4", 1.0)]


@pytest.mark.parametrize("change", [gzip.compress, lambda text: text.replace(b"\n", b"\r\n").replace(b" ", b"\t")])
def test_gzipped_files_and_windows_line_ends_are_sound(run: Path, change) -> None:
    assert check(run, change(GOOD.encode())).findings == ()


@pytest.mark.parametrize(
    ("text", "kind", "message", "lines", "count"),
    [
        ("q1 Q0 d1 1 4.0\n", "columns", "expected 6 columns (query Q0 document rank score tag), found 5", (6,), 1),
        ("q1 Q0 d 1 1 4.0 my tag\n" * 7, "columns", "found 8", (6, 7, 8, 9, 10), 7),
        ("q2 Q0 d1 2 nan mine\nq2 Q0 d3 3 inf mine\n", "score", "found 'nan'", (6, 7), 2),
        ("q2 Q0 d1 2 1e39 mine\n", "score", "finite number (in single precision)", (6,), 1),
        ("q1 Q0 d3 5 0.5 mine\n", "duplicate", "'d3' is ranked twice for query 'q1', first in line 3", (6,), 1),
        ("\nq9 Q0 d1 1 4.0 mine\n", "query", "query 'q9' is not in collection mini/sw-en", (7,), 1),
        ("q2 Q0 D1 2 0.4 mine\nq2 Q0 x 3 0.3 mine\n", "document", "document 'D1' is not in collection", (6, 7), 2),
    ],
)
def test_errors_are_named_with_their_lines(
    run: Path, text: str, kind: str, message: str, lines: tuple[int, ...], count: int
) -> None:
    checked = check(run, GOOD + text)
    assert checked.run is None
    finding = only(checked.errors)
    assert (finding.kind, finding.lines, finding.count) == (kind, lines, count)
    assert message in finding.message
    assert finding.hint


@pytest.mark.parametrize(
    ("old", "new", "kind", "message", "lines", "count"),
    [
        ("d2 2 3.0", "d2 2 4.0", "tie", "score 4 occurs more than once for query 'q1'", (1, 2), 2),
        ("d2 2 3.0", "d2 2 4.00000001", "tie", "score 4 occurs", (1, 2), 2),
        ("d2 2 3.0", "d2 2 9.0", "order", "document 'd2' of query 'q1' has a higher score than the one", (2,), 1),
        ("d2 2 3.0", "d2 two 3.0", "rank", "expected a whole number as rank, found 'two'", (2,), 1),
        ("2.0 mine\n", "2.0 yours\n", "tag", "tag 'yours', where the first line has 'mine'", (3,), 1),
        ("0.5", "5e-1", "notation", "score '5e-1' is in scientific notation", (5,), 1),
        ("q2 Q0", "q3 Q0", "coverage", "1 of 2 judged queries have no answer, 'q2' among them", (), 1),
        ("q1 Q0 d4 4 1.0 mine\n", "", "depth", "no query has more than 3 documents, the suite's depth is 4", (), 1),
    ],
)
def test_warnings_are_named_with_their_lines_and_do_not_stop_the_run(
    run: Path, old: str, new: str, kind: str, message: str, lines: tuple[int, ...], count: int
) -> None:
    checked = check(run, GOOD.replace(old, new))
    assert checked.errors == []
    assert checked.run is not None
    finding = only(checked.warnings)
    assert (finding.kind, finding.lines, finding.count) == (kind, lines, count)
    assert message in finding.message


def test_several_faults_are_all_told_errors_first(run: Path) -> None:
    text = GOOD.replace("3.0", "4.0").replace("0.5", "nan") + "x\n"
    kinds = [(finding.error, finding.kind) for finding in check(run, text).findings]
    assert kinds == [(True, "score"), (True, "columns"), (False, "tie")]


def test_the_best_documents_of_a_ranking_that_is_too_long_count(run: Path) -> None:
    checked = check(run, GOOD.replace("d4 4 1.0", "d4 4 9.0"), depth=2)
    assert checked.run is not None
    assert checked.run.ranking("q1") == [("d4", 9.0), ("d1", 4.0)]
    assert checked.run.ranking("q2") == [("d2", 0.5)]
    depth = only([finding for finding in checked.warnings if finding.kind == "depth"])
    assert (depth.message, depth.lines) == ("query 'q1' has 4 documents, the suite's depth is 2", (1,))


def test_all_documents_of_a_small_collection_are_deep_enough(run: Path) -> None:
    assert check(run, GOOD, depth=1000).findings == ()


def test_equal_ranks_do_not_contradict_scores(run: Path) -> None:
    assert check(run, "q1 Q0 d1 1 1.0 t\nq1 Q0 d2 1 2.0 t\nq2 Q0 d1 1 3.0 t\n", depth=2).findings == ()


def test_a_run_that_answers_no_judged_query_is_refused(run: Path) -> None:
    finding = only(check(run, "q3 Q0 d1 1 1.0 t\n", depth=1).errors)
    assert (finding.kind, finding.message) == ("coverage", "no judged query has an answer; judged are 'q1', 'q2' ...")


@pytest.mark.parametrize(
    ("content", "message", "lines"),
    [
        (b"", "no rankings in the file", ()),
        (b"\r\n \n", "no rankings in the file", ()),
        (GOOD.encode() + b"q2 Q0 d\xff 2 0.1 t\n", "is not UTF-8", (6,)),
        (gzip.compress(GOOD.encode() * 999)[:-20], "is truncated or damaged", ()),
        (b"# ir_metadata.start\n# tag: [\n# ir_metadata.end\n", "the metadata header is not YAML", (2,)),
        (b"# ir_metadata.start\n# " + b"[" * 5000 + b"\n# ir_metadata.end\n", "the metadata header is not YAML", ()),
        (b"# ir_metadata.start\n# tag: t\n# ir_metadata.end\n", "no rankings in the file", ()),
    ],
)
def test_files_that_cannot_be_read_are_refused(run: Path, content: bytes, message: str, lines: tuple[int, ...]) -> None:
    finding = only(check(run, content).errors)
    assert finding.kind == "file"
    assert message in finding.message
    assert not lines or finding.lines == lines


def test_lines_are_counted_from_the_top_under_a_header(run: Path) -> None:
    header = "# ir_metadata.start\n# tag: t\n# team: ours\n# ir_metadata.end\n"
    checked = check(run, header + GOOD)
    assert checked.run is not None
    assert checked.run.metadata == {"tag": "t", "team": "ours"}
    assert only(check(run, header + GOOD + "x\n").errors).lines == (10,)


def test_messages_show_hostile_text_short_and_escaped(run: Path) -> None:
    checked = check(run, GOOD + f"q\x1b[31m Q0 {'d' * 100_000} 1 \x00\x07 t\nq1 Q0 {'d' * 100_000} 1 1.0 t\n")
    texts = [finding.message + finding.hint for finding in checked.findings]
    assert all(len(text) < 300 for text in texts)
    assert all(text.isprintable() for text in texts)
    assert {finding.kind for finding in checked.errors} == {"columns", "document"}


def test_a_number_that_ends_badly_is_refused_however_long_it_is(run: Path) -> None:
    finding = only(check(run, GOOD + f"q2 Q0 d1 {'1' * 200_000} {'1' * 200_000}x mine\n").errors)
    assert (finding.kind, finding.lines) == ("score", (6,))


def test_a_header_of_any_values_can_be_kept(run: Path, tmp_path: Path) -> None:
    header = '# ir_metadata.start\n# a: "\\ud800\\0"\n# when: 2026-01-02\n# &x b: [1, {2: *x}]\n# ir_metadata.end\n'
    checked = check(run, header + GOOD)
    assert checked.run is not None
    checked.run.write(tmp_path / "kept.run")
    assert check_run(tmp_path / "kept.run", COLLECTION, 4).run is not None


FIELDS = st.one_of(
    st.sampled_from(["q1", "q2", "d1", "d2", "Q0", "1", "2", "-3", "1.5", "1e-3", "nan", "-inf", "0x1p3", "1_0", "٣"]),
    st.text(max_size=8),
    st.text(st.characters(categories=("Cc", "Cf", "Zs")), max_size=4),
    st.integers(300, 2000).map(lambda length: "x" * length),
)
LINES = st.lists(FIELDS, max_size=8).map(" ".join)
FILES = st.builds(
    lambda lines, end, junk: end.join(line.encode("utf-8", "surrogatepass") for line in lines) + junk,
    st.lists(LINES, max_size=8),
    st.sampled_from([b"\n", b"\r\n"]),
    st.binary(max_size=5),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(content=FILES)
def test_whatever_the_file_holds_it_is_a_run_or_has_errors_in_lines_that_are_there(run: Path, content: bytes) -> None:
    checked = check(run, content)
    assert (checked.run is None) == bool(checked.errors)
    last = content.count(b"\n") + 1
    for finding in checked.findings:
        assert all(1 <= line <= last for line in finding.lines)
        assert 1 <= len(finding.lines) <= finding.count or not finding.lines
        assert (finding.message + finding.hint).isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(lines=st.permutations(GOOD.splitlines(keepends=True)), bad=st.integers(0, 5))
def test_one_bad_line_among_good_ones_is_named_wherever_it_is(run: Path, lines: list[str], bad: int) -> None:
    lines = [*lines[:bad], "q2 Q0 d4 2 0.4\n", *lines[bad:]]
    finding = only(check(run, "".join(lines)).errors)
    assert (finding.kind, finding.lines) == ("columns", (bad + 1,))


def test_progress_is_told_while_a_long_file_is_read(run: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    run.write_text(GOOD * 20_000)
    checked = check_run(run, COLLECTION, 4, lambda *news: told.append(news))
    assert told == [(50_000, None, "lines read"), (100_000, None, "lines read")]
    assert only(checked.errors).count == 99_995
