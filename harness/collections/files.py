"""Shared code of sources of local files: typed settings, available pairs, missing files, strict JSON lines."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator

from clir_harness.harness.characters import refuse_lone_surrogates
from clir_harness.harness.collections.base import CollectionEntry, CollectionSource, SourceConfig, TestCollection
from clir_harness.harness.errors import DataError, MissingDataError, UnknownNameError, UsageError
from clir_harness.harness.languages import LanguagePair, canonical_tag
from clir_harness.harness.textio import numbered_lines

Tag = Annotated[str, AfterValidator(canonical_tag)]
"""A language in a configuration; any known alias, kept as its canonical tag."""


def _pair(value: object) -> LanguagePair:
    return value if isinstance(value, LanguagePair) else LanguagePair.parse(str(value))


def _distinct(pairs: tuple[LanguagePair, ...]) -> tuple[LanguagePair, ...]:
    if repeated := sorted({str(pair) for pair in pairs if pairs.count(pair) > 1}):
        raise UsageError(f"language pair {repeated[0]} is listed twice", hint="list each pair once")
    return pairs


Pair = Annotated[
    LanguagePair,
    PlainValidator(_pair, json_schema_input_type=str),
    PlainSerializer(str, return_type=str),
]
"""A language pair in a configuration, written `sw-en`."""

Pairs = Annotated[tuple[Pair, ...], Field(min_length=1), AfterValidator(_distinct)]
"""At least one pair, each once."""


class LocalConfig(SourceConfig):
    """Settings every source of local files has."""

    path: Path = Field(description="folder of the collection; relative to the data folder, or absolute")
    pairs: Pairs = Field(description="available language pairs, query language first: [sw-en, zh-Hant→en]")
    codes: dict[Tag, str] = Field(
        default={}, description="codes of languages in file names, where they differ from our tags: {sw: swa}"
    )
    name: str | None = Field(default=None, description="prefix of the collection ids; the folder's name if none")
    licence: str = Field(default="unknown", description="as published")
    download: str | None = Field(default=None, description="where to download the files; shown when they are missing")


class LocalSource(CollectionSource):
    """A source whose collections are files in one folder, one collection per language pair.

    Subclasses define which files a pair needs and how to read them; missing files and remedies are handled here.
    """

    config: LocalConfig

    @abstractmethod
    def needs(self, pair: LanguagePair) -> list[str]:
        """Every file, folder or glob the pair needs, relative to the collection's folder."""

    @abstractmethod
    def build(self, pair: LanguagePair) -> TestCollection:
        """The collection of a pair whose files all exist."""

    @property
    def prefix(self) -> str:
        """Prefix of the collection ids."""
        return self.config.name or self.config.path.name

    @property
    def folder(self) -> Path:
        """The collection's folder."""
        return (self.data or Path()) / self.config.path

    def entry_id(self, pair: LanguagePair) -> str:
        """Id of a pair's collection: `xquad/sw-en`."""
        return f"{self.prefix}/{pair}"

    def entries(self) -> list[CollectionEntry]:
        """One entry per pair; looks for files, reads none."""
        return [self._entry(pair) for pair in self.config.pairs]

    def load(self, entry_id: str) -> TestCollection:
        """One collection, by the id of its entry."""
        for pair in self.config.pairs:
            if self.entry_id(pair) == entry_id:
                entry = self._entry(pair)
                if entry.missing is not None:
                    raise MissingDataError(f"{entry_id}: {entry.missing}", hint=entry.remedy)
                return self._with_counts(self.build(pair), pair)
        raise UnknownNameError("collection", entry_id, map(self.entry_id, self.config.pairs))

    def _with_counts(self, collection: TestCollection, pair: LanguagePair) -> TestCollection:
        """The collection; its description states the number of files of each pattern that matches several."""
        counts = {pattern: len(self.expand(pattern)) for pattern in dict.fromkeys(self.needs(pair))}
        several = [f"{count} files of {pattern}" for pattern, count in counts.items() if count > 1]
        described = "; ".join(filter(None, [collection.description, ", ".join(several)]))
        return replace(collection, description=described)

    def _entry(self, pair: LanguagePair) -> CollectionEntry:
        missing, remedy = None, None
        if self.data is None and not self.config.path.is_absolute():
            missing, remedy = "no data folder was given", f"pass --data DIR with DIR/{self.config.path}"
        elif absent := [pattern for pattern in dict.fromkeys(self.needs(pair)) if not self.expand(pattern)]:
            missing = f"no {' and no '.join(absent)} in {self.folder}"
            origin = f"download {self.config.download}" if self.config.download else "get the collection's files"
            remedy = f"{origin} and put them at {self.folder}"
        return CollectionEntry(self.entry_id(pair), pair, missing, remedy)

    def fill(self, pattern: str, pair: LanguagePair, **more: str) -> str:
        """Fill a file-name pattern: `{query}` and `{document}` become the codes of the pair's languages.

        Args:
            pattern: the pattern.
            pair: the language pair.
            more: values of further placeholders.

        Returns:
            The file name.

        Raises:
            UsageError: the pattern has another placeholder.
        """
        codes = {"query": self.code(pair.query), "document": self.code(pair.document), **more}
        try:
            return pattern.format_map(codes)
        except (KeyError, IndexError, ValueError) as error:
            known = ", ".join(f"{{{name}}}" for name in codes)
            raise UsageError(f"file name pattern '{pattern}' cannot be filled", hint=f"it may hold {known}") from error

    def code(self, tag: str) -> str:
        """The code that file names use for a language."""
        return self.config.codes.get(tag, tag)

    def expand(self, pattern: str) -> list[Path]:
        """The files that a pattern matches, sorted: one file, all files of a folder, or the matches of a glob."""
        place = self.folder / pattern
        if place.is_file():
            return [place]
        if place.is_dir():
            found = place.rglob("*")
        elif Path(pattern).is_absolute():
            found = Path(place.anchor).glob(str(place.relative_to(place.anchor)))
        else:
            found = self.folder.glob(pattern)
        return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def refuse_header(columns: Sequence[str], path: Path, line: int) -> None:
    """Refuse a first line of column names, which would be read as a document or a query.

    Args:
        columns: the columns of a line.
        path: the file, for the message.
        line: number of the line.

    Raises:
        DataError: the line is a header; names file and line.
    """
    names = [column.strip().casefold() for column in columns]
    if line == 1 and names[0] in HEADER_IDS and set(names[1:]) <= HEADER_TEXTS:
        raise DataError("is a header, not data", path=path, line=line, hint="remove the line")


