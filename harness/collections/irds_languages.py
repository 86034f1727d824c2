"""Languages and query variants of ir_datasets' cross-lingual sets, where its metadata has none or does not suffice.

`Dataset.queries_lang()` is None for hc4, neuclir, csl, trec-mandarin and trec-spanish, whose queries carry the same
need in several wordings; asking a clirmatrix set for its languages downloads a catalogue; mmarco calls Dutch `dt`.
Variants, by the attributes of the query objects (ir_datasets 0.6):

=========================== ============================================================ ====================
variant                     wording                                                      attributes
=========================== ============================================================ ====================
`original`                  the topic's title, as published                              title
`description`               its description                                              description
`title+description`         both                                                         title, description
`human`, `human-...`        title, description or both, translated by people into the    ht_title ...
                            language of the documents
`machine`, `machine-...`    the same, translated by the organisers' system               mt_title ...
`machine-LANGUAGE`          title in one of the languages of neuclir/1/multi             fa_mt_title ...
`first-sentence`            wikiclir: first sentence of the query's article              first_sent
=========================== ============================================================ ====================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from clir_harness.harness.collections.base import HUMAN, ORIGINAL
from clir_harness.harness.languages import LanguagePair, canonical_tag


@dataclass(frozen=True, slots=True)
class Wording:
    """Language of a query variant, and the attributes of the query object that make its text.

    Without attributes, the text is `default_text()`.
    """

    language: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetLanguages:
    """Language pair and query variants of one ir_datasets id.

    Attributes:
        pair: language of the original queries and of the documents.
        wordings: query variants, `original` included.
        translated: True when the queries of the set were made by machine translation.
    """

    pair: LanguagePair
    wordings: Mapping[str, Wording]
    translated: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the table; `d` and `q` as languages refer to the groups of that name in the pattern."""

    pattern: str
    query: str
    document: str
    wordings: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    translated: bool = False


def _fields(prefix: str, language: str, title: str, description: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Variants of a wording that has a title and a description."""
    dash = f"{prefix}-" if prefix != ORIGINAL else ""
    return {
        prefix: (language, (title,)),
        f"{dash}description": (language, (description,)),
        f"{dash}title+description": (language, (title, description)),
    }


_TOPICS = (
    _fields(ORIGINAL, "q", "title", "description")
    | _fields(HUMAN, "d", "ht_title", "ht_description")
    | _fields("machine", "d", "mt_title", "mt_description")
)
_MULTI = _fields(ORIGINAL, "q", "title", "description") | {
    f"machine-{language}": (language, (f"{language}_mt_title",)) for language in ("fa", "ru", "zh")
}
_MANDARIN = _fields(ORIGINAL, "q", "title_en", "description_en") | _fields(HUMAN, "d", "title_zh", "description_zh")
_SPANISH_3 = _fields(ORIGINAL, "q", "title_en", "description_en") | _fields(HUMAN, "d", "title_es", "description_es")
_SPANISH_4 = {ORIGINAL: ("q", ("description_en1",)), HUMAN: ("d", ("description_es1",))}
_WIKICLIR = {ORIGINAL: ("q", ("title",)), "first-sentence": ("q", ("first_sent",))}

_TABLE = (
    _Row(r"hc4/(?P<d>zh|fa|ru)/(train|dev|test)", "en", "d", _TOPICS),
    _Row(r"neuclir/1/(?P<d>zh|fa|ru)/(trec-2022|trec-2023|hc4-filtered)", "en", "d", _TOPICS),
    _Row(r"neuclir/1/multi/trec-2023", "en", "mul", _MULTI),
    _Row(r"csl/trec-2023", "en", "zh", _TOPICS),
    _Row(r"trec-mandarin/trec[56]", "en", "zh", _MANDARIN),
    _Row(r"trec-spanish/trec3", "en", "es", _SPANISH_3),
    _Row(r"trec-spanish/trec4", "en", "es", _SPANISH_4),
    _Row(r"trec-arabic/ar200[12]", "ar", "ar"),
    _Row(r"clirmatrix/(?P<d>[\w-]+)/(multi8|bi139-base|bi139-full)/(?P<q>[\w-]+)/(train|dev|test1|test2)", "q", "d"),
    _Row(r"wikiclir/(?P<d>[\w-]+)", "en", "d", _WIKICLIR),
    _Row(r"neumarco/(?P<d>\w+)/.+", "en", "d"),
    _Row(r"mmarco/(v2/)?(?P<d>[a-z]{2})/.+", "d", "d", translated=True),
    _Row(r"miracl/(?P<d>\w+)/.+", "d", "d"),
    _Row(r"mr-tydi/(?P<d>\w+)(/.+)?", "d", "d"),
    _Row(r"wikir/(?P<d>es|fr|it)\w+/.+", "d", "d"),
    _Row(r"clueweb12/b13/clef-ehealth/(?P<q>cs|de|fr|hu|pl|sv)", "q", "en"),
)

_WIKIPEDIAS = {
    "als": "gsw",
    "bat-smg": "sgs",
    "be-x-old": "be-tarask",
    "cbk-zam": "cbk",
    "eml": "egl",
    "en-simple": "en",
    "fiu-vro": "vro",
    "map-bms": "jv-x-bms",
    "nds-nl": "nds-NL",
    "nrm": "nrf",
    "roa-rup": "rup",
    "roa-tara": "nap-x-tara",
    "simple": "en",
    "zh-classical": "lzh",
    "zh-min-nan": "nan",
    "zh-yue": "yue",
}
"""Names of Wikipedia editions that are not language tags, or are the tag of another language."""


def languages_of(dataset_id: str) -> DatasetLanguages | None:
    """Languages of an ir_datasets id, from the table; None when it is not there. Loads nothing.

    >>> found = languages_of("neuclir/1/fa/trec-2022")
    >>> str(found.pair), found.wordings["human"]
    ('en-fa', Wording(language='fa', attributes=('ht_title',)))
    >>> str(languages_of("mmarco/v2/dt/dev/small").pair), str(languages_of("clirmatrix/als/bi139-base/sw/test1").pair)
    ('nl-nl', 'sw-gsw')
    """
    for row in _TABLE:
        if match := re.fullmatch(row.pattern, dataset_id):
            groups = match.groupdict() | {"q": match.groupdict().get("q")}
            document = _tag(row.document, groups)
            groups["d"] = groups.get("d") or document
            query = _tag(row.query, groups)
            groups["q"] = query
            wordings = row.wordings or {ORIGINAL: ("q", ())}
            return DatasetLanguages(
                LanguagePair(query, document),
                {
                    name: Wording(_tag(language, groups), attributes)
                    for name, (language, attributes) in wordings.items()
                },
                row.translated,
            )
    return None


def _tag(language: str, groups: Mapping[str, str | None]) -> str:
    code = groups.get(language) or language
    return canonical_tag(_WIKIPEDIAS.get(code.replace("_", "-"), code))
