"""How a model's token states become one vector, as sentence-transformers stores it with the weights.

The layout is theirs (https://www.sbert.net): `modules.json` lists the steps, each with a folder of its own. Models that
are saved here have it too, so that either library reads them. Nothing here imports a model library.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from clir_harness.harness.errors import DataError, MissingDataError
from clir_harness.systems.checkpoints.sources import read_object
from clir_harness.systems.dense.layout import (
    COSINE,
    MODULES,
    PROMPTS,
    TRANSFORMER_FILES,
    Pooled,
    read_modules,
    read_pooling,
    read_prompts,
    read_transformer_settings,
)

Role = Literal["query", "passage"]

DEFAULT_LENGTHS: dict[Role, int] = {"query": 64, "passage": 256}
"""Tokens of a text where neither the user nor the model's files say anything."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A step after the pooling: its kind, e.g. "Dense", and the folder with its settings and weights."""

    kind: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Recipe:
    """From token states to a vector.

    Attributes:
        pooling: how token states become one vector: a mode of `pooling`, or several joined by `+`.
        normalise: scale to unit L2 norm at the end, so that the dot product is the cosine.
        query_prompt: put before every query.
        passage_prompt: put before every passage.
        body: folder with the transformer and its tokenizer.
        layers: what follows the pooling, in order, a normalisation at the end left out.
        pool_prompt: whether the prompt's tokens count in the pooling; otherwise they are only attended to.
        lower_case: texts are lower-cased before they are split into tokens.
        max_length: longest text in tokens as the model's files say; None where they do not.
    """

    pooling: str
    normalise: bool
    query_prompt: str
    passage_prompt: str
    body: Path
    layers: tuple[Layer, ...] = ()
    pool_prompt: bool = True
    lower_case: bool = False
    max_length: int | None = None

    def prompt(self, role: Role) -> str:
        """What is put before a text in that role."""
        return self.query_prompt if role == "query" else self.passage_prompt

    def length(self, role: Role, chosen: int | None) -> int:
        """Longest text in tokens: what the user chose, else what the model's files say, else the default.

        Args:
            role: which side of the search the text is on.
            chosen: tokens the user wants; None for what the model's files say.

        Returns:
            Number of tokens, special ones included.
        """
        return chosen or self.max_length or DEFAULT_LENGTHS[role]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user says about an encoder; None where its preset, its own files or the default shall decide.

    Attributes:
        pooling, normalise, query_prompt, passage_prompt: as in `Recipe`.
        dense_required: whether a model without a dense layer is incomplete.
    """

    pooling: str | None = None
    normalise: bool | None = None
    query_prompt: str | None = None
    passage_prompt: str | None = None
    dense_required: bool = False


def read_recipe(folder: Path, choices: Choices) -> Recipe:
    """The recipe of a model folder: as the user states, else as stored with the weights, else [CLS] as in DPR.

    Args:
        folder: of the model.
        choices: what the user says.

    Returns:
        The recipe, with the folders of the transformer and the layers.

    Raises:
        DataError: when the files beside the weights are damaged or ask for a step that there is not here.
        MissingDataError: when a dense layer is required and absent.
    """
    body, layers, pooled = _steps(folder, choices)
    normalise = bool(layers) and layers[-1].kind == "Normalize"
    if normalise:
        layers.pop()
    if choices.dense_required and not any(layer.kind == "Dense" for layer in layers):
        raise MissingDataError(
            f"{folder} lacks the dense layer of this model", hint="download the whole model, its sub-folders included"
        )
    query, passage = read_prompts(folder)
    settings = read_transformer_settings(body)
    return Recipe(
        pooling=choices.pooling or pooled.modes,
        normalise=normalise if choices.normalise is None else choices.normalise,
        query_prompt=query if choices.query_prompt is None else choices.query_prompt,
        passage_prompt=passage if choices.passage_prompt is None else choices.passage_prompt,
        body=body,
        layers=tuple(layers),
        pool_prompt=pooled.prompt,
        lower_case=settings.lower_case,
        max_length=settings.max_length,
    )


def scoring_choices(folder: Path, choices: Choices) -> Choices:
    """The choices with which vectors are scored by their dot product.

    Where the model's files say that it is compared by cosines and do not normalise, its vectors have to be.

    Args:
        folder: of the model.
        choices: what the user says.

    Returns:
        The choices, with `normalise` set if the vectors have to be normalised.

    Raises:
        DataError: as `read_recipe`; and when it is compared in a way that no dot product gives.
    """
    similarity = read_object(folder / PROMPTS).get("similarity_fn_name")
    if choices.normalise is not None or similarity in (None, "dot") or read_recipe(folder, choices).normalise:
        return choices
    if similarity != COSINE:
        raise DataError(
            f"compares vectors by '{similarity}'; known are cosine and dot",
            path=folder / PROMPTS,
            hint="set `normalise` to true (cosine) or false (dot product) if that is what you want",
        )
    return replace(choices, normalise=True)


def write_recipe(recipe: Recipe, dim: int, folder: Path) -> list[Path]:
    """Write a recipe beside a model's weights.

    Args:
        recipe: what to write; its folders are those it was read from, and are not copied.
        dim: dimensions of a token state.
        folder: the model's folder.

    Returns:
        The folders for its layers.
    """
    kinds = [layer.kind for layer in recipe.layers] + (["Normalize"] if recipe.normalise else [])
    steps = [("", "Transformer"), ("1_Pooling", "Pooling")]
    steps += [(f"{number}_{kind}", kind) for number, kind in enumerate(kinds, start=2)]
    modules = [
        {"idx": i, "name": str(i), "path": place, "type": f"sentence_transformers.models.{kind}"}
        for i, (place, kind) in enumerate(steps)
    ]
    modes = recipe.pooling.split("+")
    names = {"cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens", "weightedmean": "weightedmean_tokens"}
    # versions before 6 know one mode by its flag; flags of several have no order
    how = {f"pooling_mode_{names.get(modes[0], modes[0])}": True} if len(modes) == 1 else {"pooling_mode": modes}
    pooling = {"word_embedding_dimension": dim, **how, "include_prompt": recipe.pool_prompt}
    (folder / "1_Pooling").mkdir(exist_ok=True)
    _write(folder / MODULES, modules)
    _write(folder / "1_Pooling" / "config.json", pooling)
    prompts = {"query": recipe.query_prompt, "document": recipe.passage_prompt}
    _write(folder / PROMPTS, {"prompts": prompts, "similarity_fn_name": COSINE if recipe.normalise else "dot"})
    if recipe.max_length is not None:  # case is folded by the tokenizer that is saved
        _write(folder / TRANSFORMER_FILES[0], {"max_seq_length": recipe.max_length, "do_lower_case": False})
    return [folder / place for place, _ in steps[2 : 2 + len(recipe.layers)]]


def _steps(folder: Path, choices: Choices) -> tuple[Path, list[Layer], Pooled]:
    """Folder of the transformer, what follows the pooling, and the pooling, as `modules.json` lists them."""
    steps = read_modules(folder, choices.pooling)
    body, layers, pooled = folder, [], Pooled()
    for number, (kind, place) in enumerate(steps):
        if (number == 0) != (kind == "Transformer") or (number == 1) != (kind == "Pooling"):
            raise DataError(
                f"step {number} is '{kind}'; known are a Transformer, then a Pooling, then any layers on its vector",
                path=folder / MODULES,
                hint="give a model whose vectors are pooled token states",
            )
        if kind == "Transformer":
            body = folder / place
        elif kind == "Pooling":
            pooled = read_pooling(folder / place / "config.json", choices.pooling)
        elif kind != "Dropout" or number < len(steps) - 1:  # the last one says nothing to a normalisation before it
            layers.append(Layer(kind, folder / place))
    if len(steps) == 1:
        raise DataError("lists no Pooling", path=folder / MODULES, hint="give a single-vector encoder")
    return body, layers, pooled


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
