"""Plans: which cells there are, what makes a cell another one, what cannot run and why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clir_harness.harness.errors import UsageError
from clir_harness.harness.execution.experiment import Experiment
from clir_harness.harness.execution.plan import Plan

SUITE = """\
name: tiny
title: Four documents
measures: [AP]
depth: 10
rows:
  - {system: bm25, label: One, settings: {backend: bm25s}}
  - {system: bm25, label: Two, settings: {backend: bm25s, k1: 1.5}}
collections:
  - {source: jsonl, path: tiny, pairs: [sw-en, so-en]}
"""
TRACKS = "tracks:\n  - {noise: swap, rates: [0.1, 0.2]}\n"

PLUGIN = """
from clir_harness.harness.system import RetrievalSystem, register_system

class Base(RetrievalSystem):
    summary = "never run"
    def index(self, documents, folder, context):
        raise AssertionError
    def open(self, folder, context):
        raise AssertionError

@register_system("wants-more")
class WantsMore(Base):
    requires = ("no-such-distribution",)

@register_system("says-yes")
class SaysYes(Base):
    def supports(self, pair):
        return True

@register_system("no-somali")
class NoSomali(Base):
    def supports(self, pair):
        return f"takes no {pair.query}" if pair.query == "so" else None
"""


@pytest.fixture(scope="module")
def never_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plugin") / "never_run.py"
    path.write_text(PLUGIN)
    return path


def written(folder: Path, text: str = SUITE) -> Path:
    path = folder / "suite.yaml"
    path.write_text(text)
    return path


def plan(folder: Path, data: Path, text: str = SUITE, **narrowed: object) -> Plan:
    experiment = Experiment.from_suite(written(folder, text), folder / "store", data=data, **narrowed)  # type: ignore[arg-type]
    return experiment.plan()


def keys(found: Plan) -> dict[str, str]:
    return {cell.name: cell.task.key for cell in found.cells if cell.task}


def test_cells_are_in_the_order_of_the_suite_rows_first_then_collections_then_tracks(
    tmp_path: Path, tiny: Path
) -> None:
    found = plan(tmp_path, tiny, SUITE + TRACKS)
    assert [cell.name for cell in found.cells[:7]] == [
        "One × tiny/sw-en",
        "One × tiny/sw-en × swap 0.1",
        "One × tiny/sw-en × swap 0.2",
        "One × tiny/so-en",
        "One × tiny/so-en × swap 0.1",
        "One × tiny/so-en × swap 0.2",
        "Two × tiny/sw-en",
    ]
    assert len(set(keys(found).values())) == len(found.cells) == 12


def test_work_is_parted_by_row_and_documents(tmp_path: Path, tiny: Path) -> None:
    documents = tiny / "tiny" / "docs.en.jsonl"
    (tiny / "other").mkdir()
    for path in (tiny / "tiny").iterdir():
        shutil.copy(path, tiny / "other")
    text = SUITE + "  - {source: jsonl, path: other, pairs: [sw-en]}\n"
    found = plan(tmp_path, tiny, text)
    assert [[task.entry for task in group] for group in found.groups()] == [
        ["tiny/sw-en", "tiny/so-en", "other/sw-en"],
        ["tiny/sw-en", "tiny/so-en", "other/sw-en"],
    ]
    (tiny / "other" / "docs.en.jsonl").write_text(documents.read_text() + '{"id": "d9", "text": "more"}\n')
    assert [[task.entry for task in group] for group in plan(tmp_path, tiny, text).groups()] == [
        ["tiny/sw-en", "tiny/so-en"],
        ["other/sw-en"],
        ["tiny/sw-en", "tiny/so-en"],
        ["other/sw-en"],
    ]


def test_rows_that_differ_by_their_label_alone_share_their_cells(tmp_path: Path, tiny: Path) -> None:
    found = plan(tmp_path, tiny, SUITE.replace(", k1: 1.5", ""))
    assert len(found.cells) == 4
    assert len(set(keys(found).values())) == 2
    assert [len(group) for group in found.groups()] == [2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("depth: 10", "depth: 11"),
        ("depth: 10", "depth: 10\nseed: 1"),
        ("label: One, ", "label: One, queries: human, "),
        ("backend: bm25s}", "backend: bm25s, b: 0.5}"),
        ("[sw-en, so-en]", "[sw-en, so-en], drop_self: true"),
    ],
)
def test_what_can_change_a_result_makes_another_cell_of_it(old: str, new: str, tmp_path: Path, tiny: Path) -> None:
    before, after = (keys(plan(tmp_path, tiny, text)) for text in (SUITE, SUITE.replace(old, new)))
    assert before["One × tiny/sw-en"] != after["One × tiny/sw-en"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Four documents", "title: Others"),
        ("measures: [AP]", "measures: [RR, nDCG@10]"),
        ("name: tiny", "name: other"),
        ("[sw-en, so-en]", "[swa-eng, so-en]"),
        ("backend: bm25s}", "backend: bm25s, k1: 0.9}"),
        ("  - {system: bm25, label: Two, settings: {backend: bm25s, k1: 1.5}}\n", ""),
        ("[sw-en, so-en]", "[sw-en, so-en], licence: CC0"),
    ],
)
def test_what_cannot_change_a_result_leaves_the_cell(old: str, new: str, tmp_path: Path, tiny: Path) -> None:
    before, after = (keys(plan(tmp_path, tiny, text)) for text in (SUITE, SUITE.replace(old, new)))
    assert before["One × tiny/sw-en"] == after["One × tiny/sw-en"]


def test_where_the_data_is_does_not_matter(tmp_path: Path, tiny: Path) -> None:
    before = keys(plan(tmp_path, tiny))
    assert keys(plan(tmp_path, tiny.rename(tmp_path / "moved"))) == before


def test_what_cannot_run_says_why(tmp_path: Path, tiny: Path, never_run: Path) -> None:
    systems = ("wants-more", "says-yes", "no-somali")
    found = plan(tmp_path, tiny, systems=systems, plugins=[never_run])
    states = {cell.name: (str(cell.state), cell.reason.splitlines()[0]) for cell in found.cells if cell.reason}
    refused = "system 'says-yes': supports({}-en) returned True, not None or a text"
    wanting = "system 'wants-more' needs no-such-distribution"
    assert states == {
        "wants-more × tiny/sw-en": ("failed", wanting),
        "wants-more × tiny/so-en": ("failed", wanting),
        "says-yes × tiny/sw-en": ("failed", refused.format("sw")),
        "says-yes × tiny/so-en": ("failed", refused.format("so")),
        "no-somali × tiny/so-en": ("not applicable", "takes no so"),
    }
    assert [cell.name for cell in found.cells if cell.task] == ["no-somali × tiny/sw-en"]


def test_queries_that_a_collection_lacks_are_not_applicable(tmp_path: Path, tiny: Path) -> None:
    found = plan(tmp_path, tiny, SUITE.replace("label: One, ", "label: One, queries: machine, "))
    assert {(str(cell.state), cell.reason) for cell in found.cells if cell.row.label == "One"} == {
        ("not applicable", "no 'machine' queries; there are: original, human")
    }


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("measures: [AP]", "measures: [APE]", 3, "unknown measure 'APE'"),
        ("{system: bm25, label: Two", "{system: bm26, label: Two", 7, "unknown system 'bm26'"),
        ("k1: 1.5", "\n    k1: -1", 8, "system 'bm25': k1: Input should be greater than or equal to 0 (found -1)"),
        ("k1: 1.5", "\n    k2: 1", 8, "unknown setting of system 'bm25' 'k2'"),
        ("k1: 1.5", "k1: 'model:mine'", 7, "unknown model of this suite 'mine'"),
        ("source: jsonl", "source: json", 9, "unknown collection source 'json'"),
        ("path: tiny", "\n     paths: tiny", 10, "unknown setting of collection source 'jsonl' 'paths'"),
        ("pairs: [sw-en, so-en]", "\n     pairs: [sw-en, so]", 9, "'so' is not a language pair"),
    ],
)
def test_a_fault_in_the_suite_has_its_line(
    old: str, new: str, line: int, message: str, tmp_path: Path, tiny: Path
) -> None:
    with pytest.raises(UsageError) as error:
        plan(tmp_path, tiny, SUITE.replace(old, new))
    assert error.value.message.startswith(f"{tmp_path}/suite.yaml:{line}: {message}")


def test_so_has_one_in_the_training_of_a_model(tmp_path: Path, tiny: Path) -> None:
    model = "models:\n  mine:\n    system: psq\n    bitext: {sw: [x.tsv]}\n    settings:\n      steps: 1\n"
    row = "rows:\n  - {system: psq, settings: {model: 'model:mine'}}\n"
    with pytest.raises(UsageError) as error:
        plan(tmp_path, tiny, SUITE.replace("rows:\n", model + row))
    assert error.value.message == f"{tmp_path}/suite.yaml:10: unknown setting of training 'psq' 'steps'"


def test_a_fault_on_the_command_line_is_not_looked_for_in_the_file(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(UsageError) as error:
        plan(tmp_path, tiny, settings=["Two.k1=-1"])
    assert error.value.message.startswith("system 'bm25': k1: ")


def test_a_fault_inside_a_component_has_the_line_of_the_settings_it_stands_in(tmp_path: Path, tiny: Path) -> None:
    systems = "[{system: bm25, settings: {k: 1}}, {system: bm25}]"
    row = f"\n  - system: rrf\n    settings:\n      k: 60\n      systems: {systems}"
    with pytest.raises(UsageError) as error:
        plan(tmp_path, tiny, SUITE.replace("rows:", "rows:" + row))
    assert error.value.message == f"{tmp_path}/suite.yaml:7: unknown setting of system 'bm25' 'k'"
