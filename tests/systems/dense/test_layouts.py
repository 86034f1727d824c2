"""Folders in sentence-transformers' layout, that library itself being the oracle: vectors differ by less than 1e-5."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules as models
from torch import nn
from transformers import (
    GPT2Model,
    MPNetModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5EncoderModel,
    XLMRobertaModel,
)

from clir_harness.harness.errors import DataError
from clir_harness.systems.dense.encoder import TextEncoder
from clir_harness.systems.dense.recipe import Choices, scoring_choices
from clir_harness.systems.dense.system import DenseRetriever
from tests.systems.dense.conftest import bert_config, make_tokenizer, save_bert

TEXTS = [
    "The flood closed the BRIDGE in the town",
    "maize",
    "who asked for higher pay after the long drought?",
    "a " * 90,
]


def dense(wide: int, narrow: int, **options: Any) -> models.Dense:
    return models.Dense(wide, narrow, **options)


LAYOUTS: dict[str, Callable[[], list[nn.Module]]] = {
    "cls": lambda: [models.Pooling(32, "cls")],
    "mean and unit length": lambda: [models.Pooling(32, "mean"), models.Normalize()],
    "max": lambda: [models.Pooling(32, "max")],
    "last token": lambda: [models.Pooling(32, "lasttoken")],
    "weighted mean": lambda: [models.Pooling(32, "weightedmean")],
    "mean by square root of length": lambda: [models.Pooling(32, "mean_sqrt_len_tokens")],
    "three poolings one after another": lambda: [models.Pooling(32, ("lasttoken", "max", "cls")), dense(96, 8)],
    "prompt not pooled, mean": lambda: [models.Pooling(32, "mean", include_prompt=False)],
    "prompt not pooled, others": lambda: [
        models.Pooling(32, ("cls", "max", "weightedmean", "lasttoken"), include_prompt=False)
    ],
    "dense with tanh": lambda: [models.Pooling(32, "cls"), dense(32, 8), models.Normalize()],
    "several dense": lambda: [
        models.Pooling(32, "mean"),
        dense(32, 48, activation_function=nn.ReLU()),
        dense(48, 16, bias=False, activation_function=nn.Identity()),
        dense(16, 8, activation_function=nn.GELU()),
    ],
    "normalised before dense": lambda: [models.Pooling(32, "mean"), models.Normalize(), dense(32, 8)],
    "normalised twice": lambda: [models.Pooling(32, "mean"), models.Normalize(), dense(32, 8), models.Normalize()],
    "an activation with a weight of its own": lambda: [
        models.Pooling(32, "mean"),
        dense(32, 8, activation_function=nn.PReLU()),
    ],
    "what goes past a dense layer": lambda: [
        models.Pooling(32, "mean"),
        dense(32, 32, use_residual=True),
        dense(32, 8, use_residual=True),
    ],
    "layer norm and dropout": lambda: [
        models.Pooling(32, "mean"),
        models.LayerNorm(32),
        models.Dropout(0.5),
        models.Normalize(),
        models.Dropout(0.1),
    ],
}


@pytest.fixture(scope="session")
def cased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A body whose tokenizer keeps upper and lower case apart."""
    folder = save_bert(tmp_path_factory.mktemp("cased"))
    path = folder / "tokenizer.json"
    state = json.loads(path.read_text())
    state["normalizer"] = None
    path.write_text(json.dumps(state))
    return folder


def save(body: Path, folder: Path, layers: list[nn.Module], **options: Any) -> Path:
    prompts = {"query": "query: ", "document": "passage: the "}
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for layer in layers:
            for weight in layer.parameters():
                nn.init.normal_(weight, std=0.3)
    steps = [models.Transformer(str(body), **options), *layers]
    SentenceTransformer(modules=steps, prompts=prompts, device="cpu").save(str(folder))
    return folder


def theirs(folder: Path, role: str) -> np.ndarray:
    model = SentenceTransformer(str(folder), device="cpu")
    found = model.encode_query(TEXTS) if role == "query" else model.encode_document(TEXTS)
    assert isinstance(found, np.ndarray)
    return found


