"""The model that a training of translation starts from: it already translates word by word, ignoring order.

From random weights a Transformer needs hundreds of thousands of sentence pairs before it attends to the words that it
translates. Here a source piece is embedded as the mean of the target pieces that translate it (see
`training.lexical_start`); the branches beside the residual connections start at zero (after Zhang et al. 2019, "Fixup
Initialization"), so that the encoder hands these embeddings on; and the last layer's attention to the source passes on
what it sees. The logits, tied to the target's embeddings, then favour the translations of the source's words, and what
is left to learn is which of them comes next.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from transformers import MarianConfig, MarianMTModel, MarianTokenizer

from clir_harness.systems.nmt.settings import NMTTraining
from clir_harness.systems.training.lexical_start import translated_embeddings

HEAD_WIDTH = 32
IdPair = tuple[list[int], list[int]]
"""Numbers of the pieces of a sentence, and of its translation, each with the end of sentence."""


def start_model(tokenizer: MarianTokenizer, pairs: Sequence[IdPair], settings: NMTTraining, seed: int) -> MarianMTModel:
    """A model to train.

    Args:
        tokenizer: of both sides.
        pairs: to learn word translations from.
        settings: layers, width, dropout.
        seed: of the random weights.

    Returns:
        The model, in training mode.
    """
    model = _new_model(tokenizer, settings, seed)
    target, source = model.model.decoder.embed_tokens.weight, model.model.encoder.embed_tokens.weight
    with torch.no_grad():
        source.copy_(target)  # what the text does not show to be translated is copied
        sources, translations = ([_words(pair[side], tokenizer) for pair in pairs] for side in (0, 1))
        pieces, means = translated_embeddings(sources, translations, target)
        source[pieces] = nn.functional.normalize(means) * target.norm(dim=1).mean()
        for layer in model.model.encoder.layers:
            _silence(layer.self_attn.out_proj, layer.fc2)
        for layer in model.model.decoder.layers:
            _silence(layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2)
        attention = model.model.decoder.layers[-1].encoder_attn
        nn.init.eye_(attention.v_proj.weight)
        nn.init.eye_(attention.out_proj.weight)
    return model


def _new_model(tokenizer: MarianTokenizer, settings: NMTTraining, seed: int) -> MarianMTModel:
    heads, inner = settings.width // HEAD_WIDTH, 4 * settings.width
    config = MarianConfig(
        vocab_size=len(tokenizer),
        decoder_vocab_size=len(tokenizer),
        share_encoder_decoder_embeddings=False,
        d_model=settings.width,
        max_position_embeddings=tokenizer.model_max_length,
        dropout=settings.dropout,
        activation_function="relu",
        init_std=settings.width**-0.5,  # scaled embeddings then have the magnitude of the positions
        scale_embedding=True,
        decoder_start_token_id=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=None,
        encoder_layers=settings.layers,
        decoder_layers=settings.layers,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=inner,
        decoder_ffn_dim=inner,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MarianMTModel(config)
    model.generation_config.bad_words_ids = [[tokenizer.pad_token_id]]  # the start is no word
    return model


def _words(ids: Sequence[int], tokenizer: MarianTokenizer) -> list[int]:
    """Numbers without the end of the sentence and pieces that are not known, which translate nothing."""
    return [number for number in ids if number not in (tokenizer.eos_token_id, tokenizer.unk_token_id)]


def _silence(*layers: nn.Linear) -> None:
    for layer in layers:
        layer.weight.zero_()
