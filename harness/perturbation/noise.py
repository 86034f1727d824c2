"""Character noise: letters of a query swapped, dropped, inserted, mistyped, or stripped of their diacritics.

Every function takes a text, a rate and a source of random numbers, and draws the same numbers whatever the rate is:
from the same source, what is affected at a rate is affected in the same way at every higher one. A text in which
nothing is affected is returned unchanged; any other result is in Unicode's normal form C. Characters are extended
grapheme clusters; only letters are ever affected, not digits, spaces or signs.
"""

from __future__ import annotations

import enum
import functools
import unicodedata
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from random import Random

from clir_harness.harness.perturbation.layouts import LAYOUTS, Layout, layout_for
from clir_harness.harness.perturbation.scripts import clusters, is_letter, main_script, script_of


class Noise(enum.StrEnum):
    """Kinds of character noise."""

    SWAP = "swap"
    DROP = "drop"
    INSERT = "insert"
    KEYBOARD = "keyboard"
    DIACRITICS = "diacritics"


_STROKES_AND_HOOKS = str.maketrans("đĐøØłŁıħĦŧŦɓƁɗƊɖƉƙƘƴƳ", "dDoOlLihHtTbBdDdDkKyY")
"""Letters with a diacritic that Unicode does not decompose, and their plain letters."""


def swap(text: str, rate: float, random: Random) -> str:
    """Swap neighbouring letters within words.

    The letters are put into pairs, no letter in two of them, and whole pairs are swapped. Pairs compensate for letters
    without a partner, so that the expected share of letters that move is the rate.

    Args:
        text: any text.
        rate: expected share of letters that move, 0 to 1; lower when not enough letters have a partner.
        random: source of random numbers; the number of draws does not depend on the rate.

    Returns:
        The text.

    >>> swap("Nairobi Kisumu", 0.3, Random(1))
    'Naiorbi Kisumu'
    """
    parts = clusters(text)
    letters = [i for i, part in enumerate(parts) if is_letter(part)]
    beside = [(i, j) for i, j in pairwise(letters) if j == i + 1 and parts[i] != parts[j]]
    taken: set[int] = set()
    pairs = []
    for _, i, j in sorted((random.random(), i, j) for i, j in beside):
        if not taken & {i, j}:
            taken |= {i, j}
            pairs.append((i, j))
    affected = [pair for pair in pairs if random.random() * len(taken) < rate * len(letters)]
    for i, j in affected:
        parts[i], parts[j] = parts[j], parts[i]
    return _joined(parts, text, affected)


def drop(text: str, rate: float, random: Random) -> str:
    """Drop letters; a text with letters always keeps one.

    Args:
        text: any text.
        rate: expected share of letters dropped, 0 to 1.
        random: source of random numbers; the number of draws does not depend on the rate.

    Returns:
        The text.

    >>> drop("daraja la Kisumu", 0.2, Random(5))
    'daraja a Kismu'
    """
    parts = clusters(text)
    draws = {i: random.random() for i, part in enumerate(parts) if is_letter(part)}
    stays = max(draws, key=lambda i: draws[i], default=None)
    affected = [i for i, draw in draws.items() if draw < rate and i != stays]
    for i in affected:
        parts[i] = ""
    return _joined(parts, text, affected)


def insert(text: str, rate: float, random: Random) -> str:
    """Insert letters after letters, in the script of the letter before.

    If there is a keyboard layout for the script, the letter is a small letter of the layout; otherwise it is one that
    occurs in the text.

    Args:
        text: any text.
        rate: expected share of letters with a letter inserted after them, 0 to 1.
        random: source of random numbers; the number of draws does not depend on the rate.

    Returns:
        The text.

    >>> insert("daraja la Kisumu", 0.2, Random(5))
    'daradja la Kyisumuv'
    """
    parts = clusters(text)
    affected = []
    alphabets: dict[str, str] = {}
    for i, part in enumerate(parts):
        if not is_letter(part):
            continue
        draw, choice = random.random(), random.random()
        if draw < rate:
            script = script_of(part[0])
            alphabet = alphabets.setdefault(script, _alphabet(script, text)) if script else part[0]
            parts[i] += alphabet[int(choice * len(alphabet))]
            affected.append(i)
    return _joined(parts, text, affected)


