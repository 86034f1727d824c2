"""Test collections for other tools: registered in ir_datasets, `ir_datasets.load(id)` returns them.

Import this module where it is needed: it imports ir_datasets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import ir_datasets
from ir_datasets.datasets.base import Dataset
from ir_datasets.formats import BaseDocs, BaseQrels, BaseQueries, GenericDoc, GenericQuery, TrecQrel
from ir_datasets.indices.base import Docstore

from clir_harness.harness.collections.base import ORIGINAL, DocumentSet, Qrels, QuerySet, TestCollection
from clir_harness.harness.errors import UsageError


def register_in_ir_datasets(collection: TestCollection) -> Dataset:
    """Register a collection under its id, for this process; registering it again is not an error.

    Documents are `GenericDoc` with title and text together, queries the `original` ones as `GenericQuery`, judgements
    `TrecQrel`. Documents are still streamed: a look-up by id is a pass over them, and nothing is stored.

    Returns:
        What `ir_datasets.load(collection.id)` returns from now on.

    Raises:
        UsageError: the id belongs to another dataset.
    """
    if collection.id in set(ir_datasets.registry):
        dataset = ir_datasets.load(collection.id)
        known = dataset.docs_handler()
        if isinstance(known, _Docs) and known.documents == collection.documents:
            return dataset
        raise UsageError(f"ir_datasets already has '{collection.id}'", hint="give the collection another name")
    dataset = Dataset(_Docs(collection.documents), _Queries(collection.query_set(ORIGINAL)), _Qrels(collection.qrels))
    ir_datasets.registry.register(collection.id, dataset)
    return ir_datasets.load(collection.id)


class _Docs(BaseDocs):  # type: ignore[misc]
    """Documents in the form ir_datasets asks for."""

    def __init__(self, documents: DocumentSet) -> None:
        self.documents = documents

    def docs_iter(self) -> Iterator[Any]:
        return (GenericDoc(document.id, document.contents) for document in self.documents.stream())

    def docs_store(self) -> Docstore:
        return _StreamedDocstore(self)

    def docs_cls(self) -> type:
        return GenericDoc  # type: ignore[no-any-return]

    def docs_lang(self) -> str:
        return self.documents.language

    def docs_namespace(self) -> str:
        return self.documents.id

    def docs_count(self) -> int:
        return sum(1 for _ in self.documents.stream())


class _StreamedDocstore(Docstore):  # type: ignore[misc]
    """Look-up by id in one pass over the documents, whatever the number of ids."""

    def __init__(self, docs: _Docs) -> None:
        super().__init__(GenericDoc, "doc_id")
        self.docs = docs

    def get_many_iter(self, doc_ids: Iterable[str]) -> Iterator[Any]:
        wanted = set(doc_ids)
        for document in self.docs.docs_iter():
            if document.doc_id in wanted:
                wanted.discard(document.doc_id)
                yield document
            if not wanted:
                return


class _Queries(BaseQueries):  # type: ignore[misc]
    def __init__(self, queries: QuerySet) -> None:
        self.queries = queries

    def queries_iter(self) -> Iterator[Any]:
        return (GenericQuery(query.id, query.text) for query in self.queries.queries)

    def queries_lang(self) -> str:
        return self.queries.language

    def queries_count(self) -> int:
        return len(self.queries.queries)


class _Qrels(BaseQrels):  # type: ignore[misc]
    def __init__(self, qrels: Qrels) -> None:
        self.qrels = qrels

    def qrels_iter(self) -> Iterator[Any]:
        for query, judged in self.qrels.items():
            for document, grade in judged.items():
                yield TrecQrel(query, document, grade, "0")

    def qrels_cls(self) -> type:
        return TrecQrel  # type: ignore[no-any-return]

    def qrels_defs(self) -> dict[int, str]:
        """The grades that occur; what they mean is the collection's own."""
        grades = {grade for judged in self.qrels.values() for grade in judged.values()}
        return {grade: "relevant" if grade > 0 else "not relevant" for grade in sorted(grades)}

    def qrels_count(self) -> int:
        return sum(map(len, self.qrels.values()))
