"""PyLate's and ColBERT's folders: against sentence-transformers, which reads them too, and against torch by hand."""

import json
import shutil
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import MultiVectorEncoder
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, BertModel, PreTrainedTokenizerFast

from clir_harness.harness.errors import DataError
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.dense.encoder import TextEncoder
from clir_harness.systems.dense.recipe import Choices
from clir_harness.systems.late_interaction.config import language_folders
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from tests.systems.late_interaction.conftest import tiny_body, tiny_tokenizer

TEXTS = ["the bridge", "Floods closed the bridge in Kisumu, and the river rose. " * 4, "Nairobi!", "maize"]
IDENTITY = "torch.nn.modules.linear.Identity"
SAID = {
    "model_type": "ColBERT",
    "prompts": {},
    "query_prefix": "[Q] ",
    "document_prefix": "[D] ",
    "query_length": 12,
    "document_length": 20,
    "attend_to_expansion_tokens": False,
    "do_query_expansion": True,
    "skiplist_words": list(string.punctuation),
}


def weight(out: int, wide: int, seed: int = 5) -> torch.Tensor:
    return torch.randn(out, wide, generator=torch.Generator().manual_seed(seed))


def write_dense(folder: Path, matrix: torch.Tensor, **others: Any) -> None:
    folder.mkdir()
    config = {"in_features": matrix.shape[1], "out_features": matrix.shape[0], "bias": False}
    (folder / "config.json").write_text(json.dumps({**config, "activation_function": IDENTITY, **others}))
    save_file({"linear.weight": matrix}, folder / "model.safetensors")


def write_pylate(folder: Path, dense: int = 1, **said: Any) -> Path:
    """A folder as PyLate 1 saves it: markers added to tokenizer and embeddings, the projection in `1_Dense`."""
    tokenizer, body = tiny_tokenizer(), tiny_body()
    tokenizer.add_tokens(["[Q] ", "[D] "])
    body.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    body.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    steps = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    sizes = [32, 16, 8][-dense - 1 :] if dense > 1 else [32, 8]
    for number in range(1, dense + 1):
        place = f"{number}_Dense"
        steps.append({"idx": number, "name": str(number), "path": place, "type": "pylate.models.Dense.Dense"})
        write_dense(folder / place, weight(sizes[number], sizes[number - 1], number))
    (folder / "modules.json").write_text(json.dumps(steps))
    (folder / "config_sentence_transformers.json").write_text(json.dumps({**SAID, **said}))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 63, "do_lower_case": false}')
    return folder


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"attend_to_expansion_tokens": True},
        {"do_query_expansion": False},
        {"skiplist_words": ["the", "!", "no such word"]},
        {"skiplist_words": []},
        {"query_prefix": "[unused0]", "document_prefix": "[unused1]"},
        {"query_prefix": "", "document_prefix": ""},
        {"dense": 2},
    ],
)
def test_vectors_of_a_pylate_folder_are_those_of_sentence_transformers(tmp_path: Path, said: dict[str, Any]) -> None:
    folder = write_pylate(tmp_path / "model", **said)
    ours = TokenEncoder.load(folder)
    oracle = MultiVectorEncoder(str(folder), device="cpu")
    pairs = (("query", oracle.encode_query(TEXTS)), ("document", oracle.encode_document(TEXTS)))
    for role, theirs in pairs:
        for one, other in zip(ours.encode(TEXTS, role, batch_size=2), theirs, strict=True):
            np.testing.assert_allclose(one, np.asarray(other), rtol=0, atol=1e-5)
    ours.save(tmp_path / "saved")
    assert TokenEncoder.load(tmp_path / "saved").digest() == ours.digest()


def test_a_transformer_in_a_folder_of_its_own_is_found_and_is_no_language(tmp_path: Path) -> None:
    whole = write_pylate(tmp_path / "whole")
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    (folder / "0_Transformer").mkdir()
    for file in [path for path in folder.iterdir() if path.is_file() and "sentence_transformers" not in path.name]:
        if file.name != "modules.json":
            file.rename(folder / "0_Transformer" / file.name)
    steps = (folder / "modules.json").read_text().replace('"path": ""', '"path": "0_Transformer"')
    (folder / "modules.json").write_text(steps)
    assert TokenEncoder.load(folder).digest() == TokenEncoder.load(whole).digest()
    assert language_folders(str(folder)) == []


def test_what_a_pylate_folder_does_not_say_is_as_there_by_default(tmp_path: Path) -> None:
    folder = write_pylate(tmp_path / "model")
    least = {"model_type": "ColBERT", "document_length": 40}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(least))
    found = TokenEncoder.load(folder).settings
    assert (found.query_length, found.document_length, found.query_marker, found.document_marker) == (
        *(32, 40),
        *("[Q] ", "[D] "),
    )
    assert (found.query_augmentation, found.attend_augmentation) == (True, False)
    assert found.skip_words == tuple(string.punctuation)


