"""Code that a model's repository brings is never run, not even when somebody would agree to it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clir_harness.harness.errors import DataError
from clir_harness.systems.checkpoints.reading import read_body, read_tokenizer
from clir_harness.systems.cross_encoder import CrossEncoder
from clir_harness.systems.nmt.translator import _model, _tokenizer


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder whose configuration and tokenizer are classes of its own file, which leaves a trace when it is run."""
    folder = tmp_path / "model"
    folder.mkdir()
    names = ("AutoConfig", "AutoModel", "AutoModelForSequenceClassification", "AutoModelForSeq2SeqLM")
    classes = dict.fromkeys(names, "own.Own")
    (folder / "config.json").write_text(json.dumps({"model_type": "own", "auto_map": classes}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"auto_map": {"AutoTokenizer": ["own.Own", None]}}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "own.py").write_text(f"open({str(tmp_path / 'trace')!r}, 'w').close()\nclass Own: ...\n")
    return folder


@pytest.mark.parametrize(
    "load",
    [
        read_body,
        read_tokenizer,
        _model,
        lambda folder: _tokenizer(folder, ""),
        lambda folder: CrossEncoder(str(folder), 64, 1, "cpu"),
    ],
)
def test_a_model_with_code_of_its_own_is_refused(
    model: Path, load: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    with pytest.raises(DataError, match="custom code"):
        load(model)
    assert not (model.parent / "trace").exists()
