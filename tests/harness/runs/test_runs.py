"""Runs in TREC format: canonical order, strict reading, whole and repeatable writing."""

from __future__ import annotations

import gzip
from pathlib import Path

import ir_measures
import numpy as np
import pytest
import pytrec_eval
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.runs.run import Run

IDS = st.text(st.characters(exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=6)
SCORES = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 0.1]), st.floats(-1e30, 1e30))
RANKINGS = st.dictionaries(
    IDS, st.dictionaries(IDS, SCORES, min_size=1, max_size=8).map(lambda docs: list(docs.items())), max_size=4
)


def write_text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def read_error(path: Path, text: str) -> DataError:
    with pytest.raises(DataError) as caught:
        Run.read(write_text(path, text))
    return caught.value


class TestOrder:
    def test_higher_scores_come_first_and_ties_go_to_the_greater_document_id(self) -> None:
        run = Run.from_rankings([("q", [("b", 1.0), ("d", 1.0), ("a", 2.0), ("c", 1.0)])])
        assert run.ranking("q") == [("a", 2.0), ("d", 1.0), ("c", 1.0), ("b", 1.0)]

    def test_ids_are_compared_by_bytes_so_accents_come_after_ascii_and_lower_case_after_upper(self) -> None:
        ids = ["Z", "a", "ab", "é", "z", "\uffee", "\U0001f600", "10", "9"]
        run = Run.from_rankings([("q", [(document, 1.0) for document in ids])])
        assert [document for document, _ in run.ranking("q")] == sorted(ids, key=str.encode, reverse=True)

    @pytest.mark.parametrize(
        ("better", "worse"), [(1.0 + 1e-12, 1.0), (16777217.0, 16777216.0), (2e-46, 1e-46), (0.0, -0.0)]
    )
    def test_scores_equal_in_single_precision_are_a_tie_as_in_trec_eval(self, better: float, worse: float) -> None:
        ranking = {"a": better, "z": worse}
        evaluator = pytrec_eval.RelevanceEvaluator({"q": {"z": 1}}, ["recip_rank"])
        assert evaluator.evaluate({"q": ranking})["q"]["recip_rank"] == 1.0
        run = Run.from_rankings([("q", list(ranking.items()))])
        assert [document for document, _ in run.ranking("q")] == ["z", "a"]

    def test_the_order_of_a_file_with_such_ties_is_the_same(self, tmp_path: Path) -> None:
        run = Run.read(write_text(tmp_path / "a.run", "q Q0 a 1 1.00000000001 t\nq Q0 z 2 1.0 t\nq Q0 k 3 3 t\n"))
        assert run.ranking("q") == [("k", 3.0), ("z", 1.0), ("a", 1.00000000001)]

    @given(RANKINGS)
    def test_order_is_score_then_id_descending_whatever_order_came_in(
        self, rankings: dict[str, list[tuple[str, float]]]
    ) -> None:
        run = Run.from_rankings(rankings.items())
        for query, ranking in rankings.items():
            expected = sorted(ranking, key=lambda one: (np.float32(one[1]), one[0].encode()), reverse=True)
            assert [document for document, _ in run.ranking(query)] == [document for document, _ in expected]

    def test_lines_of_a_query_may_be_scattered_over_the_file(self, tmp_path: Path) -> None:
        text = "q2 Q0 a 1 1 t\nq1 Q0 b 1 2 t\nq2 Q0 c 2 3 t\nq1 Q0 d 2 4 t\n"
        run = Run.read(write_text(tmp_path / "a.run", text))
        assert list(run) == [("q2", [("c", 3.0), ("a", 1.0)]), ("q1", [("d", 4.0), ("b", 2.0)])]

    def test_ranks_in_the_file_are_ignored(self, tmp_path: Path) -> None:
        run = Run.read(write_text(tmp_path / "a.run", "q Q0 a 1 1.0 t\nq Q0 b 9 2.0 t\nq Q0 c x 3.0 t\n"))
        assert [document for document, _ in run.ranking("q")] == ["c", "b", "a"]


