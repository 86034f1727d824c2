import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModel, AutoTokenizer

from clir_harness.harness.errors import DataError, MissingDataError, UsageError
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.late_interaction.encoder import EncoderSettings, TokenEncoder
from clir_harness.systems.late_interaction.settings import COLBERT_SETTINGS

TEXTS = [
    "the bridge",
    "Floods closed the bridge in Kisumu, and the river rose. " * 3,
    "",
    "Nairobi!",
    "maize prices rose after the drought",
]


def with_markers(**others: object) -> EncoderSettings:
    return EncoderSettings(
        query_length=12, document_length=24, query_marker="[unused0]", document_marker="[unused1]", **others
    )


def words(encoder: TokenEncoder, row: torch.Tensor) -> list[str]:
    return encoder.tokenizer.convert_ids_to_tokens(row.tolist())


def copy_of(model: Path, folder: Path) -> Path:
    shutil.copytree(model, folder)
    return folder


def with_projection(folder: Path, prefix: str, *, dim: int = 8, hidden: int = 32) -> torch.Tensor:
    """Rewrite a folder's weights as ColBERT lays them out: the body's under a prefix, `linear.weight` beside them."""
    weights = {f"{prefix}{key}": value for key, value in load_file(folder / "model.safetensors").items()}
    linear = torch.randn(dim, hidden, generator=torch.Generator().manual_seed(5))
    save_file({**weights, f"{prefix.removesuffix('bert.')}linear.weight": linear}, folder / "model.safetensors")
    return linear


# -- tokens ------------------------------------------------------------------------------------------------------


def test_special_tokens_and_markers_count_and_padding_does_not(tiny_model: Path) -> None:
    encoder = TokenEncoder.load(tiny_model, settings=with_markers())
    found = encoder.tokenize(["the river", "the bridge in the river"], "query")
    assert words(encoder, found["input_ids"][0]) == [
        "[CLS]",
        "[unused0]",
        "the",
        "river",
        "[SEP]",
        "[PAD]",
        "[PAD]",
        "[PAD]",
    ]
    assert found["scored"].tolist() == found["attention_mask"].bool().tolist() == [[True] * 5 + [False] * 3, [True] * 8]
    assert words(encoder, encoder.tokenize(["river"], "document")["input_ids"][0])[:2] == ["[CLS]", "[unused1]"]


def test_long_texts_are_cut_at_the_length_of_their_role(tiny_model: Path) -> None:
    encoder = TokenEncoder.load(tiny_model, settings=with_markers())
    long = "the river " * 50
    assert encoder.tokenize([long], "query")["input_ids"].shape == (1, 12)
    documents = encoder.tokenize([long], "document")["input_ids"]
    assert documents.shape == (1, 24)
    assert words(encoder, documents[0])[-1] == "[SEP]"


def test_augmented_queries_are_filled_with_masks_that_count_but_are_not_attended_to(tiny_model: Path) -> None:
    encoder = TokenEncoder.load(tiny_model, settings=with_markers(query_augmentation=True))
    found = encoder.tokenize(["the river"], "query")
    assert words(encoder, found["input_ids"][0]) == ["[CLS]", "[unused0]", "the", "river", "[SEP]"] + ["[MASK]"] * 7
    assert found["scored"].all()
    assert found["attention_mask"].tolist() == [[1] * 5 + [0] * 7]
    assert encoder.encode(["the river"], "query")[0].shape == (12, 32)


def test_punctuation_of_documents_can_be_skipped_and_that_of_queries_stays(tiny_model: Path) -> None:
    encoder = TokenEncoder.load(tiny_model, settings=with_markers(skip_punctuation=True))
    text = "in Nairobi!"
    kept = len(encoder.encode([text], "query")[0])
    assert len(encoder.encode([text], "document")[0]) == kept - 1
    found = encoder.tokenize([text], "document")
    assert [w for w, s in zip(words(encoder, found["input_ids"][0]), found["scored"][0], strict=True) if not s] == ["!"]


def test_passages_cover_the_text_and_share_as_many_tokens_as_the_stride(tiny_model: Path) -> None:
    encoder = TokenEncoder.load(tiny_model, settings=with_markers())
    text = TEXTS[1] * 3
    plain = encoder.tokenizer(text, add_special_tokens=False)["input_ids"]
    (passages,) = encoder.passages([text], stride=5)
    assert all(len(passage) <= 24 for passage in passages)
    inner = [passage[2:-1] for passage in passages]
    assert inner[0] + [token for passage in inner[1:] for token in passage[5:]] == plain
    assert all(one[-5:] == other[:5] for one, other in pairwise(inner))


def test_a_text_without_a_token_has_no_passage(tiny_model: Path) -> None:
    assert TokenEncoder.load(tiny_model).passages(["", " \n", "\x00"]) == [[], [], []]


def test_passages_must_advance(tiny_model: Path) -> None:
    with pytest.raises(UsageError, match="21 tokens cannot share 21"):
        TokenEncoder.load(tiny_model, settings=with_markers()).passages(["river"], stride=21)


