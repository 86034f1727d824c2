"""How a model's token states become one vector, as sentence-transformers writes it beside the weights.

The layout is theirs (https://www.sbert.net): `modules.json` lists the steps, each with a folder of its own. Models that
are saved here have it too, so that either library reads them. Nothing here imports a model library.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.errors import DataError, MissingDataError
from systems.late_interaction.sources import read_modules

Pooling = Literal["cls", "mean"]
Role = Literal["query", "passage"]

MODULES = "modules.json"
PROMPTS = "config_sentence_transformers.json"
_OTHER_POOLINGS = "give the pooling in the settings: cls or mean"


@dataclass(frozen=True, slots=True)
class Recipe:
    """From token states to a vector.

    Attributes:
        pooling: the first token's state, or the mean over all tokens.
        normalise: scale to unit L2 norm, so that the dot product is the cosine.
        query_prompt: put before every query.
        passage_prompt: put before every passage.
        body: folder with the transformer and its tokenizer.
        dense: folder with a dense layer that follows the pooling; None for none.
    """

    pooling: Pooling
    normalise: bool
    query_prompt: str
    passage_prompt: str
    body: Path
    dense: Path | None = None

    def prompt(self, role: Role) -> str:
        """What is put before a text in that role."""
        return self.query_prompt if role == "query" else self.passage_prompt


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user says about an encoder; None where its preset, its own files or the default shall decide.

    Attributes:
        pooling, normalise, query_prompt, passage_prompt: as in `Recipe`.
        dense_required: whether a model without a dense layer is incomplete.
    """

    pooling: Pooling | None = None
    normalise: bool | None = None
    query_prompt: str | None = None
    passage_prompt: str | None = None
    dense_required: bool = False


def read_recipe(folder: Path, choices: Choices) -> Recipe:
    """The recipe of a model folder: what the user says, else what stands beside the weights, else [CLS] as in DPR.

    Raises:
        DataError: when the files beside the weights are damaged or ask for a step that there is not here.
        MissingDataError: when a dense layer is required and absent.
    """
    body, dense, normalise = folder, None, False
    pooling: Pooling | None = choices.pooling
    modules = read_modules(folder / MODULES) if (folder / MODULES).is_file() else []
    for number, (name, place) in enumerate(modules):
        kind = name.rpartition(".")[2]
        if number == 0 and kind == "Transformer":
            body = folder / place
        elif kind == "Pooling":
            pooling = pooling or _pooling(folder / place / "config.json")
        elif kind == "Dense":
            dense = folder / place
        elif kind == "Normalize":
            normalise = True
        else:
            raise DataError(
                f"step {number} is '{kind}'; known are Transformer, Pooling, Dense, Normalize",
                path=folder / MODULES,
                hint="give a model whose vectors are pooled token states",
            )
    if choices.dense_required and dense is None:
        raise MissingDataError(
            f"{folder} lacks the dense layer of this model", hint="download the whole model, its sub-folders included"
        )
    prompts = _object(folder / PROMPTS).get("prompts") or {}
    passage = prompts.get("passage") or prompts.get("document") or ""
    return Recipe(
        pooling=pooling or "cls",
        normalise=normalise if choices.normalise is None else choices.normalise,
        query_prompt=prompts.get("query") or "" if choices.query_prompt is None else choices.query_prompt,
        passage_prompt=passage if choices.passage_prompt is None else choices.passage_prompt,
        body=body,
        dense=dense,
    )


def write_recipe(recipe: Recipe, dim: int, folder: Path) -> Path | None:
    """Write a recipe beside a model's weights.

    Args:
        recipe: what to write; its folders are those it was read from, and are not copied.
        dim: dimensions of a pooled vector.
        folder: the model's folder.

    Returns:
        The folder for the dense layer, made here, when the recipe has one.
    """
    steps = [("", "Transformer"), ("1_Pooling", "Pooling")]
    dense = folder / "2_Dense" if recipe.dense is not None else None
    if dense is not None:
        dense.mkdir(exist_ok=True)
        steps.append((dense.name, "Dense"))
    if recipe.normalise:
        steps.append((f"{len(steps)}_Normalize", "Normalize"))
    modules = [
        {"idx": i, "name": str(i), "path": place, "type": f"sentence_transformers.models.{kind}"}
        for i, (place, kind) in enumerate(steps)
    ]
    pooling = {
        "word_embedding_dimension": dim,
        "pooling_mode_cls_token": recipe.pooling == "cls",
        "pooling_mode_mean_tokens": recipe.pooling == "mean",
    }
    (folder / "1_Pooling").mkdir(exist_ok=True)
    _write(folder / MODULES, modules)
    _write(folder / "1_Pooling" / "config.json", pooling)
    _write(folder / PROMPTS, {"prompts": {"query": recipe.query_prompt, "passage": recipe.passage_prompt}})
    return dense


def _pooling(path: Path) -> Pooling:
    found = _object(path)
    if found.get("include_prompt") is False:
        raise DataError("leaves the prompt out of the pooling, which is not done here", path=path)
    modes = [key.removeprefix("pooling_mode_") for key, value in found.items() if value is True and "_mode_" in key]
    modes = [found["pooling_mode"]] if "pooling_mode" in found else modes
    known: dict[str, Pooling] = {"cls": "cls", "cls_token": "cls", "mean": "mean", "mean_tokens": "mean"}
    if len(modes) != 1 or modes[0] not in known:
        raise DataError(f"expected pooling by cls or mean, found {modes}", path=path, hint=_OTHER_POOLINGS)
    return known[modes[0]]


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    found = _json(path)
    if not isinstance(found, dict):
        raise DataError("expected a JSON object", path=path)
    return found


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise DataError(f"is not JSON: {error}", path=path) from None


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