class TestContent:
    def test_length_iteration_and_ranking(self) -> None:
        run = Run.from_rankings([("q2", [("a", 1.0)]), ("q1", [("b", 2.0)]), ("none", [])], tag="bm25")
        assert (len(run), run.retrieved, run.query_ids, run.tag) == (2, 2, ("q2", "q1"), "bm25")
        assert list(run) == [("q2", [("a", 1.0)]), ("q1", [("b", 2.0)])]
        assert run.ranking("none") == run.ranking("q9") == []

    def test_tie_rate_is_the_share_of_documents_in_a_tie_within_their_query(self) -> None:
        first = [("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 0.5)]
        assert Run.from_rankings([("q1", first), ("q2", [("a", 0.5)])]).tie_rate == 3 / 5

    def test_tie_rate_of_a_constant_scorer_is_one_and_of_an_empty_run_zero(self) -> None:
        assert Run.from_rankings([("q", [("a", 0.0), ("b", 0.0)])]).tie_rate == 1.0
        assert Run.from_rankings([]).tie_rate == 0.0

    def test_scores_are_the_shortest_decimals_of_single_precision(self) -> None:
        lucene = float(np.float32(7.33724))
        assert lucene != 7.33724
        run = Run.from_rankings([("q", [("a", lucene), ("b", 0.1), ("c", 0.0), ("d", -3)])])
        assert run.ranking("q") == [("a", 7.33724), ("b", 0.1), ("c", 0.0), ("d", -3.0)]

    @pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf"), 1e39])
    def test_scores_that_are_not_finite_are_refused(self, score: float) -> None:
        with pytest.raises(DataError, match=r"document 'd' for query 'q' is not finite"):
            Run.from_rankings([("q", [("c", 1.0), ("d", score)])])

    @pytest.mark.parametrize("fault", ["", "a b", "a\tb", "a\n", "a\u3000b", "a\x85", "\ud800", 7])
    def test_ids_the_format_cannot_hold_are_refused(self, fault: str) -> None:
        with pytest.raises(DataError, match="document id"):
            Run.from_rankings([("q", [(fault, 1.0)])])
        with pytest.raises(DataError, match="query id"):
            Run.from_rankings([(fault, [("d", 1.0)])])
        with pytest.raises(DataError, match="tag"):
            Run.from_rankings([("q", [("d", 1.0)])], tag=fault)

    def test_duplicates_are_refused_by_name(self) -> None:
        with pytest.raises(DataError, match="document 'd' is ranked twice for query 'q'"):
            Run.from_rankings([("q", [("d", 1.0), ("e", 1.0), ("d", 2.0)])])
        with pytest.raises(DataError, match="query 'q' is ranked twice"):
            Run.from_rankings([("q", [("d", 1.0)]), ("q", [("e", 1.0)])])


class TestReading:
    @pytest.mark.parametrize(
        ("lines", "line", "expected"),
        [
            ("q Q0 d 1 1.0 t\nq Q0 e 2 0.5\n", 2, "expected 6 columns (query Q0 document rank score tag), found 5"),
            ("q Q0 d 1 1.0 t\nq Q0 e 2 0.5 t t\n", 2, "found 7"),
            ("q Q0 d 1 1.0 t\n\nq Q0  2 0.5 t\n", 3, "found 5"),
            ("q Q0 d  1 t\n", 1, "found 5"),
            ("q Q0 d 1 1.0 \n", 1, "found 5"),
            ("q Q0 d 1 high t\n", 1, "expected a finite number (in single precision) as score, found 'high'"),
            ("q Q0 d 1 1.0 t\nq Q0 e 2 nan t\n", 2, "found 'nan'"),
            ("q Q0 d 1 inf t\n", 1, "found 'inf'"),
            ("q Q0 d 1 1e40 t\n", 1, "found '1e40'"),
            ("q Q0 d 1 1_0 t\n", 1, "found '1_0'"),
            ("q Q0 d 1 1,5 t\n", 1, "found '1,5'"),
            ("q Q0 d 1 2 t\np Q0 d 1 2 t\nq Q0 d 2 1 t\n", 3, "'d' is ranked twice for query 'q', first in line 1"),
            ("q\tQ0\td\t1\t1\tt\nq\tQ0\te e\t1\t1\tt\n", 2, "found 7"),
            ("q Q0 d 1 2 t\nq Q0 e\u00a0e 1 2 t\n", 2, "found 7"),
        ],
    )
    def test_a_malformed_line_is_named_with_file_and_line(
        self, tmp_path: Path, lines: str, line: int, expected: str
    ) -> None:
        path = tmp_path / "bad.run"
        error = read_error(path, lines)
        assert (error.path, error.line) == (path, line)
        assert expected in error.message
        assert str(error).startswith(f"{path}:{line}: ")

    def test_lines_are_counted_from_the_top_of_the_file_under_a_header(self, tmp_path: Path) -> None:
        header = "# ir_metadata.start\n# tag: t\n# ir_metadata.end\n"
        assert read_error(tmp_path / "bad.run", header + "q Q0 d 1 1 t\nq Q0 d 2 1 t\n").line == 5

    @pytest.mark.parametrize("text", ["", "\n\n", "  \n"])
    def test_a_file_without_rankings_is_refused(self, tmp_path: Path, text: str) -> None:
        assert "no rankings" in read_error(tmp_path / "empty.run", text).message

    def test_a_file_that_is_not_there_not_utf8_or_cut_short_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="cannot be read"):
            Run.read(tmp_path / "none.run")
        latin = tmp_path / "latin.run"
        latin.write_bytes("q Q0 d 1 2 t\nq Q0 é 2 1 t\n".encode("latin-1"))
        with pytest.raises(DataError, match=r"latin\.run:\d: is not UTF-8"):
            Run.read(latin)
        whole = gzip.compress("".join(f"q Q0 d{n} 1 {n} t\n" for n in range(500)).encode())
        (tmp_path / "cut.run.gz").write_bytes(whole[:-300])
        with pytest.raises(DataError, match="truncated or damaged"):
            Run.read(tmp_path / "cut.run.gz")

    @pytest.mark.parametrize("separator", [" ", "\t", "  ", " \t "])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_columns_may_be_parted_by_any_blanks(self, tmp_path: Path, separator: str, end: str) -> None:
        rows = [("q", "Q0", "d", "1", "1.5", "t"), ("q", "Q0", "e", "2", "-2e-1", "t")]
        text = "".join(separator.join(row) + end for row in rows)
        assert list(Run.read(write_text(tmp_path / "a.run", text))) == [("q", [("d", 1.5), ("e", -0.2)])]

    @pytest.mark.parametrize("separator", [" ", "  "])
    def test_ids_are_kept_byte_for_byte(self, tmp_path: Path, separator: str) -> None:
        ids = ["007", "7", "NA", "null", "NaN", "true", "1e5", '"a', 'b"', "a,b", "#9", "\\n", "n\u0303", "ñ", "'", "٣"]
        rows = [("#1", "Q0", document, "1", str(-place), "t") for place, document in enumerate(ids)]
        run = Run.read(write_text(tmp_path / "a.run", "".join(separator.join(row) + "\n" for row in rows)))
        assert run.query_ids == ("#1",)
        assert [document for document, _ in run.ranking("#1")] == ids

    def test_the_last_line_may_lack_its_end_and_the_first_may_have_a_byte_order_mark(self, tmp_path: Path) -> None:
        run = Run.read(write_text(tmp_path / "a.run", "\ufeffq Q0 d 1 2 t\nq Q0 e 2 1 t"))
        assert list(run) == [("q", [("d", 2.0), ("e", 1.0)])]

    def test_the_tag_is_that_of_the_first_line(self, tmp_path: Path) -> None:
        assert Run.read(write_text(tmp_path / "a.run", "q Q0 d 1 2 one\nq Q0 e 2 1 two\n")).tag == "one"

    def test_gzip_is_told_by_content_not_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "zipped.run").write_bytes(gzip.compress(b"q Q0 d 1 2 t\n"))
        write_text(tmp_path / "plain.run.gz", "q Q0 d 1 2 t\n")
        assert list(Run.read(tmp_path / "zipped.run")) == list(Run.read(tmp_path / "plain.run.gz"))

    @given(RANKINGS.filter(bool), st.randoms(use_true_random=False))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    def test_plain_and_oddly_spaced_files_read_the_same(
        self, tmp_path: Path, rankings: dict[str, list[tuple[str, float]]], random: object
    ) -> None:
        rows = [f"{q} Q0 {d} 0 {s!r} t" for q, ranking in rankings.items() for d, s in ranking]
        random.shuffle(rows)  # type: ignore[attr-defined]
        plain = Run.read(write_text(tmp_path / "plain.run", "\n".join(rows)))
        spaced = Run.read(write_text(tmp_path / "spaced.run", "\n".join(row.replace(" ", "  ") for row in rows)))
        assert list(plain) == list(spaced)


