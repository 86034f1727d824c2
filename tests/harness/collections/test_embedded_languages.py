"""Lexicon and grammars of the embedded collection: complete, in the right script, and reading right."""

from __future__ import annotations

import pytest
import regex

from clir_harness.harness.collections.embedded import bitext
from clir_harness.harness.collections.embedded.frames import (
    Account,
    Cause,
    Cost,
    Event,
    Person,
    Phrase,
    Report,
    Sentence,
    Time,
    When,
    Who,
)
from clir_harness.harness.collections.embedded.grammar import Word, grammar
from clir_harness.harness.collections.embedded.lexicon import LANGUAGES, Concept, Forms, lexicon
from clir_harness.harness.collections.embedded.world import world
from clir_harness.harness.errors import UnknownNameError

CONCEPTS = {concept.id: concept for concept in lexicon().concepts()}
VERBS = {verb.id: verb for verb in lexicon().verbs}

SOLD = Event(
    CONCEPTS["farmer"], VERBS["sell"], CONCEPTS["maize"], CONCEPTS["kisumu"], time=Time(CONCEPTS["march"], 2015)
)
TREATED = Event(
    CONCEPTS["nurse"], VERBS["treat"], CONCEPTS["patient"], CONCEPTS["kenya"], time=Time(CONCEPTS["may"], 2001)
)
REPAIRED = Event(CONCEPTS["government"], VERBS["repair"], CONCEPTS["car"], CONCEPTS["egypt"], quality=CONCEPTS["new"])
AMINA = Person(CONCEPTS["amina"], CONCEPTS["hassan"])
SAYINGS: dict[str, Sentence] = {
    "sold": Report(SOLD),
    "treated": Report(TREATED),
    "repaired": Report(REPAIRED),
    "account": Account(AMINA, SOLD, CONCEPTS["market"]),
    "cause": Cause(CONCEPTS["drought"]),
    "cost": Cost(300),
    "who": Who(TREATED),
    "when": When(SOLD),
    "phrase": Phrase(SOLD),
}

