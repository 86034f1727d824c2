"""Choice of the analyser that turns text of a language into terms; it is recorded with every run.

`auto` takes, by the language of the documents (or what `languages.resolve` finds for it: `no` for `nb`):

1. the analyser Anserini maps the language to (so published baselines are reproduced), English with Porter stemming;
2. where Anserini maps none but Lucene ships one (Greek, Czech, Tamil ...), that one;
3. for scripts that write no spaces between words and have no working Lucene analyser here (Thai, Lao, Khmer,
   Burmese), and for pools of several languages: `unicode`, our own terms (see `unicode_terms`);
4. for every other language (Swahili, Somali, Hausa, Marathi ...): `standard`, Lucene's StandardAnalyzer: word
   boundaries of Unicode Standard Annex 29, lower case, no stemming and no stop words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import regex

from clir_harness.harness.errors import UnknownNameError
from clir_harness.harness.languages import canonical_tag, resolve

STANDARD = "standard"
UNICODE = "unicode"

_LUCENE = "org.apache.lucene.analysis."

ANSERINI_LANGUAGES = frozenset("ar bn da de en es fa fi fr hi hu id it ja ko nl no pl pt ru sv te tr uk zh".split())
"""Languages of Anserini's own analyser table, except Thai, whose analyser needs locale data that a small Java lacks."""

LUCENE_CLASSES = {
    STANDARD: _LUCENE + "standard.StandardAnalyzer",
    UNICODE: _LUCENE + "core.WhitespaceAnalyzer",
    "bg": _LUCENE + "bg.BulgarianAnalyzer",
    "ca": _LUCENE + "ca.CatalanAnalyzer",
    "ckb": _LUCENE + "ckb.SoraniAnalyzer",
    "cs": _LUCENE + "cz.CzechAnalyzer",
    "el": _LUCENE + "el.GreekAnalyzer",
    "et": _LUCENE + "et.EstonianAnalyzer",
    "eu": _LUCENE + "eu.BasqueAnalyzer",
    "ga": _LUCENE + "ga.IrishAnalyzer",
    "gl": _LUCENE + "gl.GalicianAnalyzer",
    "hy": _LUCENE + "hy.ArmenianAnalyzer",
    "lt": _LUCENE + "lt.LithuanianAnalyzer",
    "lv": _LUCENE + "lv.LatvianAnalyzer",
    "ne": _LUCENE + "ne.NepaliAnalyzer",
    "ro": _LUCENE + "ro.RomanianAnalyzer",
    "sr": _LUCENE + "sr.SerbianAnalyzer",
    "ta": _LUCENE + "ta.TamilAnalyzer",
}
"""Analysers beyond Anserini's table, by the name they get here."""

_OF_A_LANGUAGE = sorted({*ANSERINI_LANGUAGES, *LUCENE_CLASSES} - {STANDARD, UNICODE})
_UNSPACED_LANGUAGES = frozenset({"th", "lo", "km", "my", "mul"})


def choose_analyser(language: str, wanted: str = "auto") -> str:
    """Name of the analyser for documents of a language.

    Args:
        language: language tag of the documents.
        wanted: `auto`, `standard`, `unicode`, or the tag of a language whose analyser is to be used.

    Returns:
        Name of the analyser.

    Raises:
        UnknownNameError: there is no such analyser (lists the known ones) or language.

    >>> [choose_analyser(tag) for tag in ("en", "nb", "pt-BR", "th", "sw")]
    ['en', 'no', 'pt', 'unicode', 'standard']
    """
    if wanted in ANSERINI_LANGUAGES or wanted in LUCENE_CLASSES:
        return wanted
    if wanted != "auto":
        raise UnknownNameError("analyser", wanted, ["auto", *ANSERINI_LANGUAGES, *LUCENE_CLASSES])
    unspaced = canonical_tag(language).split("-")[0] in _UNSPACED_LANGUAGES
    return resolve(language, _OF_A_LANGUAGE) or (UNICODE if unspaced else STANDARD)


_TERM = regex.compile(
    r"""(?P<unspaced>[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+)
      | (?:(?![\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])[\p{L}\p{M}\p{N}])+""",
    regex.VERBOSE,
)
_CLUSTER = regex.compile(r"\X")


def unicode_terms(text: str) -> Iterator[str]:
    """Terms of a text in any script: NFKC, case-folded words; overlapping pairs of characters where words run on.

    A word is a run of letters, marks and digits. In scripts without spaces between words (Han, Kana, Thai, Lao,
    Khmer, Burmese) every two neighbouring grapheme clusters make a term, as in Lucene's CJKAnalyzer.

    >>> list(unicode_terms("Maji ya Kisumu, ２０"))
    ['maji', 'ya', 'kisumu', '20']
    >>> list(unicode_terms("東京都"))
    ['東京', '京都']
    """
    for match in _TERM.finditer(unicodedata.normalize("NFKC", text).casefold()):
        if match["unspaced"] is None:
            yield match[0]
            continue
        clusters = _CLUSTER.findall(match[0])
        if len(clusters) == 1:
            yield clusters[0]
        yield from map("".join, pairwise(clusters))
