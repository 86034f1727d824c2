"""Count, digest and faults of a document set, in one pass with constant memory."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from clir_harness.harness.characters import is_id, is_text
from clir_harness.harness.collections.base import Document, DocumentSet, content_digest

SAMPLE = 5
"""Maximum number of ids in a summary or a message."""


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """Result of one pass over the documents; depends on nothing else, so it is cached under their signature.

    Attributes:
        count: number of documents.
        digest: content digest over id, title and text, in stream order.
        characters: total length of titles and texts.
        duplicates: number of ids that occur more than once, with `duplicate_ids` a sample.
        empty: number of documents without text and title, with `empty_ids` a sample.
        unwritable: number of ids that cannot be written into a TREC run, with `unwritable_ids` a sample.
        broken: number of documents whose title or text holds a lone surrogate, with `broken_ids` a sample.
        left_out: characters of the source that are neither title nor text, by element or field.
    """

    count: int
    digest: str
    characters: int
    duplicates: int = 0
    duplicate_ids: tuple[str, ...] = ()
    empty: int = 0
    empty_ids: tuple[str, ...] = ()
    unwritable: int = 0
    unwritable_ids: tuple[str, ...] = ()
    broken: int = 0
    broken_ids: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DocumentSummary:
        """The summary that `to_dict` came from."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**fields)


def summarise(documents: DocumentSet) -> DocumentSummary:
    """Counts, digest and faults of the documents, in one pass that takes 8 bytes of memory per document.

    Ids are compared as 64-bit hashes; only if two are equal, a second pass finds the ids that occur twice.
    """
    tally = _Tally()
    digest = content_digest(tally.rows(documents.stream()))
    hashes = np.frombuffer(tally.hashes, dtype=np.uint64)
    hashes.sort()
    repeated = {int(value) for value in hashes[1:][hashes[1:] == hashes[:-1]]}
    counts: Counter[str] = Counter()
    if repeated:
        counts.update(document.id for document in documents.stream() if _hash(document.id) in repeated)
    duplicates = [doc_id for doc_id, count in counts.items() if count > 1]
    return DocumentSummary(
        count=len(hashes),
        digest=digest,
        characters=tally.characters,
        duplicates=len(duplicates),
        duplicate_ids=tuple(map(_shown, duplicates[:SAMPLE])),
        empty=tally.empty,
        empty_ids=tuple(tally.empty_ids),
        unwritable=tally.unwritable,
        unwritable_ids=tuple(tally.unwritable_ids),
        broken=tally.broken,
        broken_ids=tuple(tally.broken_ids),
        left_out=dict(tally.left_out.most_common()),
    )


class _Tally:
    """Counts kept while documents are streamed."""

    def __init__(self) -> None:
        self.hashes = array("Q")
        self.characters = self.empty = self.unwritable = self.broken = 0
        self.empty_ids: list[str] = []
        self.unwritable_ids: list[str] = []
        self.broken_ids: list[str] = []
        self.left_out: Counter[str] = Counter()

    def rows(self, documents: Iterable[Document]) -> Iterator[tuple[str, str, str]]:
        for document in documents:
            self.hashes.append(_hash(document.id))
            self.characters += len(document.title) + len(document.text)
            if not document.contents.strip():
                self.empty += 1
                self.empty_ids += [_shown(document.id)] if self.empty <= SAMPLE else []
            if not is_id(document.id):
                self.unwritable += 1
                self.unwritable_ids += [_shown(document.id)] if self.unwritable <= SAMPLE else []
            if not (is_text(document.title) and is_text(document.text)):
                self.broken += 1
                self.broken_ids += [_shown(document.id)] if self.broken <= SAMPLE else []
            self.left_out.update(document.left_out)
            yield document.id, document.title, document.text


def _shown(text: str) -> str:
    """An id that a file can hold: lone surrogates as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _hash(text: str) -> int:
    raw = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "little")
