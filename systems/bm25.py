"""BM25: lexical retrieval with an explicit analyser for the documents' language.

Scoring after Robertson et al. (1994) as Lucene implements it, with Anserini's defaults k1 = 0.9 and b = 0.4.
Queries are analysed with the documents' analyser: across languages only names, numbers and cognates match, which
makes untranslated BM25 the floor of a cross-lingual board, and BM25 on a human translation its ceiling.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.java import start_jvm
from clir_harness.harness.system import (
    IndexContext,
    Ranking,
    RetrievalSystem,
    SearchContext,
    Searcher,
    SystemConfig,
    register_system,
)
from clir_harness.systems.analysers import LUCENE_CLASSES, UNICODE, choose_analyser, unicode_terms

BATCH = 1000
"""Documents handed to Lucene at once."""


class BM25Config(SystemConfig):
    """Settings of BM25."""

    backend: Literal["lucene", "bm25s"] = Field("lucene", description="Lucene on disk, or bm25s in memory")
    k1: float = Field(0.9, ge=0, description="term-frequency saturation")
    b: float = Field(0.4, ge=0, le=1, description="length normalisation")
    analyser: str = Field("auto", description="auto (by document language), standard, unicode or a language tag")

    @model_validator(mode="after")
    def _analyser_exists(self) -> BM25Config:
        choose_analyser("en", self.analyser)
        if self.backend == "bm25s" and self.analyser not in ("auto", UNICODE):
            raise ValueError(f"the bm25s backend analyses with '{UNICODE}' only, not '{self.analyser}'")
        return self


@register_system("bm25")
class BM25(RetrievalSystem[BM25Config]):
    """BM25 over Lucene (through Pyserini's Anserini) or bm25s."""

    summary = "BM25 without translation: the lexical floor; on human queries, the ceiling"
    Config = BM25Config
    languages = "any; analyser by document language"
    requires: ClassVar[tuple[str, ...]] = ("pyserini", "bm25s")

    def analyser(self, language: str) -> str:
        """Name of the analyser for documents of a language."""
        return UNICODE if self.config.backend == "bm25s" else choose_analyser(language, self.config.analyser)

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """The analyser and the backend."""
        return {"analyser": self.analyser(language), "backend": self.config.backend}

    def index_settings(self) -> Mapping[str, Any]:
        """Lucene scores at search time, so its index depends on the analyser only; bm25s keeps scores."""
        if self.config.backend == "lucene":
            return {"backend": "lucene", "analyser": self.config.analyser}
        return self.config.model_dump(mode="json")

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Build the index; documents stream through Lucene, bm25s holds all term ids in memory."""
        if self.config.backend == "lucene":
            _index_with_lucene(documents, folder, self.analyser(context.language), context.threads)
        else:
            _index_with_bm25s(documents, folder, self.config.k1, self.config.b)

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Open the index for searching."""
        if self.config.backend == "lucene":
            return _LuceneSearcher(folder, self.analyser(context.pair.document), self.config.k1, self.config.b)
        return _BM25SSearcher(folder)


def _analyser_table() -> Any:
    """Anserini's table of analysers by language, with those it lacks added; English is its default, not in it."""
    table = start_jvm()("io.anserini.analysis.AnalyzerMap")
    for name, java_class in LUCENE_CLASSES.items():
        table.analyzerMap.put(name, java_class)
    return table


def _analysable(text: str, analyser: str) -> str:
    """Text as Lucene gets it: our own terms, separated by spaces, where the analyser is ours."""
    return " ".join(unicode_terms(text)) if analyser == UNICODE else text


def _index_with_lucene(documents: Iterable[Document], folder: Path, analyser: str, threads: int) -> None:
    _analyser_table()
    arguments = ["-input", "", "-collection", "JsonCollection", "-index", str(folder)]
    arguments += ["-language", analyser, "-threads", str(threads)]
    indexer = start_jvm()("io.anserini.index.SimpleIndexer")(arguments)
    stream = iter(documents)
    while batch := list(islice(stream, BATCH)):
        indexer.addRawDocuments(
            [json.dumps({"id": doc.id, "contents": _analysable(doc.contents, analyser)}) for doc in batch]
        )
    indexer.close()


class _OneByOne(Searcher):
    """A searcher that answers each query on its own."""

    def search(self, queries: Sequence[Query], depth: int) -> Sequence[Ranking]:
        return [self.answer(query.text, depth) for query in queries]

    @abstractmethod
    def answer(self, text: str, depth: int) -> Ranking: ...


class _LuceneSearcher(_OneByOne):
    def __init__(self, folder: Path, analyser: str, k1: float, b: float) -> None:
        self._analyser = analyser
        self._searcher = start_jvm()("io.anserini.search.SimpleSearcher")(str(folder))
        if analyser != "en":  # SimpleSearcher.set_language knows fewer languages than the table used for indexing
            self._searcher.set_analyzer(_analyser_table().getLanguageSpecificAnalyzer(analyser))
        self._searcher.set_bm25(k1, b)
        # Lucene refuses queries of more than 1,024 terms by default; a long document as a query has more.
        start_jvm()("org.apache.lucene.search.IndexSearcher").setMaxClauseCount(2**31 - 1)

    def answer(self, text: str, depth: int) -> Ranking:
        return [(hit.docid, hit.score) for hit in self._searcher.search(_analysable(text, self._analyser), depth)]

    def close(self) -> None:
        self._searcher.close()


def _index_with_bm25s(documents: Iterable[Document], folder: Path, k1: float, b: float) -> None:
    import bm25s
    from bm25s.tokenization import Tokenized

    ids: list[str] = []
    vocabulary: dict[str, int] = {}

    def term_ids(text: str) -> list[int]:
        return [vocabulary.setdefault(term, len(vocabulary)) for term in unicode_terms(text)]

    corpus = []
    for doc in documents:
        ids.append(doc.id)
        corpus.append(term_ids(doc.contents))
    (folder / "docids.json").write_text(json.dumps(ids), encoding="utf-8")
    if vocabulary:  # bm25s cannot index texts without any term
        index = bm25s.BM25(k1=k1, b=b, method="lucene")
        index.index(Tokenized(corpus, vocabulary), show_progress=False)
        index.save(folder / "index", show_progress=False)


class _BM25SSearcher(_OneByOne):
    def __init__(self, folder: Path) -> None:
        import bm25s

        kept = folder / "index"
        self._index = bm25s.BM25.load(kept, mmap=True) if kept.is_dir() else None
        self._ids: list[str] = json.loads((folder / "docids.json").read_text("utf-8"))

    def answer(self, text: str, depth: int) -> Ranking:
        if self._index is None:
            return []
        terms = [term for term in unicode_terms(text) if term in self._index.vocab_dict]
        if not terms:
            return []
        found, scores = self._index.retrieve([terms], k=min(depth, len(self._ids)), show_progress=False)
        return [(self._ids[i], float(score)) for i, score in zip(found[0], scores[0], strict=True) if score > 0]
