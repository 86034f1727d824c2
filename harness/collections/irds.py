"""Any ir_datasets id as a test collection. `ir_datasets` is imported only when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from clir_harness.harness.collections.base import (
    HUMAN,
    ORIGINAL,
    CollectionEntry,
    CollectionSource,
    Document,
    DocumentSet,
    Query,
    QuerySet,
    SourceConfig,
    TestCollection,
)
from clir_harness.harness.collections.files import Tag
from clir_harness.harness.collections.irds_languages import DatasetLanguages, Wording, languages_of
from clir_harness.harness.errors import DataError, MissingDataError, UnknownNameError, UsageError
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.plugins.datasets import import_modules, is_of_this_process, is_own

T = TypeVar("T")


class DatasetSettings(BaseModel):
    """One ir_datasets id and its settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="the ir_datasets id")
    query_language: Tag | None = Field(
        default=None, description="for sets whose languages are neither in our table nor in the metadata"
    )
    document_language: Tag | None = Field(default=None, description="likewise")
    queries_from: str | None = Field(
        default=None,
        description="another ir_datasets id with the same query ids, whose queries are asked instead: mMARCO's French "
        "queries over its German passages. The set's own queries become the variant `human`, or `machine` where they "
        "are machine translations",
    )
    variants: dict[str, tuple[str, ...]] = Field(
        default={}, description="further query variants in the query language: name to attributes of the query objects"
    )
    licence: str = Field(default="unknown", description="as published")


