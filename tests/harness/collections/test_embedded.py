"""The embedded collection: synthetic, deterministic, complete in its judgements, of any size."""

from __future__ import annotations

import gzip
import itertools
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from clir_harness.harness.collections.base import HUMAN, ORIGINAL, TestCollection
from clir_harness.harness.collections.document_summary import summarise
from clir_harness.harness.collections.embedded import EmbeddedConfig, EmbeddedSource, bitext, write_bitext
from clir_harness.harness.collections.embedded.bitext import bitext_frames, query_passages
from clir_harness.harness.collections.embedded.documents import Generator
from clir_harness.harness.collections.embedded.frames import Cause, Cost, Event, Sentence
from clir_harness.harness.collections.embedded.lexicon import Concept
from clir_harness.harness.collections.embedded.topics import make_topics
from clir_harness.harness.collections.embedded.world import pool_of, world
from clir_harness.harness.collections.validation import validate
from clir_harness.harness.errors import UnknownNameError, UsageError

INTO_ENGLISH = ("fr", "es", "zh", "sw", "so", "tl", "mr")


def load(pair: str = "sw-en", **settings: object) -> TestCollection:
    source = EmbeddedSource(EmbeddedConfig.model_validate(settings))
    return source.load(next(entry.id for entry in source.entries() if str(entry.pair) == pair))


def events_of(sentences: tuple[Sentence, ...]) -> Iterator[Event]:
    return (sentence.event for sentence in sentences if not isinstance(sentence, Cause | Cost))


def test_there_are_seven_pairs_into_english_under_the_prefix_embedded() -> None:
    entries = EmbeddedSource(EmbeddedConfig()).entries()
    assert [entry.id for entry in entries] == [f"embedded/{language}-en" for language in INTO_ENGLISH]
    assert all(entry.missing is None for entry in entries)


def test_settings_other_than_the_defaults_show_in_the_ids() -> None:
    collection = load(size=2000, seed=3, split="train", topics=25)
    assert collection.id == "embedded/sw-en/train/size-2000/topics-25/seed-3"
    assert collection.documents.id == "embedded/en/train/size-2000/topics-25/seed-3"


def test_some_of_the_pairs_can_be_asked_for() -> None:
    entries = EmbeddedSource(EmbeddedConfig.model_validate({"pairs": ["so-en", "swa-eng"]})).entries()
    assert [entry.id for entry in entries] == ["embedded/so-en", "embedded/sw-en"]
    with pytest.raises(UnknownNameError, match="unknown language pair of the embedded collection 'de-en'"):
        EmbeddedConfig.model_validate({"pairs": ["de-en"]})


def test_an_unknown_entry_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'embedded/sw-en'"):
        EmbeddedSource(EmbeddedConfig()).load("embedded/sw-eng")


@pytest.mark.parametrize("language", INTO_ENGLISH)
def test_a_collection_is_without_faults_and_says_that_it_is_synthetic(language: str) -> None:
    collection = load(f"{language}-en")
    assert validate(collection) == []
    assert collection.synthetic
    assert collection.description.startswith("Synthetic")
    assert collection.licence == "Apache-2.0"


def test_all_pairs_share_the_documents_the_topics_and_the_judgements() -> None:
    first, *others = [load(f"{language}-en") for language in INTO_ENGLISH]
    ids = [query.id for query in first.queries[ORIGINAL].queries]
    assert len(ids) == 60
    for other in others:
        assert other.documents == first.documents
        assert other.qrels == first.qrels
        assert other.queries[HUMAN] == first.queries[HUMAN]
        assert [query.id for query in other.queries[ORIGINAL].queries] == ids


def test_the_same_settings_give_the_same_texts_and_another_seed_gives_others() -> None:
    first, again, other = load(size=200), load(size=200), load(size=200, seed=1)
    assert summarise(first.documents).digest == summarise(again.documents).digest
    assert first.queries == again.queries
    assert first.documents.signature == again.documents.signature
    assert summarise(first.documents).digest != summarise(other.documents).digest
    assert first.documents.signature != other.documents.signature


