"""The authored lexicon: concepts with their words and inflected forms in every language, as TSV beside this file.

A cell holds synonyms separated by `|`, and a synonym its forms separated by `:`. What the forms are depends on the
word class and the language:

- nouns: French, Spanish `word:gender` (`fa` is a feminine that takes `el`); Swahili `word:noun class` (animates 1);
  Somali `definite form:gender`; Marathi `direct/oblique:gender`; elsewhere the word alone.
- verbs: English `base:past:gerund`; French `infinitive:participle` (all take `avoir`); Spanish `infinitive:preterite`;
  Swahili the stem; Somali `past masculine:past feminine:verbal noun`; Tagalog `patient voice:actor voice:gerund`,
  with ` sa` where the object is not marked by `ng`; Marathi `masculine:feminine:neuter:infinitive`, the past agreeing
  with the object, or `postposition:past:infinitive` where the object takes one.
- adjectives: French `masculine:feminine[:masculine before a vowel]`, `<` when it stands before the noun; Spanish
  `masculine:feminine`; Marathi `masculine:feminine:neuter:oblique`; elsewhere one form.
- places: French with its preposition; Marathi the stem that postpositions attach to.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from clir_harness.harness.errors import DataError

LANGUAGES = ("en", "fr", "es", "zh", "sw", "so", "tl", "mr")
"""All languages of the lexicon; English first."""

Forms = tuple[str, ...]
"""One synonym with its inflected forms."""

_FOLDER = resources.files(__name__)
_SHAPES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "noun": {"fr": (2,), "es": (2,), "sw": (2,), "so": (2,), "mr": (3,)},
    "verb": {"en": (3,), "fr": (2,), "es": (2,), "so": (3,), "tl": (3,), "mr": (3, 4)},
    "adjective": {"fr": (2, 3), "es": (2,), "mr": (4,)},
}
_TAGS = {
    "fr": {"m", "f"},
    "es": {"m", "f", "fa"},
    "sw": set("1 3 5 6 7 8 9 10 11".split()),
    "so": {"m", "f"},
    "mr": {"m", "f", "n"},
}


@dataclass(frozen=True, slots=True, eq=False)
class Concept:
    """One meaning with its words in every language; compared by identity, as there is one object a concept.

    Attributes:
        id: unique over the lexicon.
        kind: of a noun what it is (person, org, goods ...), of a place its country, of a name its part.
        domain: field of life a noun is from; empty for other words.
        words: synonyms by language.
    """

    id: str
    kind: str
    domain: str
    words: Mapping[str, tuple[Forms, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Verb(Concept):
    """A transitive verb.

    Attributes:
        agents: domains its agents come from; empty when it takes any.
        objects: kinds of nouns it takes as object.
    """

    agents: frozenset[str]
    objects: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """All concepts by word class, each in the order of its file."""

    nouns: tuple[Concept, ...]
    verbs: tuple[Verb, ...]
    adjectives: tuple[Concept, ...]
    places: tuple[Concept, ...]
    months: tuple[Concept, ...]
    given: tuple[Concept, ...]
    family: tuple[Concept, ...]
    firms: tuple[Concept, ...]

    def concepts(self) -> Iterator[Concept]:
        """Every concept."""
        yield from (*self.nouns, *self.verbs, *self.adjectives, *self.places, *self.months)
        yield from (*self.given, *self.family, *self.firms)


@functools.cache
def lexicon() -> Lexicon:
    """The lexicon, read and checked once.

    Raises:
        DataError: with file and line, when a cell is empty or does not have the forms it should have.

    >>> sorted(form[0] for form in next(n for n in lexicon().nouns if n.id == "doctor").words["en"])
    ['doctor', 'physician']
    """
    people = [_concept(name, line, row, "name", kind=row["part"]) for name, line, row in _rows("people")]
    return Lexicon(
        nouns=tuple(
            _concept(name, line, row, "noun", kind=row["kind"], domain=name.removeprefix("nouns_"))
            for name, line, row in _rows("nouns_")
        ),
        verbs=tuple(_verb(name, line, row) for name, line, row in _rows("verbs_")),
        adjectives=tuple(_concept(name, line, row, "adjective") for name, line, row in _rows("adjectives")),
        places=tuple(_concept(name, line, row, "place", kind=row["country"]) for name, line, row in _rows("places")),
        months=tuple(_concept(name, line, row, "month") for name, line, row in _rows("months")),
        given=tuple(person for person in people if person.kind != "family"),
        family=tuple(person for person in people if person.kind == "family"),
        firms=tuple(_concept(name, line, row, "firm", kind="firm") for name, line, row in _rows("firms")),
    )


def _rows(prefix: str) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Rows of all files of a prefix, with file name and line number."""
    for file in sorted(_FOLDER.iterdir(), key=lambda entry: entry.name):
        if file.name.startswith(prefix) and file.name.endswith(".tsv"):
            reader = csv.DictReader(file.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
            for row in reader:
                yield file.name.removesuffix(".tsv"), reader.line_num, row


def _verb(name: str, line: int, row: dict[str, str]) -> Verb:
    concept = _concept(name, line, row, "verb")
    agents = frozenset() if row["agents"] == "*" else frozenset(row["agents"].split(","))
    return Verb(concept.id, "verb", "", concept.words, agents, frozenset(row["objects"].split(",")))


def _concept(name: str, line: int, row: dict[str, str], word_class: str, kind: str = "", domain: str = "") -> Concept:
    words = {}
    for language in LANGUAGES:
        cell = row.get(language) or row.get("latin") or ""
        words[language] = tuple(tuple(re.split("[:/]", synonym)) for synonym in cell.split("|"))
        if not all(form and form == form.strip() for forms in words[language] for form in forms):
            raise DataError(
                f"{language}: an empty form or stray white space in '{cell}'", path=f"{name}.tsv", line=line
            )
        shape = _SHAPES.get(word_class, {}).get(language, (1,))
        if any(len(forms) not in shape for forms in words[language]):
            raise DataError(f"{language}: expected {shape} forms in '{cell}'", path=f"{name}.tsv", line=line)
        if word_class == "noun" and language in _TAGS and not {f[-1] for f in words[language]} <= _TAGS[language]:
            raise DataError(f"{language}: unknown gender or noun class in '{cell}'", path=f"{name}.tsv", line=line)
    return Concept(row["id"], kind, domain, words)
