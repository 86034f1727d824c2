"""Judgements: read strictly, written as they were, and the same digest for the same judgements in any order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clir_harness.harness.collections.base import Document, DocumentSet, Query, QuerySet, TestCollection
from clir_harness.harness.collections.qrels import check_judgements, format_qrels, qrels_digest, read_qrels
from clir_harness.harness.errors import CollectionError, DataError
from clir_harness.harness.languages import LanguagePair

QRELS = {"q2": {"d2": 1, "d1": 0}, "q1": {"d1": -2, "007": 3}}


def written(folder: Path, text: str, name: str = "a.qrels") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_what_was_read(tmp_path: Path) -> None:
    text = "q2 0 d2 1\nq2 0 d1 0\nq1 0 d1 -2\nq1 0 007 3\n"
    assert format_qrels(QRELS) == text
    assert read_qrels(written(tmp_path, text)) == QRELS


def test_columns_are_parted_by_any_blanks_and_the_second_does_not_matter(tmp_path: Path) -> None:
    text = "q1\tQ0\td1\t1\n  q1  ITER-7   d2  +2  \n\nq2\u00a00\u00a0d1\u00a000\n"
    assert read_qrels(written(tmp_path, text)) == {"q1": {"d1": 1, "d2": 2}, "q2": {"d1": 0}}


def test_lines_of_one_query_may_be_scattered_over_several_files(tmp_path: Path) -> None:
    first = written(tmp_path, "q1 0 d1 1\nq2 0 d1 1\n", "a")
    second = written(tmp_path, "q1 0 d2 0\n", "b")
    assert read_qrels(first, second) == {"q1": {"d1": 1, "d2": 0}, "q2": {"d1": 1}}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("q1 0 d3", "expected 4 columns .*, found 3"),
        ("q1 0 d3 1 t", "expected 4 columns .*, found 5"),
        ("q1 0 d3 1.0", "expected an integer grade, found '1.0'"),
        ("q1 0 d3 1e0", "expected an integer grade, found '1e0'"),
        ("q1 0 d3 \uff11", "expected an integer grade, found '\uff11'"),
        ("q1 0 d3 1_0", "expected an integer grade, found '1_0'"),
        ("q1 0 d3 9223372036854775808", "expected an integer grade"),
        ("q1 0 d3 -9223372036854775809", "expected an integer grade"),
        (f"q1 0 d3 {'9' * 5000}", "expected an integer grade, found '9{30}…9{30}'"),
        ("q1 0 d\x07 1", r"'d\\x07' is not a valid id"),
        ("q1 1 d1 1", "document 'd1' is judged twice for query 'q1'"),
        ("q1 0 d1 0", "document 'd1' is judged twice for query 'q1'"),
    ],
)
def test_a_malformed_line_is_named_with_file_and_line(line: str, complaint: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"q1 0 d1 1\n\n{line}\n")
    with pytest.raises(DataError, match=rf"a\.qrels:3: {complaint}"):
        read_qrels(path)


def test_grades_reach_to_the_ends_of_64_bits(tmp_path: Path) -> None:
    path = written(tmp_path, "q 0 a 9223372036854775807\nq 0 b -9223372036854775808\n")
    assert read_qrels(path) == {"q": {"a": 2**63 - 1, "b": -(2**63)}}


def test_the_digest_is_of_the_judgements_and_of_nothing_else() -> None:
    other_order = {"q1": {"007": 3, "d1": -2}, "q2": {"d1": 0, "d2": 1}}
    assert qrels_digest(QRELS) == qrels_digest(other_order)
    assert qrels_digest(QRELS) == qrels_digest({**QRELS, "q3": {}}), "a query without judgements is not judged"
    others: list[dict[str, dict[str, int]]] = [
        {},
        {"q2": QRELS["q2"]},
        {**QRELS, "q1": {"d1": -2, "007": 2}},
        {**QRELS, "q1": {"d1": -2, "7": 3}},
        {"q2": {"d2": 1}, "q1": {**QRELS["q1"], "q2": 0}},
        {"q2": {"d2": 1, "d": 10}, "q1": QRELS["q1"]},
    ]
    assert len({qrels_digest(qrels) for qrels in (QRELS, *others)}) == 7


def collection(qrels: Any) -> TestCollection:
    documents = DocumentSet("mini", "en", lambda: iter([Document("d1", "water")]), "1")
    queries = {"original": QuerySet("sw", (Query("q1", "maji"),))}
    return replace(
        TestCollection("mini/sw-en", LanguagePair("sw", "en"), documents, queries, {"q1": {"d1": 1}}), qrels=qrels
    )


@pytest.mark.parametrize(
    "qrels",
    [
        {"q1": ["d1"]},
        {"q1": {"d1": True}},
        {"q1": {"d1": 1.0}},
        {"q1": {"d1": np.int64(1)}},
        {"q1": {"d1": "1"}},
        {"q1": {"d1": None}},
        {"q1": {"d1": 2**63}},
        {"q1": {1: 1}},
        {1: {"d1": 1}},
    ],
)
def test_judgements_that_running_code_gives_in_another_form_are_refused_by_name(qrels: Any) -> None:
    with pytest.raises(CollectionError, match="collection mini/sw-en: expected "):
        check_judgements(collection(qrels))


def test_judgements_of_the_right_form_pass() -> None:
    check_judgements(collection({"q1": {"d1": -(2**63)}, "q2": {}}))
