import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import BertModel, DPRConfig, DPRContextEncoder, DPRQuestionEncoder, PreTrainedTokenizerFast

from clir_harness.harness.errors import DataError, MissingDataError, UnknownNameError, UsageError
from clir_harness.systems.checkpoints.devices import choose_device
from clir_harness.systems.checkpoints.sources import source_digest
from clir_harness.systems.dense.encoder import TextEncoder
from clir_harness.systems.dense.presets import PRESETS, find_preset
from clir_harness.systems.dense.recipe import Choices
from tests.systems.dense.conftest import bert_config, make_tokenizer, save_bert

TEXTS = ["the flood closed the bridge in the town", "maize", "who asked for higher pay after the long drought?"]


def states(folder: Path, text: str) -> torch.Tensor:
    """Token states of one text, by transformers alone."""
    body = BertModel.from_pretrained(folder).eval()
    with torch.no_grad():
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        return body(**tokenizer([text], return_tensors="pt", return_token_type_ids=False)).last_hidden_state[0]


def write_modules(folder: Path, *kinds: str) -> None:
    steps = [
        {"path": "" if i == 0 else f"{i}_{k}", "type": f"sentence_transformers.models.{k}"} for i, k in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(steps))


def test_cls_pooling_takes_the_first_state_and_mean_pooling_the_mean_of_all(bert: Path) -> None:
    hidden = states(bert, TEXTS[0])
    (cls,) = TextEncoder.load(bert).encode(TEXTS[:1], "passage")
    (mean,) = TextEncoder.load(bert, Choices(pooling="mean")).encode(TEXTS[:1], "passage")
    np.testing.assert_allclose(cls, hidden[0], atol=1e-6)
    np.testing.assert_allclose(mean, hidden.mean(0), atol=1e-6)


def test_normalised_vectors_have_length_one_and_the_same_direction(bert: Path) -> None:
    plain = TextEncoder.load(bert).encode(TEXTS, "query")
    unit = TextEncoder.load(bert, Choices(normalise=True)).encode(TEXTS, "query")
    np.testing.assert_allclose(unit, plain / np.linalg.norm(plain, axis=1, keepdims=True), atol=1e-6)


def test_a_vector_does_not_depend_on_its_batch(bert: Path) -> None:
    for pooling in ("cls", "mean"):
        encoder = TextEncoder.load(bert, Choices(pooling=pooling))
        alone = np.concatenate([encoder.encode([text], "query") for text in TEXTS])
        np.testing.assert_allclose(encoder.encode(TEXTS, "query"), alone, atol=1e-5)
        np.testing.assert_allclose(encoder.encode(TEXTS, "query", batch_size=2), alone, atol=1e-5)


def test_prompts_are_put_before_the_texts_of_their_role(bert: Path) -> None:
    plain = TextEncoder.load(bert)
    prompted = TextEncoder.load(bert, Choices(query_prompt="query: ", passage_prompt="passage: "))
    for role in ("query", "passage"):
        expected = plain.encode([f"{role}: {text}" for text in TEXTS], "passage")
        np.testing.assert_array_equal(prompted.encode(TEXTS, role), expected)
    assert not np.allclose(prompted.encode(TEXTS, "query"), prompted.encode(TEXTS, "passage"), atol=1e-3)


def test_texts_are_cut_at_their_roles_length_prompt_and_special_tokens_included(bert: Path) -> None:
    encoder = TextEncoder.load(bert, Choices(query_prompt="query: "), query_length=5, passage_length=7)
    assert encoder.tokenize(TEXTS, "query")["input_ids"].shape == (3, 5)
    assert encoder.tokenize(TEXTS, "passage")["input_ids"].shape == (3, 7)
    assert TextEncoder.load(bert, passage_length=10_000).lengths["passage"] == 300  # the model's positions


def test_pieces_of_a_text_fit_and_hold_all_of_it(bert: Path) -> None:
    encoder = TextEncoder.load(bert, Choices(passage_prompt="passage: "), passage_length=12)
    text = " ".join(TEXTS)
    pieces = encoder.split(text)
    assert len(pieces) > 2
    assert "".join("".join(pieces).split()) == "".join(text.split())
    longest = encoder.tokenizer(["passage: " + piece for piece in pieces])["input_ids"]
    assert max(map(len, longest)) <= 12


def test_pooling_normalisation_and_prompts_kept_with_a_model_are_honoured(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    write_modules(folder, "Transformer", "Pooling", "Normalize")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        '{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}'
    )
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "query: ", "document": ""}}')
    recipe = TextEncoder.load(folder).recipe
    assert (recipe.pooling, recipe.normalise, recipe.query_prompt, recipe.passage_prompt) == (
        "mean",
        True,
        "query: ",
        "",
    )
    assert TextEncoder.load(folder, Choices(pooling="cls", query_prompt="")).recipe.pooling == "cls"
    assert source_digest(folder) != source_digest(bert)


