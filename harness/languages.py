"""Languages as values: one canonical BCP-47 tag each, explicit aliases, resource tiers, and pairs of them.

A language is never guessed from an identifier: whoever makes a collection states it. The tiers follow the
taxonomy of Joshi et al. (2020), "The State and Fate of Linguistic Diversity and Inclusion in the NLP World":
classes 4-5 are `high`, class 3 is `medium`, classes 0-2 are `low`. Tagalog, class 3 there, is `low` here, as in
the cross-lingual retrieval literature (MATERIAL, OPTICAL).
"""

from __future__ import annotations

import csv
import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from harness.errors import UnknownNameError, UsageError


class ResourceTier(enum.StrEnum):
    """How much text and tooling a language has; unknown languages count as low."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the table: canonical tag, English name, resource tier, and the aliases it answers to."""

    tag: str
    name: str
    tier: ResourceTier
    aliases: tuple[str, ...] = ()


@functools.cache
def known_languages() -> Mapping[str, Language]:
    """All languages of the table by canonical tag."""
    text = resources.files("harness").joinpath("languages.tsv").read_text("utf-8")
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
    """The one tag under which a language is known here.

    Tags outside the table are accepted when BCP-47 knows them, normalised by `langcodes`.

    Raises:
        UnknownNameError: when nothing answers to the tag, with suggestions.

    >>> canonical_tag("cmn"), canonical_tag("fil"), canonical_tag("ar-EG"), canonical_tag("swa")
    ('zh', 'tl', 'ar-EG', 'sw')
    """
    folded = tag.strip().casefold().replace("_", "-")
    if folded in _by_alias():
        return _by_alias()[folded]
    import langcodes

    if folded and langcodes.tag_is_valid(folded):
        return str(langcodes.standardize_tag(folded, macro=True))
    raise UnknownNameError("language", tag, _by_alias())


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
            UsageError: when the text does not split into two languages in exactly one way.
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
        # A hyphen inside a tag would leave open where the query language ends.
        return self.arrow if "-" in self.query + self.document else f"{self.query}-{self.document}"

    @property
    def arrow(self) -> str:
        """The pair as people read it: `sw→en`."""
        return f"{self.query}→{self.document}"

    @property
    def tier(self) -> ResourceTier:
        """The tier of the poorer of the two languages."""
        return min(resource_tier(self.query), resource_tier(self.document), key=_TIER_ORDER.index)
