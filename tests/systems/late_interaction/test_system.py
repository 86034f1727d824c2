import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from torch import nn

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.collections.sources import build_source
from clir_harness.harness.conformance import Subject
from clir_harness.harness.conformance.testing import SystemConformance
from clir_harness.harness.errors import DataError, MissingDataError, UsageError
from clir_harness.harness.evaluation import evaluate
from clir_harness.harness.execution.indexing import index_key, open_searcher
from clir_harness.harness.identity import system_identity
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.runs.run import Run
from clir_harness.harness.system import IndexContext, SearchContext
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.late_interaction.system import ColBERT

DOCUMENTS = [
    Document("007", "Floods closed the bridge in Kisumu."),
    Document("a", "Teachers in Nairobi asked for higher pay."),
    Document("é", "Maize prices rose after the drought."),
]


@pytest.fixture(scope="module")
def student(save_tiny_encoder: Callable[[Path, int], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another encoder of as many dimensions."""
    return save_tiny_encoder(tmp_path_factory.mktemp("student"), 99)


def index(system: ColBERT, folder: Path, language: str) -> None:
    (documents,) = system.components()
    documents.index(iter(DOCUMENTS), folder, IndexContext(language))


def rankings(system: ColBERT, folder: Path, pair: str, texts: list[str]) -> list[list[tuple[str, float]]]:
    context = SearchContext(LanguagePair.parse(pair))
    with ExitStack() as stack:
        searcher = open_searcher(system, lambda _: folder, context, stack)
        return [list(found) for found in searcher.search([Query(str(n), text) for n, text in enumerate(texts)], 10)]


def test_a_document_is_found_by_its_own_text(tiny_model: Path, tmp_path: Path) -> None:
    system = ColBERT.configure({"encoder": str(tiny_model)})
    index(system, tmp_path, "en")
    found = rankings(system, tmp_path, "en-en", [*(document.text for document in DOCUMENTS), " "])
    assert [[document for document, _ in ranking[:1]] for ranking in found] == [["007"], ["a"], ["é"], []]


def test_the_encoder_is_chosen_by_the_language_of_the_text(tiny_model: Path, student: Path) -> None:
    system = ColBERT.configure({"encoder": str(tiny_model), "student": str(student)})
    assert [system.encoder_for(tag) for tag in ("en", "en-GB", "sw", "enm")] == [
        str(tiny_model), str(tiny_model), str(student), str(student),
    ]  # fmt: skip
    assert ColBERT.configure({"encoder": "x", "pivot": "fra"}).encoder_for("fr") == "x"


def test_students_of_a_language_each_are_found_by_the_nearest_tag(tiny_model: Path, tmp_path: Path) -> None:
    for tag in ("no", "zh-Hant", "fuv", "fuf"):
        shutil.copytree(tiny_model, tmp_path / tag)
    system = ColBERT.configure({"encoder": str(tiny_model), "student": str(tmp_path)})
    for asked, found in {"nb": "no", "no": "no", "zh-TW": "zh-Hant", "fuv": "fuv"}.items():
        assert system.encoder_for(asked) == str(tmp_path / found)
    assert "there are students for fuf, fuv, no, zh-Hant" in str(system.supports(LanguagePair("sw", "en")))
    assert "'ff' can be any of fuf, fuv" in str(system.supports(LanguagePair("ff", "en")))


@pytest.mark.parametrize("pair", ["sw-en", "en-sw", "so-sw"])
def test_every_direction_uses_the_encoders_of_its_two_languages(
    tiny_model: Path, student: Path, tmp_path: Path, pair: str
) -> None:
    system = ColBERT.configure({"encoder": str(tiny_model), "student": str(student)})
    languages = LanguagePair.parse(pair)
    index(system, tmp_path, languages.document)
    source = {"en": tiny_model}
    queries = TokenEncoder.load(source.get(languages.query, student)).encode(["the bridge"], "query")[0]
    documents = TokenEncoder.load(source.get(languages.document, student))
    expected = {
        document.id: (queries @ documents.encode([document.text], "document")[0].T).max(1).sum()
        for document in DOCUMENTS
    }
    (found,) = rankings(system, tmp_path, pair, ["the bridge"])
    assert dict(found) == pytest.approx(expected, abs=1e-2)


def test_without_a_student_only_the_pivot_language_is_taken(tiny_model: Path, student: Path) -> None:
    alone = ColBERT.configure({"encoder": str(tiny_model)})
    assert alone.supports(LanguagePair.parse("en-en")) is None
    assert "no encoder for queries in Swahili" in str(alone.supports(LanguagePair.parse("sw-en")))
    assert "no encoder for documents in Somali" in str(alone.supports(LanguagePair.parse("en-so")))
    both = ColBERT.configure({"encoder": str(tiny_model), "student": str(student)})
    assert both.supports(LanguagePair.parse("sw-so")) is None


def test_an_index_depends_on_encoders_and_passages_and_not_on_speed(tiny_model: Path, student: Path) -> None:
    def key(language: str = "en", **others: object) -> str:
        system = ColBERT.configure({"encoder": str(tiny_model), **others})
        return index_key(system.components()[0], "documents", language, 0)

    assert key(encode_batch=1, index_memory=0, device="cpu") == key()
    assert key(stride=2) != key() != key(passage_length=20)
    assert key(encoder=str(student)) != key()
    assert key(student=str(student)) == key(), "queries in other languages need no new index"
    assert key("sw", student=str(student)) != key()


def test_new_weights_in_the_same_folder_are_another_system(
    save_tiny_encoder: Callable[[Path, int], Path], tmp_path: Path
) -> None:
    system = ColBERT.configure({"encoder": str(save_tiny_encoder(tmp_path, 1))})
    before = system_identity(system)
    assert system_identity(system) == before
    save_tiny_encoder(tmp_path, 2)
    assert system_identity(system) != before


def test_a_student_of_other_dimensions_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    plain = TokenEncoder.load(tiny_model)
    narrow = nn.Linear(32, 8, bias=False)
    TokenEncoder(plain.body, narrow, plain.tokenizer, plain.settings).save(tmp_path / "narrow")
    system = ColBERT.configure({"encoder": str(tiny_model), "student": str(tmp_path / "narrow")})
    (tmp_path / "index").mkdir()
    index(system, tmp_path / "index", "en")
    with pytest.raises(DataError, match="narrow gives vectors of 8 dimensions, the documents have 32"):
        rankings(system, tmp_path / "index", "sw-en", ["mto"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "encoder: is required"),
        ({"encoder": "x", "stride": -1}, "stride"),
        ({"encoder": "x", "lenght": 1}, "lenght"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ColBERT.configure(settings)


def test_a_device_and_a_model_that_are_not_there_are_named(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot use the device 'cuda:99'"):
        index(ColBERT.configure({"encoder": str(tiny_model), "device": "cuda:99"}), tmp_path, "en")
    with pytest.raises(MissingDataError, match="no model folder"):
        ColBERT.configure({"encoder": "./absent"}).inputs()


def test_naming_the_system_imports_no_model_library() -> None:
    code = (
        "import sys, json; import clir_harness.systems.late_interaction.system; print(json.dumps(sorted(sys.modules)))"
    )
    modules = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert not {"torch", "transformers", "huggingface_hub", "numpy"} & set(modules)


class TestConforms(SystemConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        settings = {"encoder": str(tiny_model), "passage_length": 48, "device": "cpu"}
        return Subject.of("colbert", tmp_path_factory.mktemp("conformance"), settings, "en-en")


def test_english_questions_find_their_passages_in_afriqa(english_model: str, data: Path, tmp_path: Path) -> None:
    """The first 800 passages; questions whose passage is among them."""
    collection = build_source("afriqa", {}, data).load("afriqa/sw-en")
    documents = [document for document, _ in zip(collection.documents.stream(), range(800), strict=False)]
    kept = {document.id for document in documents}
    qrels = {query: judged for query, judged in collection.qrels.items() if kept.issuperset(judged)}
    queries = [query for query in collection.query_set("human").queries if query.id in qrels]
    system = ColBERT.configure({"encoder": english_model})
    system.components()[0].index(documents, tmp_path, IndexContext("en", threads=2))
    with ExitStack() as stack:
        searcher = open_searcher(system, lambda _: tmp_path, SearchContext(LanguagePair("en", "en"), threads=2), stack)
        run = Run.from_rankings([(query.id, searcher.search([query], 100)[0]) for query in queries])
    assert evaluate(run, qrels, ["AP"]).mean("AP") > 0.8