def test_texts_do_not_depend_on_the_process_they_are_made_in() -> None:
    """Python orders sets of strings anew in every process; nothing may follow that order."""
    code = (
        "from clir_harness.harness.collections.document_summary import summarise;"
        "from clir_harness.harness.collections.embedded import EmbeddedConfig, EmbeddedSource;"
        "c = EmbeddedSource(EmbeddedConfig(size=200)).load('embedded/sw-en/size-200');"
        "print(summarise(c.documents).digest, c.queries['original'].digest, c.documents.signature)"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(printed) == 1


def test_every_topic_has_fully_and_partly_relevant_documents_and_misleading_ones() -> None:
    for size in (200, 600, 5000):
        for judged in load(size=size).qrels.values():
            grades = list(judged.values())
            assert grades.count(2) >= 2
            assert grades.count(1) >= 1
            assert grades.count(0) >= 2


@pytest.mark.parametrize("split", ["test", "train"])
def test_judgements_are_complete(split: str) -> None:
    """What documents say, side remarks included, is a topic's matter exactly where a judgement says so."""
    collection = load(size=2000, split=split)
    generator = Generator(2000, 0, "train" if split == "train" else "test", 60)
    topics = {topic.event.pair: topic for topic in make_topics(0, generator.split, 60)}
    assert len(topics) == 60, "no two topics are about the same action on the same object"
    relevant: dict[str, dict[str, int]] = {topic.id: {} for topic in topics.values()}
    for number in range(2000):
        for event in events_of(generator.plan(number).sentences):
            if topic := topics.get(event.pair):
                grade = 2 if event.place is topic.event.place else 1
                relevant[topic.id][generator.document_id(number)] = grade
    stated = {
        topic: {document: grade for document, grade in judged.items() if grade}
        for topic, judged in collection.qrels.items()
    }
    assert relevant == stated


def test_documents_are_worded_as_planned() -> None:
    generator = Generator(600, 0, "test", 60)
    for number in range(600):
        main, text = generator.plan(number).main, generator.document(number).text
        first = text.split(". ")[0]
        assert any(word in first for (word,) in main.object.words["en"]), first
        assert any(past in first for _, past, _ in main.verb.words["en"]), first
        assert main.place.words["en"][0][0] in first
        assert 3 <= text.count(".") <= 7


def test_misleading_documents_share_place_and_action_or_object_with_their_topic() -> None:
    generator = Generator(600, 0, "test", 60)
    topics = {topic.id: topic.event for topic in make_topics(0, "test", 60)}
    misleading = [plan for plan in map(generator.plan, range(600)) if plan.topic and plan.grade == 0]
    assert len(misleading) > 100
    for plan in misleading:
        asked = topics[plan.topic or ""]
        assert plan.main.place is asked.place
        assert plan.main.pair != asked.pair
        assert plan.main.verb is asked.verb or plan.main.object is asked.object


def test_some_misleading_documents_name_another_thing_by_the_same_english_word() -> None:
    generator = Generator(600, 0, "test", 60)
    topics = {topic.id: topic for topic in make_topics(0, "test", 60)}
    rivals = [
        plan
        for plan in map(generator.plan, range(600))
        if plan.topic and plan.grade == 0 and plan.main.object is topics[plan.topic].rival
    ]
    assert len(rivals) >= 10


def test_other_languages_tell_english_homographs_apart() -> None:
    nouns = {noun.id: noun for noun in world().lexicon.nouns}
    river, money = nouns["bank_river"].words, nouns["bank_money"].words
    assert set(river["en"]) & set(money["en"]) == {("bank",)}
    assert all(not set(river[language]) & set(money[language]) for language in INTO_ENGLISH)


@pytest.mark.parametrize(
    ("language", "word", "meanings"),
    [
        ("es", "banco", {"bank_money", "bench"}),
        ("sw", "paa", {"gazelle", "roof"}),
        ("sw", "ndege", {"bird", "plane"}),
        ("so", "koobka", {"cup_drink", "cup_trophy"}),
        ("fr", "vol", {"theft", "flight"}),
        ("mr", "कोर्ट", {"court_law", "court_sport"}),
    ],
)
def test_other_languages_have_words_of_two_meanings_which_english_tells_apart(
    language: str, word: str, meanings: set[str]
) -> None:
    nouns = world().lexicon.nouns
    assert {noun.id for noun in nouns if any(forms[0] == word for forms in noun.words[language])} == meanings


def test_splits_share_no_topic_whatever_their_seeds() -> None:
    pairs = {
        split: {topic.event.pair for seed in (0, 1) for topic in make_topics(seed, split, 200)}
        for split in ("train", "test")
    }
    assert not pairs["train"] & pairs["test"]
    assert {pool_of(*pair) for pair in pairs["test"]} == {"test"}


def test_a_large_collection_streams_at_once_with_flat_memory() -> None:
    collection = load(size=5_000_000)
    assert len(collection.qrels) == 60
    stream = collection.documents.stream()
    next(stream)
    tracemalloc.start()
    for _ in itertools.islice(stream, 5000):
        pass
    _, early = tracemalloc.get_traced_memory()
    for _ in itertools.islice(stream, 15000):
        pass
    _, late = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert late < early + 100_000


def test_documents_of_any_position_are_the_same_as_in_the_stream() -> None:
    generator = Generator(1_000_000, 5, "test", 60)
    assert list(itertools.islice(generator, 3)) == [generator.document(number) for number in range(3)]


@pytest.mark.parametrize("settings", [{"size": 199}, {"size": 5_000_001}, {"seed": -1}, {"split": "dev"}])
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EmbeddedConfig.model_validate(settings)


def test_more_topics_than_the_documents_allow_are_refused_with_the_number_that_fits() -> None:
    with pytest.raises(UsageError, match="at most 20 topics"):
        EmbeddedConfig(size=200, topics=60)
    assert EmbeddedConfig(size=200).topic_count == 20


@pytest.mark.parametrize("language", INTO_ENGLISH)
def test_bitext_holds_no_test_topic_and_says_the_same_in_every_language(language: str) -> None:
    frames = list(bitext_frames(3000))
    assert all(pool_of(*event.pair) != "test" for event in events_of(tuple(frames)))
    assert len(list(bitext(language, 3000))) == 3000
    assert [english for _, english in bitext(language, 50)] != [english for _, english in bitext(language, 50, seed=1)]


def test_ten_thousand_pairs_of_bitext_hold_every_concept_and_name() -> None:
    seen: set[str] = set()
    for sentence in bitext_frames(10_000):
        parts = itertools.chain(
            sentence,
            *(part for part in sentence if isinstance(part, tuple)),
            *(e.time or () for e in events_of((sentence,))),
        )
        seen |= {part.id for part in parts if isinstance(part, Concept)}
    assert {concept.id for concept in world().lexicon.concepts()} - seen == set()


def test_queries_with_passages_hold_no_test_topic_and_passages_answer_their_queries() -> None:
    """The passage says what was done to what, in the place the query asks about."""
    pairs = list(query_passages(2000))
    assert len(set(pairs)) == 2000
    assert pairs == list(query_passages(2000)) != list(query_passages(2000, seed=1))
    topics = EmbeddedSource(EmbeddedConfig()).load("embedded/sw-en").query_set("human")
    assert not {query for query, _ in pairs} & {query.text for query in topics.queries}
    for query, passage in pairs:
        place = query.removesuffix("?").rpartition(" in ")[2]
        assert place in passage.split(". ")[0]


def test_bitext_is_written_as_gzipped_lines_of_three_columns(tmp_path: Path) -> None:
    write_bitext(tmp_path / "a.tsv.gz", "sw", 20)
    write_bitext(tmp_path / "b.tsv.gz", "sw", 20)
    assert (tmp_path / "a.tsv.gz").read_bytes() == (tmp_path / "b.tsv.gz").read_bytes()
    with gzip.open(tmp_path / "a.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    assert [row[2] for row in rows[:2]] == ["synthetic-sw-0-00000000", "synthetic-sw-0-00000001"]
    assert [(row[0], row[1]) for row in rows] == list(bitext("sw", 20))


@pytest.mark.parametrize(("language", "pairs"), [("en", 1), ("sw", -1)])
def test_bitext_that_makes_no_sense_is_refused(language: str, pairs: int) -> None:
    with pytest.raises(UsageError):
        bitext(language, pairs)


def test_bitext_in_a_language_without_grammar_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="'de'"):
        bitext("de", 1)
