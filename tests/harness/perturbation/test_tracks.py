from pathlib import Path

import pytest

from clir_harness.harness.collections.base import Query, QuerySet
from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.perturbation.noise import Noise
from clir_harness.harness.perturbation.tracks import Perturbation, Track
from clir_harness.harness.suite import load_suite

QUERIES = QuerySet(
    "sw",
    (
        Query("q1", "Je, daraja la Kisumu lilijengwa mwaka gani?"),
        Query("q2", "Ugonjwa wa malaria unaenezwa na nini?"),
        Query("q3", "1918?"),
    ),
)


def noise(kind: str, rate: float, seed: int = 0) -> Perturbation:
    return Perturbation(kind=kind, rate=rate, seed=seed)


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    path = tmp_path / "sw-en.tsv"
    path.write_text("daraja\tbridge\nugonjwa\tdisease\nmwaka gani\twhich year\n")
    return path


def code_switch(lexicon: Path, rate: float) -> Perturbation:
    track = Track(code_switch=lexicon.name, language="sw", rates=(rate,))
    ((perturbation,), missing) = track.perturbations(0, lexicon.parent)
    assert missing is None
    return perturbation


@pytest.mark.parametrize("kind", Noise)
def test_what_happens_to_a_query_depends_on_its_id_and_not_on_the_other_queries(kind: str) -> None:
    whole = noise(kind, 0.3).apply(QUERIES).queries.queries
    backwards = noise(kind, 0.3).apply(QuerySet("sw", QUERIES.queries[::-1])).queries.queries
    alone = noise(kind, 0.3).apply(QuerySet("sw", QUERIES.queries[1:2])).queries.queries
    assert whole == backwards[::-1]
    assert whole[1:2] == alone


def test_seeds_kinds_and_ids_have_noise_of_their_own() -> None:
    text = "daraja la Kisumu lilijengwa"
    same_text = QuerySet("sw", (Query("a", text), Query("b", text)))
    first, second = noise("drop", 0.3).apply(same_text).queries.queries
    assert first.text != second.text
    assert noise("drop", 0.3, seed=1).apply(same_text).queries.queries[0].text != first.text


def test_ids_order_and_language_stay() -> None:
    after = noise("insert", 0.5).apply(QUERIES).queries
    assert after.language == "sw"
    assert [query.id for query in after.queries] == ["q1", "q2", "q3"]


def test_the_shares_of_changed_queries_and_of_covered_words_are_counted(lexicon: Path) -> None:
    noisy = noise("insert", 1.0).apply(QUERIES)
    assert (noisy.changed, noisy.covered) == (pytest.approx(2 / 3), None)
    switched = code_switch(lexicon, 1.0).apply(QUERIES)
    assert switched.queries.queries[0].text == "Je, bridge la Kisumu lilijengwa which year?"
    assert switched.changed == pytest.approx(2 / 3)
    assert switched.covered == pytest.approx(4 / 14)


def test_code_switching_is_for_queries_in_the_language_of_the_lexicon(lexicon: Path) -> None:
    perturbation = code_switch(lexicon, 0.5)
    assert perturbation.refusal(QUERIES) is None
    refusal = perturbation.refusal(QuerySet("so", QUERIES.queries))
    assert refusal == "the queries are in Somali, the words of the lexicon in Swahili"


def test_a_lexicon_that_changed_after_planning_is_refused(lexicon: Path) -> None:
    perturbation = code_switch(lexicon, 0.5)
    lexicon.write_text("daraja\tstep\n")
    with pytest.raises(UsageError, match="has changed since this run was planned"):
        perturbation.apply(QUERIES)


def test_the_identity_has_the_content_of_a_lexicon_and_not_its_place(lexicon: Path) -> None:
    first = code_switch(lexicon, 0.5).identity()
    moved = lexicon.with_name("moved.tsv")
    moved.write_text("".join(reversed(lexicon.read_text().splitlines(keepends=True))))
    assert code_switch(moved, 0.5).identity() == first
    lexicon.write_text("daraja\tstep\n")
    assert code_switch(lexicon, 0.5).identity() != first


SUITE = """\
name: mine
title: Mine
measures: [AP]
rows:
  - {system: bm25}
collections:
  - {source: embedded}
tracks:
  - {noise: swap, rates: [0.05, 0.1]}
  - {code_switch: lexicon/sw-en.tsv, rates: [0.3], language: swa}
"""


def test_tracks_are_a_key_of_a_suite(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE)
    swap, code_switch = load_suite(path).tracks
    assert (swap.noise, swap.rates) == (Noise.SWAP, (0.05, 0.1))
    assert (code_switch.name, code_switch.language) == ("code_switch lexicon/sw-en.tsv", "sw")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("noise: swap", "noise: swapp", 9, "Input should be 'swap', 'drop', 'insert', 'keyboard' or 'diacritics'"),
        ("rates: [0.05, 0.1]", "rates: [0.05, 1.5]", 9, "less than or equal to 1"),
        ("rates: [0.05, 0.1]", "rates: [0]", 9, "greater than 0"),
        ("rates: [0.05, 0.1]", "rates: []", 9, "at least 1"),
        ("rates: [0.05, 0.1]", "rates: [0.1, 0.1]", 9, "the same rate occurs twice"),
        ("rates: [0.05, 0.1]", "rate: 0.1", 9, "did you mean 'rates'"),
        ("rates: [0.05, 0.1]", "rates: [0.1], langauge: sw", 9, "unknown key"),
        ("noise: swap, ", "", 9, "a track needs `noise`"),
        ("noise: swap", "noise: swap, code_switch: x.tsv, language: sw", 9, "and not both"),
        ("noise: swap", "noise: swap, language: sw", 9, "goes with `code_switch`"),
        (", language: swa", "", 10, "goes with `code_switch`"),
        ("language: swa", "language: swahilli", 10, "unknown language 'swahilli'"),
        ("code_switch: lexicon/sw-en.tsv", "noise: swap", 10, "goes with `code_switch`"),
        (
            "code_switch: lexicon/sw-en.tsv, rates: [0.3], language: swa",
            "noise: swap, rates: [1]",
            1,
            "with the rates of",
        ),
    ],
)
def test_a_malformed_track_names_file_line_and_fault(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE.replace(old, new))
    with pytest.raises(DataError) as error:
        load_suite(path)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{path}:{line}:")