# -- vectors -----------------------------------------------------------------------------------------------------


def test_vectors_are_the_normalised_hidden_states_of_the_plain_model(tiny_model: Path) -> None:
    encoder = TokenEncoder.load(tiny_model)
    model, tokenizer = AutoModel.from_pretrained(tiny_model), AutoTokenizer.from_pretrained(tiny_model)
    for text, vectors in zip(TEXTS, encoder.encode(TEXTS, "document", batch_size=2), strict=True):
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt", truncation=True)).last_hidden_state[0]
        expected = states / states.norm(dim=1, keepdim=True)
        np.testing.assert_allclose(vectors, expected.numpy(), atol=1e-5)


def test_an_inner_layer_can_be_taken(tiny_model: Path) -> None:
    encoder = TokenEncoder.load(tiny_model, settings=EncoderSettings(document_length=64, layer=1))
    model, tokenizer = AutoModel.from_pretrained(tiny_model), AutoTokenizer.from_pretrained(tiny_model)
    with torch.no_grad():
        states = model(**tokenizer("the river", return_tensors="pt"), output_hidden_states=True).hidden_states[1][0]
    expected = nn.functional.normalize(states, dim=1).numpy()
    np.testing.assert_allclose(encoder.encode(["the river"], "document")[0], expected, atol=1e-5)


def test_rows_that_do_not_count_are_zero(tiny_model: Path) -> None:
    encoder = TokenEncoder.load(tiny_model)
    found = encoder.tokenize(TEXTS, "document")
    norms = encoder(**found).norm(dim=-1)
    torch.testing.assert_close(norms, found["scored"].float())
    torch.testing.assert_close(encoder(found["input_ids"], found["attention_mask"]).norm(dim=-1), norms)


@pytest.mark.parametrize("settings", [with_markers(), with_markers(query_augmentation=True, skip_punctuation=True)])
@pytest.mark.parametrize("role", ["query", "document"])
def test_vectors_do_not_depend_on_the_batch(tiny_model: Path, settings: EncoderSettings, role: str) -> None:
    encoder = TokenEncoder.load(tiny_model, settings=settings)
    together = encoder.encode(TEXTS, role, batch_size=5)
    for text, vectors in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(encoder.encode([text], role)[0], vectors, atol=1e-5)
    for one, other in zip(together, encoder.encode(TEXTS, role, batch_size=2), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_progress_is_reported_after_every_batch(tiny_model: Path) -> None:
    reports: list[tuple[int, int | None, str]] = []
    TokenEncoder.load(tiny_model).encode(
        TEXTS, "document", batch_size=2, progress=lambda *report: reports.append(report)
    )
    assert reports == [(done, 5, "texts encoded") for done in (2, 4, 5)]


def test_gradients_reach_body_and_projection_and_encoding_leaves_training_on(tiny_model: Path) -> None:
    plain = TokenEncoder.load(tiny_model)
    encoder = TokenEncoder(plain.body, nn.Linear(32, 8, bias=False), plain.tokenizer, plain.settings).train()
    encoder(**encoder.tokenize(["the river"], "query"))[..., 0].sum().backward()
    assert encoder.projection is not None
    assert encoder.projection.weight.grad.abs().sum() > 0
    assert encoder.body.get_input_embeddings().weight.grad.abs().sum() > 0
    encoder.encode(["the river"], "query")
    assert encoder.training


# -- folders -----------------------------------------------------------------------------------------------------


def test_a_saved_encoder_is_read_back_with_its_digest(tiny_model: Path, tmp_path: Path) -> None:
    plain = TokenEncoder.load(tiny_model)
    encoder = TokenEncoder(plain.body, nn.Linear(32, 8, bias=False), plain.tokenizer, with_markers(layer=1))
    encoder.encode(TEXTS, "query")  # leaves its truncation in the tokenizer, which must not count
    encoder.save(tmp_path / "saved")
    again = TokenEncoder.load(tmp_path / "saved")
    assert again.settings == encoder.settings
    assert again.dim == 8
    assert again.digest() == encoder.digest()
    np.testing.assert_array_equal(again.encode(TEXTS, "query")[1], encoder.encode(TEXTS, "query")[1])
    assert not list((tmp_path / "saved").glob("*.bin"))


def test_the_digest_tells_weights_and_settings_apart(tiny_model: Path) -> None:
    encoder, other = TokenEncoder.load(tiny_model), TokenEncoder.load(tiny_model, settings=with_markers())
    assert encoder.digest() == TokenEncoder.load(tiny_model).digest()
    assert encoder.digest() != other.digest()
    before = encoder.digest()
    encoder.body.get_input_embeddings().weight.data[9, 0] += 0.01
    assert encoder.digest() != before


def test_the_digest_of_files_changes_with_them(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path / "model")
    before = source_digest(folder)
    assert before == source_digest(tiny_model)
    (folder / "README.md").write_text("notes")
    assert source_digest(folder) == before
    with_projection(folder, "bert.")
    assert source_digest(folder) != before


@pytest.mark.parametrize("prefix", ["bert.", "model.bert.", ""])
def test_a_colbert_checkpoint_is_read_with_its_projection(tiny_model: Path, tmp_path: Path, prefix: str) -> None:
    folder = copy_of(tiny_model, tmp_path / "colbert")
    linear = with_projection(folder, prefix)
    encoder = TokenEncoder.load(folder)
    assert encoder.settings == COLBERT_SETTINGS.model_copy(update={"document_length": 64})
    settings = EncoderSettings(document_length=64)
    states = (
        TokenEncoder.load(tiny_model, settings=settings)
        .body(**{k: v for k, v in encoder.tokenize(["the river"], "document").items() if k != "scored"})
        .last_hidden_state[0]
    )
    expected = nn.functional.normalize(states @ linear.T, dim=1).detach().numpy()
    np.testing.assert_allclose(encoder.encode(["the river"], "document")[0], expected, atol=1e-5)


def test_a_colbert_checkpoint_states_its_settings(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path / "colbert")
    with_projection(folder, "bert.")
    stated = {
        "query_maxlen": 20,
        "doc_maxlen": 40,
        "query_token_id": "[unused1]",
        "mask_punctuation": False,
        "nbits": 2,
    }
    (folder / "artifact.metadata").write_text(json.dumps(stated))
    found = TokenEncoder.load(folder).settings
    assert (found.query_length, found.document_length, found.query_marker) == (20, 40, "[unused1]")
    assert (found.document_marker, found.skip_punctuation, found.query_augmentation) == ("[unused1]", False, True)


def test_weights_in_a_pickle_are_read_only_when_they_are_nothing_but_weights(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path / "old")
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    assert TokenEncoder.load(folder).digest() == TokenEncoder.load(tiny_model).digest()
    torch.save({"weights": Path("anything")}, folder / "pytorch_model.bin")
    with pytest.raises(DataError, match=r"pytorch_model.bin: holds more than weights"):
        TokenEncoder.load(folder)


# -- what users get wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("absent", "message"),
    [("config.json", "no config.json"), ("model.safetensors", "no weights"), ("tokenizer.json", "no tokenizer")],
)
def test_what_a_folder_lacks_is_named(tiny_model: Path, tmp_path: Path, absent: str, message: str) -> None:
    folder = copy_of(tiny_model, tmp_path / "model")
    (folder / absent).unlink()
    with pytest.raises(MissingDataError, match=message) as error:
        TokenEncoder.load(folder)
    assert str(folder) in str(error.value)
    assert error.value.hint


