"""Training a token encoder for retrieval: each query's relevant passage against those of the batch, by MaxSim.

The loss is that of ColBERT (Khattab & Zaharia 2020, https://arxiv.org/abs/2004.12832), the negative log probability of
the relevant passage under a softmax over scores, with all passages of the batch as negatives and, as ColBERTv2 and DPR
have it, passages among them that BM25 ranks high for one of the queries.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from clir_harness.harness.collections.base import Document, Query
from clir_harness.harness.languages import LanguagePair
from clir_harness.harness.system import IndexContext, SearchContext
from clir_harness.harness.training import Bitext, TrainingContext
from clir_harness.systems.bm25 import BM25
from clir_harness.systems.checkpoints.devices import choose_device
from clir_harness.systems.late_interaction.encoder import EncoderSettings, TokenEncoder
from clir_harness.systems.late_interaction.maxsim import text_scores
from clir_harness.systems.late_interaction.train_settings import ColBERTTraining
from clir_harness.systems.training.encoder import PairsLoss, train_encoder
from clir_harness.systems.training.pairs import QueryPassage
from clir_harness.systems.training.settings import NEW
from clir_harness.systems.training.vocabulary import new_body, train_tokenizer, with_vocabulary


def train_on_files(bitext: Bitext, settings: ColBERTTraining, output: Path, context: TrainingContext) -> None:
    """Train on lines `query TAB relevant passage`; see `train_encoder`.

    Args:
        bitext: files by language.
        settings: start, steps, negatives ...
        output: an existing folder.
        context: seed, threads, checkpoints, progress.
    """
    about = (
        "Trained to tell the relevant passage of a query from the passages of the batch and those that BM25 confuses "
        "with it. Search with MaxSim, or distil students for other languages from it."
    )
    train_encoder(
        bitext,
        settings,
        output,
        context,
        start=lambda pairs: start_encoder(settings, (text for pair in pairs for text in pair), context.seed),
        pairs_loss=lambda encoder, pairs: _loss(encoder, pairs, settings),
        scores=lambda encoder, queries, passages: text_scores(
            encoder.encode(queries, "query"), encoder.encode(passages, "document")
        ),
        describe=lambda _: (
            "Token encoder trained for late interaction",
            about,
            {"hard negatives a query": settings.hard_negatives},
        ),
    )


def start_encoder(settings: ColBERTTraining, texts: Iterable[str], seed: int) -> TokenEncoder:
    """The encoder of the settings: as it is, with a vocabulary of the texts, with a new projection, or all new.

    Args:
        settings: what to start from.
        texts: to learn a vocabulary from.
        seed: of random weights.

    Returns:
        The encoder, in evaluation mode.
    """
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


def hard_negatives(pairs: Sequence[QueryPassage], depth: int) -> dict[str, list[str]]:
    """For each query the passages that BM25 ranks highest among all, minus its own.

    Args:
        pairs: queries with relevant passages; a query may have several.
        depth: cutoff.

    Returns:
        Passages by query, best first.
    """
    passages = list(dict.fromkeys(passage for _, passage in pairs))
    relevant = _relevant(pairs)
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
        excluded: booleans (B, B + H), passages that are not negatives of a query; false on the diagonal.

    Returns:
        A scalar.

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

    Returns:
        Float32.
    """
    products = torch.einsum("bqd,ptd->bpqt", queries, passages)
    return products.masked_fill(~kept[None, :, None, :], -1e4).amax(3).sum(2)


def _relevant(pairs: Sequence[QueryPassage]) -> dict[str, set[str]]:
    """The relevant passages of each query."""
    relevant: dict[str, set[str]] = {}
    for query, passage in pairs:
        relevant.setdefault(query, set()).add(passage)
    return relevant


def _loss(encoder: TokenEncoder, pairs: Sequence[QueryPassage], settings: ColBERTTraining) -> PairsLoss:
    negatives = hard_negatives(pairs, settings.depth) if settings.hard_negatives else {}
    relevant = _relevant(pairs)

    def loss(_number: int, batch: Sequence[QueryPassage], draw: random.Random) -> Tensor:
        found = [negatives.get(query, ()) for query, _ in batch]
        hard = [text for texts in found for text in draw.sample(texts, min(settings.hard_negatives, len(texts)))]
        passages = [*(passage for _, passage in batch), *hard]
        queries = encoder(**encoder.tokenize([query for query, _ in batch], "query"))
        tokens = encoder.tokenize(passages, "document")
        scores = batch_scores(queries, encoder(**tokens), tokens["scored"]) / settings.temperature
        known = [[passage in relevant[query] for passage in passages] for query, _ in batch]
        excluded = torch.tensor(known, device=scores.device)
        excluded.fill_diagonal_(False)
        return in_batch_loss(scores, excluded)

    return loss
