"""Checks of a run written by another tool: all errors and warnings, with their lines."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.collections.base import TestCollection
from clir_harness.harness.errors import DataError
from clir_harness.harness.progress import Progress, no_progress
from clir_harness.harness.runs.columns import ColumnBuilder, RunColumns, ranked_twice, single_precision, split_line
from clir_harness.harness.runs.findings import SHOWN, Finding, Findings
from clir_harness.harness.runs.run import Run
from clir_harness.harness.runs.trec import NO_RANKINGS, read_head
from clir_harness.harness.textio import numbered_lines, shown

_RANK = re.compile(r"[+-]?[0-9]{1,18}")
_SAMPLE = 3
_STEP = 50_000


@dataclass(frozen=True)
class CheckedRun:
    """A run with all findings about it.

    Attributes:
        run: its rankings, at most as deep as asked for; None when there are errors.
        findings: errors first, then warnings, each kind once.
        lines: ranking lines in the file that could be read.
    """

    run: Run | None
    findings: tuple[Finding, ...]
    lines: int

    @property
    def errors(self) -> list[Finding]:
        """Findings that make the run unusable."""
        return [finding for finding in self.findings if finding.error]

    @property
    def warnings(self) -> list[Finding]:
        """Findings that do not make the run unusable."""
        return [finding for finding in self.findings if not finding.error]


def check_run(path: Path, collection: TestCollection, depth: int, progress: Progress = no_progress) -> CheckedRun:
    """Read a run and compare it with its collection. The file and the documents are streamed.

    Errors are: a file that cannot be read as text; lines without six columns; scores that are not finite numbers;
    documents ranked twice for a query; queries and documents that the collection does not have; no judged query
    answered. Warnings are: ranks that are not numbers or contradict the scores, which alone count; tied scores; several
    tags; scores in scientific notation; more or fewer documents per query than `depth`; judged queries without an
    answer, which score 0.

    Args:
        path: a run in TREC format, compressed or not, with or without an ir_metadata header.
        collection: what it was retrieved from.
        depth: documents per query that count, 1 or more; a longer ranking is cut.
        progress: called while the file is read and while the documents are compared.

    Returns:
        The run, unless there are errors, and all findings.

    Raises:
        DataError: a document of the collection cannot be read.
    """
    found = Findings()
    lines = _Lines()
    metadata: dict[str, Any] = {}
    try:
        head = read_head(path)
        metadata = head.metadata
        lines.read(path, head.skip, found, progress)
    except DataError as error:
        found.add_fault("file", error, error=True)
        return CheckedRun(None, found.all(), len(lines.numbers))
    if not lines.numbers:
        if not found.any_error:
            found.add("file", "no rankings in the file", NO_RANKINGS, error=True)
        return CheckedRun(None, found.all(), 0)
    columns = lines.builder.columns()
    kept = _without_self(columns, found) if collection.drop_self else columns
    table = _Table(columns, np.array(lines.numbers, np.int64), path, found)
    table.duplicates()
    table.ties()
    table.order(np.array(lines.ranks, np.int64), np.array(lines.ranked, np.bool_))
    table.queries(lines.builder.query_index, collection)
    attainable = table.documents(lines.builder.document_index, collection, depth, progress)
    table.depth(depth, attainable, spare=int(collection.drop_self))
    if not found.any_error:
        table.coverage(lines.builder.query_index, collection)
    run = None if found.any_error else Run.from_columns(kept, metadata).at_depth(depth)
    return CheckedRun(run, found.all(), len(columns.codes))


def _without_self(columns: RunColumns, found: Findings) -> RunColumns:
    """The lines whose document is not the query itself."""
    place = {document: code for code, document in enumerate(columns.documents.to_pylist())}
    own = np.array([place.get(query, -1) for query in columns.query_ids])
    others = columns.codes != own[columns.queries]
    if count := len(others) - int(others.sum()):
        message = f"the document whose id is the query's is ranked for {count:,} queries"
        found.add("self", message, "it is left out, as the collection's drop_self says", count=count)
    answered, queries = np.unique(columns.queries[others], return_inverse=True)
    return replace(
        columns,
        query_ids=tuple(columns.query_ids[query] for query in answered),
        queries=queries.astype(np.int32),
        codes=columns.codes[others],
        scores=columns.scores[others],
    )


class _Lines:
    """The lines of the file that can be read, column by column."""

    def __init__(self) -> None:
        self.builder = ColumnBuilder()
        self.numbers = array("q")
        self.ranks = array("q")
        self.ranked = bytearray()

    def read(self, path: Path, skip: int, found: Findings, progress: Progress) -> None:
        tag = ""
        for number, text in numbered_lines(path):
            if number % _STEP == 0:
                progress(number, None, "lines read")
            if number <= skip or text.isspace():
                continue
            kind = "columns"
            try:
                line = split_line(text, path, number)
                kind = "score"
                score = line.value(path, number)
            except DataError as fault:
                found.add_fault(kind, fault, error=True)
                continue
            self.builder.add(line, score)
            self.numbers.append(number)
            is_number = _RANK.fullmatch(line.rank) is not None
            self.ranks.append(int(line.rank) if is_number else 0)
            self.ranked.append(is_number)
            if not is_number:
                message = f"expected a whole number as rank, found {shown(line.rank)}"
                found.add("rank", message, "ranks are ignored, scores count", lines=[number])
            if "e" in line.score or "E" in line.score:
                message = f"score {shown(line.score)} is in scientific notation"
                found.add("notation", message, "it is read; some other tools do not read it", lines=[number])
            tag = tag or line.tag
            if line.tag != tag:
                message = f"tag {shown(line.tag)}, where the first line has {shown(tag)}"
                found.add("tag", message, "check that the file holds one run only", lines=[number])


class _Table:
    """Checks over all lines together."""

    def __init__(self, columns: RunColumns, numbers: NDArray[np.int64], path: Path, found: Findings) -> None:
        self.columns = columns
        self.numbers = numbers
        self.path = path
        self.found = found
        self.single = single_precision(columns.scores)

    def _names(self, line: int) -> tuple[str, str]:
        """Ids of query and document in a line."""
        columns = self.columns
        return columns.query_ids[columns.queries[line]], columns.documents[int(columns.codes[line])].as_py()

    def _add(
        self, kind: str, lines: NDArray[np.int64], message: Callable[[int], str], hint: str, *, error: bool = False
    ) -> None:
        """Record a finding about some lines, given in any order; the message describes the first of them."""
        if len(lines):
            ordered = np.sort(lines)
            numbers = self.numbers[ordered[:SHOWN]].tolist()
            self.found.add(kind, message(int(ordered[0])), hint, error=error, lines=numbers, count=len(lines))

    def duplicates(self) -> None:
        columns = self.columns
        pairs = columns.queries.astype(np.int64) * len(columns.documents) + columns.codes
        order = np.argsort(pairs, kind="stable")
        again = order[1:][pairs[order[1:]] == pairs[order[:-1]]]
        if len(again):
            fault = int(again.min())
            first = int(self.numbers[np.flatnonzero(pairs == pairs[fault])[0]])
            said = ranked_twice(*self._names(fault), first, self.path, int(self.numbers[fault]))
            self._add("duplicate", again, lambda _: said.fault, said.hint or "", error=True)

    def ties(self) -> None:
        queries = self.columns.queries
        order = np.lexsort((self.single, queries))
        tied = (queries[order[1:]] == queries[order[:-1]]) & (self.single[order[1:]] == self.single[order[:-1]])
        lines = order[np.append(tied, False) | np.insert(tied, 0, False)]

        def message(line: int) -> str:
            query, _ = self._names(line)
            return f"score {self.columns.scores[line]:.9g} occurs more than once for query {shown(query)}"

        self._add("tie", lines, message, "documents of one score are ordered by id, descending, as trec_eval does")

    def order(self, ranks: NDArray[np.int64], ranked: NDArray[np.bool_]) -> None:
        lines = np.flatnonzero(ranked)
        queries = self.columns.queries
        lines = lines[np.lexsort((-self.single[lines], ranks[lines], queries[lines]))]
        before, after = lines[:-1], lines[1:]
        wrong = (queries[before] == queries[after]) & (ranks[before] < ranks[after])
        wrong &= self.single[before] < self.single[after]

        def message(line: int) -> str:
            query, document = self._names(line)
            higher = f"document {shown(document)} of query {shown(query)} has a higher score than the one before it"
            return f"{higher} by rank"

        self._add("order", after[wrong], message, "ranks are ignored, scores count, as in trec_eval")

    def queries(self, index: Mapping[str, int], collection: TestCollection) -> None:
        known = dict.fromkeys(query.id for query in collection.query_set().queries)
        unknown = [place for query, place in index.items() if query not in known]
        lines = np.flatnonzero(np.isin(self.columns.queries, unknown))
        self._unknown("query", lines, lambda line: self._names(line)[0], collection.id, list(known)[:_SAMPLE])

    def documents(self, index: Mapping[str, int], collection: TestCollection, depth: int, progress: Progress) -> int:
        """Look for the run's documents in the collection; returns how many documents a query could have."""
        absent = np.ones(len(index), np.bool_)
        left, number = len(index), 0
        sample: list[str] = []
        for number, document in enumerate(collection.documents.stream(), start=1):
            if number <= _SAMPLE:
                sample.append(document.id)
            place = index.get(document.id)
            if place is not None and absent[place]:
                absent[place] = False
                left -= 1
            if not left and number >= depth:
                break
            if number % _STEP == 0:
                progress(number, None, "documents compared")
        lines = np.flatnonzero(absent[self.columns.codes])
        self._unknown("document", lines, lambda line: self._names(line)[1], collection.id, sample)
        return min(depth, number)

    def _unknown(
        self, kind: str, lines: NDArray[np.int64], name: Callable[[int], str], collection: str, sample: list[str]
    ) -> None:
        hint = f"the collection has ids such as {', '.join(map(shown, sample))}; write them in the same way"
        self._add(
            kind, lines, lambda line: f"{kind} {shown(name(line))} is not in collection {collection}", hint, error=True
        )

    def depth(self, depth: int, attainable: int, spare: int) -> None:
        sizes = np.bincount(self.columns.queries)
        _, first_lines = np.unique(self.columns.queries, return_index=True)

        def message(line: int) -> str:
            size = sizes[self.columns.queries[line]]
            return f"query {shown(self._names(line)[0])} has {size:,} documents, the suite's depth is {depth:,}"

        self._add("depth", first_lines[sizes > depth + spare], message, f"the best {depth:,} of a query count")
        if sizes.max() < attainable:
            self.found.add(
                "depth",
                f"no query has more than {sizes.max():,} documents, the suite's depth is {depth:,}",
                "measures with a deeper cutoff count what is not retrieved as not found; retrieve deeper if possible",
            )

    def coverage(self, index: Mapping[str, int], collection: TestCollection) -> None:
        judged = [query for query, judgements in collection.qrels.items() if judgements]
        missing = [query for query in judged if query not in index]
        some = ", ".join(map(shown, missing[:_SAMPLE]))
        if len(missing) == len(judged):
            hint = "check that the run is of this collection"
            self.found.add("coverage", f"no judged query has an answer; judged are {some} ...", hint, error=True)
        elif missing:
            message = f"{len(missing):,} of {len(judged):,} judged queries have no answer, {some} among them"
            self.found.add("coverage", message, "each of them counts 0", count=len(missing))