def require_equal(folder: Path) -> None:
    encoder = TextEncoder.load(folder)
    for role in ("query", "passage"):
        ours = encoder.encode(TEXTS, role, batch_size=3)
        np.testing.assert_allclose(ours, theirs(folder, role), rtol=0, atol=1e-5)
        assert ours.std() > 1e-3


@pytest.mark.parametrize("layout", LAYOUTS)
def test_vectors_are_those_of_sentence_transformers(bert: Path, tmp_path: Path, layout: str) -> None:
    folder = save(bert, tmp_path / "theirs", LAYOUTS[layout](), max_seq_length=20)
    require_equal(folder)
    encoder = TextEncoder.load(folder)
    encoder.save(tmp_path / "ours")  # and back
    assert TextEncoder.load(tmp_path / "ours").digest() == encoder.digest()
    for role in ("query", "passage"):
        np.testing.assert_allclose(theirs(tmp_path / "ours", role), theirs(folder, role), rtol=0, atol=1e-5)


def test_folders_of_earlier_versions_are_read_as_that_library_reads_them(cased: Path, tmp_path: Path) -> None:
    layers = [models.Pooling(32, ("cls", "mean")), dense(64, 8, activation_function=nn.Sigmoid())]
    folder = save(cased, tmp_path / "model", layers)
    (folder / "0_Transformer").mkdir()
    for file in [path for path in folder.iterdir() if path.is_file()]:
        if file.name not in ("modules.json", "config_sentence_transformers.json", "README.md"):
            file.rename(folder / "0_Transformer" / file.name)
    (folder / "0_Transformer" / "sentence_bert_config.json").unlink()
    older = {"max_seq_length": 9, "do_lower_case": True}
    (folder / "0_Transformer" / "sentence_roberta_config.json").write_text(json.dumps(older))
    modes = {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True, "pooling_mode_max_tokens": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 32, **modes}))
    (folder / "2_Dense").rename(folder / "2_Dense_8")
    places = {"Transformer": "0_Transformer", "Pooling": "1_Pooling", "Dense": "2_Dense_8"}
    steps = [
        {"idx": i, "name": str(i), "path": place, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, place) in enumerate(places.items())
    ]
    (folder / "modules.json").write_text(json.dumps(steps))
    require_equal(folder)
    assert TextEncoder.load(folder).lengths == {"query": 9, "passage": 9}


@pytest.mark.parametrize("said", [True, False])
def test_case_is_folded_where_the_model_says_so(cased: Path, tmp_path: Path, said: bool) -> None:
    folder = save(cased, tmp_path / "model", [models.Pooling(32, "mean")])
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 30, "do_lower_case": said}))
    require_equal(folder)
    upper, lower = TextEncoder.load(folder).encode(["BRIDGE", "bridge"], "query")
    assert np.allclose(upper, lower) == said


def test_lengths_are_the_users_then_the_models_then_the_default(bert: Path, tmp_path: Path) -> None:
    folder = save(bert, tmp_path / "model", [models.Pooling(32, "mean")], max_seq_length=20)
    assert TextEncoder.load(folder).lengths == {"query": 20, "passage": 20}
    assert TextEncoder.load(folder, query_length=7, passage_length=100).lengths == {"query": 7, "passage": 100}
    assert TextEncoder.load(bert).lengths == {"query": 64, "passage": 256}
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 1000}')
    assert TextEncoder.load(folder).lengths == {"query": 300, "passage": 300}  # no more positions
    assert (
        DenseRetriever.configure({"encoder": str(folder), "passage_length": 33}).describe_index("en")["passage_length"]
        == 33
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"query": "q: ", "document": "d: "}, ("q: ", "d: ")),
        ({"query": "q: ", "passage": "p: "}, ("q: ", "p: ")),
        ({"query": "q: ", "corpus": "c: ", "document": ""}, ("q: ", "c: ")),
        ({"passage": "p: ", "document": "d: ", "corpus": "c: "}, ("", "d: ")),
        ({"search": "s: ", "default": "search"}, ("s: ", "s: ")),
        ({"search": "s: ", "query": "q: ", "default": "search"}, ("q: ", "s: ")),
        ({"search": "s: ", "query": "", "passage": "p: ", "default": "search"}, ("", "p: ")),
        ({"query": None, "document": None}, ("", "")),
    ],
)
def test_prompts_have_several_names_and_a_default(
    bert: Path, tmp_path: Path, said: dict[str, str], expected: tuple[str, str]
) -> None:
    folder = save(bert, tmp_path / "model", [models.Pooling(32, "mean")])
    default = said.get("default")
    prompts = {name: text for name, text in said.items() if name != "default"}
    settings = {"prompts": prompts, "default_prompt_name": default}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    encoder = TextEncoder.load(folder)
    assert (encoder.recipe.query_prompt, encoder.recipe.passage_prompt) == expected
    model = SentenceTransformer(str(folder), device="cpu")
    for role, prompt in zip(("query", "passage"), expected, strict=True):
        np.testing.assert_allclose(encoder.encode(TEXTS, role), model.encode(TEXTS, prompt=prompt), atol=1e-5)


