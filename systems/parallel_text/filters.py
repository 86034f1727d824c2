"""Selection of sentence pairs for training: filters with counts, a sample by seed, and held-out pairs."""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import langcodes
import regex

from clir_harness.systems.parallel_text.bitext import SentencePair

PairT = TypeVar("PairT")

_UNICODE_SCRIPTS = {
    "Hans": ("Han",),
    "Hant": ("Han",),
    "Jpan": ("Han", "Hiragana", "Katakana"),
    "Kore": ("Hangul", "Han"),
}
"""Unicode scripts of the ISO 15924 codes that name a mixture or a style."""


MIN_CHARACTERS, MAX_CHARACTERS = 2, 1000
"""Limits on the length of each side."""
MAX_RATIO = 5.0
"""Longer side to shorter, in UTF-8 bytes, which differ less between scripts than characters do."""
MIN_SCRIPT_SHARE = 0.5
"""Least share of the foreign side's letters in a script that the language is written in."""


@dataclass(frozen=True, slots=True)
class FilterReport:
    """How many pairs were read and kept, and how many left out for each reason; a pair counts for the first."""

    read: int
    kept: int
    too_short: int = 0
    too_long: int = 0
    length_ratio: int = 0
    identical: int = 0
    wrong_script: int = 0
    duplicate: int = 0


def filter_bitext(pairs: Iterable[SentencePair], language: str) -> tuple[list[SentencePair], FilterReport]:
    """The pairs that pass, in their order, and the counts; repeated ones, and equal sides, are left out.

    Args:
        pairs: sentence pairs of one language.
        language: tag of the foreign side.

    Returns:
        The pairs kept, and counts by reason.

    >>> texts = [("habari", "news"), ("habari", "news"), ("BBC", "BBC")]
    >>> pairs = [SentencePair(*sides, str(number)) for number, sides in enumerate(texts, start=1)]
    >>> kept, report = filter_bitext(pairs, "sw")
    >>> [pair.id for pair in kept], report.duplicate, report.identical
    (['1'], 1, 1)
    """
    kept: list[SentencePair] = []
    reasons: Counter[str] = Counter()
    seen: set[bytes] = set()
    for pair in pairs:
        reason = _fault(pair, language)
        if reason is None:
            digest = _digest(pair.source, pair.target)
            reason = "duplicate" if digest in seen else None
            seen.add(digest)
        if reason is None:
            kept.append(pair)
        else:
            reasons[reason] += 1
    return kept, FilterReport(read=len(kept) + reasons.total(), kept=len(kept), **reasons)


def sample(pairs: Sequence[SentencePair], count: int, seed: int = 0) -> list[SentencePair]:
    """At most `count` pairs, chosen by a hash of the pair and the seed, in their order.

    Args:
        pairs: to choose from.
        count: pairs wanted.
        seed: of the choice.

    Returns:
        The chosen pairs.
    """
    if count >= len(pairs):
        return list(pairs)
    chosen = sorted(range(len(pairs)), key=lambda i: (_digest(str(seed), pairs[i].source, pairs[i].target), i))
    return [pairs[i] for i in sorted(chosen[:count])]


def split_held_out(
    pairs: Sequence[PairT], count: int, pivot: Callable[[PairT], str]
) -> tuple[list[PairT], list[PairT]]:
    """Pairs to train on and pairs held out, chosen by a hash of their pivot sides.

    All pairs with one pivot side go the same way, so that no held-out translation or passage is trained on.

    Args:
        pairs: what is split; both parts keep the order.
        count: different pivot sides whose pairs are held out, at most a tenth of all.
        pivot: gives the pivot side of a pair.

    Returns:
        Pairs to train on, and pairs held out.
    """
    order = sorted({_digest(pivot(pair)) for pair in pairs})
    held_out = set(order[: min(count, len(order) // 10)])
    train = [pair for pair in pairs if _digest(pivot(pair)) not in held_out]
    return train, [pair for pair in pairs if _digest(pivot(pair)) in held_out]


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()


def _fault(pair: SentencePair, language: str) -> str | None:
    """Why a pair is left out: a field of the report."""
    lengths = sorted((len(pair.source), len(pair.target)))
    sizes = sorted((len(pair.source.encode()), len(pair.target.encode())))
    if lengths[0] < MIN_CHARACTERS:
        return "too_short"
    if lengths[1] > MAX_CHARACTERS:
        return "too_long"
    if sizes[1] > MAX_RATIO * sizes[0]:
        return "length_ratio"
    if pair.source == pair.target:
        return "identical"
    if script_share(pair.source, language) < MIN_SCRIPT_SHARE:
        return "wrong_script"
    return None


def script_share(text: str, language: str) -> float:
    """Share of a text's letters in a script that the language is written in; 1 for a text without letters.

    Args:
        text: any text.
        language: tag of a language.

    Returns:
        0 to 1.

    >>> script_share("Привет", "ru"), script_share("Hello", "ru"), script_share("42", "ru")
    (1.0, 0.0, 1.0)
    """
    letters = len(_LETTER.findall(text))
    return len(_letters_of(language).findall(text)) / letters if letters else 1.0


_LETTER = regex.compile(r"\p{L}")


@functools.cache
def _letters_of(language: str) -> regex.Pattern[str]:
    code = langcodes.Language.get(language).maximize().script
    if code is None:
        return _LETTER
    scripts = "".join(rf"\p{{Script={name}}}" for name in _UNICODE_SCRIPTS.get(code, (code,)))
    return regex.compile(rf"[\p{{L}}&&[{scripts}]]", regex.VERSION1)
