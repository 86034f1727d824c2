"""JSON Schemas of what clir-harness writes, from the types: `make schemas` puts them into docs/schemas/."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from clir_harness.harness.record import CellRecord
from clir_harness.leaderboards.compare.document import ComparisonDocument
from clir_harness.leaderboards.schema import BoardDocument

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"
TYPES: dict[str, type[BaseModel]] = {"cell": CellRecord, "board": BoardDocument, "comparison": ComparisonDocument}


def schema(kind: type[BaseModel]) -> str:
    """The JSON Schema (draft 2020-12) of a type, as text."""
    value = {"$schema": "https://json-schema.org/draft/2020-12/schema", **kind.model_json_schema()}
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write the schemas."""
    FOLDER.mkdir(exist_ok=True)
    for name, kind in TYPES.items():
        (FOLDER / f"{name}.json").write_text(schema(kind), "utf-8")


if __name__ == "__main__":
    main()
