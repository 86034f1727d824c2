import pytest

from clir_harness.harness.collections.irds_languages import languages_of
from clir_harness.harness.languages import canonical_tag
from clir_harness.harness.plugins.datasets import is_own


@pytest.mark.parametrize(
    ("dataset_id", "pair"),
    [
        ("hc4/fa/dev", "en-fa"),
        ("neuclir/1/ru/hc4-filtered", "en-ru"),
        ("neuclir/1/multi/trec-2023", "en-mul"),
        ("csl/trec-2023", "en-zh"),
        ("clirmatrix/en/bi139-base/sw/test1", "sw-en"),
        ("clirmatrix/de/multi8/ja/dev", "ja-de"),
        ("clirmatrix/simple/bi139-full/als/train", "gsw-en"),
        ("clirmatrix/als/bi139-full/sq/train", "sq-gsw"),
        ("wikiclir/en-simple", "en-en"),
        ("mmarco/v2/dt/dev/small", "nl-nl"),
        ("mmarco/pt/dev/v1.1", "pt-pt"),
        ("neumarco/zh/dev/judged", "en-zh"),
        ("mr-tydi/sw/test", "sw-sw"),
        ("trec-mandarin/trec6", "en-zh"),
        ("trec-spanish/trec4", "en-es"),
        ("clueweb12/b13/clef-ehealth/cs", "cs-en"),
    ],
)
def test_languages_come_from_the_table(dataset_id, pair):
    assert str(languages_of(dataset_id).pair) == pair


@pytest.mark.parametrize("dataset_id", ["cranfield", "hc4/zh", "mmarco/v2/dt", "neuclir/1/multi"])
def test_ids_without_queries_or_without_a_row_are_not_in_the_table(dataset_id):
    assert languages_of(dataset_id) is None


def test_neuclir_offers_title_and_description_in_three_wordings():
    wordings = languages_of("neuclir/1/zh/trec-2022").wordings

    assert {name: (wording.language, wording.attributes) for name, wording in wordings.items()} == {
        "original": ("en", ("title",)),
        "description": ("en", ("description",)),
        "title+description": ("en", ("title", "description")),
        "human": ("zh", ("ht_title",)),
        "human-description": ("zh", ("ht_description",)),
        "human-title+description": ("zh", ("ht_title", "ht_description")),
        "machine": ("zh", ("mt_title",)),
        "machine-description": ("zh", ("mt_description",)),
        "machine-title+description": ("zh", ("mt_title", "mt_description")),
    }


def test_the_table_agrees_with_ir_datasets_wherever_that_says_anything():
    import ir_datasets

    checked = 0
    for dataset_id in list(ir_datasets.registry):
        found = languages_of(dataset_id)
        if found is None:
            continue
        dataset = ir_datasets.load(dataset_id)
        assert dataset.has_docs(), dataset_id
        assert dataset.has_queries(), dataset_id
        for stated, tag in ((dataset.docs_lang(), found.pair.document), (dataset.queries_lang(), found.pair.query)):
            # Mandarin and Spanish TREC topics are bilingual there, and None
            assert stated is None or canonical_tag(stated) == tag, dataset_id
        for wording in found.wordings.values():
            assert set(wording.attributes) <= set(dataset.queries_cls()._fields), dataset_id
        checked += 1
    assert checked > 200


def test_every_set_with_several_languages_is_in_the_table():
    import ir_datasets

    foreign = [
        dataset_id
        for dataset_id in list(ir_datasets.registry)
        if not is_own(dataset_id)  # another test may have registered it
        and (dataset := ir_datasets.load(dataset_id)).has_docs()
        and dataset.has_queries()
        and {dataset.docs_lang(), dataset.queries_lang()} - {"en", None}
        and not dataset_id.startswith("istella22")
    ]

    assert [dataset_id for dataset_id in foreign if languages_of(dataset_id) is None] == []
