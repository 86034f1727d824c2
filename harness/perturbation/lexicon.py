"""Bilingual lexicons, and code-switching: words of a query replaced by their translations.

Two formats are read, compressed or not: `word TAB translation`, an entry a line; and CSV as TICO-19 publishes its
terminologies, with the columns `id,sourceLang,targetLang,sourceString,targetString`, which names its languages and is
read in either direction.
"""

from __future__ import annotations

import csv
import itertools
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import regex

from clir_harness.harness.errors import DataError
from clir_harness.harness.languages import resolve
from clir_harness.harness.textio import numbered_lines

TICO19_HEADER = ["id", "sourceLang", "targetLang", "sourceString", "targetString"]

_UNSPACED = r"[[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&\p{L}]"
_WORD = regex.compile(rf"(?V1){_UNSPACED}\p{{M}}*|[[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d]--{_UNSPACED}]+")
"""A word; in scripts written without spaces, one letter with its marks."""

_WITHIN_A_PHRASE = regex.compile(r"[\s\p{Pd}'’]*")
"""Characters allowed between two words of a phrase."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a text that a lexicon knows: its start and end, its number of words, and its translation."""

    start: int
    end: int
    words: int
    translation: str


class Lexicon:
    """Translations of the words and phrases of one language. Case is ignored; the first entry of a word counts.

    In scripts written without spaces every letter is a word, and entries are phrases.

    Args:
        entries: words or phrases with their translations.

    >>> lexicon = Lexicon([("ugonjwa", "disease"), ("ugonjwa mkali", "acute disease")])
    >>> [phrase.translation for phrase in lexicon.phrases("Ugonjwa mkali, na ugonjwa")]
    ['acute disease', 'disease']
    """

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        self.translations: dict[tuple[str, ...], str] = {}
        for phrase, translation in entries:
            self.translations.setdefault(tuple(map(_folded, _WORD.findall(phrase))), translation)
        self._longest = max(map(len, self.translations), default=0)

    def phrases(self, text: str) -> Iterator[Phrase]:
        """Known phrases of a text, from the left, the longest first, not overlapping."""
        words = list(_WORD.finditer(text))
        i = 0
        while i < len(words):
            phrase = self._longest_of(text, words[i : i + self._longest])
            if phrase:
                yield phrase
            i += phrase.words if phrase else 1

    def _longest_of(self, text: str, words: list[regex.Match[str]]) -> Phrase | None:
        """The longest phrase of the lexicon that begins with the first of the words."""
        found: Phrase | None = None
        key: tuple[str, ...] = ()
        for i, word in enumerate(words):
            if i and not _WITHIN_A_PHRASE.fullmatch(text, words[i - 1].end(), word.start()):
                break
            key = (*key, _folded(word.group()))
            if key in self.translations:
                found = Phrase(words[0].start(), word.end(), i + 1, self.translations[key])
        return found

    def coverage(self, texts: Iterable[str]) -> float:
        """Share of the words of texts that are part of a phrase of the lexicon, 0 to 1; 0 without words.

        >>> Lexicon([("daraja", "bridge")]).coverage(["Daraja la Kisumu", "mto"])
        0.25
        """
        known = words = 0
        for text in texts:
            words += len(_WORD.findall(text))
            known += sum(phrase.words for phrase in self.phrases(text))
        return known / words if words else 0.0


def code_switch(text: str, rate: float, random: Random, lexicon: Lexicon) -> str:
    """Replace phrases that a lexicon knows by their translations.

    What is replaced at a rate is replaced at every higher one. A text in which nothing is replaced is returned
    unchanged; any other result is in Unicode's normal form C.

    Args:
        text: any text.
        rate: probability of each known phrase to be replaced, 0 to 1.
        random: source of random numbers; the number of draws does not depend on the rate.
        lexicon: at each position, the longest phrase it knows is replaced.

    Returns:
        The text.

    >>> code_switch("Daraja la Kisumu", 1.0, Random(1), Lexicon([("daraja", "bridge")]))
    'bridge la Kisumu'
    """
    switched = [phrase for phrase in lexicon.phrases(text) if random.random() < rate]
    if not switched:
        return text
    pieces, end = [], 0
    for phrase in switched:
        pieces += [text[end : phrase.start], phrase.translation]
        end = phrase.end
    pieces.append(text[end:])
    result = ""
    for piece in pieces:
        apart = result and piece and _WORD.match(result[-1]) and _WORD.match(piece)
        result += f" {piece}" if apart else piece
    return unicodedata.normalize("NFC", result)


def read_lexicon(path: Path, language: str) -> Lexicon:
    """Read a bilingual lexicon; lines without a word and without a translation are skipped.

    Args:
        path: `word TAB translation`, or TICO-19's CSV; see the module.
        language: canonical tag of the language of the words. In lines with a TAB the words are before it, whatever the
            language.

    Returns:
        The lexicon.

    Raises:
        DataError: the file cannot be read, is malformed, does not have the language, or has no entries; names the file
            and, if applicable, the line.
    """
    lines = numbered_lines(path)
    first = next(lines, (1, ""))
    if first[1].split(",") == TICO19_HEADER:
        entries = _tico19(path, lines, language)
    else:
        entries = _separated_by_tab(path, itertools.chain([first], lines))
    lexicon = Lexicon(_checked(path, entries))
    if not lexicon.translations:
        raise DataError("has no entries", path=path, hint="give it lines `word TAB translation`")
    return lexicon


Entry = tuple[int, str, str]
"""Line, word, translation."""


def _separated_by_tab(path: Path, lines: Iterable[tuple[int, str]]) -> Iterator[Entry]:
    for number, line in lines:
        fields = line.split("\t")
        if len(fields) != 2 and line.strip():
            raise DataError(
                f"expected 2 columns separated by a TAB, found {len(fields)}",
                path=path,
                line=number,
                hint="write `word TAB translation`, or TICO-19's CSV with its header",
            )
        yield number, fields[0], fields[-1]


def _tico19(path: Path, lines: Iterable[tuple[int, str]], language: str) -> Iterator[Entry]:
    for number, line in lines:
        fields = next(csv.reader([line]))
        if len(fields) != len(TICO19_HEADER):
            raise DataError(
                f"expected the columns {','.join(TICO19_HEADER)}, found {len(fields)}", path=path, line=number
            )
        _, source, target, word, translation = fields
        if not word.strip() and not translation.strip():
            continue
        if _is_of(source, language):
            yield number, word, translation
        elif _is_of(target, language):
            yield number, translation, word
        else:
            raise DataError(
                f"is a lexicon of {source} and {target}, not of {language}",
                path=path,
                line=number,
                hint="set `language` of the track to one of the two",
            )


def _is_of(tag: str, language: str) -> bool:
    """Whether a language as TICO-19 writes it, as in `sw_KE` or `ku_KU`, is the language of a tag."""
    return resolve(language, [tag]) is not None or resolve(language, [tag.split("_")[0]]) is not None


def _checked(path: Path, entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    for number, word, translation in entries:
        if not word.strip() and not translation.strip():
            continue
        if not translation.strip():
            raise DataError(
                f"'{word}' has no translation", path=path, line=number, hint="fill it in or delete the line"
            )
        if not _WORD.search(word):
            raise DataError(
                f"the entry of '{translation}' has no word",
                path=path,
                line=number,
                hint="fill it in or delete the line",
            )
        yield word, translation.strip()


def _folded(word: str) -> str:
    return unicodedata.normalize("NFC", word.casefold())
