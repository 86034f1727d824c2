"""Languages as values: one canonical BCP-47 tag each, explicit aliases, resource tiers, and pairs of them.

A language is never guessed from an identifier: collections state theirs. The tiers follow the
taxonomy of Joshi et al. (2020), "The State and Fate of Linguistic Diversity and Inclusion in the NLP World":
classes 4-5 are `high`, class 3 is `medium`, classes 0-2 are `low`. Tagalog, class 3 there, is `low` here, as in
the cross-lingual retrieval literature (MATERIAL, OPTICAL).
"""

from __future__ import annotations

import csv
import enum
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from clir_harness.harness.errors import UnknownNameError, UsageError


class ResourceTier(enum.StrEnum):
    """Amount of text and tooling of a language; unknown languages count as low."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the table: canonical tag, English name, resource tier and aliases."""

    tag: str
    name: str
    tier: ResourceTier
    aliases: tuple[str, ...] = ()


@functools.cache
def known_languages() -> Mapping[str, Language]:
    """All languages of the table by canonical tag."""
    text = resources.files("clir_harness.harness").joinpath("languages.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {
        row["tag"]: Language(row["tag"], row["name"], ResourceTier(row["tier"]), tuple(row["aliases"].split()))
        for row in rows
    }


@functools.cache
def _by_alias() -> Mapping[str, str]:
    return {alias: lang.tag for lang in known_languages().values() for alias in (lang.tag, *lang.aliases)}


@functools.cache
def canonical_tag(tag: str) -> str:
    """The canonical tag of a language.

    Tags outside the table are accepted when BCP-47 knows them, normalised by `langcodes`. A script is left out where it
    is the usual one of the language, or of the language in that region.

    Raises:
        UnknownNameError: no language has this tag; suggests close ones.

    >>> canonical_tag("cmn"), canonical_tag("fil"), canonical_tag("ar-EG"), canonical_tag("swa")
    ('zh', 'tl', 'ar-EG', 'sw')
    >>> canonical_tag("hau_Latn"), canonical_tag("zho_Hant"), canonical_tag("kas_Deva"), canonical_tag("twi-Latn-GH")
    ('ha', 'zh-Hant', 'ks-Deva', 'tw-GH')
    """
    folded = tag.strip().casefold().replace("_", "-")
    if folded in _by_alias():
        return _by_alias()[folded]
    import langcodes

    language, _, rest = folded.partition("-")
    ours = _by_alias().get(language)
    if ours:
        folded = f"{ours}-{rest}"
    if not folded or not langcodes.tag_is_valid(folded):
        raise UnknownNameError("language", tag, _by_alias())
    # A language of the table keeps its tag; `langcodes` would call Twi Akan.
    found = langcodes.Language.get(langcodes.standardize_tag(folded, macro=ours is None))
    if found.script and found.script == _usual_script(found.language, found.territory):
        found = found.update_dict({"script": None})
    standard = str(found.to_tag())
    return _by_alias().get(standard.casefold(), standard)


_SCRIPTS = {"ajp": "Arab", "azb": "Arab", "cjk": "Latn", "din": "Latn"}
"""Scripts of languages that CLDR's table of likely subtags leaves out, and that are not their macro-language's."""


def _usual_script(language: str | None, territory: str | None) -> str | None:
    """The script a language is written in, in a region where one is given; None where that is not known."""
    from langcodes.data_dicts import LIKELY_SUBTAGS, MACROLANGUAGES

    if language in _SCRIPTS:
        return _SCRIPTS[language]
    for key in (f"{language}-{territory}", language, MACROLANGUAGES.get(language)):
        if likely := LIKELY_SUBTAGS.get(key):
            return str(likely.split("-")[1])
    return None


_APART = frozenset({"id"})
"""Languages that ISO 639 counts as members of another language (Malay) but nobody treats as that language."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What tags are compared by: language, its macro-language, script, and script with all Chinese as one."""

    language: str
    of: str | None
    script: str | None
    kind: str | None

    def relation(self, other: _Parts) -> int | None:
        """Distance: 0 the same, 1 a member or the macro-language, 2 another script; None when unrelated."""
        same_script = None in (self.kind, other.kind) or self.kind == other.kind
        if self.language == other.language:
            return 0 if same_script else 2
        related = self.language == other.of or other.language == self.of
        return 1 if related and same_script else None


@functools.cache
def _parts(tag: str) -> _Parts:
    import langcodes
    from langcodes.data_dicts import MACROLANGUAGES

    found: Any = langcodes.Language.get(tag)
    language = found.language or tag
    script = found.script or _usual_script(language, found.territory)
    return _Parts(
        language,
        None if language in _APART else MACROLANGUAGES.get(language),
        script,
        "Han" if script in ("Hans", "Hant") else script,
    )


class AmbiguousLanguageError(UsageError):
    """Several available languages serve the one asked for, and none is nearer than the others."""


