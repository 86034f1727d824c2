"""Published encoders, each with the pooling, normalisation and prompts that its authors use."""

from __future__ import annotations

from dataclasses import dataclass

from clir_harness.harness.errors import UnknownNameError
from clir_harness.systems.dense.layout import Pooling


@dataclass(frozen=True, slots=True)
class Preset:
    """How a published encoder is used.

    Attributes:
        encoder: its model hub id.
        pooling, normalise, query_prompt, passage_prompt: as in `Recipe`.
        dense: whether a dense layer follows the pooling; a copy of the model without one is incomplete.
        source: where these choices are written.
    """

    encoder: str
    pooling: Pooling
    normalise: bool
    source: str
    query_prompt: str = ""
    passage_prompt: str = ""
    dense: bool = False


def _e5(size: str) -> Preset:
    return Preset(
        encoder=f"intfloat/multilingual-e5-{size}",
        pooling="mean",
        normalise=True,
        query_prompt="query: ",
        passage_prompt="passage: ",
        source=f"model card intfloat/multilingual-e5-{size}: average_pool, F.normalize, 'query: ' and 'passage: '",
    )


PRESETS = {
    "mdpr": Preset(
        encoder="castorini/mdpr-tied-pft-msmarco",
        pooling="cls",
        normalise=False,
        source="Pyserini's MIRACL and CIRAL reproductions: --encoder-class auto, i.e. [CLS] and no L2 norm; one "
        "encoder for both sides, title and text joined",
    ),
    "labse": Preset(
        encoder="sentence-transformers/LaBSE",
        pooling="cls",
        normalise=True,
        dense=True,
        source="model card sentence-transformers/LaBSE: [CLS], a dense layer with tanh, Normalize",
    ),
    "simcse": Preset(
        encoder="ZurichNLP/unsup-simcse-xlm-roberta-base",
        pooling="mean",
        normalise=True,
        source="model card ZurichNLP/unsup-simcse-xlm-roberta-base: pooler_type=avg; cosine as in Gao et al., 2021",
    ),
    "multilingual-e5-small": _e5("small"),
    "multilingual-e5-base": _e5("base"),
    "multilingual-e5-large": _e5("large"),
    "bge-m3": Preset(
        encoder="BAAI/bge-m3",
        pooling="cls",
        normalise=True,
        source="model card BAAI/bge-m3, dense retrieval: [CLS], Normalize, queries without instruction",
    ),
}
"""By the name that the setting `preset` takes."""


def find_preset(name: str) -> Preset:
    """A preset by name.

    Raises:
        UnknownNameError: names the presets there are.

    >>> find_preset("multilingual-e5-base").query_prompt
    'query: '
    """
    if name not in PRESETS:
        raise UnknownNameError("preset", name, PRESETS)
    return PRESETS[name]
