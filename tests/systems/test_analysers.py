import pytest

from clir_harness.harness.errors import UnknownNameError
from clir_harness.systems.analysers import choose_analyser, unicode_terms


@pytest.mark.parametrize(
    ("language", "analyser"),
    [
        ("en", "en"),
        ("zh-Hant", "zh"),
        ("el", "el"),
        ("th", "unicode"),
        ("mul", "unicode"),
        ("so", "standard"),
        ("nb", "no"),
        ("nn", "no"),
        ("pt-BR", "pt"),
        ("sr-Latn", "sr"),
        ("arz", "ar"),
        ("yue", "zh"),
        ("ms", "standard"),
        ("ku", "standard"),
    ],
)
def test_the_analyser_follows_the_language(language: str, analyser: str) -> None:
    assert choose_analyser(language) == analyser


def test_the_users_choice_wins() -> None:
    assert choose_analyser("sw", "fr") == "fr"


def test_an_unknown_analyser_is_refused_with_suggestions() -> None:
    with pytest.raises(UnknownNameError, match="standard"):
        choose_analyser("sw", "standrd")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Ndizi, ndizi!", ["ndizi", "ndizi"]),
        ("मुंबईच्या शाळेत", ["मुंबईच्या", "शाळेत"]),
        ("ไทย", ["ไท", "ทย"]),
        ("ที่", ["ที่"]),
        ("2020年の東京", ["2020", "年の", "の東", "東京"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("  …  ", []),
    ],
)
def test_terms_are_words_where_words_are_spaced_and_pairs_of_characters_elsewhere(text: str, terms: list[str]) -> None:
    assert list(unicode_terms(text)) == terms
