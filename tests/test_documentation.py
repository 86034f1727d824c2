"""The code that README and docs show runs as shown."""

import json
import os
import re
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from clir_harness.cli.settings import settings_of
from clir_harness.harness.collections.qrels import read_qrels
from clir_harness.harness.collections.sources import SOURCES
from clir_harness.harness.errors import DataError
from clir_harness.harness.suite import load_suite
from clir_harness.leaderboards import schema as document
from clir_harness.leaderboards.compare.rules import read_rules
from clir_harness.leaderboards.published import read_published

ROOT = Path(__file__).parents[1]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CLIR_")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("page", ["README.md", "docs/run.md"])
def test_the_python_api_prints_a_board_in_five_lines(tmp_path: Path, page: str) -> None:
    (code,) = blocks(page, "python")
    assert len([line for line in code.splitlines() if line]) == 5
    done = run(["-c", code], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "sw→en" in done.stdout


def test_the_tables_of_the_readme_are_those_of_the_committed_boards() -> None:
    with_tables = runpy.run_path(str(ROOT / "tools" / "readme_tables.py"))["with_tables"]
    text = (ROOT / "README.md").read_text("utf-8")
    assert with_tables(text) == text, "`make readme` writes them anew"
    assert with_tables(text.replace("**0.773**", "0.373").replace("| mDPR ", "| MDPR ", 1)) == text


def test_the_readme_shows_every_mean_of_the_embedded_suite() -> None:
    board = json.loads((ROOT / "baselines" / "embedded.json").read_text("utf-8"))
    (table,) = re.findall(r"<!-- table: \S+ AP -->(.*?)<!--", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL)
    shown = [re.split(r"[ |*≈]*\|[ *]*", line)[1:9] for line in table.split("\n")[4:-2]]
    assert shown == [[row["label"], *(f"{cell['means']['AP']:.3f}" for cell in row["cells"])] for row in board["rows"]]


def test_the_system_of_the_docs_runs_with_the_commands_of_the_docs(tmp_path: Path) -> None:
    (code, *_) = blocks("docs/register-a-system.md", "python")
    (tmp_path / "overlap.py").write_text(code, encoding="utf-8")
    commands = [line.split()[1:] for line in blocks("docs/register-a-system.md", "sh")[0].splitlines()]
    assert len(commands) == 3
    for command in commands:
        done = run(["-m", "clir_harness.cli", *command], tmp_path)
        assert done.returncode == 0, done.stderr
    assert "| overlap " in done.stdout


@pytest.mark.parametrize("source", [name for name in SOURCES.names() if SOURCES.origin(name).kind == "built-in"])
def test_the_page_on_collections_names_every_setting_of_every_source(source: str) -> None:
    page = (ROOT / "docs/add-a-collection.md").read_text("utf-8").partition("## Settings")[2]
    named = set(re.findall(r"`(\w+)`", "".join(line for line in page.splitlines() if f"| `{source}` |" in line)))
    shared = set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE))
    settings = {row["name"].rpartition(".")[2] for row in settings_of(SOURCES.get(source).Config)}
    assert settings <= named | shared


def test_a_run_is_submitted_and_calibrated_as_the_docs_say(tmp_path: Path) -> None:
    (text,) = blocks("docs/submit.md", "text")
    (tmp_path / "my.run").write_text(text, encoding="utf-8")
    (submit,) = blocks("docs/submit.md", "sh")
    (calibration,) = (block for block in blocks("docs/run.md", "sh") if "calibration" in block)
    shown = []
    for line in (submit + calibration).splitlines():
        done = run(["-m", "clir_harness.cli", *line.partition("#")[0].split()[1:]], tmp_path)
        assert done.returncode == 0, done.stderr
        shown.append(done.stdout)
    assert "| my-tool † |" in shown[2]
    assert "my-tool" in shown[3]
    (code,) = blocks("docs/submit.md", "python")
    done = run(["-c", code], tmp_path)
    assert done.stdout.startswith("unchanged {'AP':"), done.stderr


def test_the_suite_of_the_docs_is_valid(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(blocks("docs/run.md", "yaml")[0], encoding="utf-8")
    assert len(load_suite(tmp_path / "mine.yaml").rows) == 3


def test_the_tracks_of_the_docs_are_those_of_a_valid_suite(tmp_path: Path) -> None:
    suite, tracks = blocks("docs/run.md", "yaml")
    (tmp_path / "mine.yaml").write_text(suite + tracks, encoding="utf-8")
    assert [track.name for track in load_suite(tmp_path / "mine.yaml").tracks] == [
        "swap",
        "keyboard",
        "code_switch lexicon/tico19/sw-en.tsv",
    ]


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_between_pages_lead_to_pages_and_headings() -> None:
    links = [
        (page, *target.partition("#")[::2])
        for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
        if "://" not in target
    ]
    assert len(links) > 40
    for page, target, anchor in links:
        linked = page.parent / target if target else page
        assert linked.exists(), (page, target)
        assert not anchor or anchor in anchors(linked), (page, target, anchor)


def test_the_table_of_contents_leads_to_every_page() -> None:
    contents = (ROOT / "docs" / "README.md").read_text("utf-8")
    pages = {path.name for path in ROOT.glob("docs/*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([\w-]+\.md)", contents))


def test_every_file_that_the_page_for_contributors_names_is_there() -> None:
    named = re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.\w+)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    files = [name for name in named if "NAME" not in name and not name.startswith("clir_harness.")]
    assert len(files) > 25
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_the_error_that_contributors_are_shown_is_the_one_that_users_see(tmp_path: Path) -> None:
    (code,), (text,) = blocks("CONTRIBUTING.md", "python"), blocks("CONTRIBUTING.md", "text")
    assert textwrap.indent(code, " " * 8) in (ROOT / "harness/collections/qrels.py").read_text("utf-8")
    (tmp_path / "mini").mkdir()
    (tmp_path / "mini" / "qrels.sw.en.txt").write_text("q1 0 d1 1\nq1 0 d2 0\nq1 0 d1 0\n")
    with pytest.raises(DataError) as caught:
        read_qrels(tmp_path / "mini" / "qrels.sw.en.txt")
    assert str(caught.value).replace(f"{tmp_path}/", "") == text.rstrip("\n")