def resolve(tag: str, available: Iterable[str]) -> str | None:
    """Which of the available languages serves a language: the one rule for models, tables, analysers and files.

    In this order: the same canonical tag; the same language and script in another region or none, the region's usual
    script first (`zh-TW`: `zh-Hant`, then `zh`); the macro-language, or a member of it (`nb` and `no`, `qu` and `quy`),
    in the same script; the same language in another script (`sr-Latn` and `sr`). Of several members, the nearest by
    CLDR is taken.

    Args:
        tag: the language asked for.
        available: names of the available languages, in any spelling; names that are not languages are skipped.

    Returns:
        The available name, as spelled there; None when no language serves.

    Raises:
        UnknownNameError: the tag is not a language.
        AmbiguousLanguageError: several are equally near; names them.

    >>> resolve("sw-KE", ["swh_Latn"]), resolve("zh-TW", ["zh", "zh-Hant"]), resolve("no", ["nn", "nb"])
    ('swh_Latn', 'zh-Hant', 'nb')
    >>> resolve("tw", ["aka_Latn", "twi_Latn"]), resolve("ku", ["ckb_Arab"])
    ('twi_Latn', None)
    """
    return _resolve(tag, tuple(available))


@functools.lru_cache(4096)
def _resolve(tag: str, available: tuple[str, ...]) -> str | None:
    from langcodes import tag_distance

    wanted = canonical_tag(tag)
    offered: dict[str, str] = {}
    for name in available:
        try:
            offered.setdefault(canonical_tag(name), name)
        except UnknownNameError:
            continue
    if wanted in offered:
        return offered[wanted]
    mine, near = _parts(wanted), {}
    for other in offered:
        theirs = _parts(other)
        if (relation := mine.relation(theirs)) is not None:
            near[other] = (relation, theirs.script != mine.script, tag_distance(wanted, other, ignore_script=True))
    nearest = [other for other, distance in near.items() if distance == min(near.values())]
    if len(nearest) > 1:
        names = ", ".join(sorted(offered[other] for other in nearest))
        raise AmbiguousLanguageError(f"'{tag}' can be any of {names}", hint="name one of them")
    return offered[nearest[0]] if nearest else None


def _in_table(tag: str) -> Language | None:
    return known_languages().get(tag) or known_languages().get(tag.split("-")[0])


def language_name(tag: str) -> str:
    """English name of a language, e.g. `Swahili` for `sw`.

    >>> language_name("sw"), language_name("nds")
    ('Swahili', 'Low German')
    """
    tag = canonical_tag(tag)
    if tag in known_languages():
        return known_languages()[tag].name
    import langcodes

    return str(langcodes.Language.get(tag).display_name())


def resource_tier(tag: str) -> ResourceTier:
    """Resource tier of a language; a language outside the table counts as low.

    >>> resource_tier("fr").value, resource_tier("sw").value
    ('high', 'low')
    """
    row = _in_table(canonical_tag(tag))
    return row.tier if row else ResourceTier.LOW


_TIER_ORDER = (ResourceTier.LOW, ResourceTier.MEDIUM, ResourceTier.HIGH)


@dataclass(frozen=True, slots=True, order=True)
class LanguagePair:
    """Query language and document language, written `sw-en`, shown `sw→en`.

    >>> pair = LanguagePair.parse("swa→eng")
    >>> pair, str(pair), pair.arrow, pair.tier.value
    (LanguagePair(query='sw', document='en'), 'sw-en', 'sw→en', 'low')
    """

    query: str
    document: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "query", canonical_tag(self.query))
        object.__setattr__(self, "document", canonical_tag(self.document))

    @classmethod
    def parse(cls, text: str) -> LanguagePair:
        """Read `sw-en`, `sw→en`, `sw->en` or `sw:en`.

        Raises:
            UnknownNameError: one of the languages is unknown.
            UsageError: the text does not split into two languages in exactly one way.
        """
        for arrow in ("→", "->", ":"):
            if arrow in text:
                query, _, document = text.partition(arrow)
                return cls(query, document)
        parts = text.split("-")
        splits = []
        for cut in range(1, len(parts)):
            try:
                splits.append(cls("-".join(parts[:cut]), "-".join(parts[cut:])))
            except UnknownNameError as error:
                unknown = error
        if len(splits) == 1:
            return splits[0]
        if not splits and len(parts) == 2:
            raise unknown
        raise UsageError(
            f"'{text}' is not a language pair", hint="write QUERY-DOCUMENT, e.g. sw-en, or zh-Hant→en for longer tags"
        )

    def __str__(self) -> str:
        # With a hyphen inside a tag, the end of the query language would be ambiguous.
        return self.arrow if "-" in self.query + self.document else f"{self.query}-{self.document}"

    @property
    def monolingual(self) -> bool:
        """Whether both are one language in one script, in whatever region: there is nothing to translate.

        >>> LanguagePair("en-GB", "en").monolingual, LanguagePair("zh-TW", "zh").monolingual
        (True, False)
        """
        query, document = _parts(self.query), _parts(self.document)
        return (query.language, query.script) == (document.language, document.script)

    @property
    def arrow(self) -> str:
        """The pair as people read it: `sw→en`."""
        return f"{self.query}→{self.document}"

    @property
    def tier(self) -> ResourceTier:
        """The lower tier of the two languages."""
        return min(resource_tier(self.query), resource_tier(self.document), key=_TIER_ORDER.index)
