"""What a cross-encoder computes in, and how texts of several lengths share a batch."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
)

from clir_harness.harness.errors import UsageError
from clir_harness.systems.cross_encoder import CrossEncoder

WORDS = [f"w{number}" for number in range(100)]
TEXTS = [" ".join(WORDS[start : start + 1 + start % 9]) for start in range(64)]


def save_tokenizer(folder: Path, ends: bool = False, **special: str) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words, perhaps one that ends every text with </s>."""
    vocabulary = {word: place for place, word in enumerate(["<unk>", "</s>", "<pad>", *WORDS])}
    built = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    built.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if ends:
        built.post_processor = processors.TemplateProcessing(
            single="$A </s>", pair="$A $B </s>", special_tokens=[("</s>", 1)]
        )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=built, unk_token="<unk>", eos_token="</s>", **special)
    tokenizer.save_pretrained(folder)
    return tokenizer


def gpt2(**more: Any) -> GPT2ForSequenceClassification:
    config = GPT2Config(vocab_size=103, n_embd=32, n_layer=2, n_head=2, n_positions=64, num_labels=1, **more)
    return GPT2ForSequenceClassification(config)


def llama(**more: Any) -> LlamaForSequenceClassification:
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return LlamaForSequenceClassification(LlamaConfig(vocab_size=103, num_labels=1, **sizes, **more))


def alone(model: Any, tokenizer: PreTrainedTokenizerFast, query: str, text: str) -> float:
    """The score of one pair by the model itself, without padding."""
    with torch.inference_mode():
        pair = tokenizer(query, text, return_tensors="pt", return_token_type_ids=False)
        return float(model.eval()(**pair).logits.item())


@pytest.mark.parametrize("kept", [torch.bfloat16, torch.float16])
def test_a_checkpoint_kept_in_half_precision_is_computed_in_single(tmp_path: Path, kept: torch.dtype) -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    model = BertForSequenceClassification(BertConfig(vocab_size=103, num_labels=1, **sizes)).to(kept)
    model.save_pretrained(tmp_path)
    tokenizer = save_tokenizer(tmp_path, pad_token="<pad>")
    scores = CrossEncoder(str(tmp_path), 64, 16, "cpu").score("w1 w2", TEXTS)
    assert len(set(scores)) == 64
    assert scores == pytest.approx([alone(model.float(), tokenizer, "w1 w2", text) for text in TEXTS], abs=1e-6)


@pytest.mark.parametrize("ends", [False, True], ids=["open", "ends with </s>"])
@pytest.mark.parametrize("make", [gpt2, llama])
def test_a_model_without_a_pad_token_scores_batches_as_single_pairs(tmp_path: Path, make: Any, ends: bool) -> None:
    torch.manual_seed(0)
    model = make(pad_token_id=None)
    model.save_pretrained(tmp_path)
    tokenizer = save_tokenizer(tmp_path, ends)
    expected = [alone(model, tokenizer, "w1 w2", text) for text in TEXTS]
    for batch in (1, 8):
        scores = CrossEncoder(str(tmp_path), 64, batch, "cpu").score("w1 w2", TEXTS)
        assert scores == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("special", [{"pad_token": "<pad>"}, {"pad_token": "<pad>", "padding_side": "left"}, {}])
def test_the_pad_token_of_either_part_serves_both_and_stands_to_the_right(
    tmp_path: Path, special: dict[str, str]
) -> None:
    torch.manual_seed(0)
    model = gpt2(pad_token_id=None if special else 2)
    model.save_pretrained(tmp_path)
    tokenizer = save_tokenizer(tmp_path, **special)
    scores = CrossEncoder(str(tmp_path), 64, 8, "cpu").score("w1 w2", TEXTS)
    assert scores == pytest.approx([alone(model, tokenizer, "w1 w2", text) for text in TEXTS], abs=1e-5)


def test_a_device_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    gpt2().save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    with pytest.raises(UsageError, match="cannot use the device 'gpu'"):
        CrossEncoder(str(tmp_path), 64, 8, "gpu")
