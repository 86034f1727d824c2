"""What is in the digest of a model: every file that loading may read, whatever it is called."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from huggingface_hub.utils import filter_repo_objects
from safetensors.torch import save_file

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.systems.checkpoints.sources import _hub_folder, model_folder, source_digest, weight_files
from clir_harness.systems.dense.encoder import TextEncoder
from clir_harness.systems.dense.system import DenseRetriever
from clir_harness.systems.nmt.checkpoint import languages_of
from tests.systems.dense.conftest import save_bert

Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A body in a folder of its own, pooling, and two dense layers under names that are nobody's custom."""
    folder = tmp_path_factory.mktemp("model")
    save_bert(folder / "0_Transformer")
    steps = [
        ("0_Transformer", "models.Transformer"),
        ("pool", "models.Pooling"),
        ("2_Dense_8", "models.Dense"),
        (".layers/last", "models.Dense"),
    ]
    (folder / "modules.json").write_text(
        json.dumps([{"path": path, "type": f"sentence_transformers.{kind}"} for path, kind in steps])
    )
    (folder / "pool").mkdir()
    (folder / "pool" / "config.json").write_text('{"pooling_mode": "cls"}')
    for place, (wide, narrow) in {"2_Dense_8": (32, 8), ".layers/last": (8, 8)}.items():
        (folder / place).mkdir(parents=True)
        config = {
            "in_features": wide,
            "out_features": narrow,
            "activation_function": "torch.nn.modules.linear.Identity",
        }
        (folder / place / "config.json").write_text(json.dumps(config))
        write_dense(folder / place, wide, narrow)
    return folder


def write_dense(folder: Path, wide: int = 32, narrow: int = 8, seed: int = 1) -> None:
    weight = torch.randn(narrow, wide, generator=torch.Generator().manual_seed(seed))
    save_file({"linear.weight": weight, "linear.bias": torch.zeros(narrow)}, folder / "model.safetensors")


