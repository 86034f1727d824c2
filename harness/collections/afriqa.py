"""AfriQA (Ogundepo et al. 2023) in its publishers' layout: African questions, gold passages in a pivot language."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from clir_harness.harness.collections.base import (
    HUMAN,
    ORIGINAL,
    Document,
    DocumentSet,
    Query,
    QuerySet,
    SourceConfig,
    TestCollection,
    content_digest,
    file_signature,
)
from clir_harness.harness.collections.files import LocalConfig, LocalSource, Pairs, id_of, json_lines
from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import LanguagePair

CODES = {"ha": "hau", "ig": "ibo", "rw": "kin", "sw": "swa", "tw": "twi", "yo": "yor", "zu": "zul"}
"""Canonical tag to the code in the publishers' file names, where the two differ."""

PAIRS = tuple(
    map(LanguagePair.parse, ("sw-en", "ha-en", "ig-en", "bem-en", "rw-en", "tw-en", "zu-en", "yo-en", "fon-fr"))
)


class AfriqaConfig(LocalConfig):
    """Settings of AfriQA."""

    path: Path = Path("afriqa")
    pairs: Pairs = PAIRS
    licence: str = "CC BY 4.0"
    download: str | None = "the folder data/gold_passages of https://github.com/masakhane-io/afriqa"
    split: Literal["train", "dev", "test"] = Field(
        default="test",
        description="whose questions; the passages are those of all splits and languages with the same pivot language",
    )


class AfriqaSource(LocalSource):
    """AfriQA as retrieval: the passage annotators found the answer in is relevant.

    The documents are the passages of every `gold_passages` file that has the pair's pivot language, made unique;
    how many there are depends on the languages downloaded. Questions are read beside their passage, where the
    publishers corrected some; rows without a passage are left out. Human translations are the `human` variant.
    """

    name: ClassVar[str] = "afriqa"
    summary: ClassVar[str] = "AfriQA: questions in African languages, gold passages in English or French"
    Config: ClassVar[type[SourceConfig]] = AfriqaConfig
    config: AfriqaConfig

    def needs(self, pair: LanguagePair) -> list[str]:
        """The gold passages of the pair and split."""
        code = self.code(pair.query)
        name = f"gold_span_passages.afriqa.{code}.{self.code(pair.document)}.{self.config.split}.json"
        return [f"gold_passages/{code}/{name}"]

    def code(self, tag: str) -> str:
        """The publishers' three-letter code of a language."""
        return self.config.codes.get(tag) or CODES.get(tag, tag)

    def entry_id(self, pair: LanguagePair) -> str:
        """`afriqa/sw-en`, and `afriqa/dev/sw-en` for another split than test."""
        return "/".join([self.prefix, *([] if self.config.split == "test" else [self.config.split]), str(pair)])

    def build(self, pair: LanguagePair) -> TestCollection:
        """The collection of one language and split."""
        paths = self.expand(f"gold_passages/*/gold_span_passages.afriqa.*.{self.code(pair.document)}.*.json")
        language = self.code(pair.query)
        original, human, qrels = [], [], {}
        for row_id, passage, question, translation in _rows(self.expand(self.needs(pair)[0])[0], pair.document):
            query_id = f"{language}-{self.config.split}-{row_id}"
            original.append(Query(query_id, question))
            human.append(Query(query_id, translation))
            qrels[query_id] = {passage.id: 1}
        return TestCollection(
            id=self.entry_id(pair),
            pair=pair,
            documents=DocumentSet(
                f"{self.prefix}/{pair.document}",
                pair.document,
                partial(_passages, paths, pair.document),
                f"afriqa passages|{file_signature(*paths)}",
            ),
            queries={
                ORIGINAL: QuerySet(pair.query, tuple(original)),
                HUMAN: QuerySet(pair.document, tuple(human)),
            },
            qrels=qrels,
            licence=self.config.licence,
        )


def _passages(paths: list[Path], language: str) -> Iterator[Document]:
    seen = set()
    for path in paths:
        for _, passage, _, _ in _rows(path, language):
            if passage.id not in seen:
                seen.add(passage.id)
                yield passage


def _rows(path: Path, language: str) -> Iterator[tuple[str, Document, str, str]]:
    """Row id, passage, question and its translation, of the rows that have all of them."""
    for line, record in json_lines(path):
        if missing := [
            key for key in ("context", "title", "question_lang", "question_translated") if key not in record
        ]:
            raise DataError(f"expected a field '{missing[0]}', found: {', '.join(record)}", path=path, line=line)
        text, title = _clean(record["context"]), _clean(record["title"])
        question, translation = _clean(record["question_lang"]), _clean(record["question_translated"])
        if text and question:
            passage = Document(f"{language}-{content_digest([(title, text)])[:16]}", text, title)
            yield id_of(record, ("id",), path, line), passage, question, translation


def _clean(value: object) -> str:
    """Text in NFC on one line, so that copies of a passage compare equal; null and NaN, which occur, count as empty."""
    return " ".join(unicodedata.normalize("NFC", value).split()) if isinstance(value, str) else ""