class TestWriting:
    def test_the_file_is_plain_trec_format(self, tmp_path: Path) -> None:
        Run.from_rankings([("q1", [("d1", 0.5), ("d2", 2.0)]), ("q0", [("d1", 1e-7)])], tag="bm25").write(
            tmp_path / "a.run"
        )
        assert (tmp_path / "a.run").read_text() == ("q1 Q0 d2 1 2 bm25\nq1 Q0 d1 2 0.5 bm25\nq0 Q0 d1 1 1e-7 bm25\n")

    @given(RANKINGS)
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    def test_a_run_and_its_file_are_the_same(
        self, tmp_path: Path, rankings: dict[str, list[tuple[str, float]]]
    ) -> None:
        run = Run.from_rankings(rankings.items(), tag="t")
        for name in ("a.run", "a.run.gz"):
            run.write(tmp_path / name)
            again = Run.read(tmp_path / name)
            assert list(again) == list(run)
            assert again.tag == "t"

    @given(RANKINGS.filter(bool))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    def test_rank_column_line_order_and_printed_scores_agree(
        self, tmp_path: Path, rankings: dict[str, list[tuple[str, float]]]
    ) -> None:
        Run.from_rankings(rankings.items()).write(tmp_path / "a.run")
        lines = [line.split(" ") for line in (tmp_path / "a.run").read_text("utf-8").split("\n")[:-1]]
        for query, ranking in rankings.items():
            rows = [(int(rank), float(score), doc) for q, _, doc, rank, score, _ in lines if q == query]
            assert [rank for rank, _, _ in rows] == list(range(1, len(ranking) + 1))
            assert rows == sorted(rows, key=lambda row: (row[1], row[2].encode()), reverse=True)

    def test_ir_measures_reads_the_same_run(self, tmp_path: Path) -> None:
        run = Run.from_rankings([("q", [("007", 0.1), ("é", 1 / 3)])])
        run.write(tmp_path / "a.run")
        theirs = [(one.query_id, one.doc_id, one.score) for one in ir_measures.read_trec_run(str(tmp_path / "a.run"))]
        assert theirs == [("q", document, score) for document, score in run.ranking("q")]

    @pytest.mark.parametrize("name", ["a.run", "a.run.gz"])
    def test_the_same_run_gives_the_same_bytes_whatever_the_input_order(self, tmp_path: Path, name: str) -> None:
        ranking = [(f"d{n}", float(n % 3)) for n in range(50)]
        (tmp_path / "other").mkdir()
        Run.from_rankings([("q", ranking)], metadata={"tag": "x"}).write(tmp_path / name)
        Run.from_rankings([("q", ranking[::-1])], metadata={"tag": "x"}).write(tmp_path / "other" / name)
        assert (tmp_path / name).read_bytes() == (tmp_path / "other" / name).read_bytes()

    def test_gzip_carries_neither_time_nor_name(self, tmp_path: Path) -> None:
        Run.from_rankings([("q", [("d", 1.0)])]).write(tmp_path / "a.run.gz")
        raw = (tmp_path / "a.run.gz").read_bytes()
        assert (raw[3], raw[4:8]) == (0, bytes(4))
        assert gzip.decompress(raw) == b"q Q0 d 1 1 clir\n"

    def test_a_failed_write_leaves_the_old_file_and_nothing_else(self, tmp_path: Path) -> None:
        run = Run.from_rankings([("q", [("d", 1.0)])])
        run.write(tmp_path / "a.run")
        with pytest.raises(UsageError):
            run.write(tmp_path / "a.run", metadata={"machine": object()})
        with pytest.raises(DataError, match="tag"):
            run.write(tmp_path / "a.run", tag="two words")
        assert [path.name for path in tmp_path.iterdir()] == ["a.run"]
        assert list(Run.read(tmp_path / "a.run")) == list(run)

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"none/a\.run: cannot be written"):
            Run.from_rankings([("q", [("d", 1.0)])]).write(tmp_path / "none" / "a.run")

    def test_an_empty_run_is_told_from_a_file_cut_short(self, tmp_path: Path) -> None:
        Run.from_rankings([("q", [])], tag="bm25").write(tmp_path / "a.run")
        run = Run.read(tmp_path / "a.run")
        assert (len(run), run.retrieved, run.tag) == (0, 0, "bm25")