def append(name: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((path.read_bytes() if path.is_file() else b"") + b" ")

    return change


@pytest.mark.parametrize(
    "name",
    [
        *("2_Dense_8/model.safetensors", ".layers/last/model.safetensors", "2_Dense_8/config.json", "pool/config.json"),
        *("0_Transformer/model.safetensors", "0_Transformer/tokenizer.json", "0_Transformer/config.json"),
        *("0_Transformer/sentence_bert_config.json", "config_sentence_transformers.json", "modules.json"),
        *("sentencepiece.bpe.model", "source.spm", "vocab/words.txt", "added_tokens.json", "merges.txt"),
        *("model-00001-of-00002.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "model.bin"),
        *("training.json", "generation_config.json", "artifact.metadata", "chat_template.jinja", "modeling_own.py"),
    ],
)
def test_a_change_in_any_file_that_may_be_read_is_another_model(model: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(model, folder)
    before = source_digest(folder)
    assert before == source_digest(model)
    append(name)(folder)
    assert source_digest(folder) != before


@pytest.mark.parametrize(
    "name",
    [
        *("README.md", "LICENSE", "0_Transformer/card.png", ".git/HEAD", ".cache/huggingface/download/x.metadata"),
        *("optimizer.pt", "checkpoint-500/model.safetensors", "tf_model.h5", "flax_model.msgpack", "onnx/model.onnx"),
        *("openvino/openvino_model.bin", "0_Transformer/pytorch_model.bin", "runs/events.out.tfevents.1"),
    ],
)
def test_what_no_loader_reads_leaves_a_model_what_it_is(model: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(model, folder)
    append(name)(folder)
    assert source_digest(folder) == source_digest(model)


def test_weights_changed_in_place_change_the_digest(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(model, folder)
    system = DenseRetriever.configure({"encoder": str(folder)})
    before = dict(system.inputs())
    write_dense(folder / "2_Dense_8", seed=2)
    assert set(system.inputs().values()).isdisjoint(before.values())
    assert system.index_inputs("en") != before


def test_links_to_folders_are_followed_and_may_go_round(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(model, folder, ignore=shutil.ignore_patterns("2_Dense_8"))
    shutil.copytree(model / "2_Dense_8", tmp_path / "elsewhere")
    (folder / "2_Dense_8").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(folder)
    before = source_digest(folder)
    write_dense(tmp_path / "elsewhere", seed=2)
    assert source_digest(folder) != before


def test_weights_are_those_that_the_index_lists(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "one.safetensors", "b": "two.st"}}')
    for name in ("one.safetensors", "two.st", "model-00001-of-00001.safetensors", "pytorch_model.bin"):
        (tmp_path / name).touch()
    assert [file.name for file in weight_files(tmp_path)] == ["one.safetensors", "two.st"]
    (tmp_path / "two.st").unlink()
    with pytest.raises(MissingDataError, match=r"lacks 1 of 2 files of weights, e\.g\. two\.st"):
        weight_files(tmp_path)
    (tmp_path / "model.safetensors").touch()
    assert [file.name for file in weight_files(tmp_path)] == ["model.safetensors"]


def test_what_lies_outside_of_the_folder_is_refused(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(model, folder)
    (folder / "modules.json").write_text('[{"path": "../other", "type": "sentence_transformers.models.Transformer"}]')
    for read in (source_digest, TextEncoder.load):
        with pytest.raises(DataError, match=r"outside of the model's folder: \.\./other"):
            read(folder)
    shutil.copytree(model / "0_Transformer", tmp_path / "adapter")
    (tmp_path / "adapter" / "adapter_config.json").write_text('{"base_model_name_or_path": "somewhere/else"}')
    with pytest.raises(DataError, match="is an adapter"):
        source_digest(tmp_path / "adapter")


def test_languages_of_a_translation_model_are_read_again_when_its_files_change(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"is_encoder_decoder": true}')
    (tmp_path / "model.safetensors").touch()
    (tmp_path / "training.json").write_text('{"sources": ["sw"], "target": "en"}')
    assert languages_of(str(tmp_path)).refusal("sw", "en") is None
    (tmp_path / "training.json").write_text('{"sources": ["som"], "target": "en"}')
    assert languages_of(str(tmp_path)).refusal("sw", "en") == "its model translates from som, not from sw"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that stands for a repository on the hub, from which the hub's own rules choose what is fetched."""
    remote, local = tmp_path / "remote", tmp_path / "fetched"
    remote.mkdir()

    def fetch(_name: str, *, allow_patterns: list[str] | None = None, ignore_patterns: list[str] | None = None) -> str:
        names = [path.relative_to(remote).as_posix() for path in remote.rglob("*") if path.is_file()]
        chosen = filter_repo_objects(names, allow_patterns=allow_patterns, ignore_patterns=ignore_patterns)
        for name in chosen:
            (local / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(remote / name, local / name)
        return str(local)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    _hub_folder.cache_clear()
    return remote


def test_the_hub_gives_what_is_in_the_digest(hub: Path, model: Path) -> None:
    shutil.copytree(model, hub, dirs_exist_ok=True)
    (hub / "2_Dense_8" / "model.safetensors").rename(hub / "2_Dense_8" / "pytorch_model.bin")
    for name in ("README.md", "onnx/model.onnx", "0_Transformer/pytorch_model.bin", "tf_model.h5", "vocab/words.txt"):
        append(name)(hub)
    try:
        folder = model_folder("someone/model")
        assert source_digest("someone/model") == source_digest(hub)
        fetched = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert {"2_Dense_8/pytorch_model.bin", ".layers/last/model.safetensors", "vocab/words.txt"} <= fetched
        assert not {"README.md", "onnx/model.onnx", "0_Transformer/pytorch_model.bin", "tf_model.h5"} & fetched
    finally:
        _hub_folder.cache_clear()