def test_what_is_compared_by_cosines_is_scored_by_them(bert: Path, tmp_path: Path) -> None:
    folder = save(bert, tmp_path / "model", [models.Pooling(32, "mean")])
    path = folder / "config_sentence_transformers.json"
    for said, normalised in (("cosine", True), ("dot", False), (None, False)):
        path.write_text(json.dumps({"similarity_fn_name": said}))
        assert bool(scoring_choices(folder, Choices()).normalise) == normalised
        assert DenseRetriever.configure({"encoder": str(folder)}).describe_index("en")["normalise"] == normalised
    path.write_text('{"similarity_fn_name": "euclidean"}')
    with pytest.raises(DataError, match="compares vectors by 'euclidean'"):
        scoring_choices(folder, Choices())
    assert scoring_choices(folder, Choices(normalise=False)).normalise is False


REFUSED: dict[str, tuple[str, dict[str, Any] | list[dict[str, str]], str]] = {
    "a static embedding": (
        "modules.json",
        [{"path": "", "type": "sentence_transformers.models.StaticEmbedding"}],
        "step 0 is 'StaticEmbedding'",
    ),
    "a router": ("modules.json", [{"path": "", "type": "sentence_transformers.models.Asym"}], "step 0 is 'Asym'"),
    "code of its own": (
        "modules.json",
        [{"path": "", "type": "custom_st.Transformer"}],
        r"step 0 is 'Transformer' \(custom_st\.Transformer\)",
    ),
    "no pooling": (
        "modules.json",
        [{"path": "", "type": "sentence_transformers.models.Transformer"}],
        "lists no Pooling",
    ),
    "an order of its own": (
        "modules.json",
        [
            {"path": "", "type": "sentence_transformers.models.Transformer"},
            {"path": "2_Dense", "type": "sentence_transformers.models.Dense"},
        ],
        "step 1 is 'Dense'",
    ),
    "an activation from elsewhere": (
        "2_Dense/config.json",
        {"in_features": 32, "out_features": 8, "activation_function": "my.module.Swish"},
        "no activation of torch.nn is called 'my.module.Swish'",
    ),
    "an activation that there is not": (
        "2_Dense/config.json",
        {"in_features": 32, "out_features": 8, "activation_function": "torch.nn.functional.relu"},
        "no activation of torch.nn is called",
    ),
    "token vectors": (
        "2_Dense/config.json",
        {"in_features": 32, "out_features": 8, "module_input_name": "token_embeddings"},
        "works on token_embeddings",
    ),
    "a setting that is not known": (
        "2_Dense/config.json",
        {"in_features": 32, "out_features": 8, "scale": 2},
        "settings that are not known: scale",
    ),
    "other dimensions": ("2_Dense/config.json", {"in_features": 16, "out_features": 8}, "does not fit config.json"),
    "another task": (
        "sentence_bert_config.json",
        {"transformer_task": "text-generation"},
        "transformer_task is 'text-generation'",
    ),
    "messages": (
        "sentence_bert_config.json",
        {"modality_config": {"message": {"method": "forward"}}},
        "modality_config is ",
    ),
    "options of the tokenizer": (
        "sentence_bert_config.json",
        {"tokenizer_args": {"model_max_length": 7}},
        "tokenizer_args.model_max_length is 7",
    ),
    "expanded queries": ("sentence_bert_config.json", {"query_length": 32}, "is a late-interaction model"),
    "prefixes": ("config_sentence_transformers.json", {"query_prefix": "[Q] "}, "is a late-interaction model"),
    "a sparse encoder": ("config_sentence_transformers.json", {"model_type": "SparseEncoder"}, "is a SparseEncoder"),
    "a default that there is not": (
        "config_sentence_transformers.json",
        {"prompts": {"query": ""}, "default_prompt_name": "x"},
        "there is no prompt 'x'",
    ),
    "no steps": ("modules.json", [], "lists no steps"),
    "a pooling that is a number": ("1_Pooling/config.json", {"pooling_mode": 3}, r"found \[3\]"),
    "a length in words": ("sentence_bert_config.json", {"max_seq_length": "long"}, "max_seq_length is 'long'"),
    "a list of prompts": ("config_sentence_transformers.json", {"prompts": ["q: "]}, "expected texts by their name"),
    "a cut": ("config_sentence_transformers.json", {"truncate_dim": 8}, "cuts vectors"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_known_is_refused_by_name(bert: Path, tmp_path: Path, what: str) -> None:
    name, content, message = REFUSED[what]
    folder = save(bert, tmp_path / "model", [models.Pooling(32, "mean"), dense(32, 8)])
    (folder / name).write_text(json.dumps(content))
    with pytest.raises(DataError, match=message):
        TextEncoder.load(folder)


def test_layers_that_do_not_fit_one_another_are_refused(bert: Path, tmp_path: Path) -> None:
    folder = save(bert, tmp_path / "model", [models.Pooling(32, "mean"), dense(32, 8), dense(8, 4)])
    shutil.rmtree(folder / "2_Dense")
    shutil.copytree(folder / "3_Dense", folder / "2_Dense")
    with pytest.raises(DataError, match="takes vectors of 8 dimensions, it gets 32"):
        TextEncoder.load(folder)


def test_a_tokenizer_that_folds_case_is_left_as_it_is(bert: Path, tmp_path: Path) -> None:
    folder = save(bert, tmp_path / "model", [models.Pooling(32, "mean")])
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 30, "do_lower_case": true}')
    kept = PreTrainedTokenizerFast.from_pretrained(folder).backend_tokenizer.normalizer
    assert str(TextEncoder.load(folder).tokenizer.backend_tokenizer.normalizer) == str(kept)


BODIES: dict[str, tuple[type[PreTrainedModel], dict[str, Any], int]] = {
    "xlm-roberta": (XLMRobertaModel, {"max_position_embeddings": 21, "pad_token_id": 0}, 20),
    "mpnet": (MPNetModel, {"max_position_embeddings": 22}, 20),
    "t5": (T5EncoderModel, {"d_model": 32, "num_layers": 2, "num_heads": 4, "d_ff": 64, "d_kv": 8}, 30),
    "gpt2": (GPT2Model, {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 26}, 26),
}


@pytest.mark.parametrize("body", BODIES)
def test_other_bodies_give_the_vectors_of_sentence_transformers(tmp_path: Path, body: str) -> None:
    kind, sizes, length = BODIES[body]
    tokenizer = make_tokenizer()
    plain = bert_config(len(tokenizer)).to_dict()
    common = {name: plain[name] for name in ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")}
    used = {"vocab_size": common["vocab_size"]} if body in ("t5", "gpt2") else {**common, "intermediate_size": 64}
    kind(kind.config_class(**used, **sizes)).save_pretrained(tmp_path / "plain")
    tokenizer.save_pretrained(tmp_path / "plain")
    layers = [models.Pooling(32, "lasttoken" if body == "gpt2" else "mean"), dense(32, 8, bias=False)]
    folder = save(tmp_path / "plain", tmp_path / "model", layers, max_seq_length=length)
    require_equal(folder)
    assert TextEncoder.load(folder, query_length=1000).lengths["query"] >= length
    TextEncoder.load(folder, query_length=1000).encode(TEXTS, "query")  # as many positions as there are