class TestProvenance:
    METADATA = {  # noqa: RUF012
        "tag": "bm25",
        "platform": {"software": {"libraries": ["pyserini 1.6.0"]}},
        "research goal": {"description": "two\n\nlines: 'quoted' # not a comment\n"},
        "method": {"automatic": True, "retrieval": [{"name": "bm25", "k1": 0.9}]},
        "data": {"test collection": {"name": "sw→en", "ids": "007"}},
    }

    @pytest.mark.parametrize("name", ["a.run", "a.run.gz"])
    def test_metadata_comes_back_as_it_was_and_the_rankings_with_it(self, tmp_path: Path, name: str) -> None:
        run = Run.from_rankings([("q", [("d", 1.0), ("e", 0.5)])])
        run.write(tmp_path / name, metadata=self.METADATA, tag="bm25")
        again = Run.read(tmp_path / name)
        assert again.metadata == self.METADATA
        assert list(again) == list(run)
        again.write(tmp_path / f"again.{name}")
        assert (tmp_path / f"again.{name}").read_bytes() == (tmp_path / name).read_bytes()

    def test_the_header_is_yaml_in_comments_between_the_marks_of_ir_metadata(self, tmp_path: Path) -> None:
        Run.from_rankings([("q", [("d", 1.0)])]).write(tmp_path / "a.run", metadata=self.METADATA)
        lines = (tmp_path / "a.run").read_text("utf-8").splitlines()
        end = lines.index("# ir_metadata.end")
        assert lines[0] == "# ir_metadata.start"
        assert yaml.safe_load("\n".join(line[2:] for line in lines[1:end])) == self.METADATA
        assert lines[end + 1 :] == ["q Q0 d 1 1 clir"]

    def test_own_metadata_is_written_and_can_be_left_out(self, tmp_path: Path) -> None:
        run = Run.from_rankings([("q", [("d", 1.0)])], metadata={"tag": "x"})
        run.write(tmp_path / "with.run")
        run.write(tmp_path / "without.run", metadata={})
        assert Run.read(tmp_path / "with.run").metadata == {"tag": "x"}
        assert (tmp_path / "without.run").read_text() == "q Q0 d 1 1 clir\n"

    @pytest.mark.parametrize(
        ("header", "line", "expected"),
        [
            ("# ir_metadata.start\n# tag: t\nq Q0 d 1 1 t\n", 1, "not closed"),
            ("# ir_metadata.start\n# tag: t\n# a: [1\n# ir_metadata.end\nq Q0 d 1 1 t\n", 3, "not YAML"),
            ("# ir_metadata.start\n# - t\n# ir_metadata.end\nq Q0 d 1 1 t\n", 1, "expected a YAML mapping"),
            ("# some comment\nq Q0 d 1 1 t\n", 1, "expected 6 columns"),
        ],
    )
    def test_a_malformed_header_is_named_with_its_line(
        self, tmp_path: Path, header: str, line: int, expected: str
    ) -> None:
        error = read_error(tmp_path / "a.run", header)
        assert (error.line, expected in error.message) == (line, True)

    def test_a_query_whose_id_begins_like_a_comment_is_data(self, tmp_path: Path) -> None:
        assert Run.read(write_text(tmp_path / "a.run", "# Q0 d 1 1 t\n#2 Q0 d 1 1 t\n")).query_ids == ("#", "#2")