def test_parts_that_do_not_fit_are_named(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path / "projection")
    with_projection(folder, "bert.", hidden=48)
    with pytest.raises(DataError, match="takes vectors of 48 dimensions, the body gives 32"):
        TokenEncoder.load(folder)

    folder = copy_of(tiny_model, tmp_path / "vocabulary")
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][:50].clone()
    save_file(weights, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 50}))
    with pytest.raises(DataError, match=r"ids go up to \d+, the model has embeddings for 50 tokens"):
        TokenEncoder.load(folder)

    folder = copy_of(tiny_model, tmp_path / "incomplete")
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(DataError, match=r"1 weights of BertModel are missing, e.g. encoder.layer.1.output.dense"):
        TokenEncoder.load(folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (EncoderSettings(document_length=65), "document_length is 65, the model takes 64"),
        (EncoderSettings(document_length=64, layer=3), "no layer 3"),
        (EncoderSettings(document_length=64, query_marker="[Q]"), r"query marker '\[Q\]' is not a token"),
    ],
)
def test_settings_that_the_model_cannot_serve_are_refused(
    tiny_model: Path, settings: EncoderSettings, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        TokenEncoder.load(tiny_model, settings=settings)


def test_damaged_weights_are_named(tiny_model: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_model, tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(DataError, match=r"model.safetensors: is damaged"):
        TokenEncoder.load(folder)


def test_a_hub_model_out_of_reach_says_what_to_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingDataError, match="no model 'colbert-ir") as error:
        TokenEncoder.load("colbert-ir/colbertv2.0")
    assert "hf download colbert-ir/colbertv2.0" in str(error.value)
    assert "local folder" in str(error.value)


def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub() -> None:
    with pytest.raises(MissingDataError, match="no model folder"):
        TokenEncoder.load("./models/teacher")


def test_a_real_encoder_knows_what_a_sentence_is_about(english_model: str) -> None:
    encoder = TokenEncoder.load(english_model)
    assert encoder.dim == 384
    query, near, far = encoder.encode(
        ["Who repaired the bridge?", "Engineers mended the crossing over the river.", "She likes chocolate."], "query"
    )
    score = [(query @ text.T).max(1).sum() for text in (near, far)]
    assert score[0] > score[1]
