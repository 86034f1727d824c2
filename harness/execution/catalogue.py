"""The collections of a suite, examined before anything runs: what exists, how much, and whether it can be scored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clir_harness.harness.code.code_version import code_digest, edited_since_start
from clir_harness.harness.collections.allowances import Allowances
from clir_harness.harness.collections.base import (
    CollectionEntry,
    CollectionSource,
    DocumentSet,
    QuerySet,
    TestCollection,
)
from clir_harness.harness.collections.qrels import qrels_digest
from clir_harness.harness.collections.sources import SOURCES, build_source, settled
from clir_harness.harness.collections.validation import CollectionReport, DocumentSummary, report, summarise
from clir_harness.harness.errors import CollectionError, MissingDataError, UnknownNameError
from clir_harness.harness.languages import LanguagePair, language_name
from clir_harness.harness.plugins.calls import calling
from clir_harness.harness.record_identity import CollectionFacts
from clir_harness.harness.store import Store
from clir_harness.harness.suite import CollectionSpec


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One collection of a suite.

    Attributes:
        id, pair: as the source says.
        source, settings: how another process loads it.
        facts: counts, digests, licence and warnings, as kept with every result; None when data is missing.
        queries, query_digests: by query variant.
        missing, remedy: why it cannot be loaded, and what to do; empty when it can.
    """

    id: str
    pair: LanguagePair
    source: str
    settings: Mapping[str, Any]
    facts: CollectionFacts | None = None
    queries: Mapping[str, QuerySet] = field(default_factory=dict, repr=False)
    query_digests: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""
    remedy: str = ""


RULES = 2
"""Goes up when reports say more or other things; what was found under earlier rules is then found again."""

Offer = tuple[CollectionSpec, CollectionSource, CollectionEntry]
"""A collection on offer: the specification it comes from, the source that loads it, its id and pair."""


def offered(specs: Sequence[CollectionSpec], data: Path | None) -> list[Offer]:
    """All collections of some specifications, those without data included.

    Args:
        specs: specifications of a suite.
        data: data folder, if any.

    Returns:
        Specification, source and entry of each collection.

    Raises:
        CollectionError: two of them have the same id.
        UsageError: the settings of a source are invalid.
        PluginError: a source cannot be imported, or raises.
    """
    offers: list[Offer] = []
    for spec in specs:
        with spec.placed(), calling(f"collection source '{spec.source}'"):
            source = build_source(spec.source, spec.settings, data)
            offers += [(spec, source, entry) for entry in source.entries()]
    ids = [entry.id for _, _, entry in offers]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise CollectionError(
            f"the suite has two collections of the id {', '.join(twice)}",
            hint="give one of the sources another `name`",
        )
    return offers


