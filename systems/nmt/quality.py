"""Visible faults of translations: the shares that are empty, copied, or in another language."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import py3langid
import regex

from clir_harness.harness.languages import AmbiguousLanguageError, resolve
from clir_harness.systems.parallel_text.filters import script_share

MIN_LETTERS = 20
"""Shorter texts are not identified: too little to go by."""
GUESSES = 3
"""A text counts as in the wrong language when the right one is not among its best guesses.

The best guess alone too often takes short English questions for Nigerian Pidgin.
"""


def quality(pairs: Iterable[tuple[str, str]], target: str) -> dict[str, int]:
    """Counts over (text, translation) pairs.

    Args:
        pairs: texts that are not blank, with their translations.
        target: tag of the language they should be in.

    Returns:
        `texts`; `empty` translations; `copied` ones, the same as the text but for case and space; `wrong_language`: by
        script, or among the `identified` ones, which are long enough and in a language that py3langid knows, by its
        guess.
    """
    counts = dict.fromkeys(("texts", "empty", "copied", "identified", "wrong_language"), 0)
    code = _identified_as(target)
    for text, translation in pairs:
        counts["texts"] += 1
        if not translation.strip():
            counts["empty"] += 1
            continue
        counts["copied"] += _folded(text) == _folded(translation)
        letters = len(regex.findall(r"\p{L}", translation))
        identified = letters >= MIN_LETTERS and code is not None
        counts["identified"] += identified
        wrong = bool(letters) and script_share(translation, target) < 0.5
        if identified and not wrong:
            wrong = code not in [guess for guess, _ in py3langid.rank(translation)[:GUESSES]]
        counts["wrong_language"] += wrong
    return counts


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


@cache
def _identified_as(tag: str) -> str | None:
    """What py3langid calls a language; None when it does not know it, or has several names for it."""
    try:
        return resolve(tag, sorted(code for code, _ in py3langid.rank("")))
    except AmbiguousLanguageError:
        return None
