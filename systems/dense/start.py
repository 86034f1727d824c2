"""The encoder that a training starts from: unchanged, with another vocabulary, or new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clir_harness.systems.checkpoints.devices import choose_device
from clir_harness.systems.checkpoints.sources import model_folder
from clir_harness.systems.dense.encoder import TextEncoder
from clir_harness.systems.dense.recipe import Choices, Recipe, scoring_choices
from clir_harness.systems.dense.settings import DenseTraining
from clir_harness.systems.training.pairs import QueryPassage
from clir_harness.systems.training.settings import NEW
from clir_harness.systems.training.vocabulary import new_body, train_tokenizer, with_vocabulary


def start_encoder(settings: DenseTraining, pairs: Sequence[QueryPassage], seed: int) -> TextEncoder:
    """The encoder of the settings, in evaluation mode.

    Args:
        settings: what to start from, which vocabulary, lengths, device.
        pairs: (query, relevant passage); what a vocabulary and its embeddings are learnt from.
        seed: of random weights.

    Returns:
        The encoder, on the device of the settings.

    Raises:
        MissingDataError, DataError: as `TextEncoder.load`.
    """
    lengths = {"query_length": settings.query_length, "passage_length": settings.passage_length}
    device = choose_device(settings.device)
    if settings.source == NEW:
        assert settings.vocabulary is not None
        texts = (text for pair in pairs for text in pair)
        tokenizer = train_tokenizer(texts, settings.vocabulary, max_length=max(lengths.values()))
        body = new_body(tokenizer, layers=settings.layers, width=settings.width, seed=seed)
        encoder = TextEncoder(body, tokenizer, _recipe(settings.choices), **lengths)
    else:
        said = scoring_choices(model_folder(settings.source), settings.choices)
        encoder = TextEncoder.load(settings.source, said, **lengths)
        if settings.vocabulary is not None:
            body, tokenizer = with_vocabulary(
                encoder.body,
                encoder.tokenizer,
                [query for query, _ in pairs],
                settings.vocabulary,
                translations=pairs,
                seed=seed,
            )
            encoder = TextEncoder(body, tokenizer, encoder.recipe, encoder.layers, **lengths)
    encoder.to(device).eval()
    return encoder


def _recipe(choices: Choices) -> Recipe:
    """What the user says, else as in DPR."""
    return Recipe(
        pooling=choices.pooling or "cls",
        normalise=bool(choices.normalise),
        query_prompt=choices.query_prompt or "",
        passage_prompt=choices.passage_prompt or "",
        body=Path(),
    )
