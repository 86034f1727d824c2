"""`optical` and `cal` as systems: trained by the one command, found by language, bound to their teacher."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from clir_harness.harness.collections.embedded import write_bitext
from clir_harness.harness.conformance import Subject
from clir_harness.harness.conformance.testing import SystemConformance
from clir_harness.harness.errors import DataError, UsageError
from clir_harness.harness.execution.indexing import index_key
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.training import TrainingContext
from clir_harness.systems.cal import CAL
from clir_harness.systems.distillation.system import Distilled
from clir_harness.systems.late_interaction.encoder import TokenEncoder
from clir_harness.systems.late_interaction.system import ColBERT
from clir_harness.systems.optical import OPTICAL
from clir_harness.systems.parallel_text.bitext import SentencePair

from .conftest import make_teacher

QUICK = {"steps": 3, "batch_size": 8, "vocabulary": 300, "max_tokens": 16, "held_out": 10, "precision": "float32"}
Trained = Callable[..., Path]


@pytest.fixture(scope="module")
def teacher_folder(pairs: list[SentencePair], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher")
    make_teacher(pairs).save(folder)
    return folder


@pytest.fixture(scope="module")
def trained(teacher_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trains a system on synthetic Swahili and Somali."""
    root = tmp_path_factory.mktemp("students")
    files = {}
    for language in ("sw", "so"):
        write_bitext(root / f"{language}.tsv.gz", language, 100)
        files[language] = (root / f"{language}.tsv.gz",)

    def train(system: type[Distilled], name: str, **changes: object) -> Path:
        if not (output := root / name).exists():
            output.mkdir()
            settings = system.Training.model_validate({"teacher": str(teacher_folder), **QUICK, **changes})
            system.train(files, settings, output, TrainingContext(root / f"{name}.scratch", threads=2))
        return output

    return train


def configured(system: type[Distilled], teacher: Path, student: Path) -> Distilled:
    found = system.configure({"encoder": str(teacher), "student": str(student)})
    assert isinstance(found, Distilled)
    return found


def test_each_system_trains_with_its_own_loss(trained: Trained) -> None:
    losses = {
        system.name: json.loads((trained(system, system.name) / "training.json").read_bytes())["settings"]["loss"]
        for system in (OPTICAL, CAL)
    }
    assert losses == {"optical": "transport", "cal": "nearest"}


def test_a_student_takes_the_languages_it_was_trained_for(trained: Trained, teacher_folder: Path) -> None:
    system = configured(OPTICAL, teacher_folder, trained(OPTICAL, "optical"))
    for pair in ("sw-en", "so-en", "en-sw", "so-sw", "en-en"):
        assert system.supports(LanguagePair.parse(pair)) is None
    assert "trained for so, sw, not for Hausa (ha)" in str(system.supports(LanguagePair.parse("ha-en")))


def test_there_may_be_one_student_a_language(trained: Trained, teacher_folder: Path) -> None:
    folder = trained(OPTICAL, "separate", separate=True)
    system = configured(OPTICAL, teacher_folder, folder)
    assert system.encoder_for("sw") == str(folder / "sw")
    assert system.supports(LanguagePair.parse("so-en")) is None
    assert "not for Hausa" in str(system.supports(LanguagePair.parse("ha-en")))
    assert set(system.inputs()) == {"encoder", "sw", "so"}
    digests = {TokenEncoder.load(folder / language).digest() for language in ("sw", "so")}
    assert len(digests) == 2


def test_a_student_of_another_teacher_is_refused(trained: Trained, tmp_path: Path, pairs: list[SentencePair]) -> None:
    make_teacher(pairs, hidden=16).save(tmp_path)
    with pytest.raises(DataError, match="distilled from another teacher"):
        configured(OPTICAL, tmp_path, trained(OPTICAL, "optical")).inputs()


def test_systems_with_one_teacher_share_the_index_of_its_documents(trained: Trained, teacher_folder: Path) -> None:
    systems = [
        configured(OPTICAL, teacher_folder, trained(OPTICAL, "optical")),
        configured(CAL, teacher_folder, trained(CAL, "cal")),
        ColBERT.configure({"encoder": str(teacher_folder)}),
    ]
    assert len({index_key(system.components()[0], "documents", "en", 0) for system in systems}) == 1
    assert len({index_key(system.components()[0], "documents", "sw", 0) for system in systems[:2]}) == 2


def test_mask_augmentation_is_a_choice_of_training(trained: Trained) -> None:
    augmented = TokenEncoder.load(trained(OPTICAL, "augmented", augmentation=True))
    assert augmented.settings.query_augmentation
    assert not TokenEncoder.load(trained(OPTICAL, "optical")).settings.query_augmentation


def test_a_multilingual_encoder_to_start_from_must_fit_the_teacher(
    trained: Trained, tmp_path: Path, pairs: list[SentencePair], teacher_folder: Path
) -> None:
    started = TokenEncoder.load(trained(OPTICAL, "started", start=str(teacher_folder)))
    assert started.tokenizer.get_vocab() == TokenEncoder.load(teacher_folder).tokenizer.get_vocab()
    make_teacher(pairs, hidden=16).save(tmp_path)
    with pytest.raises(UsageError, match="16 dimensions, the teacher's 32"):
        trained(OPTICAL, "narrow", start=str(tmp_path))


def test_pivot_sentences_can_be_mixed_in(trained: Trained) -> None:
    def count(folder: Path) -> int:
        return int(json.loads((folder / "training.json").read_bytes())["pairs"]["training"])

    plain = count(trained(OPTICAL, "optical"))
    assert count(trained(OPTICAL, "mixed", pivot_share=0.25)) == plain + round(plain / 4)


class TestConforms(SystemConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, trained: Trained, teacher_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        settings = {"encoder": str(teacher_folder), "student": str(trained(OPTICAL, "optical")), "device": "cpu"}
        return Subject.of("optical", tmp_path_factory.mktemp("conformance"), settings, "sw-en")
