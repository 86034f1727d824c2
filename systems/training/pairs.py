"""Queries with relevant passages: read, held out from training, and evaluated on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.training import Bitext
from clir_harness.systems.parallel_text.bitext import read_bitext
from clir_harness.systems.parallel_text.filters import split_held_out

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

QueryPassage = tuple[str, str]
"""A query and a passage that is relevant to it."""

SAMPLE = 1000
MOST_UNKNOWN = 0.5


def read_pairs(bitext: Bitext) -> list[QueryPassage]:
    """All pairs of parallel text: the foreign side as query, the pivot's as passage.

    Raises:
        MissingDataError, DataError: as `read_bitext`.
    """
    return [
        (pair.source, pair.target)
        for language, files in sorted(bitext.items())
        for file in files
        for pair in read_bitext(file, language)
    ]


def split_pairs(pairs: Iterable[QueryPassage], held_out: int) -> tuple[list[QueryPassage], list[QueryPassage]]:
    """Pairs to train on and pairs held out, each pair once.

    Args:
        pairs: of which those with one passage go the same way.
        held_out: passages whose pairs are held out, at most a tenth of all; and held-out pairs returned, at most.

    Returns:
        Pairs to train on, and pairs held out.

    Raises:
        DataError: when fewer than two are left to train on.
    """
    train, held = split_held_out(list(dict.fromkeys(pairs)), held_out, lambda pair: pair[1])
    if len(train) < 2:
        raise DataError(f"{len(train)} different pairs are too few to train on", hint="give more text")
    return train, held[:: -(-len(held) // held_out)] if held else []


def mean_reciprocal_rank(pairs: Sequence[QueryPassage], score: Callable[[list[str], list[str]], Tensor]) -> float:
    """Mean reciprocal rank of each pair's passage among all of their passages; ties count against it.

    Args:
        pairs: at least one.
        score: gives the scores (Q, P) of queries with passages.

    Returns:
        0 to 1.

    >>> scores = torch.tensor([[2.0, 1.0], [3.0, 1.0]])
    >>> mean_reciprocal_rank([("eins", "one"), ("zwei", "two")], lambda queries, passages: scores)
    0.75
    """
    places = {passage: place for place, passage in enumerate(dict.fromkeys(passage for _, passage in pairs))}
    scores = score([query for query, _ in pairs], list(places))
    relevant = scores[torch.arange(len(pairs)), [places[passage] for _, passage in pairs]]
    return float((1 / (scores >= relevant.unsqueeze(1)).sum(1)).mean())


def unknown_share(tokenizer: PreTrainedTokenizerFast, texts: Iterable[str]) -> float:
    """Share of unknown tokens in the first of the texts; 0 for tokenizers that know every byte.

    Args:
        tokenizer: that reads the texts.
        texts: of which at most 1000 are read.

    Returns:
        0 to 1.
    """
    sample = list(islice(texts, SAMPLE))
    if tokenizer.unk_token_id is None or not sample:
        return 0.0
    ids = [number for row in tokenizer(sample, add_special_tokens=False)["input_ids"] for number in row]
    return ids.count(tokenizer.unk_token_id) / max(1, len(ids))


def require_known(share: float, language: str) -> None:
    """Refuse to train on a language that the tokenizer cannot write.

    Args:
        share: of unknown tokens, as `unknown_share` gives it.
        language: what the message calls it.

    Raises:
        UsageError: gives the share of unknown tokens.
    """
    if share >= MOST_UNKNOWN:
        raise UsageError(
            f"{share:.0%} of the tokens of {language} are unknown to the encoder's tokenizer: nothing can be learnt",
            hint="start from an encoder whose vocabulary has this language's script, e.g. preset: mdpr",
        )
