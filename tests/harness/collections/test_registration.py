from dataclasses import replace

import ir_datasets
import ir_measures
import pytest
from ir_measures import AP, nDCG

from clir_harness.harness.collections.base import Document, DocumentSet, Query, QuerySet, TestCollection
from clir_harness.harness.collections.irds import IrDatasetsConfig, IrDatasetsSource
from clir_harness.harness.collections.registration import register_in_ir_datasets
from clir_harness.harness.errors import UsageError
from clir_harness.harness.languages import LanguagePair


def collection(name):
    rows = [Document("007", "It floods.", "River"), Document("8", "It burns.")]
    return TestCollection(
        id=name,
        pair=LanguagePair("sw", "en"),
        documents=DocumentSet(f"{name}/docs", "en", lambda: iter(rows), "1"),
        queries={"original": QuerySet("sw", (Query("1", "mafuriko"), Query("2", "moto")))},
        qrels={"1": {"007": 2, "8": 0}, "2": {"8": 1}},
    )


def test_a_registered_collection_answers_to_its_id():
    register_in_ir_datasets(collection("registered/sw-en"))

    dataset = ir_datasets.load("registered/sw-en")

    assert [tuple(document) for document in dataset.docs_iter()] == [("007", "River\nIt floods."), ("8", "It burns.")]
    assert [tuple(query) for query in dataset.queries_iter()] == [("1", "mafuriko"), ("2", "moto")]
    assert [tuple(qrel) for qrel in dataset.qrels_iter()] == [
        ("1", "007", 2, "0"),
        ("1", "8", 0, "0"),
        ("2", "8", 1, "0"),
    ]
    assert (dataset.docs_lang(), dataset.queries_lang()) == ("en", "sw")
    assert (len(dataset.docs), len(dataset.queries), len(dataset.qrels)) == (2, 2, 3)
    assert dataset.qrels.asdict() == {"1": {"007": 2, "8": 0}, "2": {"8": 1}}


def test_documents_can_be_looked_up_by_id():
    store = register_in_ir_datasets(collection("looked-up/sw-en")).docs_store()

    assert store.get("007").text == "River\nIt floods."
    assert list(store.get_many(["8", "absent"])) == ["8"]
    with pytest.raises(KeyError):
        store.get("absent")


def test_other_tools_score_against_it():
    dataset = register_in_ir_datasets(collection("scored/sw-en"))
    run = [
        ir_measures.ScoredDoc("1", "8", 2.0),
        ir_measures.ScoredDoc("1", "007", 1.0),
        ir_measures.ScoredDoc("2", "8", 1.0),
    ]

    # the relevant document of query 1 is at rank 2: precision 1/2; that of query 2 at rank 1
    assert ir_measures.calc_aggregate([AP], dataset.qrels_iter(), run)[AP] == pytest.approx(0.75)
    assert ir_measures.calc_aggregate([nDCG @ 1], dataset.qrels_iter(), run)[nDCG @ 1] == pytest.approx(0.5)


def test_registering_the_same_collection_again_changes_nothing():
    assert register_in_ir_datasets(collection("twice/sw-en")) is register_in_ir_datasets(collection("twice/sw-en"))


def test_an_id_that_is_taken_is_an_error():
    register_in_ir_datasets(collection("taken/sw-en"))
    other = collection("taken/sw-en")

    with pytest.raises(UsageError, match="ir_datasets already has 'taken/sw-en'"):
        register_in_ir_datasets(replace(other, documents=replace(other.documents, signature="2")))
    with pytest.raises(UsageError, match="ir_datasets already has 'cranfield'"):
        register_in_ir_datasets(replace(other, id="cranfield"))


def test_a_registered_collection_comes_back_through_the_ir_datasets_source():
    original = collection("round/sw-en")
    register_in_ir_datasets(original)

    source = IrDatasetsSource(IrDatasetsConfig.model_validate({"datasets": ["round/sw-en"]}))
    back = source.load("round/sw-en")

    assert back.pair == original.pair
    assert back.qrels == original.qrels
    assert back.query_set() == original.query_set()
    assert [document.contents for document in back.documents.stream()] == [
        document.contents for document in original.documents.stream()
    ]
