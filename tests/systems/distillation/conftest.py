"""A tiny teacher with random weights, and synthetic sentence pairs."""

from collections.abc import Callable

import pytest
import torch
from transformers import BertConfig, BertModel

from clir_harness.harness.collections.embedded.bitext import bitext
from clir_harness.systems.distillation.student import student_from_teacher
from clir_harness.systems.late_interaction.encoder import EncoderSettings, TokenEncoder
from clir_harness.systems.parallel_text.bitext import SentencePair
from clir_harness.systems.training.vocabulary import train_tokenizer


@pytest.fixture(scope="session")
def pairs() -> list[SentencePair]:
    return [SentencePair(source, target, str(i)) for i, (source, target) in enumerate(bitext("sw", 200))]


def make_teacher(pairs: list[SentencePair], hidden: int = 32) -> TokenEncoder:
    tokenizer = train_tokenizer((pair.target for pair in pairs), 400, max_length=64)
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    settings = EncoderSettings(query_length=32, document_length=64)
    return TokenEncoder(BertModel(config), None, tokenizer, settings).eval()


@pytest.fixture
def teacher(pairs: list[SentencePair]) -> TokenEncoder:
    return make_teacher(pairs)


@pytest.fixture
def new_student(pairs: list[SentencePair], teacher: TokenEncoder) -> Callable[[], TokenEncoder]:
    return lambda: student_from_teacher(teacher, pairs, vocabulary_size=600)