EXPECTED = {
    "en": {
        "sold": "The farmer sold the maize in Kisumu in March 2015.",
        "treated": "The nurse treated the patient in Kenya in May 2001.",
        "repaired": "The government repaired the new car in Egypt.",
        "account": "According to Amina Hassan, the farmer sold the maize near the market.",
        "cause": "This happened because of the drought.",
        "cost": "The cost was 300 dollars.",
        "who": "Who treated the patient in Kenya?",
        "when": "When did the farmer sell the maize in Kisumu?",
        "phrase": "Selling the maize in Kisumu",
    },
    "fr": {
        "sold": "L'agriculteur a vendu le maïs à Kisumu en mars 2015.",
        "treated": "L'infirmière a soigné le patient au Kenya en mai 2001.",
        "repaired": "Le gouvernement a réparé la nouvelle voiture en Égypte.",
        "account": "Selon Amina Hassan, l'agriculteur a vendu le maïs près du marché.",
        "cause": "Cela s'est produit à cause de la sécheresse.",
        "cost": "Le coût était de 300 dollars.",
        "who": "Qui a soigné le patient au Kenya ?",
        "when": "Quand est-ce que l'agriculteur a vendu le maïs à Kisumu ?",
        "phrase": "Vendre le maïs à Kisumu",
    },
    "es": {
        "sold": "El agricultor vendió el maíz en Kisumu en marzo de 2015.",
        "treated": "La enfermera trató al paciente en Kenia en mayo de 2001.",
        "repaired": "El gobierno reparó el coche nuevo en Egipto.",
        "account": "Según Amina Hassan, el agricultor vendió el maíz cerca del mercado.",
        "cause": "Esto ocurrió a causa de la sequía.",
        "cost": "El costo fue de 300 dólares.",
        "who": "¿Quién trató al paciente en Kenia?",
        "when": "¿Cuándo vendió el agricultor el maíz en Kisumu?",
        "phrase": "Vender el maíz en Kisumu",
    },
    "zh": {
        "sold": "农民2015年3月在基苏木出售了玉米。",
        "treated": "护士2001年5月在肯尼亚治疗了病人。",
        "repaired": "政府在埃及修理了崭新的汽车。",
        "account": "据阿米娜·哈桑说，农民在市场附近出售了玉米。",
        "cause": "这是由干旱造成的。",
        "cost": "费用是300美元。",
        "who": "谁在肯尼亚治疗了病人？",
        "when": "农民什么时候在基苏木出售了玉米？",
        "phrase": "在基苏木出售玉米",
    },
    "sw": {
        "sold": "Mkulima aliuza mahindi huko Kisumu mnamo Machi 2015.",
        "treated": "Muuguzi alimtibu mgonjwa huko Kenya mnamo Mei 2001.",
        "repaired": "Serikali ilikarabati gari jipya huko Misri.",
        "account": "Kulingana na Amina Hassan, mkulima aliuza mahindi karibu na soko.",
        "cause": "Hili lilitokea kwa sababu ya ukame.",
        "cost": "Gharama ilikuwa dola 300.",
        "who": "Nani alimtibu mgonjwa huko Kenya?",
        "when": "Mkulima aliuza mahindi huko Kisumu lini?",
        "phrase": "Kuuza mahindi huko Kisumu",
    },
    "so": {
        "sold": "Beeraleyga ayaa galleyda ku iibiyay Kisumu bishii Maarso 2015.",
        "treated": "Kalkaalisada ayaa bukaanka ku daaweysay Kenya bishii Maajo 2001.",
        "repaired": "Dowladda ayaa baabuurka cusub ku dayactirtay Masar.",
        "account": "Sida ay sheegtay Amina Hassan, beeraleyga ayaa galleyda ku iibiyay meel u dhow suuqa.",
        "cause": "Tani waxay u dhacday abaarta awgeed.",
        "cost": "Kharashku wuxuu ahaa 300 oo doolar.",
        "who": "Yaa bukaanka ku daaweeyay Kenya?",
        "when": "Goorma ayuu beeraleygu galleyda ku iibiyay Kisumu?",
        "phrase": "Iibinta galleyda ee Kisumu",
    },
    "tl": {
        "sold": "Ibinenta ng magsasaka ang mais sa Kisumu noong Marso 2015.",
        "treated": "Ginamot ng nars ang pasyente sa Kenya noong Mayo 2001.",
        "repaired": "Kinumpuni ng pamahalaan ang bagong kotse sa Ehipto.",
        "account": "Ayon kay Amina Hassan, ibinenta ng magsasaka ang mais malapit sa palengke.",
        "cause": "Nangyari ito dahil sa tagtuyot.",
        "cost": "Ang gastos ay 300 dolyar.",
        "who": "Sino ang gumamot sa pasyente sa Kenya?",
        "when": "Kailan ibinenta ng magsasaka ang mais sa Kisumu?",
        "phrase": "Pagbebenta ng mais sa Kisumu",
    },
    "mr": {
        "sold": "मार्च 2015 मध्ये शेतकऱ्याने किसुमूमध्ये मका विकला.",
        "treated": "मे 2001 मध्ये परिचारिकेने केनियामध्ये रुग्णावर उपचार केले.",
        "repaired": "सरकारने इजिप्तमध्ये नवी गाडी दुरुस्त केली.",
        "account": "अमीना हसन यांच्या मते, शेतकऱ्याने बाजाराजवळ मका विकला.",
        "cause": "हे दुष्काळामुळे घडले.",
        "cost": "खर्च 300 डॉलर होता.",
        "who": "केनियामध्ये रुग्णावर कोणी उपचार केले?",
        "when": "शेतकऱ्याने किसुमूमध्ये मका केव्हा विकला?",
        "phrase": "किसुमूमध्ये मका विकणे",
    },
}


def first_word(language: str) -> Word:
    def word(concept: Concept) -> Forms:
        return concept.words[language][0]

    return word


@pytest.mark.parametrize(("language", "saying"), [(tag, saying) for tag in LANGUAGES for saying in SAYINGS])
def test_sentences_read_right(language: str, saying: str) -> None:
    rendered = grammar(language).render(SAYINGS[saying], first_word(language))
    assert rendered == EXPECTED[language][saying]


