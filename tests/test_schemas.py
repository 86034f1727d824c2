"""The JSON Schemas in docs/schemas: they are those of the types, and what is written fits them."""

import json
import runpy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import clir_harness as clir
from clir_harness.harness.store import Store

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "docs" / "schemas"


@pytest.mark.parametrize("name", ["cell", "board", "comparison"])
def test_the_schemas_are_those_of_the_types(name: str) -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "schemas.py"))
    assert (SCHEMAS / f"{name}.json").read_text("utf-8") == tool["schema"](tool["TYPES"][name]), "run `make schemas`"
    assert {file.stem for file in SCHEMAS.iterdir()} == set(tool["TYPES"])


def test_what_is_written_fits_the_schemas(tmp_path: Path, tiny: Path, tiny_suite: Path) -> None:
    from clir_harness.leaderboards.compare.document import ComparisonDocument

    def faults(schema: str, value: object) -> list[str]:
        validator = Draft202012Validator(json.loads((SCHEMAS / f"{schema}.json").read_text("utf-8")))
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    store = tmp_path / "results"
    report = clir.run(tiny_suite, store, data=tiny, quiet=True)
    keys = [cell.task.key for cell in report.plan.cells if cell.task]
    assert len(keys) == 4
    for key in keys:
        record = json.loads((Store(store).cell_folder(key) / "cell.json").read_text("utf-8"))
        assert faults("cell", record) == []
        assert faults("cell", {**record, "depth": "ten"}) == ["$.depth: 'ten' is not of type 'integer'"]
    board = json.loads(clir.render(clir.read_leaderboard(store, "tiny"), "json", per_query=True))
    assert faults("board", board) == []
    assert faults("board", json.loads((ROOT / "baselines" / "embedded.json").read_text("utf-8"))) == []
    comparison = ComparisonDocument.of(clir.compare(store, store, quiet=True))
    assert faults("comparison", json.loads(comparison.to_json())) == []
