import pytest

from clir_harness.harness.errors import UnknownNameError, UsageError
from clir_harness.harness.languages import LanguagePair, ResourceTier, canonical_tag, known_languages, resource_tier


@pytest.mark.parametrize(
    ("alias", "tag"),
    [
        ("zho", "zh"),
        ("cmn", "zh"),
        ("pes", "fa"),
        ("arb", "ar"),
        ("fil", "tl"),
        ("dt", "nl"),
        ("SWA", "sw"),
        ("iw", "he"),
    ],
)
def test_aliases_lead_to_one_canonical_tag(alias: str, tag: str) -> None:
    assert canonical_tag(alias) == tag


def test_no_alias_stands_for_two_languages() -> None:
    names = [name for language in known_languages().values() for name in (language.tag, *language.aliases)]
    assert len(names) == len(set(names))


def test_every_tag_of_the_table_is_what_langcodes_calls_the_language() -> None:
    import langcodes

    for tag, language in known_languages().items():
        for alias in set(language.aliases) - {"twi"}:  # which `langcodes` takes for Akan as a whole
            if len(alias) == 3 and langcodes.tag_is_valid(alias):
                standard = langcodes.standardize_tag(alias, macro=True)
                assert canonical_tag(standard) == tag, alias


def test_unknown_language_is_an_error_with_suggestions() -> None:
    with pytest.raises(UnknownNameError, match="unknown language 'swe1'") as error:
        canonical_tag("swe1")
    assert "swe" in error.value.suggestions


@pytest.mark.parametrize("text", ["sw-en", "sw→en", "sw->en", "swa:eng"])
def test_pairs_are_read_in_every_spelling(text: str) -> None:
    assert str(LanguagePair.parse(text)) == "sw-en"


def test_longer_tags_keep_their_parts() -> None:
    assert LanguagePair.parse("zh-Hant-en") == LanguagePair("zh-Hant", "en")


@pytest.mark.parametrize("pair", [LanguagePair("en", "pt-BR"), LanguagePair("zh-Hant", "en"), LanguagePair("sw", "en")])
def test_a_pair_that_was_written_reads_back_as_itself(pair: LanguagePair) -> None:
    assert LanguagePair.parse(str(pair)) == pair


@pytest.mark.parametrize("text", ["en", "", "sw en", "a-b-c"])
def test_text_that_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        LanguagePair.parse(text)


@pytest.mark.parametrize(("pair", "tier"), [("fr-en", "high"), ("th-en", "medium"), ("en-so", "low"), ("tl-en", "low")])
def test_a_pair_has_the_tier_of_its_poorer_language(pair: str, tier: str) -> None:
    assert LanguagePair.parse(pair).tier == ResourceTier(tier)


def test_a_language_outside_the_table_counts_as_low_resource() -> None:
    assert resource_tier("nds") is ResourceTier.LOW
