"""Scripts and characters: grapheme clusters, and their script."""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter
from collections.abc import Iterable

import regex

SCRIPTS = (
    "Latin Greek Cyrillic Armenian Georgian Hebrew Arabic Syriac Thaana Nko Ethiopic Tifinagh Devanagari Bengali "
    "Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Khmer Mongolian Hangul "
    "Hiragana Katakana Bopomofo Han"
).split()
"""Scripts that are distinguished, by their Unicode names."""

_SCRIPT_PATTERNS = {name: regex.compile(rf"\p{{Script={name}}}") for name in SCRIPTS}
_CLUSTER = regex.compile(r"\X")


def clusters(text: str) -> list[str]:
    """Characters as a reader sees them: extended grapheme clusters (Unicode Standard Annex 29).

    >>> clusters("né कि")
    ['n', 'é', ' ', 'कि']
    """
    return _CLUSTER.findall(text)  # type: ignore[no-any-return]


def is_letter(cluster: str) -> bool:
    """Whether a cluster begins with a letter: not a digit, a space, a sign or a mark on its own."""
    return unicodedata.category(cluster[0]).startswith("L")


@functools.lru_cache(maxsize=100_000)
def script_of(character: str) -> str:
    """Unicode name of the script of one code point; empty for one of no script, or of none of `SCRIPTS`.

    >>> script_of("ж"), script_of("か"), script_of("7")
    ('Cyrillic', 'Hiragana', '')
    """
    return next((name for name, pattern in _SCRIPT_PATTERNS.items() if pattern.match(character)), "")


def main_script(texts: Iterable[str]) -> str:
    """The script that most letters of the texts are of; empty when there is none.

    >>> main_script(["ugonjwa wa COVID-19", "ковид"])
    'Latin'
    """
    characters: Counter[str] = Counter()
    for text in texts:
        characters.update(text)
    counts: Counter[str] = Counter()
    for character, count in characters.items():
        if is_letter(character) and (script := script_of(character)):
            counts[script] += count
    return max(counts, key=lambda script: (counts[script], script), default="")
