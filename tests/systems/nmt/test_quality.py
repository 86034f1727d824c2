import pytest

from clir_harness.systems.nmt.quality import quality

LONG = "Where was the first president of the country born and raised?"


@pytest.mark.parametrize(
    ("text", "translation", "target", "fault"),
    [
        ("Ziwa liko wapi?", LONG, "en", None),
        ("Ziwa liko wapi?", "where is the lake?", "en", None),
        ("Ziwa liko wapi?", "  ", "en", "empty"),
        ("Nelson  Mandela", "nelson mandela", "en", "copied"),
        (
            "Rais wa kwanza wa nchi alizaliwa wapi?",
            "Rais wa kwanza wa nchi yetu alizaliwa wapi?",
            "en",
            "wrong_language",
        ),
        ("Ziwa?", "озеро", "en", "wrong_language"),
        ("Ziwa?", "озеро", "ru", None),
        ("1990", "1991", "en", None),
    ],
)
def test_each_fault_is_counted(text: str, translation: str, target: str, fault: str | None) -> None:
    found = quality([(text, translation)], target)
    assert found["texts"] == 1
    assert [name for name in ("empty", "copied", "wrong_language") if found[name]] == ([fault] if fault else [])


def test_short_texts_are_not_identified_nor_languages_the_identifier_lacks() -> None:
    assert quality([("a", "lake"), ("b", LONG)], "en")["identified"] == 1
    assert quality([("b", LONG)], "bem") == {"texts": 1, "empty": 0, "copied": 0, "identified": 0, "wrong_language": 0}