def event(agent: str, verb: str, thing: str, quality: str | None = None) -> Event:
    return Event(
        CONCEPTS[agent],
        VERBS[verb],
        CONCEPTS[thing],
        CONCEPTS["paris"],
        quality=CONCEPTS[quality] if quality else None,
    )


@pytest.mark.parametrize(
    ("language", "happened", "expected"),
    [
        ("fr", event("doctor", "destroy", "bird", "new"), "Le médecin a détruit le nouvel oiseau à Paris."),
        ("fr", event("afritelia", "see", "school", "expensive"), "La société Afritelia a vu l'école chère à Paris."),
        ("es", event("team", "criticise", "government"), "El equipo criticó al gobierno en París."),
        ("sw", event("parliament", "open", "bridge"), "Bunge lilifungua daraja huko Paris."),
        ("sw", event("party_political", "see", "ambulance", "new"), "Chama kiliona gari jipya la wagonjwa huko Paris."),
        ("sw", event("soldier", "see", "teacher"), "Mwanajeshi alimwona mwalimu huko Paris."),
        ("sw", event("solarica", "see", "cloth", "small"), "Kampuni ya Solarica iliona kitambaa kidogo huko Paris."),
        ("so", event("solarica", "sell", "boat"), "Shirkadda Solarica ayaa doonta ku iibisay Baariis."),
        ("tl", event("solarica", "visit", "island"), "Binisita ng kompanyang Solarica ang isla sa Paris."),
        ("mr", event("judge", "arrest", "thief"), "न्यायाधीशाने पॅरिसमध्ये चोराला अटक केली."),
        ("mr", event("student", "study", "river"), "विद्यार्थ्याने पॅरिसमध्ये नदीचा अभ्यास केला."),
        ("mr", event("solarica", "sell", "horse", "large"), "सोलारिका कंपनीने पॅरिसमध्ये मोठा घोडा विकला."),
        ("mr", event("player", "draw", "road", "large"), "खेळाडूने पॅरिसमध्ये मोठ्या रस्त्याचे चित्र काढले."),
    ],
)
def test_agreement_contraction_and_case(language: str, happened: Event, expected: str) -> None:
    assert grammar(language).render(Report(happened), first_word(language)) == expected


def test_a_language_without_grammar_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="embedded collection 'de'"):
        grammar("de")


def test_ids_are_unique_and_concepts_are_many() -> None:
    assert len(CONCEPTS) == sum(1 for _ in lexicon().concepts()) > 300
    assert len({noun.domain for noun in lexicon().nouns}) == 10


def test_every_concept_has_words_in_every_language_and_no_synonym_twice() -> None:
    for concept in CONCEPTS.values():
        assert set(concept.words) == set(LANGUAGES)
        for language, synonyms in concept.words.items():
            assert synonyms, (concept.id, language)
            assert len(set(synonyms)) == len(synonyms), (concept.id, language)
            assert all(form and form == form.strip() for forms in synonyms for form in forms), (concept.id, language)


def test_most_english_nouns_have_synonyms() -> None:
    nouns = lexicon().nouns
    assert sum(len(noun.words["en"]) > 1 for noun in nouns) > len(nouns) / 2


def test_verbs_take_existing_kinds_and_agents_of_existing_domains() -> None:
    kinds = {noun.kind for noun in lexicon().nouns}
    domains = {noun.domain for noun in lexicon().nouns}
    for verb in lexicon().verbs:
        assert verb.objects <= kinds, verb.id
        assert verb.agents <= domains, verb.id
        assert len(world().agents[verb.id]) >= 4, verb.id


SCRIPTS = {"zh": r"\p{Han}", "mr": r"\p{Devanagari}"}


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
def test_sentences_are_in_the_script_of_their_language(language: str) -> None:
    script = SCRIPTS.get(language, r"\p{Latin}")
    for sentence, english in bitext(language, 2500):
        letters = regex.findall(r"\p{L}", sentence)
        assert letters, sentence
        assert all(regex.match(script, letter) for letter in letters), sentence
        assert all(regex.match(r"\p{Latin}", letter) for letter in regex.findall(r"\p{L}", english)), english
        assert (" " in sentence) == (language != "zh"), sentence
