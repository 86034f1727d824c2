"""Test collections: documents as a stream, queries, judgements, a language pair, a licence."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from clir_harness.harness.collections.allowances import Allow, Allowances
from clir_harness.harness.errors import DataError, NotApplicableError
from clir_harness.harness.languages import LanguagePair, canonical_tag

ORIGINAL = "original"
"""Query variant every collection has: the queries as published, in the pair's query language."""

HUMAN = "human"
"""Query variant: the same needs worded by people in the documents' language, as by a perfect translation."""


@dataclass(frozen=True, slots=True)
class Document:
    """One retrievable unit. The id is kept byte for byte.

    Attributes:
        id, text, title: as published.
        left_out: characters of its source that are neither title nor text, by the name of their element or field;
            reported for the collection.

    >>> Document("007", "It floods.", title="River").contents
    'River\\nIt floods.'
    """

    id: str
    text: str
    title: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict, kw_only=True, compare=False, repr=False)

    def __post_init__(self) -> None:
        _expect_text("document", self.id, self.text, self.title)

    @property
    def contents(self) -> str:
        """Title and text as one string: what a system indexes."""
        return f"{self.title}\n{self.text}" if self.title else self.text


@dataclass(frozen=True, slots=True)
class Query:
    """One information need. The id is kept byte for byte."""

    id: str
    text: str

    def __post_init__(self) -> None:
        _expect_text("query", self.id, self.text)


def _expect_text(kind: str, *values: object) -> None:
    """Refuse values of the wrong type, which running code can give: numbers as ids, None as text.

    Raises:
        DataError: names the id.
    """
    for value in values:
        if not isinstance(value, str):
            message = f"{kind} {values[0]!r}: expected text, found {value!r}"
            raise DataError(message, hint="ids and texts are strings; write str(id), and '' for no text")


@dataclass(frozen=True, slots=True)
class QuerySet:
    """All queries of a collection in one wording.

    Attributes:
        language: canonical tag of the language these queries are in (English for the human English translations
            of Swahili queries).
        queries: in the order of the source.
    """

    language: str
    queries: tuple[Query, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "language", canonical_tag(self.language))

    @property
    def digest(self) -> str:
        """Digest of language, ids and texts, in order."""
        return content_digest([(self.language,), *((q.id, q.text) for q in self.queries)])


Qrels = Mapping[str, Mapping[str, int]]
"""Judgements: query id -> document id -> relevance grade (an integer; above 0 is relevant)."""


@dataclass(frozen=True, slots=True)
class DocumentSet:
    """Documents as a stream that can be started any number of times, never held in memory as a whole.

    Attributes:
        id: name of the document set; collections over the same documents share it, and so share indexes.
        language: canonical tag.
        stream: starts a new pass over the documents.
        signature: cheap text that changes whenever the content may have changed (paths with size and modification
            time, generator parameters and version ...); the key under which digest and counts are remembered. Empty
            if nothing indicates a change; they are then computed for every plan.
    """

    id: str
    language: str
    stream: Callable[[], Iterator[Document]] = field(compare=False)
    signature: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "language", canonical_tag(self.language))


@dataclass(frozen=True, slots=True)
class TestCollection:
    """Documents, queries, judgements and what is known about them.

    Attributes:
        id: e.g. `xquad/sw-en`, or the ir_datasets id.
        pair: language of the queries and of the documents.
        documents: the documents, as a stream.
        queries: query sets by variant; `original` is always there and is in `pair.query`.
        qrels: judgements by query id.
        licence: the licence's name, as published; "unknown" when the source does not say.
        description: one sentence for people.
        synthetic: True when texts were generated, not collected; shown wherever results are.
        drop_self: whether the document with a query's id is left out of the query's ranking.
    """

    __test__ = False  # the name begins with "Test": keep pytest from collecting it

    id: str
    pair: LanguagePair
    documents: DocumentSet
    queries: Mapping[str, QuerySet]
    qrels: Qrels
    licence: str = "unknown"
    description: str = ""
    synthetic: bool = False
    drop_self: bool = False

    def query_set(self, variant: str = ORIGINAL) -> QuerySet:
        """The queries in one wording.

        Raises:
            NotApplicableError: when the collection has no such variant; names those it has.
        """
        if variant not in self.queries:
            raise NotApplicableError(
                f"collection {self.id} has no '{variant}' queries", hint=f"it has: {', '.join(self.queries)}"
            )
        return self.queries[variant]


def content_digest(rows: Iterable[Iterable[str]]) -> str:
    """Digest (128 bits, hex) of rows of strings; field and row boundaries count.

    >>> content_digest([("a", "b")]) == content_digest([("ab", "")])
    False
    """
    digest = RowDigest()
    for row in rows:
        digest.add(row)
    return digest.hex()


class RowDigest:
    """The digest of `content_digest`, computed row by row."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=16)

    def add(self, row: Iterable[str]) -> None:
        """Take in the next row."""
        for value in row:
            raw = value.encode("utf-8", "surrogatepass")
            self._digest.update(len(raw).to_bytes(8, "little"))
            self._digest.update(raw)
        self._digest.update(b"\xff" * 8)

    def hex(self) -> str:
        """The digest of the rows so far."""
        return self._digest.hexdigest()


def file_signature(*paths: Path) -> str:
    """Signature of files on disk: path, size and times of each; the time of change is kept by no copying tool.

    Raises:
        FileNotFoundError: when one of them is absent.
    """
    stats = [(path.resolve(), path.stat()) for path in paths]
    return "|".join(f"{path}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}" for path, stat in stats)


@dataclass(frozen=True, slots=True)
class CollectionEntry:
    """One collection of a source: available, or missing, with the reason and the remedy."""

    id: str
    pair: LanguagePair
    missing: str | None = None
    remedy: str | None = None


class SourceConfig(BaseModel):
    """Base class of the typed settings of a collection source; has those of all sources. Unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: Allow = Field(
        default=Allowances(),
        json_schema_extra={"default": {}},
        description="faults tolerated up to a share, e.g. {empty_documents: 5 %}",
    )
    drop_self: bool = Field(
        default=False, description="leave the document with a query's id out of the query's ranking"
    )


class CollectionSource(ABC):
    """A way to obtain test collections: a file format, a catalogue, a generator.

    Subclasses register under a name (entry point group `clir_harness.collections`), declare a `Config`, and
    answer two questions: which collections are there, and what is in one of them. An instance is cheap; it reads
    nothing before `entries` or `load` is called, and another process can rebuild it from `(name, config, data)`.

    Args:
        config: an instance of `Config`.
        data: folder that relative paths in the configuration start from; None when the user gave no `--data`.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    Config: ClassVar[type[SourceConfig]] = SourceConfig

    def __init__(self, config: SourceConfig, data: Path | None = None) -> None:
        self.config = config
        self.data = data

    def is_of_this_process(self) -> bool:
        """Whether only this process can create it, because what it reads is known to running code alone."""
        return False

    @abstractmethod
    def entries(self) -> list[CollectionEntry]:
        """The available collections, those with missing files included; must not read whole files."""

    @abstractmethod
    def load(self, entry_id: str) -> TestCollection:
        """Load one collection as it is, by the id of its entry; `obtain` applies the settings every source has.

        Args:
            entry_id: id of one of `entries`.

        Returns:
            The collection; its documents are streamed, not held in memory.

        Raises:
            MissingDataError: its files do not exist; says what to download and where to put it.
            DataError: a file is malformed; names file and line.
        """
