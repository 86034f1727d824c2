"""Training a token encoder for retrieval: each query's relevant passage against those of the batch, by MaxSim.

The loss is that of ColBERT (Khattab & Zaharia 2020, https://arxiv.org/abs/2004.12832), the negative log probability of
the relevant passage under a softmax over scores, with all passages of the batch as negatives and, as ColBERTv2 and DPR
have it, passages among them that BM25 ranks high for one of the queries.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from clir_harness.harness.collections.base import Document, Query, content_digest
from clir_harness.harness.identity import settings_without_places
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.system import IndexContext, SearchContext
from clir_harness.harness.training import Bitext, TrainingContext
from clir_harness.systems.bm25 import BM25
from clir_harness.systems.checkpoints.devices import choose_device
from clir_harness.systems.late_interaction.encoder import EncoderSettings, TokenEncoder
from clir_harness.systems.late_interaction.maxsim import maxsim_scores
from clir_harness.systems.late_interaction.train_settings import ColBERTTraining
from clir_harness.systems.parallel_text.bitext import read_bitext
from clir_harness.systems.training.checkpoints import CURVE, Checkpoints
from clir_harness.systems.training.optimisation import adamw, set_rates, take_step
from clir_harness.systems.training.pairs import Pair, batch_of_step, split_pairs
from clir_harness.systems.training.settings import NEW
from clir_harness.systems.training.vocabulary import new_body, train_tokenizer, with_vocabulary

Negatives = Mapping[str, Sequence[str]]
"""For each query, passages that look relevant and are not known to be."""


def train_on_files(pairs: Bitext, settings: ColBERTTraining, output: Path, context: TrainingContext) -> None:
    """Train on lines `query TAB relevant passage`, and fill a folder with encoder, curve, record and model card.

    The same pairs, settings and seed give the same weights on the same machine, also after a kill.

    Raises:
        DataError: a malformed line, or too few pairs.
        DivergedError: the loss became NaN or infinite; checkpoints stay.
        MissingDataError: the encoder to start from is absent.
    """
    torch.set_num_threads(context.threads)
    read = [
        (pair.source, pair.target)
        for language, files in sorted(pairs.items())
        for file in files
        for pair in read_bitext(file, language)
    ]
    train, held = split_pairs(read, settings.held_out, context.seed)
    encoder = start_encoder(settings, (text for pair in train for text in pair), context.seed)
    negatives = hard_negatives(train, settings.depth) if settings.hard_negatives else {}
    run = {
        "encoder": encoder.digest(),
        "settings": settings_without_places(settings),
        "pairs": content_digest(train),
        "seed": context.seed,
    }
    checkpoints = Checkpoints(context.scratch, run)
    before = mean_reciprocal_rank(encoder, held)
    _fit(encoder, train, held, negatives, settings, context, checkpoints)
    record = {
        "languages": sorted(pairs),
        "settings": settings_without_places(settings),
        "start": Path(settings.start).name,
        "seed": context.seed,
        "pairs": {"training": len(train), "held_out": len(held)},
        "mrr_before": before,
        "mrr_after": mean_reciprocal_rank(encoder, held),
    }
    encoder.eval().save(output)
    shutil.copyfile(checkpoints.curve, output / CURVE)
    (output / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (output / "README.md").write_text(_card(record), encoding="utf-8")


def start_encoder(settings: ColBERTTraining, texts: Iterable[str], seed: int) -> TokenEncoder:
    """The encoder of the settings: as it is, with a vocabulary of the texts, with a new projection, or all new."""
    if settings.start == NEW:
        assert settings.vocabulary is not None
        lengths = EncoderSettings(query_length=settings.query_length, document_length=settings.passage_length)
        longest = max(settings.query_length, settings.passage_length)
        tokenizer = train_tokenizer(texts, settings.vocabulary, max_length=longest)
        body = new_body(tokenizer, layers=settings.layers, width=settings.width, seed=seed)
        encoder = TokenEncoder(body, None, tokenizer, lengths)
    else:
        encoder = TokenEncoder.load(settings.start)
        if settings.vocabulary is not None:
            body, tokenizer = with_vocabulary(
                encoder.body, encoder.tokenizer, list(texts), settings.vocabulary, seed=seed
            )
            encoder = TokenEncoder(body, encoder.projection, tokenizer, encoder.settings)
        longest = encoder.tokenizer.model_max_length
        encoder = encoder.with_settings(
            query_length=min(settings.query_length, longest), document_length=min(settings.passage_length, longest)
        )
    if settings.projection is not None:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            projection = nn.Linear(encoder.body.config.hidden_size, settings.projection, bias=False)
        encoder = TokenEncoder(encoder.body, projection, encoder.tokenizer, encoder.settings)
    if settings.augmentation is not None:
        encoder = encoder.with_settings(query_augmentation=settings.augmentation)
    encoder.to(choose_device("auto")).eval()
    return encoder


def hard_negatives(pairs: Sequence[Pair], depth: int) -> dict[str, list[str]]:
    """For each query the passages that BM25 ranks highest among all, less its own.

    Args:
        pairs: queries with relevant passages; a query may have several.
        depth: ranks looked at.
    """
    passages = list(dict.fromkeys(passage for _, passage in pairs))
    relevant: dict[str, set[str]] = {}
    for query, passage in pairs:
        relevant.setdefault(query, set()).add(passage)
    system = BM25.configure({"backend": "bm25s"})
    queries = [Query(str(number), query) for number, query in enumerate(relevant)]
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        documents = (Document(str(number), passage) for number, passage in enumerate(passages))
        system.index(documents, Path(folder), IndexContext("en"))
        with system.open(Path(folder), SearchContext(LanguagePair("en", "en"))) as searcher:
            for start in range(0, len(queries), system.batch_size):
                batch = queries[start : start + system.batch_size]
                for asked, ranking in zip(batch, searcher.search(batch, depth), strict=True):
                    ranked = (passages[int(number)] for number, _ in ranking)
                    found[asked.text] = [text for text in ranked if text not in relevant[asked.text]]
    return found


def in_batch_loss(scores: Tensor, excluded: Tensor) -> Tensor:
    """Mean negative log probability of the relevant passages.

    Args:
        scores: (B, B + H) of queries by passages, over the temperature; the diagonal is relevant, the last H columns
            are hard negatives.
        excluded: booleans (B, B + H), passages that are no negatives of a query; false on the diagonal.

    >>> in_batch_loss(torch.zeros(1, 2), torch.tensor([[False, False]])).round(decimals=4)
    tensor(0.6931)
    """
    target = torch.arange(len(scores), device=scores.device)
    return functional.cross_entropy(scores.masked_fill(excluded, torch.finfo(scores.dtype).min), target)


def batch_scores(queries: Tensor, passages: Tensor, kept: Tensor) -> Tensor:
    """MaxSim of all queries with all passages, (B, P), with gradient.

    Args:
        queries: (B, Q, dim), zeros where no token counts.
        passages: (P, T, dim).
        kept: booleans (P, T), tokens of passages that count.
    """
    products = torch.einsum("bqd,ptd->bpqt", queries, passages)
    return products.masked_fill(~kept[None, :, None, :], -1e4).amax(3).sum(2)


def mean_reciprocal_rank(encoder: TokenEncoder, pairs: Sequence[Pair]) -> float | None:
    """Mean reciprocal rank of each pair's passage among all of their passages; None without pairs."""
    if not pairs:
        return None
    texts = list(dict.fromkeys(passage for _, passage in pairs))
    place = {text: number for number, text in enumerate(texts)}
    vectors = encoder.encode(texts, "document")
    offsets = np.cumsum([0, *(len(found) for found in vectors)])
    scores = maxsim_scores(encoder.encode([query for query, _ in pairs], "query"), np.concatenate(vectors), offsets)
    relevant = scores[torch.arange(len(pairs)), torch.tensor([place[passage] for _, passage in pairs])]
    return float((1 / (1 + (scores > relevant.unsqueeze(1)).sum(1))).mean())


