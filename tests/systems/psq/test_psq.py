import gzip
import json
import math
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.collections.embedded import write_bitext
from clir_harness.harness.collections.sources import build_source
from clir_harness.harness.errors import DataError, MissingDataError, UsageError
from clir_harness.harness.evaluation import evaluate
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.execution.indexing import open_searcher, with_components
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.runs.run import Run
from clir_harness.harness.suite import Suite
from clir_harness.harness.system import IndexContext, Ranking, SearchContext
from clir_harness.harness.training import TrainingContext
from clir_harness.systems.analysers import unicode_terms
from clir_harness.systems.psq.system import PSQ
from clir_harness.systems.psq.table import META, Pruning, make_table
from clir_harness.systems.psq.terms import Stemmer, words

DOCUMENTS = [
    Document("007", "River water, river bank"),
    Document("a", "The bank of Kisumu"),
    Document("é", "Rain and more rain in Kisumu", title="Rain"),
    Document("empty", ""),
]
MTO = {"river": 0.75, "stream": 0.25}
MAJI = {"water": 0.6, "rain": 0.4}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A table written by hand: Swahili mto and maji into English."""
    folder = tmp_path / "model"
    folder.mkdir()
    terms = ["river", "stream", "water", "rain"]
    probabilities = np.array([*MTO.values(), *MAJI.values()])
    numbers = np.arange(4, dtype=np.int32)
    table = make_table(["mto", "maji"], terms, np.array([0, 2, 4]), numbers, probabilities, Pruning(10))
    table.save(folder, "sw")
    meta = {"pivot": "en", "stemmer": Stemmer("en").name, "languages": {"sw": {}}}
    (folder / META).write_text(json.dumps(meta))
    return folder


def search(
    model: Path, texts: Sequence[str], pair: str = "sw-en", depth: int = 10, **settings: Any
) -> Sequence[Ranking]:
    system = PSQ.configure({"model": str(model), **settings})
    languages = LanguagePair.parse(pair)
    folders = {}
    for part in with_components(system):
        folder = model.parent / f"index-{part.name}-{languages.document}"
        if not folder.exists():
            folder.mkdir()
            part.index(iter(DOCUMENTS), folder, IndexContext(languages.document))
        folders[id(part)] = folder
    with ExitStack() as stack:
        searcher = open_searcher(system, lambda part: folders[id(part)], SearchContext(languages), stack)
        return searcher.search([Query(str(number), text) for number, text in enumerate(texts)], depth)


def psq_by_hand(structures: list[dict[str, float]], k1: float = 0.9, b: float = 0.4) -> dict[str, float]:
    """BM25 with the expected term and document frequencies of Darwish and Oard (2003)."""
    counts = {document.id: Counter(document.contents.lower().replace(",", "").split()) for document in DOCUMENTS}
    mean = sum(terms.total() for terms in counts.values()) / len(counts)
    scores: Counter[str] = Counter()
    for structure in structures:
        df = sum(p * sum(term in terms for terms in counts.values()) for term, p in structure.items())
        idf = math.log(1 + (len(counts) - df + 0.5) / (df + 0.5))
        for document, terms in counts.items():
            tf = sum(p * terms[term] for term, p in structure.items())
            scores[document] += idf * tf / (tf + k1 * (1 - b + b * terms.total() / mean))
    return {document: score for document, score in scores.items() if score}


def test_scores_are_those_of_the_formula(model: Path) -> None:
    # mto maji in 007: tf 0.75 * 2 and 0.6, df 0.75 and 0.6 + 0.4; é has rain three times: tf 0.4 * 3.
    (found,) = search(model, ["Mto, maji"])
    assert dict(found) == pytest.approx(psq_by_hand([MTO, MAJI]), rel=1e-12)
    assert [document for document, _ in found] == ["007", "é"]


def test_k1_b_and_repeated_words_count(model: Path) -> None:
    (found,) = search(model, ["maji mto maji"], k1=1.5, b=0.8)
    assert dict(found) == pytest.approx(psq_by_hand([MAJI, MTO, MAJI], k1=1.5, b=0.8), rel=1e-12)


def test_pruning_at_search_time_gives_the_mass_to_what_is_left(model: Path) -> None:
    (found,) = search(model, ["maji"], translations=1)
    assert dict(found) == pytest.approx(psq_by_hand([{"water": 1.0}]), rel=1e-12)


def test_words_without_translations_stand_for_themselves(model: Path) -> None:
    (found,) = search(model, ["KISUMU mto"])
    assert dict(found) == pytest.approx(psq_by_hand([{"kisumu": 1.0}, MTO]), rel=1e-12)


def test_a_query_in_the_documents_language_is_plain_bm25(model: Path) -> None:
    (found,) = search(model, ["the rain of rivers"], "en-en")
    plain: list[dict[str, float]] = [{"the": 1.0}, {"rain": 1.0}, {"of": 1.0}, {"river": 1.0}]
    assert dict(found) == pytest.approx(psq_by_hand(plain), rel=1e-12)


def test_queries_without_known_words_find_nothing(model: Path) -> None:
    assert search(model, ["", "?!", "haipo"]) == [[], [], []]


def test_answers_depend_neither_on_the_batch_nor_on_the_depth(model: Path) -> None:
    texts = ["mto", "maji Kisumu bank", "bank"]
    together = search(model, texts)
    assert [search(model, [text])[0] for text in texts] == together
    assert search(model, texts[::-1]) == together[::-1]
    assert search(model, texts, depth=1) == [ranking[:1] for ranking in together]


def test_other_languages_are_refused_with_those_there_are(model: Path) -> None:
    system = PSQ.configure({"model": str(model)})
    assert [system.supports(LanguagePair.parse(pair)) for pair in ("sw-en", "en-en", "fr-fr")] == [None, None, None]
    assert system.supports(LanguagePair("so", "en")) == "its table translates sw into en, not so into en"
    assert system.supports(LanguagePair("sw", "fr")) == "its table translates sw into en, not sw into fr"


def test_tables_made_with_other_terms_than_the_index_are_refused(model: Path) -> None:
    (model / META).write_text(json.dumps({"pivot": "en", "stemmer": "another", "languages": {"sw": {}}}))
    with pytest.raises(DataError, match="made by 'another'"):
        search(model, ["mto"])


def test_another_table_is_another_input_but_the_index_is_the_same(model: Path) -> None:
    system = PSQ.configure({"model": str(model)})
    before = system.inputs()
    np.save(model / "sw.probabilities.npy", np.full(4, 0.5))
    again = PSQ.configure({"model": str(model), "k1": 2})
    assert again.inputs() != before
    (index,) = again.components()
    assert (index.inputs(), index.index_settings()) == ({}, {})


def test_a_model_must_be_named_and_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="model: is required"):
        PSQ.configure({})
    with pytest.raises(MissingDataError, match="no translation tables"):
        PSQ.configure({"model": str(tmp_path)}).inputs()


@pytest.mark.parametrize("text", ["", "Kisumu, 2019!", "a_b-c\x1fD", "don't", "naïve ＡＢＣ", "東京都 Tokyo", "ቀዳማዊ"])
def test_words_are_the_unicode_terms(text: str) -> None:
    assert words(text) == list(unicode_terms(text))


def test_languages_stem_as_lucene_does_and_english_keeps_its_stop_words() -> None:
    def stems(language: str, text: str) -> list[str]:
        stemmer = Stemmer(language)
        return [term for word in words(text) for term in stemmer(word)]

    assert stems("en", "the running dogs of Kisumu") == ["the", "run", "dog", "of", "kisumu"]
    assert stems("fr", "les chevaux") == ["cheval"]
    assert stems("el", "δρόμους") == ["δρομ"]
    assert stems("sw", "watoto") == ["watoto"]
    assert stems("zh", "东京都") == ["东京", "京都"]
    assert [Stemmer(tag).name for tag in ("en", "fr", "sw")] == ["unicode+en with stop words", "unicode+fr", "unicode"]


def train(bitext: dict[str, tuple[Path, ...]], output: Path, **settings: Any) -> dict[str, Any]:
    output.mkdir()
    PSQ.train(bitext, PSQ.Training(**settings), output, TrainingContext(output.parent))
    meta: dict[str, Any] = json.loads((output / META).read_text())
    return meta


def test_training_learns_the_embedded_language_and_beats_no_translation(tmp_path: Path) -> None:
    write_bitext(tmp_path / "sw.tsv.gz", "sw", 3000)
    write_bitext(tmp_path / "so.tsv.gz", "so", 500)
    meta = train({"sw": (tmp_path / "sw.tsv.gz",), "so": (tmp_path / "so.tsv.gz",)}, tmp_path / "model")
    assert {language: found["pairs"] for language, found in meta["languages"].items()} == {"so": 500, "sw": 3000}
    likelihoods = meta["languages"]["sw"]["log_likelihood"]
    assert likelihoods == sorted(likelihoods)
    suite = Suite.model_validate(
        {
            "name": "both",
            "title": "Untranslated and translated",
            "measures": ["AP"],
            "rows": [
                {"system": "bm25", "settings": {"backend": "bm25s"}},
                {"system": "psq", "settings": {"model": str(tmp_path / "model")}},
            ],
            "collections": [{"source": "embedded", "size": 2000}],
        }
    )
    experiment = Experiment.from_suite(suite, tmp_path / "store", pairs=["sw-en"])
    report = experiment.run()
    assert report.failed == []
    cells = {cell.row.system: experiment.store.cell(cell.task.key) for cell in report.plan.cells if cell.task}
    means = {system: cell.means["AP"] for system, cell in cells.items() if cell}
    assert means["psq"] > means["bm25"] + 0.2


def test_the_same_text_makes_the_same_model(tmp_path: Path) -> None:
    write_bitext(tmp_path / "sw.tsv.gz", "sw", 200)
    for name in ("one", "two"):
        train({"sw": (tmp_path / "sw.tsv.gz",)}, tmp_path / name)
    one, two = (PSQ.configure({"model": str(tmp_path / name)}) for name in ("one", "two"))
    assert one.inputs() == two.inputs()


def test_rare_words_and_long_or_empty_pairs_are_left_out(tmp_path: Path) -> None:
    lines = ["mto mto\triver", "maji\twater", "maji maji\twater water", "!\t?", "a b c d\tw x y z"]
    (tmp_path / "sw.tsv").write_text("\n".join(lines) + "\n")
    bitext = {"sw": (tmp_path / "sw.tsv",)}
    found = train(bitext, tmp_path / "model", max_words=3, min_count=3)["languages"]["sw"]
    assert (found["pairs"], found["skipped"], found["words"]) == (2, 2, 1)
    assert train(bitext, tmp_path / "head", max_pairs=1, min_count=1)["languages"]["sw"]["pairs"] == 1
    with pytest.raises(DataError, match=r"no sentence pair is left"):
        train(bitext, tmp_path / "none", min_count=9)


@pytest.mark.parametrize(
    ("line", "message"), [("mto", "expected 2 or 3 columns"), ("a\tb\tc\td", "found 4"), ("mto\t ", "is empty")]
)
def test_malformed_text_is_refused_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    with gzip.open(tmp_path / "sw.tsv.gz", "wt") as file:
        file.write(f"maji\twater\n{line}\n")
    with pytest.raises(DataError, match=message) as caught:
        train({"sw": (tmp_path / "sw.tsv.gz",)}, tmp_path / "model")
    assert (caught.value.path, caught.value.line) == (tmp_path / "sw.tsv.gz", 2)


def test_text_of_the_pivot_with_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no table of en into en"):
        train({"en": (tmp_path / "en.tsv",)}, tmp_path / "model")


def test_swahili_questions_find_their_passages_in_afriqa(tmp_path: Path, data: Path) -> None:
    folder = data / "bitext"
    files = (folder / "bible/sw-en.tsv.gz", folder / "mafand/sw-en.train.tsv.gz", folder / "tico19/sw-en.tsv.gz")
    train({"sw": files}, tmp_path / "model")
    source = build_source("afriqa", {"pairs": ["sw-en"]}, data)
    collection = source.load(source.entries()[0].id)
    system = PSQ.configure({"model": str(tmp_path / "model")})
    (index,) = system.components()
    (tmp_path / "index").mkdir()
    index.index(collection.documents.stream(), tmp_path / "index", IndexContext("en"))
    queries = collection.queries["original"].queries
    with ExitStack() as stack:
        searcher = open_searcher(system, lambda part: tmp_path / "index", SearchContext(collection.pair), stack)
        found = searcher.search(queries, 1000)
    run = Run.from_rankings(zip((query.id for query in queries), found, strict=True))
    assert evaluate(run, collection.qrels, ["AP"]).mean("AP") > 0.5  # BM25 without translation has 0.33
