"""The texts that systems are tested with: small, generated, the same on every machine.

Sentences come from the synthetic bitext, so that queries and documents in its eight languages say the same things in
words that systems trained on it know. For other languages English is used: nothing the kit requires depends on
what the words mean.
"""

from __future__ import annotations

import functools

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.collections.embedded import bitext
from clir_harness.harness.collections.embedded.lexicon import LANGUAGES
from clir_harness.harness.languages import LanguagePair

_IDS = (
    "007",
    "7e3",
    "-1",
    "1.50",
    "NA",
    "null",
    "#1",
    "a/b",
    "../up",
    "\u00e9",
    "e\u0301",
    "na\u0308ive",
    "Straße",
    "DOC-A",
    "日本語",
    "\"double'single",
    "back\\slash",
    "%2F&amp;",
    "a,b;c|d",
    "long-" * 60,
)
HARD_IDS = tuple(sorted(_IDS))
"""Ids that do not survive as numbers, file names, CSV cells, in lower case or under Unicode normalisation.

In the order of code points, as plain ids are, so that a system that breaks ties by id breaks them in the same way.
"""

SIZE = len(HARD_IDS)
"""Number of documents of the kit's collection."""

TWINS = (HARD_IDS.index("e\u0301"), HARD_IDS.index("\u00e9"))
"""Places of two documents with the same text, whose hard ids differ in Unicode normalisation only."""

EMPTY_TEXTS = ("", " ", "\n\t", "?!… —", "\u200b", "\u3000")
"""Queries without a word: nothing, white space, punctuation, characters of no width."""

FOREIGN_TEXTS = (
    "أغلقت الفيضانات الجسر",
    "น้ำท่วมทำให้สะพานต้องปิด",
    "ጎርፍ ድልድዩን ዘጋው",
    "წყალდიდობამ ხიდი დაკეტა",
    "ရေကြီးမှုကြောင့် တံတားပိတ်ခဲ့သည်",
    "👩\u200d🚀🌊",
    "\u0301\u0301",
)
"""Queries in scripts that neither language of a pair need have: Arabic, Thai, Ge'ez, Georgian, Burmese, signs."""

PROBE_PAIRS = ("sw-en", "so-en", "fr-en", "zh-en", "th-en", "en-en", "en-sw", "en-zh")
"""Language pairs that every system is asked about; the first one it takes is the one it is tested with."""


def documents(language: str) -> list[Document]:
    """Documents with plain ids, some with a title, two with the same text."""
    sentences = _sentences(language, 3 * SIZE)
    made = [
        Document(f"d{i:02}", f"{sentences[3 * i]} {sentences[3 * i + 1]}", sentences[3 * i + 2] if i % 4 == 0 else "")
        for i in range(SIZE)
    ]
    first, second = TWINS
    made[second] = Document(made[second].id, made[first].text, made[first].title)
    return made


def queries(pair: LanguagePair) -> list[Query]:
    """Sentences of some documents in the query language, the text of others as it is, and one text twice."""
    asked = _sentences(pair.query, 3 * SIZE)
    held = documents(pair.document)
    texts = [asked[3 * i] for i in (1, 5, 9, 14)] + [held[i].text for i in (3, 12, TWINS[0])]
    return [Query(f"q{number}", text) for number, text in enumerate([*texts, texts[0]])]


def long_texts(language: str) -> tuple[str, str]:
    """Texts longer than any system's window: 20,000 different words, and one word of 50,000 letters."""
    words = " ".join(_sentences(language, SIZE)).split()
    return " ".join(f"{words[i % len(words)]}{i}" for i in range(20_000)), "ngazi" * 10_000


@functools.cache
def _sentences(language: str, count: int) -> list[str]:
    base = language.split("-")[0]
    if base in LANGUAGES and base != "en":
        return [sentence for sentence, _ in bitext(base, count)]
    return [english for _, english in bitext("sw", count)]