def _settings(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class IrDatasetsConfig(SourceConfig):
    """Settings of the ir_datasets source."""

    datasets: tuple[
        Annotated[DatasetSettings, BeforeValidator(_settings, json_schema_input_type=str | DatasetSettings)], ...
    ] = Field(min_length=1, description="ir_datasets ids, or settings with an `id`")
    modules: tuple[str, ...] = Field((), description="importable modules that register ids of your own in ir_datasets")


class IrDatasetsSource(CollectionSource):
    """Test collections from ir_datasets, under their ids there.

    Entries are listed from ids and languages alone: nothing is downloaded before `load`.
    """

    name: ClassVar[str] = "ir_datasets"
    summary: ClassVar[str] = "any ir_datasets id (neuclir, hc4, clirmatrix, mmarco, mr-tydi, miracl, wikiclir ...)"
    Config: ClassVar[type[SourceConfig]] = IrDatasetsConfig
    config: IrDatasetsConfig

    def __init__(self, config: IrDatasetsConfig, data: Path | None = None) -> None:
        super().__init__(config, data)
        import_modules(config.modules)

    def is_of_this_process(self) -> bool:
        """Whether one of the ids was registered by running code."""
        ids = [(one.id, one.queries_from) for one in self.config.datasets]
        return any(is_of_this_process(name) for pair in ids for name in pair if name is not None)

    def entries(self) -> list[CollectionEntry]:
        """One entry per dataset of the settings.

        Raises:
            UnknownNameError: when ir_datasets has no such id.
            UsageError: when its languages are not known and not stated.
        """
        return [
            CollectionEntry(_entry_id(settings, languages.pair), languages.pair)
            for settings in self.config.datasets
            for languages in (_languages(settings),)
        ]

    def load(self, entry_id: str) -> TestCollection:
        """One collection; downloads what ir_datasets can download.

        Raises:
            MissingDataError: the data do not exist and cannot be downloaded.
            UnknownNameError: when no dataset of the settings has that id.
        """
        known = {}
        for settings in self.config.datasets:
            languages = _languages(settings)
            known[_entry_id(settings, languages.pair)] = (settings, languages)
        if entry_id not in known:
            raise UnknownNameError("collection", entry_id, known)
        return _collection(entry_id, *known[entry_id])


def _entry_id(settings: DatasetSettings, pair: LanguagePair) -> str:
    """The dataset's id, with the pair behind it when the queries are another dataset's."""
    return settings.id if settings.queries_from is None else f"{settings.id}/{pair}"


def _languages(settings: DatasetSettings) -> DatasetLanguages:
    """Languages and variants: as stated in the settings, else from the table, else from ir_datasets' metadata."""
    own = _own_languages(settings.id, settings.query_language, settings.document_language)
    wordings = dict(own.wordings)
    pair = own.pair
    if settings.queries_from is not None:
        other = _own_languages(settings.queries_from, settings.query_language, settings.document_language)
        pair = LanguagePair(other.pair.query, own.pair.document)
        wordings = {ORIGINAL: other.wordings[ORIGINAL]}
        if own.pair.query == pair.document != pair.query:
            wordings["machine" if own.translated else HUMAN] = own.wordings[ORIGINAL]
    wordings |= {name: Wording(pair.query, attributes) for name, attributes in settings.variants.items()}
    return DatasetLanguages(pair, wordings, own.translated)


def _own_languages(dataset_id: str, query: str | None, document: str | None) -> DatasetLanguages:
    found = languages_of(dataset_id)
    if found is None:
        import ir_datasets

        if dataset_id not in set(ir_datasets.registry):
            raise UnknownNameError("ir_datasets id", dataset_id, ir_datasets.registry)
        dataset = ir_datasets.load(dataset_id)
        if not (dataset.has_docs() and dataset.has_queries()):
            raise UsageError(f"ir_datasets id {dataset_id} has no {'queries' if dataset.has_docs() else 'documents'}")
        query, document = query or dataset.queries_lang(), document or dataset.docs_lang()
        if query is None or document is None:
            raise UsageError(
                f"the languages of ir_datasets id {dataset_id} are not known",
                hint="state query_language and document_language in its settings",
            )
        pair = LanguagePair(query, document)
        return DatasetLanguages(pair, {ORIGINAL: Wording(pair.query)})
    if query is None and document is None:
        return found
    pair = LanguagePair(query or found.pair.query, document or found.pair.document)
    return DatasetLanguages(
        pair, {**found.wordings, ORIGINAL: Wording(pair.query, found.wordings[ORIGINAL].attributes)}
    )


def _collection(entry_id: str, settings: DatasetSettings, languages: DatasetLanguages) -> TestCollection:
    import ir_datasets

    load = partial(_reading, settings.id)
    dataset = load(lambda: _load(settings.id))
    if not dataset.has_qrels():
        raise UsageError(f"ir_datasets id {settings.id} has no judgements", hint="take one of its judged subsets")
    parent = load(lambda: ir_datasets.docs_parent_id(settings.id))
    own = load(lambda: list(dataset.queries_iter()))
    asked = own
    if settings.queries_from is not None:
        source = settings.queries_from
        asked = _reading(source, lambda: list(_load(source).queries_iter()))
        ids = {query.query_id for query in own}
        asked = [query for query in asked if query.query_id in ids]
    borrowed = {HUMAN, "machine"} if settings.queries_from is not None else set()
    return TestCollection(
        id=entry_id,
        pair=languages.pair,
        documents=DocumentSet(
            f"ir_datasets/{parent}",
            languages.pair.document,
            partial(_documents, settings.id),
            "" if is_own(settings.id) else f"ir_datasets {ir_datasets.__version__}|{parent}",
        ),
        queries={
            name: _query_set(wording, own if name in borrowed else asked, settings.id)
            for name, wording in languages.wordings.items()
        },
        qrels=load(lambda: _qrels(dataset.qrels_iter(), settings.id)),
        licence=settings.licence,
    )


def _load(dataset_id: str) -> Any:
    import ir_datasets

    try:
        return ir_datasets.load(dataset_id)
    except KeyError:
        raise UnknownNameError("ir_datasets id", dataset_id, ir_datasets.registry) from None


def _reading(dataset_id: str, read: Callable[[], T]) -> T:
    """What `read` returns; when ir_datasets cannot get the data, the error says what to do.

    ir_datasets reports a failed download as ConnectionError or RuntimeError, and a set that must be obtained by
    hand as OSError with instructions.
    """
    try:
        return read()
    except (OSError, RuntimeError) as error:
        raise MissingDataError(
            f"ir_datasets cannot read {dataset_id}: {_reason(error)}",
            hint="run once where there is a network, or put its files into the folder IR_DATASETS_HOME (~/.ir_datasets "
            "when that is not set); for the files of a set, and where to get licensed ones, see "
            f"https://ir-datasets.com/{dataset_id.split('/')[0]}.html",
        ) from error


def _reason(error: Exception) -> str:
    """What went wrong: the file to obtain by hand, or the addresses a download was tried from."""
    if isinstance(error, FileNotFoundError) and error.filename is None:
        return f"no file {error}"
    if len(error.args) == 2 and isinstance(error.args[1], list):
        return f"{error.args[0]}: {', '.join(str(source) for source, _ in error.args[1])}"
    return str(error)


def _qrels(rows: Iterable[Any], dataset_id: str) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for row in rows:
        judged = qrels.setdefault(row.query_id, {})
        if judged.setdefault(row.doc_id, row.relevance) != row.relevance:
            raise DataError(f"{dataset_id}: document '{row.doc_id}' has two grades for query '{row.query_id}'")
    return qrels


def _query_set(wording: Wording, queries: Iterable[Any], dataset_id: str) -> QuerySet:
    return QuerySet(
        wording.language, tuple(Query(q.query_id, _query_text(q, wording.attributes, dataset_id)) for q in queries)
    )


def _query_text(query: Any, attributes: tuple[str, ...], dataset_id: str) -> str:
    """The attributes' texts on one line; `default_text()`, or what else the object has, when none are named."""
    if unknown := [name for name in attributes if name not in query._fields]:
        raise UnknownNameError(f"attribute of the queries of {dataset_id}", unknown[0], query._fields)
    if attributes:
        parts = [getattr(query, name) for name in attributes]
    elif hasattr(query, "default_text"):
        parts = [query.default_text()]
    else:
        parts = [query.text] if "text" in query._fields else _strings(query, "query_id")
    return " ".join(" ".join(part or "" for part in parts).split())


def _documents(dataset_id: str) -> Iterator[Document]:
    """The documents of a dataset; each call is a new pass."""
    rows = _reading(dataset_id, lambda: iter(_load(dataset_id).docs_iter()))
    while (row := _reading(dataset_id, lambda: next(rows, None))) is not None:
        yield _document(row)


def _document(row: Any) -> Document:
    """Id, title, and text without the title that `default_text()` begins with."""
    title = getattr(row, "title", None)
    title = title.strip() if isinstance(title, str) else ""
    if hasattr(row, "default_text"):
        text = (row.default_text() or "").strip()
        return Document(row.doc_id, text.removeprefix(title).lstrip(), title)
    return Document(row.doc_id, "\n".join(_strings(row, "doc_id", "title")), title)


def _strings(row: Any, *but: str) -> list[str]:
    return [value for name, value in row._asdict().items() if name not in but and isinstance(value, str)]