def find_collection(specs: Sequence[CollectionSpec], data: Path | None, collection: str) -> Offer:
    """A collection with data, by its id.

    Args:
        specs: specifications of a suite.
        data: data folder, if any.
        collection: id of the collection.

    Returns:
        Its specification, source and entry.

    Raises:
        UnknownNameError: no specification has a collection of that id.
        MissingDataError: its data are missing; says what to do.
    """
    offers = {offer[2].id: offer for offer in offered(specs, data)}
    if collection not in offers:
        raise UnknownNameError("collection of this suite", collection, offers)
    entry = offers[collection][2]
    if entry.missing is not None:
        raise MissingDataError(f"no data for {collection}: {entry.missing}", hint=entry.remedy)
    return offers[collection]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Looks at the collections of a suite; what it learns about documents is remembered in the store.

    Args:
        specs: sources with settings, as in the suite.
        data: folder that relative paths start from.
        store: where counts and digests are remembered.
    """

    specs: Sequence[CollectionSpec]
    data: Path | None
    store: Store

    def entries(self, pairs: Sequence[LanguagePair] = ()) -> list[CatalogueEntry]:
        """All collections, or those of the pairs asked for, in the order of the suite.

        Raises:
            UnknownNameError: a pair is asked for that no collection has.
            CollectionError: an existing collection cannot be scored; names every fault.
            MissingDataError: the data of every collection asked for is missing.
        """
        offers = offered(self.specs, self.data)
        known = {entry.pair for _, _, entry in offers}
        for pair in pairs:
            if pair not in known:
                raise UnknownNameError("language pair of this suite", str(pair), map(str, known))
        wanted = [item for item in offers if not pairs or item[2].pair in pairs]
        entries = [self._look(spec, source, entry) for spec, source, entry in wanted]
        if entries and all(entry.facts is None for entry in entries):
            first = entries[0]
            raise MissingDataError(f"no data for any collection: {first.id}: {first.missing}", hint=first.remedy)
        return entries

    def entry(self, collection: str) -> CatalogueEntry:
        """The collection of an id, with its data.

        Raises:
            UnknownNameError: no collection of the suite has that id.
            CollectionError: it cannot be scored; names every fault.
            MissingDataError: its data is missing.
        """
        spec, source, offer = find_collection(self.specs, self.data, collection)
        return self._look(spec, source, offer)

    def _look(self, spec: CollectionSpec, source: CollectionSource, entry: CollectionEntry) -> CatalogueEntry:
        if entry.missing is not None:
            return self._missing(spec, entry, entry.missing, entry.remedy)
        try:
            with calling(f"collection source '{spec.source}'"):
                loaded = self._with_code(spec, replace(source.load(entry.id), drop_self=source.config.drop_self))
                collection = settled(loaded, source.config)
                found = self._report(loaded, source.config.allow)
        except MissingDataError as error:
            return self._missing(spec, entry, error.message, error.hint)
        found.raise_for_errors()
        counted = self._report(collection, source.config.allow)
        return CatalogueEntry(
            entry.id,
            entry.pair,
            spec.source,
            spec.settings,
            self._facts(collection, counted, found),
            dict(collection.queries),
            {name: queries.digest for name, queries in collection.queries.items()},
        )

    @staticmethod
    def _missing(spec: CollectionSpec, entry: CollectionEntry, missing: str, remedy: str | None) -> CatalogueEntry:
        return CatalogueEntry(entry.id, entry.pair, spec.source, spec.settings, missing=missing, remedy=remedy or "")

    @staticmethod
    def _with_code(spec: CollectionSpec, collection: TestCollection) -> TestCollection:
        """The collection with a plugin's code in its signature; without one where what runs may be other code."""
        documents, kind = collection.documents, SOURCES.origin(spec.source).kind
        if kind == "built-in" or not documents.signature:
            return collection
        cls = SOURCES.get(spec.source)
        unsure = kind == "session" or (kind == "package" and edited_since_start(cls) is not None)
        code = "" if unsure else code_digest(cls)
        return replace(collection, documents=replace(documents, signature=code and f"{code}|{documents.signature}"))

    def _report(self, collection: TestCollection, allow: Allowances) -> CollectionReport:
        """The validation report, from memory when nothing it depends on has changed."""
        if not collection.documents.signature:
            return report(collection, allow=allow)
        parts = [f"rules {RULES}", str(allow), str(collection.drop_self)]
        parts += [collection.documents.signature, qrels_digest(collection.qrels)]
        parts += [f"{name}:{queries.digest}" for name, queries in collection.queries.items()]
        key = hashlib.blake2b("\n".join([collection.id, *parts]).encode(), digest_size=16).hexdigest()
        if kept := self.store.remembered("report", key):
            return CollectionReport.from_dict(kept)
        fresh = report(collection, self._summary(collection.documents), allow=allow)
        self.store.remember("report", key, fresh.to_dict())
        return fresh

    def _summary(self, documents: DocumentSet) -> DocumentSummary:
        """Counts and digest of documents that several collections share: one pass for all of them."""
        key = hashlib.blake2b(f"rules {RULES}\n{documents.signature}".encode(), digest_size=16).hexdigest()
        if kept := self.store.remembered("summary", key):
            return DocumentSummary.from_dict(kept)
        fresh = summarise(documents)
        self.store.remember("summary", key, fresh.to_dict())
        return fresh

    def _facts(self, collection: TestCollection, found: CollectionReport, loaded: CollectionReport) -> CollectionFacts:
        """What is kept of a collection with every result.

        Args:
            collection: as it is scored.
            found: its report: counts and digest.
            loaded: the report of what was there before allowances: warnings.
        """
        digest = self.store.keep_qrels(collection.qrels)
        for queries in collection.queries.values():
            self.store.keep_query_texts(queries.digest, {query.id: query.text for query in queries.queries})
        pair = collection.pair
        left_out = "the document whose id is the query's is left out of every ranking (drop_self)"
        return CollectionFacts(
            id=collection.id,
            pair=str(pair),
            query_language=language_name(pair.query),
            document_language=language_name(pair.document),
            tier=pair.tier.value,
            description=collection.description,
            licence=collection.licence,
            synthetic=collection.synthetic,
            document_set=collection.documents.id,
            documents=found.documents.count,
            documents_digest=found.documents.digest,
            queries=found.n_queries,
            judged_queries=found.n_judged_queries,
            judgements=found.n_qrels,
            relevant=found.n_relevant,
            qrels_digest=digest,
            warnings=(*(problem.message for problem in loaded.warnings), *([left_out] if collection.drop_self else ())),
            drop_self=collection.drop_self,
        )
