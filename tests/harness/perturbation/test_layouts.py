import pytest

from clir_harness.harness.perturbation.layouts import LAYOUTS, Layout, layout_for
from clir_harness.harness.perturbation.scripts import SCRIPTS, script_of


@pytest.mark.parametrize(
    ("name", "key", "near"),
    [
        ("QWERTY", "s", "adewxz"),
        ("QWERTY", "q", "aw"),
        ("QWERTY", "m", "jkn"),
        ("ЙЦУКЕН", "а", "впкесм"),
        ("Ukrainian ЙЦУКЕН", "і", "фвцуяч"),
        ("Greek", "σ", "αδςεζχ"),
        ("Arabic (101)", "ش", "سضصئ"),
        ("Persian", "ک", "مگحج"),
        ("InScript", "क", "रतगदस"),
        ("InScript", "ि", "्ुीू"),
        ("InScript", "ख", "ऱथघधशष"),
    ],
)
def test_neighbours_are_the_keys_around(name: str, key: str, near: str) -> None:
    (layout,) = [layout for layout in LAYOUTS if layout.name == name]
    assert sorted(layout.neighbours[key]) == sorted(near)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_being_neighbours_is_mutual_and_within_the_script(layout: Layout) -> None:
    assert all(key in layout.neighbours[other] for key, near in layout.neighbours.items() for other in near)
    assert {script_of(letter) for letter in layout.letters} == {layout.script}
    assert layout.script in SCRIPTS


def test_every_letter_is_on_one_key_and_has_a_neighbour() -> None:
    for layout in LAYOUTS:
        keys = [key for level in layout.levels for row in level for key in row.split() if key != "_"]
        assert len(keys) == len(set(keys))
        assert all(layout.neighbours[letter] for letter in layout.letters)


@pytest.mark.parametrize(
    ("script", "text", "name"),
    [
        ("Cyrillic", "Когда построили мост", "ЙЦУКЕН"),
        ("Cyrillic", "Коли збудували міст", "Ukrainian ЙЦУКЕН"),
        ("Arabic", "متى بني الجسر", "Arabic (101)"),
        ("Arabic", "پل کی ساخته شد", "Persian"),
    ],
)
def test_the_layout_is_the_one_that_types_most_of_the_text(script: str, text: str, name: str) -> None:
    layout = layout_for(script, text)
    assert layout is not None
    assert layout.name == name
