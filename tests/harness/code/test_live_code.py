"""Systems of a notebook: every edit of what they are made of is seen, in this process and the next."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clir_harness.harness.code.live_code import UNREPEATABLE, live_digest, new_epoch
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.suite import Suite
from clir_harness.harness.system import SYSTEMS

CELL = """
import functools, logging, re
from dataclasses import dataclass
from enum import Enum
import numpy as np
from clir_harness.harness.system import RetrievalSystem, Searcher, SystemConfig

WEIGHT = 1
WORDS = {"a": [1, 2], "b": {3}}
TABLE = np.arange(3)
LOG = logging.getLogger("notebook")
PATTERN = re.compile("a+")
class Kind(Enum):
    ONE = 1
@dataclass
class Options:
    depth: int = 1
OPTIONS = Options()
def helper(x): return x + WEIGHT
@functools.lru_cache
def cached(x): return helper(x)
scale = functools.partial(helper, 1)
key = lambda x: -x
class Base:
    factor = 2
    def rank(self): return sorted(WORDS, key=key)
def closed(limit):
    def inner(x): return x < limit
    return inner
within = closed(10)
class Settings(SystemConfig):
    k: int = 1
class Mine(Base, RetrievalSystem):
    Config = Settings
    summary = "s"
    def index(self, documents, folder, context):
        LOG.info(PATTERN.pattern, TABLE, cached(1), scale(), within(1), Kind.ONE, OPTIONS.depth)
    def open(self, folder, context, top=5): return {name for name in ("x", "y")}
"""


def defined(source: str = CELL) -> type:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "<cell>", "exec"), namespace)
    found: type = namespace["Mine"]
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WEIGHT = 1", "WEIGHT = 2"),
        ('"b": {3}', '"b": {4}'),
        ("np.arange(3)", "np.arange(3.0)"),
        ('re.compile("a+")', 're.compile("a+", re.I)'),
        ("depth: int = 1", "depth: int = 2"),
        ("return x + WEIGHT", "return x - WEIGHT"),
        ("partial(helper, 1)", "partial(helper, 2)"),
        ("lambda x: -x", "lambda x: x"),
        ("factor = 2", "factor = 3"),
        ("closed(10)", "closed(11)"),
        ("k: int = 1", "k: int = 2"),
        ("top=5", "top=6"),
        ('("x", "y")', '("x", "z")'),
        ("ONE = 1", "ONE = 1; TWO = 2"),
    ],
)
def test_every_part_of_a_definition_counts(old: str, new: str) -> None:
    assert old in CELL
    assert live_digest(defined(CELL.replace(old, new))) != live_digest(defined())


def test_the_same_definition_has_one_digest_in_every_process() -> None:
    digest = "from clir_harness.harness.code.live_code import live_digest\nprint(live_digest(Mine))"
    script = f"CELL = {CELL!r}\nexec(CELL)\n{digest}"
    found = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            check=True, capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1
    assert UNREPEATABLE not in found.pop()


def test_a_method_put_in_later_and_an_attribute_changed_later_count() -> None:
    cls = defined()
    before = live_digest(cls)
    cls.rank = lambda self: []  # type: ignore[attr-defined]
    replaced = live_digest(cls)
    cls.factor = 7  # type: ignore[attr-defined]
    assert len({before, replaced, live_digest(cls)}) == 3


def test_what_cannot_be_told_by_value_is_named_and_never_the_same_twice() -> None:
    cls = defined(CELL.replace("WEIGHT = 1", "WEIGHT = (x for x in [1])"))
    first = live_digest(cls)
    assert first.startswith(UNREPEATABLE)
    assert first.endswith("global 'WEIGHT' is a generator, which cannot be identified by its content")
    assert first == live_digest(cls)
    new_epoch()
    assert live_digest(cls) != first


SYSTEM = """
from clir_harness.harness.system import RetrievalSystem, Searcher, register_system

def score(place): return {score}

class Found(Searcher):
    def __init__(self, ids): self.ids = ids
    def search(self, queries, depth):
        return [[(doc, score(place)) for place, doc in enumerate(self.ids)][:depth] for _ in queries]

@register_system("{name}")
class Mine(RetrievalSystem):
    summary = "ranks by place"
    def index(self, documents, folder, context):
        (folder / "ids").write_text("\\n".join(document.id for document in documents))
    def open(self, folder, context):
        return Found((folder / "ids").read_text().split("\\n"))
"""


def suite(folder: Path, name: str) -> Suite:
    (folder / "docs.en.jsonl").write_text('{"id": "a", "text": "x"}\n{"id": "b", "text": "y"}\n')
    (folder / "queries.sw.en.tsv").write_text("1\tmvua\n")
    (folder / "qrels.sw.en.txt").write_text("1 0 a 1\n")
    collection = {"source": "jsonl", "path": str(folder), "pairs": ["sw-en"]}
    rows = [{"system": name}]
    return Suite.model_validate(
        {"name": "s", "title": "t", "measures": ["AP"], "rows": rows, "collections": [collection]}
    )


def run(tmp_path: Path, name: str, **more: Any) -> tuple[int, int, str]:
    experiment = Experiment.from_suite(suite(tmp_path, name), tmp_path / "store", **more)
    report = experiment.run()
    (cell,) = report.plan.cells
    assert cell.task is not None
    scores = (experiment.store.cell_folder(cell.task.key) / "scores.json").read_text()
    return report.computed, report.reused, scores


def test_a_system_defined_anew_in_a_notebook_is_run_anew(tmp_path: Path, forget_systems: None) -> None:
    exec(SYSTEM.format(score="-place", name="notebook"), {"__name__": "__main__"})
    first = run(tmp_path, "notebook")
    assert first[:2] == (1, 0)
    assert run(tmp_path, "notebook")[:2] == (0, 1)
    exec(SYSTEM.format(score="place", name="notebook"), {"__name__": "__main__"})
    changed = run(tmp_path, "notebook")
    assert changed[:2] == (1, 0)
    assert changed[2] != first[2]


def test_a_plugin_file_edited_within_a_process_is_run_anew(tmp_path: Path, forget_systems: None) -> None:
    plugin = tmp_path / "ov.py"
    plugin.write_text(SYSTEM.format(score="-place", name="edited"))
    first = run(tmp_path, "edited", plugins=[plugin])
    assert run(tmp_path, "edited", plugins=[plugin])[:2] == (0, 1)
    plugin.write_text(SYSTEM.format(score="place", name="edited"))
    changed = run(tmp_path, "edited", plugins=[plugin])
    assert (first[:2], changed[:2]) == ((1, 0), (1, 0))
    assert changed[2] != first[2]


def test_a_system_that_cannot_be_told_by_value_is_never_reused_and_the_plan_says_so(
    tmp_path: Path, forget_systems: None
) -> None:
    exec(
        SYSTEM.format(score="-place + 0 * (STREAM is None)", name="opaque"),
        {"__name__": "__main__", "STREAM": (x for x in [])},
    )
    experiment = Experiment.from_suite(suite(tmp_path, "opaque"), tmp_path / "store")
    assert [experiment.run().computed for _ in range(2)] == [1, 1]
    (cell,) = experiment.plan().cells
    assert "never reused" in cell.reason
    assert "global 'STREAM' is a generator" in cell.reason


@pytest.fixture
def forget_systems() -> Any:
    before = set(SYSTEMS.names())
    yield
    for name in set(SYSTEMS.names()) - before:
        del SYSTEMS._slots[name]
