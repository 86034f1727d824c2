"""Keyboard layouts: neighbouring keys.

The layouts are those that operating systems install first for the language: US QWERTY, Russian and Ukrainian ЙЦУКЕН,
Arabic (101), Persian (ISIRI 9147), Greek, and Hindi InScript (IS 16350).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_OFFSETS = (0.0, 0.25, 0.75)
"""Offsets of the three rows of letters from the left, in widths of a key."""

_NO_LETTER = "_"


@dataclass(frozen=True)
class Layout:
    """One keyboard layout.

    Attributes:
        name: its common name.
        script: Unicode name of its script.
        levels: what its three rows of keys type, from the left, keys separated by spaces: without Shift and, where
            Shift types other letters than capitals, with it.
        neighbours: for every letter or mark those of the keys beside, above and below it, at the same level; a letter
            has letters only and a mark has marks only.
        letters: all letters it types, marks left out.
    """

    name: str
    script: str
    levels: tuple[tuple[str, str, str], ...]
    neighbours: Mapping[str, str] = field(init=False, repr=False)
    letters: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        neighbours = {key: near for level in self.levels for key, near in _neighbours(level)}
        object.__setattr__(self, "neighbours", neighbours)
        object.__setattr__(self, "letters", "".join(key for key in neighbours if _kind(key) == "L"))


def _kind(character: str) -> str:
    return unicodedata.category(character)[0]


def _neighbours(level: tuple[str, str, str]) -> Iterator[tuple[str, str]]:
    keys = [
        (row, column + _OFFSETS[row], character)
        for row, text in enumerate(level)
        for column, character in enumerate(text.split())
        if character != _NO_LETTER
    ]
    for row, x, key in keys:
        near = [
            other
            for other_row, other_x, other in keys
            if (abs(row - other_row), abs(x - other_x)) == (0, 1)
            or (abs(row - other_row) == 1 and abs(x - other_x) < 1)
        ]
        yield key, "".join(other for other in near if _kind(other) == _kind(key))


LAYOUTS = (
    Layout("QWERTY", "Latin", (("q w e r t y u i o p", "a s d f g h j k l", "z x c v b n m"),)),
    Layout("Greek", "Greek", (("_ ς ε ρ τ υ θ ι ο π", "α σ δ φ γ η ξ κ λ", "ζ χ ψ ω β ν μ"),)),
    Layout("ЙЦУКЕН", "Cyrillic", (("й ц у к е н г ш щ з х ъ", "ф ы в а п р о л д ж э", "я ч с м и т ь б ю"),)),
    Layout(
        "Ukrainian ЙЦУКЕН", "Cyrillic", (("й ц у к е н г ш щ з х ї", "ф і в а п р о л д ж є", "я ч с м и т ь б ю"),)
    ),
    Layout("Arabic (101)", "Arabic", (("ض ص ث ق ف غ ع ه خ ح ج د", "ش س ي ب ل ا ت ن م ك ط", "ئ ء ؤ ر _ ى ة و ز ظ"),)),
    Layout("Persian", "Arabic", (("ض ص ث ق ف غ ع ه خ ح ج چ", "ش س ی ب ل ا ت ن م ک گ", "ظ ط ز ر ذ د پ و"),)),
    Layout(
        "InScript",
        "Devanagari",
        (
            ("ौ ै ा ी ू ब ह ग द ज ड ़", "ो े ् ि ु प र क त च ट", "ॆ ं म न व ल स _ _ य"),
            ("औ ऐ आ ई ऊ भ ङ घ ध झ ढ ञ", "ओ ए अ इ उ फ ऱ ख थ छ ठ", "ऎ ँ ण ऩ ऴ ळ श ष"),
        ),
    ),
)


def layout_for(script: str, text: str) -> Layout | None:
    """The layout of a script that can type most of a text; the first of several; None when the script has no layout.

    Args:
        script: Unicode name of the script.
        text: any text.

    Returns:
        The layout, or None.

    >>> layout_for("Cyrillic", "Київ і Львів").name
    'Ukrainian ЙЦУКЕН'
    """
    offered = [layout for layout in LAYOUTS if layout.script == script]
    return max(
        offered, key=lambda layout: sum(character in layout.neighbours for character in text.lower()), default=None
    )
