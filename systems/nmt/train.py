"""Training a small Marian model from parallel text, so that machine translation needs no model hub.

A Transformer (Vaswani et al. 2017) over one subword vocabulary of both sides, text in lower case: what it translates
goes into lexical search. One model takes all languages of the text. `start` says where it starts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import sacrebleu
import sentencepiece
import torch
from huggingface_hub import ModelCardData
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from transformers import MarianMTModel, MarianTokenizer
from transformers.models.marian.modeling_marian import shift_tokens_right

from clir_harness.harness.collections.base import content_digest
from clir_harness.harness.errors import UsageError
from clir_harness.harness.languages import language_name
from clir_harness.harness.training import Bitext, TrainingContext
from clir_harness.systems.checkpoints.transformers_log import quiet
from clir_harness.systems.nmt.settings import NMTTraining, TranslatorSettings
from clir_harness.systems.nmt.start import IdPair, start_model
from clir_harness.systems.nmt.translator import load_translator
from clir_harness.systems.parallel_text.bitext import SentencePair
from clir_harness.systems.parallel_text.filters import sample
from clir_harness.systems.parallel_text.training_data import load_training_data
from clir_harness.systems.training.batches import BatchOrder
from clir_harness.systems.training.checkpoints import Checkpoints
from clir_harness.systems.training.fit import fit
from clir_harness.systems.training.model_card import write_record
from clir_harness.systems.training.vocabulary import unpointed

EVALUATED = 200
"""Held-out pairs translated in the end, at most."""


def train_on_bitext(bitext: Bitext, settings: NMTTraining, output: Path, context: TrainingContext) -> None:
    """Train, and fill a folder with checkpoint, tokenizer, `training.json`, loss curve and `README.md`.

    The same text, settings and seed give the same weights on the same machine, also after a kill: a training that finds
    its checkpoint in `context.scratch` resumes from there.

    Args:
        bitext: files by language.
        settings: how.
        output: an existing folder.
        context: seed, threads, checkpoints, progress.

    Raises:
        DataError: malformed text; names file and line.
        UsageError: no pair passes the filters or is short enough, too little text for a vocabulary, or several
            languages to go into.
        DivergedError: the loss became NaN or infinite; checkpoints stay.
    """
    if settings.reverse and len(bitext) > 1:
        raise UsageError(
            f"cannot translate from {settings.pivot} into {', '.join(sorted(bitext))} with one model",
            hint="train one for each language",
        )
    torch.set_num_threads(context.threads)
    data = load_training_data(bitext, settings, context.seed)
    train = _directed(data.pairs, settings.reverse)
    held = _directed(sample(data.held_out, EVALUATED), settings.reverse)
    sources, target = sorted(bitext), settings.pivot
    if settings.reverse:
        sources, target = [settings.pivot], sources[0]
    context.progress(0, settings.steps, "learning the vocabulary and word translations")
    tokenizer = make_tokenizer([text for pair in train for text in pair], settings, output)
    encoded = _encode(tokenizer, train)
    short = [pair for pair in encoded if max(map(len, pair)) <= settings.max_tokens]
    if not short:
        raise UsageError(
            f"all {len(train)} sentence pairs have more than {settings.max_tokens} pieces on a side",
            hint="raise max_tokens, or give more text",
        )
    model = start_model(tokenizer, encoded, settings, context.seed)
    checkpoints = Checkpoints(context, settings, pairs=content_digest(train))
    order = BatchOrder(len(short), settings.batch_size, context.seed, [len(target) for _, target in short])
    fit(
        model,
        model.model.encoder.embed_tokens,
        lambda number, _: _loss(model, [short[i] for i in order[number]], settings.label_smoothing),
        settings,
        checkpoints,
        context,
        betas=(0.9, 0.98),
    )
    with quiet():
        model.save_pretrained(output)
    scores = _evaluate(model, tokenizer, held, output, settings, context.threads)
    record = {
        "sources": sources,
        "target": target,
        "pairs": {"training": len(short), "too_long": len(train) - len(short), "held_out": len(data.held_out)},
        "filters": {language: asdict(report) for language, report in data.reports.items()},
        "held_out": scores,
    }
    names = ", ".join(map(language_name, sources))
    about = (
        f"A Marian model of {settings.layers} + {settings.layers} layers of width {settings.width}, trained on nothing "
        "but the files below. It writes lower case: its translations are for lexical search, not for readers."
    )
    facts = {f"held-out {name}": f"{value:.2f}" for name, value in (scores or {}).items()}
    title = f"Translation from {names} into {language_name(target)}"
    write_record(
        output,
        settings,
        context,
        record,
        data.files,
        title=title,
        about=about,
        facts=facts,
        data=ModelCardData(language=[*sources, target], library_name="transformers", pipeline_tag="translation"),
    )


def make_tokenizer(texts: Sequence[str], settings: NMTTraining, folder: Path) -> MarianTokenizer:
    """A Marian tokenizer with one SentencePiece unigram model for both sides, saved into a folder.

    Args:
        texts: of both sides.
        settings: size of the vocabulary.
        folder: where it is saved.

    Returns:
        The tokenizer.

    Raises:
        UsageError: when the text has more characters than the vocabulary may have pieces.
    """
    made = BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=made,
            vocab_size=settings.vocabulary,
            hard_vocab_limit=False,
            character_coverage=0.9995,
            normalization_rule_name="nmt_nfkc_cf",
            unk_id=0,
            eos_id=1,
            bos_id=-1,
            num_threads=1,  # more would make the pieces depend on their number
            minloglevel=2,
        )
    except RuntimeError as error:
        raise UsageError(
            f"cannot make a vocabulary of {len(texts)} sentences: {error}", hint="raise vocabulary, or give more text"
        ) from None
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(made.getvalue())
    pieces = sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())
    names = ["</s>", "<unk>", *(pieces.id_to_piece(i) for i in range(2, len(pieces))), "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}, ensure_ascii=False))
    tokenizer = MarianTokenizer(
        str(folder / "source.spm"),
        str(folder / "target.spm"),
        str(folder / "vocab.json"),
        source_lang="mul",
        target_lang="mul",
        model_max_length=512,
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


def _directed(pairs: Sequence[SentencePair], reverse: bool) -> list[tuple[str, str]]:
    plain = [(unpointed(pair.source), unpointed(pair.target)) for pair in pairs]
    return [(target, source) for source, target in plain] if reverse else plain


def _encode(tokenizer: MarianTokenizer, pairs: Sequence[tuple[str, str]]) -> list[IdPair]:
    """Numbers of the pieces of both sides, each with the end of sentence."""
    sources = tokenizer([source for source, _ in pairs])["input_ids"]
    targets = tokenizer(text_target=[target for _, target in pairs])["input_ids"]
    return list(zip(sources, targets, strict=True))


def _loss(model: MarianMTModel, pairs: Sequence[IdPair], label_smoothing: float) -> Tensor:
    """Cross-entropy a piece (nats) of the translations, given the sentences and the pieces before."""
    padding = model.config.pad_token_id
    assert padding is not None
    sources, labels = (
        pad_sequence([torch.tensor(pair[side]) for pair in pairs], batch_first=True, padding_value=padding)
        for side in (0, 1)
    )
    before = shift_tokens_right(labels, padding, padding)
    states = model.model(
        input_ids=sources, attention_mask=(sources != padding).long(), decoder_input_ids=before
    ).last_hidden_state
    real = labels != padding  # most of the work is the vocabulary's, and none of it is done for padding
    logits = model.lm_head(states[real]) + model.final_logits_bias
    return functional.cross_entropy(logits, labels[real], label_smoothing=label_smoothing)


def _evaluate(
    model: MarianMTModel,
    tokenizer: MarianTokenizer,
    pairs: Sequence[tuple[str, str]],
    folder: Path,
    settings: NMTTraining,
    threads: int,
) -> dict[str, Any] | None:
    """Perplexity a piece, and chrF and BLEU of greedy translations, cases ignored; None without pairs."""
    if not pairs:
        return None
    most = settings.max_tokens
    cut = [(source[:most], target[:most]) for source, target in _encode(tokenizer, pairs)]
    with torch.no_grad():
        loss = float(_loss(model, cut, 0.0))
    config = TranslatorSettings.model_validate(
        {"model": str(folder), "beams": 1, "max_tokens": settings.max_tokens, "device": "cpu"}
    )
    found = load_translator(config, ("", ""), threads).translate([source for source, _ in pairs])
    references = [[target for _, target in pairs]]
    return {
        "pairs": len(pairs),
        "perplexity": math.exp(loss),
        "chrf": sacrebleu.metrics.CHRF(lowercase=True).corpus_score(found, references).score,
        "bleu": sacrebleu.metrics.BLEU(lowercase=True).corpus_score(found, references).score,
    }
