"""The SQuAD family as retrieval: XQuAD and MLQA by paragraph, XQuAD-R (LAReQA) by sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from clir_harness.harness.collections.base import (
    HUMAN,
    ORIGINAL,
    Document,
    DocumentSet,
    Query,
    QuerySet,
    SourceConfig,
    TestCollection,
    file_signature,
)
from clir_harness.harness.collections.files import LocalConfig, LocalSource, Tag
from clir_harness.harness.collections.squad_files import Paragraph, Question, paragraphs_of, questions_of
from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.languages import LanguagePair, canonical_tag

MIXED = canonical_tag("mul")
"""ISO 639 code of text in several languages: the document language of a mixed pool."""


class SquadConfig(LocalConfig):
    """Settings of a SQuAD-family folder."""

    pattern: str = Field(
        default="xquad.{lang}.json",
        description="file name. With `{lang}`, one file per language holds its paragraphs and its questions, parallel "
        "by question id (XQuAD). With `{document}` and `{query}`, one file per pair holds paragraphs in the one and "
        "questions in the other language (MLQA: `test-context-{document}-question-{query}.json`)",
    )
    title_language: Tag = Field(
        default="en",
        description="language of the article titles, which XQuAD keeps in English in all its files; titles in another "
        "language than the paragraphs are not part of the documents",
    )


class SquadSource(LocalSource):
    """Questions in one language, paragraphs in another; the paragraph a question was asked about is relevant."""

    name: ClassVar[str] = "squad"
    summary: ClassVar[str] = "SQuAD-family files (XQuAD, MLQA): question in one language, paragraphs in another"
    Config: ClassVar[type[SourceConfig]] = SquadConfig
    config: SquadConfig

    def _file_name(self, query: str, document: str) -> str:
        pair = LanguagePair(query, document)
        return self.fill(self.config.pattern, pair, lang=self.code(query))

    def needs(self, pair: LanguagePair) -> list[str]:
        """The file of the documents' language, then the file of the questions."""
        return [self._file_name(pair.document, pair.document), self._file_name(pair.query, pair.document)]

    def build(self, pair: LanguagePair) -> TestCollection:
        """The collection; the document language's own questions are the `human` variant.

        Raises:
            DataError: when parallel files do not hold the same questions, or no question is in both.
        """
        document_file, query_file = map(self.expand, self.needs(pair))
        placed, asked = questions_of(document_file), questions_of(query_file)
        if "{lang}" in self.config.pattern:
            _check_same(asked, placed, query_file, document_file)
        shared = [question for question in asked if question in placed]
        if not shared:
            raise DataError(f"and {_names(document_file)} share no question id", path=query_file[0])
        sets = {ORIGINAL: _query_set(pair.query, asked, shared)}
        if pair.query != pair.document:
            sets[HUMAN] = _query_set(pair.document, placed, shared)
        titled = self.config.title_language == pair.document
        return TestCollection(
            id=self.entry_id(pair),
            pair=pair,
            documents=DocumentSet(
                f"{self.prefix}/{pair.document}",
                pair.document,
                partial(_paragraph_documents, document_file, titled),
                f"squad paragraphs, {'with' if titled else 'without'} titles|{file_signature(*document_file)}",
            ),
            queries=sets,
            qrels={q: {placed[q][1].id: 1} for q in shared},
            licence=self.config.licence,
        )


Questions = Mapping[str, tuple[Question, Paragraph]]


def _names(files: Sequence[Path]) -> str:
    return " ".join(path.name for path in files)


def _check_same(asked: Questions, placed: Questions, query_file: Sequence[Path], document_file: Sequence[Path]) -> None:
    if odd := asked.keys() ^ placed.keys():
        sample = ", ".join(sorted(odd)[:5])
        raise DataError(
            f"and {_names(document_file)} do not hold the same questions: {len(odd)} are in one only, e.g. {sample}",
            path=query_file[0],
            hint="take all files from one release",
        )


def _query_set(language: str, questions: Questions, ids: Iterable[str]) -> QuerySet:
    return QuerySet(language, tuple(Query(question, questions[question][0].text) for question in ids))