def keyboard(text: str, rate: float, random: Random) -> str:
    """Replace letters by those of a key beside, above or below, in the layout of their script.

    A letter whose script has no layout here, or that has no key in it, is kept.

    Args:
        text: any text.
        rate: expected share of the letters with a key that are replaced, 0 to 1.
        random: source of random numbers; the number of draws does not depend on the rate.

    Returns:
        The text.

    >>> keyboard("daraja la Kisumu", 0.2, Random(1))
    'xarwja la Kisumj'
    """
    parts = clusters(text)
    affected = []
    for i, part in enumerate(parts):
        if not is_letter(part):
            continue
        draw, place, choice = random.random(), random.random(), random.random()
        if draw < rate and (keys := _keys(part, layout_for(script_of(part[0]), text))):
            at, near = keys[int(place * len(keys))]
            letter = near[int(choice * len(near))]
            parts[i] = part[:at] + (letter.upper() if part[at].isupper() else letter) + part[at + 1 :]
            affected.append(i)
    return _joined(parts, text, affected)


def diacritics(text: str, rate: float, random: Random) -> str:
    """Remove the diacritics of letters.

    Removed are the combining marks of Unicode's normal form D (accents, tone marks, dots, points, the nukta, and in the
    Arabic script the harakat) and the strokes and hooks of letters such as đ, ø, ł, ɓ. Vowel signs of Indic scripts and
    of Thai and Lao, their tone marks and the voicing marks of Japanese do not count as diacritics.

    Args:
        text: any text.
        rate: expected share of the letters with diacritics that lose all of them, 0 to 1.
        random: source of random numbers; the number of draws does not depend on the rate.

    Returns:
        The text.

    >>> diacritics("ẹ̀kọ́ àti Đà Nẵng", 1.0, Random(1))
    'eko ati Da Nang'
    """
    parts = clusters(text)
    affected = []
    for i, part in enumerate(parts):
        if is_letter(part) and random.random() < rate and (plain := _plain(part)) is not None:
            parts[i] = plain
            affected.append(i)
    return _joined(parts, text, affected)


NOISES: Mapping[Noise, Callable[[str, float, Random], str]] = {
    Noise.SWAP: swap,
    Noise.DROP: drop,
    Noise.INSERT: insert,
    Noise.KEYBOARD: keyboard,
    Noise.DIACRITICS: diacritics,
}
"""The functions by kind."""


@functools.lru_cache(maxsize=64)
def noise_refusal(noise: Noise, texts: tuple[str, ...]) -> str | None:
    """Why a kind of noise does not apply to texts; None when it does.

    Args:
        noise: the kind.
        texts: the queries.

    Returns:
        The reason, or None.

    >>> noise_refusal(Noise.DIACRITICS, ("bridge in Kisumu",))
    'no letter of these queries has a diacritic'
    """
    if noise is Noise.KEYBOARD:
        script = main_script(texts)
        known = list(dict.fromkeys(layout.script for layout in LAYOUTS))
        if script not in known:
            return f"no keyboard layout of the script {script or 'of these queries'}; there are: {', '.join(known)}"
    if noise is Noise.DIACRITICS:
        parts = {part for text in texts for part in clusters(text)}
        if not any(is_letter(part) and _plain(part) is not None for part in parts):
            return "no letter of these queries has a diacritic"
    return None


def _joined(parts: Collection[str], text: str, affected: Collection[object]) -> str:
    return unicodedata.normalize("NFC", "".join(parts)) if affected else text


def _alphabet(script: str, text: str) -> str:
    """The letters to insert after one of a script: those of its layout, or those of the script in the text."""
    if layout := layout_for(script, text):
        return layout.letters
    return "".join(character for character in text if is_letter(character) and script_of(character) == script)


def _keys(part: str, layout: Layout | None) -> list[tuple[int, str]]:
    """Positions in a cluster of characters that have a key, and what the neighbouring keys type."""
    if layout is None:
        return []
    found = []
    for i, character in enumerate(part):
        base = unicodedata.normalize("NFD", character)[0]
        if near := layout.neighbours.get(character.lower()) or layout.neighbours.get(base.lower()):
            found.append((i, near))
    return found


def _plain(part: str) -> str | None:
    """A letter without its diacritics; None when it has none."""
    base, *marks = list(unicodedata.normalize("NFD", part))
    is_arabic = script_of(base) == "Arabic"
    kept = [mark for mark in marks if not _is_diacritic(unicodedata.combining(mark), is_arabic)]
    letter = base.translate(_STROKES_AND_HOOKS)
    if len(kept) == len(marks) and letter == base:
        return None
    return unicodedata.normalize("NFC", "".join([letter, *kept]))


def _is_diacritic(combining_class: int, is_arabic: bool) -> bool:
    """Whether marks of a canonical combining class are diacritics.

    7 is the nukta, 10-26 are Hebrew points, 27-35 the harakat, 200 and more marks attached, above and below; 8 is
    Japanese voicing, 9 the virama, and 84-132 are vowel signs and tone marks.
    """
    if is_arabic:
        return 27 <= combining_class <= 35
    return combining_class == 7 or 10 <= combining_class <= 26 or combining_class >= 200
