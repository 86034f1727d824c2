"""The public names: which they are, how they are called, what importing them costs, and the three jobs through them."""

import inspect
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import clir_harness as clir
from clir_harness.harness.system import SYSTEMS

SIGNATURES = {
    "register_collection": "(name)",
    "register_system": "(name)",
    "run": "(suite, store='results', *, data=None, systems=(), pairs=(), settings=(), models=(), plugins=(), jobs=1, "
    "quiet=False)",
    "submit": "(path, *, system, collection, suite=None, store='results', data=None, dry_run=False, "
    "progress=no_progress)",
    "read_leaderboard": "(store, suite, measures=None)",
    "render": "(board, form='markdown', figures=None, *, per_query=False)",
    "compare": "(base, current, *, suite=None, measures=(), collection=None, row=None, data=None, rules=None, "
    "absolute=None, relative=None, alpha=None, latency_ratio=None, memory_ratio=None, allow_missing=None, "
    "allow_not_comparable=None, tests=True, quiet=False)",
    "evaluate": "(run, qrels, measures, *, same_documents=False)",
    "publish": "(store, folder, suites=(), *, force=False, progress=no_progress)",
}
"""Public functions as they are called: who changes one, changes programs of others, see docs/deprecation.md."""

METHODS = {
    "RetrievalSystem": {
        "configure": "(settings)",
        "supports": "(self, pair)",
        "components": "(self)",
        "inputs": "(self)",
        "index_settings": "(self)",
        "index_inputs": "(self, language)",
        "describe_index": "(self, language)",
        "index": "(self, documents, folder, context)",
        "open": "(self, folder, context)",
    },
    "Searcher": {"search": "(self, queries, depth)", "describe": "(self)", "close": "(self)"},
}

HEAVY = {"numpy", "pydantic", "torch", "transformers", "pyarrow", "click", "rich", "ir_datasets", "ir_measures", "yaml"}


def signature(function: object) -> str:
    """The parameters with their defaults, without types."""
    found = inspect.signature(function)
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in found.parameters.values()]
    text = str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty))
    return re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"\1", text)


def test_the_public_names_and_their_signatures_are_these() -> None:
    values = {"Document", "IndexContext", "Leaderboard", "Query", "SearchContext", "Run", "SystemConfig", "__version__"}
    assert set(clir.__all__) == values | SIGNATURES.keys() | METHODS.keys()
    assert {name: signature(getattr(clir, name)) for name in SIGNATURES} == SIGNATURES
    for cls, methods in METHODS.items():
        assert {name: signature(getattr(getattr(clir, cls), name)) for name in methods} == methods
    assert list(clir.Query.__annotations__) == ["id", "text"]
    assert list(clir.Document.__annotations__) == ["id", "text", "title", "left_out"]
    assert set(clir.__all__) <= set(dir(clir))
    with pytest.raises(AttributeError, match="has no attribute 'leaderboard'"):
        clir.leaderboard  # noqa: B018


def test_importing_it_imports_nothing_of_weight() -> None:
    code = "import sys, clir_harness; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & {name.partition(".")[0] for name in loaded}
    assert [name for name in loaded if name.startswith("clir_harness")] == ["clir_harness"]


def examples() -> list[str]:
    """The indented blocks of the docstring, one a job."""
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", inspect.cleandoc(clir.__doc__ or "") + "\n", re.MULTILINE)
    return [textwrap.dedent(block) for block in blocks if block.strip()]


def test_the_three_jobs_are_done_as_the_docstring_shows(
    tmp_path: Path, tiny: Path, tiny_suite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    register, generate, compare = examples()
    names: dict[str, Any] = {"__name__": "__main__", "SYSTEMS": ["BM25", "common-words"]}
    try:
        exec(register, names)
        generate = generate.replace('clir.run("embedded"', 'clir.run("tiny.yaml", data="data", systems=SYSTEMS')
        exec(generate.replace("embedded", "tiny"), names)
        assert "| common-words |" in capsys.readouterr().out
        by_hand = pytest.approx(1 / 3)  # "Nairobi" alone is a word of a query and of its document, and of no other
        assert [entry.means["RR"] for entry in names["board"].row("common-words").entries] == [by_hand, by_hand]
        value = json.loads(clir.render(names["board"], "json", per_query=True))
        Path("baseline.json").write_text(json.dumps(value), "utf-8")
        exec(compare, names)
        cell = value["rows"][0]["cells"][0]
        cell["means"]["AP"], cell["scores"]["AP"] = 1.0, [1.0, 1.0, 1.0]
        Path("baseline.json").write_text(json.dumps(value), "utf-8")
        with pytest.raises(AssertionError):
            exec(compare, names)
    finally:
        SYSTEMS.forget(SYSTEMS.origin("common-words"))
