"""PSQ: probabilistic structured queries over BM25.

Darwish and Oard (SIGIR 2003), "Probabilistic structured query methods": a query word counts in a document as often
as its translations do, each weighted with its probability, and so for document frequencies:

    tf(q, d) = sum over terms e of p(e | q) tf(e, d)        df(q) = sum over terms e of p(e | q) df(e)

These go into BM25 as in `bm25`: idf(q) tf / (tf + k1 (1 - b + b length / mean length)), with
idf(q) = ln(1 + (N - df(q) + 0.5) / (df(q) + 0.5)). A word the table does not know (names, numbers) stands for itself,
as does every word of a query in the documents' language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from clir_harness.harness.collections.base import Document
from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import AmbiguousLanguageError, LanguagePair, resolve
from clir_harness.harness.system import (
    IndexContext,
    RetrievalSystem,
    SearchContext,
    Searcher,
    SystemConfig,
    register_system,
)
from clir_harness.harness.training import Bitext, TrainableSystem, TrainingContext
from clir_harness.systems.psq.settings import PSQConfig, PSQTraining

if TYPE_CHECKING:
    from clir_harness.systems.psq.table import TableFolder


@register_system("psq")
class PSQ(TrainableSystem[PSQConfig]):
    """Probabilistic structured queries: an inverted index of the documents, and a table that translates the query."""

    summary = "probabilistic structured queries: BM25 through a translation table learned from parallel text"
    Config = PSQConfig
    Training = PSQTraining
    languages = "those its table was trained for, into its pivot; any language into itself"
    requires: ClassVar[tuple[str, ...]] = ("numpy", "pyserini")

    @cached_property
    def tables(self) -> TableFolder:
        """The folder with the tables."""
        from clir_harness.systems.psq.table import TableFolder

        return TableFolder(self.config.model)

    @cached_property
    def _components(self) -> tuple[RetrievalSystem[Any], ...]:
        from clir_harness.systems.psq.postings import PostingsIndex

        return (PostingsIndex(SystemConfig()),)

    def components(self) -> Sequence[RetrievalSystem[Any]]:
        """The inverted index: it depends on no table, so that tables and query languages share it."""
        return self._components

    def supports(self, pair: LanguagePair) -> str | None:
        """None for a language the table translates into the documents' language, and for that language itself."""
        if pair.monolingual:
            return None
        pivot, trained = self.tables.meta["pivot"], self.tables.meta["languages"]
        try:
            if resolve(pair.document, [pivot]) and resolve(pair.query, trained):
                return None
        except AmbiguousLanguageError as error:
            return f"its tables are of several languages: {error.message}"
        return f"its table translates {', '.join(sorted(trained))} into {pivot}, not {pair.query} into {pair.document}"

    def index_settings(self) -> Mapping[str, Any]:
        """Nothing: the index is its component's."""
        return {}

    def inputs(self) -> Mapping[str, str]:
        """The digest of the tables."""
        return {"tables": self.tables.digest}

    def describe_index(self, language: str) -> Mapping[str, Any]:
        """What documents' words go through."""
        return self._components[0].describe_index(language)

    def index(self, documents: Iterable[Document], folder: Path, context: IndexContext) -> None:
        """Does nothing: the component has the index."""

    def open(self, folder: Path, context: SearchContext) -> Searcher:
        """Open the table of the query language over the opened component.

        Raises:
            DataError: when the table is damaged, or its terms are made in another way than those of the index.
        """
        from clir_harness.systems.psq.postings import PostingsSearcher
        from clir_harness.systems.psq.search import PSQSearcher

        (index,) = context.components
        assert isinstance(index, PostingsSearcher)
        if context.pair.monolingual:
            return PSQSearcher(index, None, self.config)
        if (theirs := self.tables.meta["stemmer"]) != index.stemmer.name:
            raise DataError(
                f"the table's terms are made by '{theirs}', the index's by '{index.stemmer.name}'",
                path=self.config.model,
                hint="train the table again",
            )
        language = resolve(context.pair.query, self.tables.meta["languages"])
        assert language is not None  # `supports` has seen to it
        return PSQSearcher(index, self.tables.load(language), self.config, language)

    @classmethod
    def train(cls, bitext: Bitext, settings: Any, output: Path, context: TrainingContext) -> None:
        """Learn a translation table for each language; see `clir_harness.systems.psq.training.train_tables`."""
        from clir_harness.systems.psq.training import train_tables

        train_tables(bitext, settings, output, context)
