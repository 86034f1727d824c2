"""The TREC run format as text: six columns, optionally under an ir_metadata header; read into columns, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clir_harness.harness.characters import is_id
from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.runs.columns import COLUMNS, ColumnBuilder, RunColumns, in_range, ranked_twice, split_line
from clir_harness.harness.textio import compression, numbered_lines

HEADER_START = "# ir_metadata.start"
HEADER_END = "# ir_metadata.end"
NO_RANKINGS = "check that the retrieval finished"


@dataclass(frozen=True, slots=True)
class Head:
    """Beginning of a run file: its metadata, the number of lines before the first ranking line, and that line."""

    metadata: dict[str, Any]
    skip: int
    first: str | None


def read_run_file(path: Path) -> tuple[RunColumns, dict[str, Any]]:
    """Read a run file, compressed or not, with or without an ir_metadata header.

    A file in plain form is parsed by Arrow. Whatever Arrow declines or looks suspicious is read again line by line:
    that reading decides, and names the line at fault.

    Args:
        path: the file.

    Returns:
        The lines, and the header's metadata.

    Raises:
        DataError: a line is malformed or a document is ranked twice for a query (names file and line); or there are no
            rankings (a header alone is an empty run).
    """
    head = read_head(path)
    if head.first is None and not head.metadata:
        raise DataError("no rankings in the file", path=path, hint=NO_RANKINGS)
    return _read_plain(path, head) or _read_strictly(path, head), head.metadata


def read_head(path: Path) -> Head:
    """Read the ir_metadata header, if there is one, and the first line after it.

    Raises:
        DataError: the file cannot be read, or the header is not closed or not a YAML mapping.
    """
    lines = numbered_lines(path)
    start, line = next(lines, (0, None))
    if line != HEADER_START:
        return Head({}, 0, line)
    text: list[str] = []
    for number, line in lines:
        if line == HEADER_END:
            return Head(_parse_metadata("\n".join(text), path, start), number, next(lines, (0, None))[1])
        if not line.startswith("#"):
            break
        text.append(line.removeprefix("#").removeprefix(" "))
    raise DataError(f"the metadata header is not closed by '{HEADER_END}'", path=path, line=start)


def _parse_metadata(text: str, path: Path, start: int) -> dict[str, Any]:
    import yaml

    from clir_harness.harness.yaml_values import load_yaml

    try:
        metadata = load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = start if mark is None else start + 1 + mark.line
        problem = getattr(error, "problem", None) or "malformed"
        raise DataError(f"the metadata header is not YAML: {problem}", path=path, line=line) from error
    if not isinstance(metadata, dict):
        raise DataError("expected a YAML mapping in the metadata header", path=path, line=start)
    return metadata


def format_metadata(metadata: Mapping[str, Any]) -> str:
    """Metadata as an ir_metadata header (https://www.ir-metadata.org), keys in the mapping's order.

    Raises:
        UsageError: a value is not plain data (YAML's own types).

    >>> print(format_metadata({"tag": "bm25"}), end="")
    # ir_metadata.start
    # tag: bm25
    # ir_metadata.end
    """
    import yaml

    try:
        text = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True)
    except yaml.representer.RepresenterError as error:
        raise UsageError(f"run metadata holds a value that YAML cannot: {error.args[-1]!r}") from error
    lines = [HEADER_START, *(f"# {line}".rstrip() for line in text.removesuffix("\n").split("\n")), HEADER_END]
    return "".join(f"{line}\n" for line in lines)


def has_duplicates(queries: NDArray[np.int32], codes: NDArray[np.int32], documents: int) -> bool:
    """Whether a (query, document) pair occurs twice.

    Args:
        queries: index of the query, per line.
        codes: index of the document, per line.
        documents: number of distinct documents.

    Returns:
        True if one does.
    """
    pairs = queries.astype(np.int64) * documents + codes
    pairs.sort()
    return bool((pairs[1:] == pairs[:-1]).any())


def _read_plain(path: Path, head: Head) -> RunColumns | None:
    """Parse a file of six columns separated by one space or one tab; None when it has another form."""
    if head.first is None:
        return None
    import pyarrow as pa
    from pyarrow import csv

    delimiter = "\t" if "\t" in head.first else " "
    encoded = pa.dictionary(pa.int32(), pa.string())
    # Documents are encoded after parsing: merging the large dictionaries of many blocks takes longer.
    types = dict.fromkeys(COLUMNS, encoded) | {"document": pa.string(), "rank": pa.int64(), "score": pa.float64()}
    name = compression(path)
    if name == "xz":  # which Arrow does not read
        return None
    try:
        with pa.input_stream(str(path), compression="zstd" if name == "zst" else name) as stream:
            table = csv.read_csv(
                stream,
                read_options=csv.ReadOptions(column_names=COLUMNS, skip_rows=head.skip),
                parse_options=csv.ParseOptions(
                    delimiter=delimiter, quote_char=False, double_quote=False, escape_char=False
                ),
                convert_options=csv.ConvertOptions(column_types=types, null_values=[], strings_can_be_null=False),
            )
    except (pa.ArrowException, OSError):
        return None
    queries, iterations, tags = (
        table.column(name).unify_dictionaries().combine_chunks() for name in COLUMNS if types[name] == encoded
    )
    documents = table.column("document").dictionary_encode().combine_chunks()
    for column in (queries, iterations, documents, tags):
        ids = column.dictionary.to_pylist()
        if "" in ids or not is_id("".join(ids)):
            return None
    columns = RunColumns(
        query_ids=tuple(queries.dictionary.to_pylist()),
        queries=queries.indices.to_numpy(),
        documents=documents.dictionary,
        codes=documents.indices.to_numpy(),
        scores=table.column("score").to_numpy(),
        tag=tags[0].as_py(),
    )
    sound = in_range(columns.scores).all()
    return columns if sound and not has_duplicates(columns.queries, columns.codes, len(documents.dictionary)) else None


def _read_strictly(path: Path, head: Head) -> RunColumns:
    builder = ColumnBuilder()
    first_line: dict[tuple[int, int], int] = {}
    for number, text in numbered_lines(path):
        if number <= head.skip or text.isspace():
            continue
        line = split_line(text, path, number)
        pair = builder.add(line, line.value(path, number))
        if (first := first_line.setdefault(pair, number)) != number:
            raise ranked_twice(line.query, line.document, first, path, number)
    if not first_line and not head.metadata:
        raise DataError("no rankings in the file", path=path, hint=NO_RANKINGS)
    return builder.columns()
