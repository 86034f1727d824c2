"""The papers of a trained encoder: a model card for people, the same facts as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clir_harness.systems.dense.recipe import Recipe
from clir_harness.systems.dense.settings import MDPRTraining

_CARD = """\
# Bi-encoder trained by clir-harness

Started from `{start}`; trained with in-batch negatives (InfoNCE) on {pairs:,} pairs{languages}.

| | |
|---|---|
| pooling | {pooling} |
| vectors | {kind} |
| query prompt | `{query_prompt}` |
| passage prompt | `{passage_prompt}` |
| steps x batch | {steps} x {batch_size} |
| temperature | {temperature:g} |
| loss, first and last tenth | {first_loss:.3f}, {last_loss:.3f} |
| held-out pairs | {held_out} |
| held-out MRR, before and after | {mrr} |
| unknown tokens | {unknown_tokens:.1%} |

The licence of the model it started from, and that of the text, apply to it. Use it with
`{{system: mdpr, settings: {{encoder: FOLDER}}}}`; sentence-transformers reads it too.
"""


def write_card(
    folder: Path,
    recipe: Recipe,
    settings: MDPRTraining,
    seed: int,
    languages: Sequence[str],
    report: Mapping[str, Any],
) -> None:
    """Write `README.md` and `training.json` into a model's folder."""
    before, after = report["mrr_before"], report["mrr_after"]
    facts = {
        **report,
        "start": Path(settings.source).name if Path(settings.source).is_dir() else settings.source,
        "languages": f" in {', '.join(languages)} and their translations" if languages else "",
        "pooling": recipe.pooling,
        "kind": "unit length (cosine)" if recipe.normalise else "dot product",
        "query_prompt": recipe.query_prompt,
        "passage_prompt": recipe.passage_prompt,
        "batch_size": settings.batch_size,
        "mrr": "not measured" if before is None else f"{before:.3f}, {after:.3f}",
    }
    (folder / "README.md").write_text(_CARD.format(**facts), encoding="utf-8")
    record = {"settings": settings.model_dump(mode="json"), "seed": seed, "languages": list(languages), **report}
    (folder / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
