"""Pairs to train on: read from parallel text, split, and put into batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from clir_harness.harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Pair = tuple[str, str]

MOST_HELD_OUT = 500
SAMPLE = 1000
MOST_UNKNOWN = 0.5


def split_pairs(pairs: Iterable[Pair], held_out: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train on, and pairs to measure on, drawn at random; each pair once.

    Args:
        pairs: (query, relevant passage).
        held_out: share to measure on, at most `MOST_HELD_OUT`.
        seed: for the draw.

    Raises:
        DataError: when fewer than two are left to train on.
    """
    distinct = list(dict.fromkeys(pairs))
    count = min(int(np.ceil(held_out * len(distinct))), MOST_HELD_OUT)
    if len(distinct) - count < 2:
        raise DataError(
            f"{len(distinct)} different pairs, {count} of them held out, leave too few to train on",
            hint="give more text, or lower held_out",
        )
    order = np.random.default_rng([seed, 0]).permutation(len(distinct))
    held = {int(number) for number in order[:count]}
    kept = [pair for number, pair in enumerate(distinct) if number not in held]
    return kept, [distinct[number] for number in sorted(held)]


def batch_of_step(pairs: Sequence[Pair], step: int, size: int, seed: int) -> list[Pair]:
    """The batch of a step from 0: pairs in a new random order every epoch, an incomplete last batch left out.

    >>> pairs = [("a", "A"), ("b", "B"), ("c", "C")]
    >>> sorted(batch_of_step(pairs, 0, 8, seed=1))
    [('a', 'A'), ('b', 'B'), ('c', 'C')]
    """
    size = min(size, len(pairs))
    epoch, place = divmod(step, len(pairs) // size)
    order = np.random.default_rng([seed, 1, epoch]).permutation(len(pairs))
    return [pairs[number] for number in order[place * size : (place + 1) * size]]


def unknown_share(tokenizer: PreTrainedTokenizerFast, texts: Iterable[str]) -> float:
    """Share of unknown tokens in the first of the texts; 0 for tokenizers that know every byte."""
    sample = list(islice(texts, SAMPLE))
    if tokenizer.unk_token_id is None or not sample:
        return 0.0
    ids = [number for row in tokenizer(sample, add_special_tokens=False)["input_ids"] for number in row]
    return ids.count(tokenizer.unk_token_id) / max(1, len(ids))


def require_known(share: float, language: str) -> None:
    """Refuse to train on a language that the tokenizer cannot write.

    Raises:
        UsageError: gives the share of unknown tokens.
    """
    if share >= MOST_UNKNOWN:
        raise UsageError(
            f"{share:.0%} of the tokens of {language} are unknown to the encoder's tokenizer: nothing can be learnt",
            hint="start from an encoder whose vocabulary has this language's script, e.g. preset: mdpr",
        )
