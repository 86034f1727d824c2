from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.conformance.testing import SystemConformance
from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.harness.execution.indexing import open_searcher, with_components
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.system import IndexContext, SearchContext
from clir_harness.systems.document_store import DocumentTexts
from clir_harness.systems.rerank import Rerank

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "river", "bridge", "school", "in"]


def tokenizer() -> PreTrainedTokenizerFast:
    vocabulary = {word: place for place, word in enumerate(WORDS)}
    vocabulary |= {f"##{letter}": len(WORDS) + i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
    built = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    built.normalizer = normalizers.BertNormalizer()
    built.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    fast = PreTrainedTokenizerFast(tokenizer_object=built, mask_token="[MASK]", **special)
    from tokenizers.processors import TemplateProcessing

    fast.backend_tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return fast


def configuration(labels: int = 1) -> BertConfig:
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return BertConfig(vocab_size=len(WORDS) + 26, max_position_embeddings=512, num_labels=labels, **size)


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small cross-encoder with random weights."""
    folder = tmp_path_factory.mktemp("cross-encoder")
    torch.manual_seed(0)
    BertForSequenceClassification(configuration()).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


DOCUMENTS = [
    Document("007", "bridge in river"),
    Document("é", "river bridge school " * 40),
    Document("none", ""),
    Document("s", "school in river"),
    Document("t", "in school"),
]


def rerank(tmp_path: Path, encoder: Path, texts: list[str], depth: int = 10, **settings: object):
    system = Rerank.configure({"encoder": str(encoder), "first": {"system": "bm25", "settings": BM25S}, **settings})
    folders = {}
    for part in with_components(system):
        folder = tmp_path / f"{part.name}-{len(folders)}"
        folder.mkdir(parents=True)
        part.index(iter(DOCUMENTS), folder, IndexContext("en"))
        folders[id(part)] = folder
    with ExitStack() as stack:
        context = SearchContext(LanguagePair("en", "en"))
        searcher = open_searcher(system, lambda part: folders[id(part)], context, stack)
        return searcher.search([Query(str(i), text) for i, text in enumerate(texts)], depth)


BM25S = {"backend": "bm25s"}


def test_candidates_are_ordered_by_the_cross_encoders_own_scores(tmp_path: Path, cross_encoder: Path) -> None:
    (found,) = rerank(tmp_path, cross_encoder, ["river bridge"], length=64)
    model = BertForSequenceClassification.from_pretrained(cross_encoder).eval()
    tokens = PreTrainedTokenizerFast.from_pretrained(cross_encoder)
    expected = {}
    for document in DOCUMENTS:
        if "river" in document.text:
            pair = tokens("river bridge", document.text, truncation=True, max_length=64, return_tensors="pt")
            with torch.inference_mode():
                expected[document.id] = model(**pair).logits.item()
    assert dict(found) == pytest.approx(expected, abs=1e-5)
    assert [doc for doc, _ in found] == sorted(expected, key=expected.__getitem__, reverse=True)


def test_what_is_not_re_ranked_follows_in_its_own_order(tmp_path: Path, cross_encoder: Path) -> None:
    (full,) = rerank(tmp_path / "full", cross_encoder, ["river bridge school"], top=10)
    (head,) = rerank(tmp_path / "head", cross_encoder, ["river bridge school"], top=2)
    assert {doc for doc, _ in head} == {doc for doc, _ in full}
    scores = [score for _, score in head]
    assert scores == sorted(scores, reverse=True)


def test_a_model_with_two_outputs_scores_by_the_difference(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = BertForSequenceClassification(configuration(2)).eval()
    model.save_pretrained(tmp_path / "two")
    tokenizer().save_pretrained(tmp_path / "two")
    (found,) = rerank(tmp_path / "work", tmp_path / "two", ["bridge"])
    pair = tokenizer()("bridge", "bridge in river", return_tensors="pt")
    with torch.inference_mode():
        no, yes = model(**pair).logits[0].tolist()
    assert dict(found)["007"] == pytest.approx(yes - no, abs=1e-5)


def test_models_that_cannot_score_pairs_are_refused(tmp_path: Path) -> None:
    BertModel(configuration()).save_pretrained(tmp_path / "plain")
    tokenizer().save_pretrained(tmp_path / "plain")
    BertForSequenceClassification(configuration(3)).save_pretrained(tmp_path / "three")
    tokenizer().save_pretrained(tmp_path / "three")
    with pytest.raises(DataError, match="no classification head"):
        rerank(tmp_path / "work", tmp_path / "plain", ["bridge"])
    with pytest.raises(DataError, match="3 outputs"):
        rerank(tmp_path / "more", tmp_path / "three", ["bridge"])
    with pytest.raises(MissingDataError, match="nowhere"):
        Rerank.configure({"encoder": "./nowhere"}).inputs()


def test_the_place_of_the_model_is_not_part_of_the_identity_and_its_content_is(
    tmp_path: Path, cross_encoder: Path
) -> None:
    import shutil

    from clir_harness.harness.identity import system_identity

    moved = tmp_path / "moved"
    shutil.copytree(cross_encoder, moved)
    here = system_identity(Rerank.configure({"encoder": str(cross_encoder)}))
    assert system_identity(Rerank.configure({"encoder": str(moved)})) == here
    (moved / "config.json").write_text((moved / "config.json").read_text() + "\n")
    assert system_identity(Rerank.configure({"encoder": str(moved)})) != here


def test_texts_come_back_as_they_were(tmp_path: Path) -> None:
    DocumentTexts.write(iter([*DOCUMENTS, Document("t-1", "ü" * 3, title="标题")]), tmp_path)
    texts = DocumentTexts(tmp_path)
    assert texts["none"] == ""
    assert texts["t-1"] == "标题\nüüü"


class TestRerankConformance(SystemConformance):
    system = "rerank"
    pair = "en-en"

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _with_model(cls, cross_encoder: Path) -> None:
        cls.settings = {"encoder": str(cross_encoder), "first": {"system": "bm25", "settings": BM25S}}
