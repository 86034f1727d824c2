"""A small translation model, trained in the tests: number words of an invented language into English."""

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clir_harness.harness.training import TrainingContext
from clir_harness.systems.nmt.settings import NMTTraining
from clir_harness.systems.nmt.train import train_on_bitext

WORDS = {
    "moja": "one",
    "mbili": "two",
    "tatu": "three",
    "nne": "four",
    "tano": "five",
    "sita": "six",
    "saba": "seven",
    "nane": "eight",
    "tisa": "nine",
    "kumi": "ten",
}
SMALL = {"vocabulary": 100, "layers": 1, "width": 64, "max_tokens": 24, "dropout": 0.0, "learning_rate": 2e-3}


def write_numbers(path: Path) -> Path:
    """Parallel text: sequences of one to three number words."""
    pairs = [words for size in (1, 2, 3) for words in itertools.permutations(WORDS, size)]
    random.Random(0).shuffle(pairs)
    lines = [f"{' '.join(words)}\t{' '.join(WORDS[word] for word in words)}\n" for words in pairs]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def bitext(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_numbers(tmp_path_factory.mktemp("text") / "numbers.tsv")


def _train(folder: Path, text: Path, context: TrainingContext | None = None, **settings: Any) -> Path:
    output = folder / "model"
    output.mkdir(parents=True)
    (folder / "scratch").mkdir(exist_ok=True)
    chosen = NMTTraining.model_validate({**SMALL, "steps": 12, "checkpoint_every": 5, **settings})
    train_on_bitext({"sw": (text,)}, chosen, output, context or TrainingContext(folder / "scratch"))
    return output


@pytest.fixture(scope="session")
def train() -> Callable[..., Path]:
    """Train a small model for a few steps in a folder: (folder, text, context, **settings) -> model."""
    return _train


@pytest.fixture(scope="session")
def words() -> dict[str, str]:
    """What `model` translates."""
    return WORDS


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, bitext: Path) -> Path:
    """A Marian checkpoint that translates number words from Swahili into English."""
    return _train(tmp_path_factory.mktemp("nmt"), bitext, steps=150)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Translations are kept for the test only."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