def test_a_changed_projection_is_another_model_and_gives_other_vectors(tmp_path: Path) -> None:
    folder = write_pylate(tmp_path / "model")
    digest, before = source_digest(folder), TokenEncoder.load(folder).encode(TEXTS[:1], "query")[0]
    save_file({"linear.weight": weight(8, 32, 9)}, folder / "1_Dense" / "model.safetensors")
    assert source_digest(folder) != digest
    assert np.abs(TokenEncoder.load(folder).encode(TEXTS[:1], "query")[0] - before).max() > 0.01


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        ("1_Dense/config.json", {"bias": True}, "is not a linear map without bias"),
        ("1_Dense/config.json", {"activation_function": "torch.nn.modules.activation.Tanh"}, "activation torch.nn"),
        ("1_Dense/config.json", {"use_residual": True}, "use_residual True"),
        ("sentence_bert_config.json", {"do_lower_case": True}, "asks for lower-casing"),
        ("config_sentence_transformers.json", {"prompts": {"query": "search: "}}, "puts prompts before texts"),
        ("config_sentence_transformers.json", {"prompts": ["search: "]}, "puts prompts before texts"),
        ("config_sentence_transformers.json", {"query_prefix": "[QUERY]"}, r"query marker '\[QUERY\]' is not a token"),
        ("config_sentence_transformers.json", {"query_length": "long"}, "query_length: "),
    ],
)
def test_what_is_not_known_of_a_pylate_folder_is_refused_by_name(
    tmp_path: Path, file: str, changes: dict[str, Any], message: str
) -> None:
    folder = write_pylate(tmp_path / "model")
    said = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**said, **changes}))
    with pytest.raises(DataError, match=message):
        TokenEncoder.load(folder)


def test_steps_of_later_versions_are_refused_by_name(tmp_path: Path) -> None:
    folder = write_pylate(tmp_path / "model")
    MultiVectorEncoder(str(folder), device="cpu").save(str(tmp_path / "later"))
    with pytest.raises(DataError, match="lists Transformer, Dense, MultiVectorMask, Normalize; known are"):
        TokenEncoder.load(tmp_path / "later")


def test_single_vector_retrieval_refuses_late_interaction_models(tiny_model: Path, tmp_path: Path) -> None:
    pylate = write_pylate(tmp_path / "pylate")
    saved = tmp_path / "saved"
    TokenEncoder.load(tiny_model).save(saved)
    colbert = tmp_path / "colbert"
    TokenEncoder.load(tiny_model).save(colbert)
    (colbert / "late_interaction.json").rename(colbert / "artifact.metadata")
    for folder in (pylate, saved, colbert):
        with pytest.raises(DataError, match="is a late-interaction model, with a vector for each token"):
            TextEncoder.load(folder)
    assert TextEncoder.load(saved, Choices(pooling="mean")).dim == 32  # what was meant is said


def write_colbert(folder: Path, tokenizer: PreTrainedTokenizerFast, body: BertModel, **said: Any) -> torch.Tensor:
    body.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    weights = {f"bert.{key}": value for key, value in load_file(folder / "model.safetensors").items()}
    linear = weight(8, 32)
    save_file({**weights, "linear.weight": linear}, folder / "model.safetensors")
    (folder / "artifact.metadata").write_text(json.dumps({"query_maxlen": 10, "doc_maxlen": 20, **said}))
    return linear


@pytest.mark.parametrize("attended", [True, False])
def test_masks_that_fill_a_query_are_attended_to_where_colbert_says_so(tmp_path: Path, attended: bool) -> None:
    linear = write_colbert(tmp_path, tiny_tokenizer(), tiny_body(), attend_to_mask_tokens=attended)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    words = ["[CLS]", "[unused0]", "the", "river", "[SEP]", *["[MASK]"] * 5]
    ids = torch.tensor([tokenizer.convert_tokens_to_ids(words)])
    mask = torch.tensor([[1] * 5 + [int(attended)] * 5])
    with torch.no_grad():
        states = tiny_body()(input_ids=ids, attention_mask=mask).last_hidden_state[0] @ linear.T
    expected = torch.nn.functional.normalize(states, dim=1).numpy()
    np.testing.assert_allclose(TokenEncoder.load(tmp_path).encode(["the river"], "query")[0], expected, atol=1e-5)


def test_a_marker_that_the_vocabulary_lacks_is_its_unknown_token_as_in_colbert(tmp_path: Path) -> None:
    vocabulary = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", "the", "river"])}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, model_max_length=64, **names)
    write_colbert(tmp_path, tokenizer, tiny_body(), query_token_id="[unused0]", doc_token_id="[unused1]")
    encoder = TokenEncoder.load(tmp_path)
    assert (encoder.settings.query_marker, encoder.settings.document_marker) == ("<unk>", "<unk>")
    row = encoder.tokenize(["the river"], "document")["input_ids"][0].tolist()
    assert row == [3, 5, 6]