def drawn(page: Path) -> set[str]:
    """Paths of the files and folders in the tree of the page: two blanks a level, names before a wider gap."""
    found: set[str] = set()
    within: list[str] = []
    for line in page.read_text("utf-8").split("```\n")[1].splitlines():
        names = line.strip().split("  ")[0].split()
        within[(len(line) - len(line.lstrip())) // 2 :] = [names[0]]
        found |= {"".join([*within[:-1], name]) for name in names}
    return found


def test_the_architecture_page_draws_every_folder_and_every_module_on_top_of_a_package() -> None:
    found = drawn(ROOT / "docs" / "architecture.md")
    assert [name for name in sorted(found) if not (ROOT / name).exists()] == []
    packages = [ROOT / name for name in ("clir_harness", "harness", "systems", "leaderboards")]
    folders = [path.parent for package in packages for path in package.rglob("*") if path.is_file()]
    modules = [path for package in packages for path in package.glob("*.py") if path.name != "__init__.py"]
    expected = {f"{folder.relative_to(ROOT)}/" for folder in folders if "__pycache__" not in folder.parts}
    expected |= {str(path.relative_to(ROOT)) for path in modules}
    assert len(expected) > 60
    assert sorted(name for name in expected - found if "/templates/" not in name) == []


def test_the_page_of_leaderboards_describes_every_field_of_the_document() -> None:
    text = (ROOT / "docs" / "leaderboards.md").read_text("utf-8")
    parts = [value for value in vars(document).values() if isinstance(value, type) and issubclass(value, document.Part)]
    names = {field.alias or name for part in parts for name, field in part.model_fields.items()}
    assert len(names) > 60
    assert sorted(name for name in names if f"`{name}`" not in text) == []
    assert f"version {document.SCHEMA_VERSION}." in text


def test_the_code_of_the_page_of_leaderboards_writes_and_reads_a_board(tmp_path: Path) -> None:
    (code,) = blocks("docs/leaderboards.md", "python")
    done = run(["-c", code], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("BM25 (human queries) ")


def test_a_baseline_is_frozen_and_compared_as_the_docs_say(tmp_path: Path) -> None:
    commands = blocks("docs/compare.md", "sh")[0].splitlines()
    assert len(commands) == 3
    for line in commands:
        done = run(["-m", "clir_harness.cli", *line.split()[1:]], tmp_path)
        assert done.returncode == 0, done.stderr
    assert "passed: 3 unchanged" in done.stdout
    (code,) = blocks("docs/compare.md", "python")
    assert run(["-c", code], tmp_path).stdout == "False {'unchanged': 3}\n"


def test_the_rules_of_the_docs_and_of_this_project_are_valid(tmp_path: Path) -> None:
    text, _ = blocks("docs/compare.md", "yaml")
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    assert len(read_rules(tmp_path / "rules.yaml").overrides) == 3
    rules = read_rules(ROOT / "baselines" / "rules.yaml")
    rows = load_suite("embedded").rows
    assert all(any(one.matches(row.label, "macro", "AP") for row in rows) for one in rules.overrides)


def test_the_published_figures_of_the_docs_are_valid(tmp_path: Path) -> None:
    (text,) = blocks("docs/leaderboards.md", "yaml")
    (tmp_path / "figures.yaml").write_text(text, encoding="utf-8")
    (figure,) = read_published(tmp_path / "figures.yaml")
    assert (figure.system, figure.value) == ("BM25-DT", 0.258)


def test_the_job_of_the_docs_gives_the_action_inputs_that_it_has() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    job = next(block for block in blocks("docs/compare.md", "yaml") if block.startswith("steps:"))
    (step,) = (step for step in yaml.safe_load(job)["steps"] if "clir-harness@" in step.get("uses", ""))
    needed = {name for name, given in action["inputs"].items() if given.get("required")}
    assert needed <= set(step["with"]) <= set(action["inputs"])
    table = (ROOT / "docs/compare.md").read_text("utf-8").partition("| input | meaning |")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines() for name in re.findall(r"`([a-z-]+)`", line.partition(" | ")[0])}
    assert named == set(action["inputs"])