def _paragraph_documents(paths: Sequence[Path], titled: bool) -> Iterator[Document]:
    seen = set()
    for paragraph in paragraphs_of(paths):
        if paragraph.id not in seen:
            seen.add(paragraph.id)
            yield Document(paragraph.id, paragraph.text, paragraph.title if titled else "")


class LareqaConfig(LocalConfig):
    """Settings of an XQuAD-R folder."""

    pattern: str = Field(default="{lang}.json", description="file name of a language, with `{lang}`")
    pool: Literal["document-language", "mixed"] = Field(
        default="document-language",
        description="what is searched. mixed: the sentences of all `pool_languages` together, in which the answer in "
        "each language is relevant; the pairs are then written `en-mul`",
    )
    pool_languages: tuple[Tag, ...] = Field(
        default=("ar", "de", "en", "es", "hi", "ru", "zh"), description="languages of a mixed pool"
    )

    @model_validator(mode="after")
    def _pairs_go_with_pool(self) -> Self:
        for pair in self.pairs:
            if (self.pool == "mixed") != (pair.document == MIXED):
                wanted = f"{pair.query}-{MIXED}" if self.pool == "mixed" else "QUERY-DOCUMENT"
                raise UsageError(f"pair {pair} does not go with pool '{self.pool}'", hint=f"write it {wanted}")
        return self


class LareqaSource(LocalSource):
    """Sentence retrieval after LAReQA (Roy et al. 2020): the sentence in which the answer begins is relevant."""

    name: ClassVar[str] = "lareqa"
    summary: ClassVar[str] = "XQuAD-R files (LAReQA): sentence retrieval, in one language or a mixed-language pool"
    Config: ClassVar[type[SourceConfig]] = LareqaConfig
    config: LareqaConfig

    def _file_name(self, language: str) -> str:
        return self.fill(self.config.pattern, LanguagePair(language, language), lang=self.code(language))

    def _pool(self, pair: LanguagePair) -> list[str]:
        return sorted(self.config.pool_languages) if self.config.pool == "mixed" else [pair.document]

    def needs(self, pair: LanguagePair) -> list[str]:
        """The files of the pool, then the file of the questions."""
        return [self._file_name(language) for language in (*self._pool(pair), pair.query)]

    def build(self, pair: LanguagePair) -> TestCollection:
        """The collection; outside a mixed pool the document language's own questions are the `human` variant.

        Raises:
            DataError: when the files do not hold the same questions, or an answer lies outside every sentence.
        """
        pool = {language: self.expand(self._file_name(language)) for language in self._pool(pair)}
        query_file = self.expand(self._file_name(pair.query))
        asked = questions_of(query_file)
        qrels: dict[str, dict[str, int]] = {question: {} for question in asked}
        for language, files in pool.items():
            answered = questions_of(files)
            _check_same(asked, answered, query_file, files)
            for question, paragraph in answered.values():
                for sentence in paragraph.answer_sentences(question, files):
                    qrels[question.id][_sentence_id(language, paragraph, sentence)] = 1
        sets = {ORIGINAL: _query_set(pair.query, asked, asked)}
        if pair.document not in (pair.query, MIXED):
            sets[HUMAN] = _query_set(pair.document, questions_of(pool[pair.document]), asked)
        return TestCollection(
            id=self.entry_id(pair),
            pair=pair,
            documents=DocumentSet(
                f"{self.prefix}/{pair.document}",
                pair.document,
                partial(_sentence_documents, pool),
                f"squad sentences of {' '.join(pool)}|{file_signature(*chain.from_iterable(pool.values()))}",
            ),
            queries=sets,
            qrels=qrels,
            licence=self.config.licence,
        )


def _sentence_id(language: str, paragraph: Paragraph, sentence: int) -> str:
    return f"{language}-{paragraph.id}-{sentence}"


def _sentence_documents(pool: Mapping[str, Sequence[Path]]) -> Iterator[Document]:
    for language, files in pool.items():
        for paragraph in paragraphs_of(files):
            for number, sentence in enumerate(paragraph.sentences):
                yield Document(_sentence_id(language, paragraph, number), sentence)