def _fit(
    encoder: TokenEncoder,
    train: Sequence[Pair],
    held: Sequence[Pair],
    negatives: Negatives,
    settings: ColBERTTraining,
    context: TrainingContext,
    checkpoints: Checkpoints,
) -> None:
    optimizer = adamw(
        encoder,
        encoder.body.get_input_embeddings(),
        rate=settings.lr,
        embedding_rate=settings.embedding_lr or settings.lr,
        weight_decay=settings.weight_decay,
    )
    relevant: dict[str, set[str]] = {}
    for query, passage in train:
        relevant.setdefault(query, set()).add(passage)
    encoder.train()
    with torch.random.fork_rng():
        for step in range(checkpoints.restore(encoder, optimizer)["step"], settings.steps):
            set_rates(optimizer, step, settings.steps, settings.warmup)
            draw = random.Random(f"{context.seed}/{step}")  # the same after a resume
            torch.manual_seed(draw.getrandbits(62))
            batch = batch_of_step(train, step, settings.batch_size, context.seed)
            hard = [text for query, _ in batch for text in _draw(negatives.get(query, ()), settings, draw)]
            loss = _step(encoder, optimizer, batch, hard, relevant, settings, step)
            checkpoints.note(step=step + 1, loss=loss)
            context.tell(step + 1, settings.steps, f"loss {loss:.3f}")
            if (step + 1) % settings.checkpoint_every == 0:
                if held:
                    checkpoints.note(step=step + 1, mrr=mean_reciprocal_rank(encoder, held))
                checkpoints.save(encoder, optimizer, step=step + 1)


def _draw(found: Sequence[str], settings: ColBERTTraining, draw: random.Random) -> list[str]:
    return draw.sample(found, min(settings.hard_negatives, len(found)))


def _step(
    encoder: TokenEncoder,
    optimizer: Optimizer,
    batch: Sequence[Pair],
    hard: Sequence[str],
    relevant: Mapping[str, set[str]],
    settings: ColBERTTraining,
    step: int,
) -> float:
    passages = [*(passage for _, passage in batch), *hard]
    asked = encoder(**encoder.tokenize([query for query, _ in batch], "query"))
    tokens = encoder.tokenize(passages, "document")
    scores = batch_scores(asked, encoder(**tokens), tokens["scored"]) / settings.temperature
    known = [[passage in relevant[query] for passage in passages] for query, _ in batch]
    excluded = torch.tensor(known, device=scores.device)
    excluded.fill_diagonal_(False)
    loss = in_batch_loss(scores, excluded)
    return take_step(encoder, optimizer, loss, step)


def _card(record: Mapping[str, Any]) -> str:
    before, after = record["mrr_before"], record["mrr_after"]
    score = "not measured" if before is None else f"{before:.3f}, {after:.3f}"
    return f"""# Token encoder trained for late interaction

Started from `{record["start"]}`; trained on {record["pairs"]["training"]:,} queries with relevant passages, against the
passages of the batch and those that BM25 confuses with them (seed {record["seed"]}). Search with MaxSim, or distil
students for other languages from it.

| | |
|---|---|
| languages | {", ".join(record["languages"])} |
| steps x batch | {record["settings"]["steps"]} x {record["settings"]["batch_size"]} |
| hard negatives a query | {record["settings"]["hard_negatives"]} |
| held-out pairs | {record["pairs"]["held_out"]} |
| held-out MRR, before and after | {score} |

The licence of the model it started from, and that of the text, apply to it.
"""
