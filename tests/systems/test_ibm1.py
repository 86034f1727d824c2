import random
from collections import Counter, defaultdict
from itertools import pairwise
from math import log
from pathlib import Path

import numpy as np
import pytest

from clir_harness.systems.ibm1 import TermPairs, Translations, train
from clir_harness.systems.psq.agreement import agreed

HAUS = [("das Haus", "the house"), ("das Buch", "the book"), ("ein Buch", "a book")]


def random_text(seed: int) -> list[tuple[str, str]]:
    """Sixty sentence pairs with words that repeat inside a sentence."""
    draw = random.Random(seed)

    def sentence(words: str) -> str:
        return " ".join(draw.choices(words, k=draw.randint(1, 9)))

    return [(sentence("abcdefghij"), sentence("uvwxyz")) for _ in range(60)]


def naive_ibm1(text: list[tuple[str, str]], iterations: int) -> tuple[dict[tuple[str, str], float], list[float]]:
    """The textbook's algorithm, word by word."""
    pairs = [(["NULL", *source.split()], target.split()) for source, target in text]
    vocabulary = {word for _, target in pairs for word in target}
    t: dict[tuple[str, str], float] = defaultdict(lambda: 1 / len(vocabulary))
    likelihoods = []
    for iteration in range(iterations + 1):
        counts: Counter[tuple[str, str]] = Counter()
        likelihood = 0.0
        for source, target in pairs:
            for f in target:
                total = sum(t[e, f] for e in source)
                likelihood += log(total / len(source))
                for e in source:
                    counts[e, f] += t[e, f] / total
        likelihoods.append(likelihood)
        if iteration < iterations:
            totals: Counter[str] = Counter()
            for (e, _), count in counts.items():
                totals[e] += count
            t = defaultdict(float, {(e, f): count / totals[e] for (e, f), count in counts.items()})
    return dict(t), likelihoods


def encoded(text: list[tuple[str, str]]) -> tuple[TermPairs, list[str], list[str]]:
    source = [source.split() for source, _ in text]
    target = [target.split() for _, target in text]
    words = ["NULL", *sorted({word for sentence in source for word in sentence})]
    terms = sorted({word for sentence in target for word in sentence})
    pairs = TermPairs(
        np.array([words.index(word) for sentence in source for word in sentence]),
        np.array([len(sentence) for sentence in source]),
        np.array([terms.index(word) for sentence in target for word in sentence]),
        np.array([len(sentence) for sentence in target]),
    )
    return pairs, words, terms


def as_dict(learned: Translations, words: list[str], terms: list[str]) -> dict[tuple[str, str], float]:
    owners = np.repeat(np.arange(len(words)), np.diff(learned.starts))
    return {
        (words[e], terms[f]): float(p) for e, f, p in zip(owners, learned.targets, learned.probabilities, strict=True)
    }


def test_the_first_iteration_on_the_classic_example_is_that_by_hand(tmp_path: Path) -> None:
    # From uniform t each English word is shared by three (NULL and two German words), a third each.
    # das: the 2/3, house 1/3, book 1/3.  Haus: the 1/3, house 1/3.  Buch: the 1/3, book 2/3, a 1/3.
    pairs, words, terms = encoded(HAUS)
    found = as_dict(train(pairs, 1, tmp_path), words, terms)
    by_hand = {"das the": 1 / 2, "das house": 1 / 4, "das book": 1 / 4, "Haus the": 1 / 2, "Haus house": 1 / 2}
    by_hand |= {"Buch the": 1 / 4, "Buch book": 1 / 2, "Buch a": 1 / 4, "ein a": 1 / 2, "ein book": 1 / 2}
    by_hand |= {"NULL the": 1 / 3, "NULL house": 1 / 6, "NULL book": 1 / 3, "NULL a": 1 / 6}
    assert {f"{e} {f}": p for (e, f), p in found.items()} == pytest.approx(by_hand, abs=1e-12)


@pytest.mark.parametrize("iterations", [1, 2, 5, 20])
@pytest.mark.parametrize("block", [1, 50, 10**6])
def test_it_learns_what_the_textbook_algorithm_learns(tmp_path: Path, iterations: int, block: int) -> None:
    for text in (HAUS, random_text(1), random_text(2)):
        pairs, words, terms = encoded(text)
        learned = train(pairs, iterations, tmp_path, block=block)
        expected, likelihoods = naive_ibm1(text, iterations)
        assert as_dict(learned, words, terms) == pytest.approx(expected, abs=1e-9)
        assert learned.log_likelihood == pytest.approx(likelihoods, abs=1e-9)


def test_the_likelihood_never_falls_and_progress_is_told(tmp_path: Path) -> None:
    pairs, _, _ = encoded(random_text(3))
    told: list[tuple[int, float]] = []
    learned = train(pairs, 12, tmp_path, lambda iteration, likelihood: told.append((iteration, likelihood)))
    assert all(after >= before for before, after in pairwise(learned.log_likelihood))
    assert told == list(enumerate(learned.log_likelihood[:-1], start=1))


def test_agreement_is_the_product_of_both_directions(tmp_path: Path) -> None:
    text = random_text(4)
    pairs, words, terms = encoded(text)
    found = as_dict(agreed(pairs, train(pairs, 3, tmp_path), 3, tmp_path), words, terms)
    forward, _ = naive_ibm1(text, 3)
    backward, _ = naive_ibm1([(target, source) for source, target in text], 3)
    products = {(e, f): p * backward[f, e] for (e, f), p in forward.items() if e != "NULL"}
    totals: Counter[str] = Counter()
    for (e, _), product in products.items():
        totals[e] += product
    assert found == pytest.approx({(e, f): p / totals[e] for (e, f), p in products.items()}, abs=1e-9)