HEADER_IDS = frozenset("id _id qid docid doc_id docno pid query_id query-id topic_id".split())
HEADER_TEXTS = frozenset("text contents query question title passage document body url translation".split())


def whole_text(path: Path) -> str:
    """A text file as one string with all lines at their original numbers.

    Raises:
        DataError: the file cannot be opened, is not UTF-8, or is truncated.
    """
    lines: list[str] = []
    for number, line in numbered_lines(path):
        lines += [""] * (number - len(lines) - 1) + [line]
    return "\n".join(lines)


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Objects of a JSON-lines file with their line numbers.

    Raises:
        DataError: with file and line, when a line is not a JSON object.
    """
    for number, line in numbered_lines(path):
        yield number, parse_object(line, path, number)


def parse_object(text: str, path: Path, line: int | None = None) -> dict[str, object]:
    """Parse a JSON object.

    Args:
        text: the JSON.
        path: the file, for messages.
        line: number of its line, for messages; None for a whole file.

    Returns:
        The object.

    Raises:
        DataError: the text is not a JSON object, or holds a lone surrogate; names file and line.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error.msg}", path=path, line=line or error.lineno) from error
    refuse_lone_surrogates(text, path, line or 1)
    if not isinstance(value, dict):
        raise DataError(f"expected a JSON object, found {type(value).__name__}", path=path, line=line)
    return value


def id_of(record: Mapping[str, object], names: tuple[str, ...], path: Path, line: int) -> str:
    """The id of a record, under the first of the names that it has; an integer becomes its digits.

    Args:
        record: a JSON object.
        names: possible names of the field.
        path: the file, for messages.
        line: number of the line, for messages.

    Returns:
        The id.

    Raises:
        DataError: the record has no such field, or the value is neither a string nor an integer.
    """
    value = _first(record, names, path, line)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise DataError(f"expected a string as id, found {json.dumps(value)}", path=path, line=line)
    return str(value)


def text_of(record: Mapping[str, object], names: tuple[str, ...], path: Path, line: int) -> str:
    """The text of a record, under the first of the names that it has; null is empty text.

    Args:
        record: a JSON object.
        names: possible names of the field.
        path: the file, for messages.
        line: number of the line, for messages.

    Returns:
        The text.

    Raises:
        DataError: the record has no such field, or the value is not a string.
    """
    value = _first(record, names, path, line)
    if value is not None and not isinstance(value, str):
        raise DataError(f"expected text, found {json.dumps(value)[:80]}", path=path, line=line)
    return value or ""


def optional_text_of(record: Mapping[str, object], names: tuple[str, ...], path: Path, line: int) -> str:
    """Like `text_of`, with empty text when the record has no such field.

    Args:
        record: a JSON object.
        names: possible names of the field.
        path: the file, for messages.
        line: number of the line, for messages.

    Returns:
        The text.

    Raises:
        DataError: the value is not a string.
    """
    return text_of(record, names, path, line) if any(name in record for name in names) else ""


def _first(record: Mapping[str, object], names: tuple[str, ...], path: Path, line: int) -> object:
    for name in names:
        if name in record:
            return record[name]
    wanted, found = " or ".join(f"'{name}'" for name in names), ", ".join(record) or "none"
    raise DataError(f"expected a field {wanted}, found: {found}", path=path, line=line)