def test_steps_that_are_not_known_are_refused(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    write_modules(folder, "Transformer", "Pooling")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode": "attention"}')
    with pytest.raises(DataError, match=r"expected pooling by cls, max, .*, found \['attention'\]"):
        TextEncoder.load(folder)
    write_modules(folder, "Transformer", "Pooling", "WeightedLayerPooling")
    with pytest.raises(
        DataError, match=r"step 2 is 'WeightedLayerPooling' \(sentence_transformers\.models\.WeightedLayerPooling\)"
    ):
        TextEncoder.load(folder)


def test_a_dense_layer_with_tanh_follows_the_pooling_as_in_labse(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    write_modules(folder, "Transformer", "Pooling", "Dense")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    (folder / "2_Dense").mkdir()
    tanh = "torch.nn.modules.activation.Tanh"
    config = {"in_features": 32, "out_features": 8, "bias": True, "activation_function": tanh}
    (folder / "2_Dense" / "config.json").write_text(json.dumps(config))
    weight, bias = torch.randn(8, 32, generator=torch.Generator().manual_seed(1)) / 6, torch.linspace(-1, 1, 8)
    save_file({"linear.weight": weight, "linear.bias": bias}, folder / "2_Dense" / "model.safetensors")
    encoder = TextEncoder.load(folder)
    expected = torch.tanh(weight @ states(bert, TEXTS[0])[0] + bias)
    np.testing.assert_allclose(encoder.encode(TEXTS[:1], "query")[0], expected, atol=1e-6)
    assert encoder.dim == 8
    encoder.save(tmp_path / "saved")
    again = TextEncoder.load(tmp_path / "saved")
    np.testing.assert_array_equal(again.encode(TEXTS, "query"), encoder.encode(TEXTS, "query"))


def test_a_copy_without_the_dense_layer_its_preset_has_is_incomplete(bert: Path) -> None:
    with pytest.raises(MissingDataError, match="lacks the dense layer"):
        TextEncoder.load(bert, Choices(dense_required=True))


def test_a_saved_encoder_is_the_same_when_loaded(bert: Path, tmp_path: Path) -> None:
    encoder = TextEncoder.load(bert, Choices("mean", True, "query: ", "passage: "))
    encoder.save(tmp_path / "saved")
    again = TextEncoder.load(tmp_path / "saved")
    assert again.digest() == encoder.digest()
    assert TextEncoder.load(tmp_path / "saved", Choices(query_prompt="q: ")).digest() != encoder.digest()
    np.testing.assert_array_equal(again.encode(TEXTS, "query"), encoder.encode(TEXTS, "query"))


@pytest.mark.parametrize("kind", [DPRQuestionEncoder, DPRContextEncoder])
def test_dpr_checkpoints_give_the_vectors_that_transformers_gives(kind: type, tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    config = DPRConfig(**{k: v for k, v in bert_config(len(tokenizer)).to_dict().items() if k in DPRConfig().to_dict()})
    config.architectures = None
    model = kind(config).eval()
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with torch.no_grad():
        ids = tokenizer(TEXTS[:1], return_tensors="pt", return_token_type_ids=False)
        expected = model(**ids).pooler_output
    np.testing.assert_allclose(TextEncoder.load(tmp_path).encode(TEXTS[:1], "query"), expected, atol=1e-6)


def test_folders_that_lack_something_are_errors_that_say_what(bert: Path, tmp_path: Path) -> None:
    for absent, said in [
        ("model.safetensors", "no weights"),
        ("tokenizer.json", "no tokenizer"),
        ("config.json", r"no config\.json"),
    ]:
        folder = tmp_path / absent
        shutil.copytree(bert, folder)
        (folder / absent).unlink()
        with pytest.raises(MissingDataError, match=said):
            TextEncoder.load(folder)
    with pytest.raises(MissingDataError, match="no model folder"):
        TextEncoder.load(tmp_path / "nowhere")


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    folder = save_bert(tmp_path)
    make_tokenizer(900).save_pretrained(folder)
    with pytest.raises(DataError, match="the tokenizer's ids go up to"):
        TextEncoder.load(folder)


def test_a_hub_out_of_reach_says_what_to_download_and_that_a_folder_works() -> None:
    load = "TextEncoder.load('castorini/mdpr-tied-pft-msmarco')"
    script = f"from clir_harness.systems.dense.encoder import TextEncoder; {load}"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert "MissingDataError: no model 'castorini/mdpr-tied-pft-msmarco'" in done.stderr
    assert "any local folder" in done.stderr


def test_presets_have_the_pooling_and_prompts_of_their_model_cards() -> None:
    assert find_preset("mdpr").pooling == "cls"
    assert not find_preset("mdpr").normalise
    assert find_preset("labse").dense
    assert (find_preset("multilingual-e5-large").query_prompt, find_preset("bge-m3").query_prompt) == ("query: ", "")
    assert {name for name, preset in PRESETS.items() if preset.pooling == "mean"} == {
        "simcse",
        "multilingual-e5-small",
        "multilingual-e5-base",
        "multilingual-e5-large",
    }
    with pytest.raises(UnknownNameError, match="labs") as caught:
        find_preset("labs")
    assert "did you mean 'labse'?" in str(caught.value)


def test_devices_that_are_not_there_are_refused() -> None:
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(UsageError, match="cannot use the device 'mind'"):
        choose_device("mind")
