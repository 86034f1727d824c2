"""Subword vocabularies learnt from text, and bodies for them: an encoder's own with new embeddings, or a new one."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from transformers import BertConfig, BertModel, PreTrainedModel, PreTrainedTokenizerFast

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORD_START = "▁"
HEAD_WIDTH = 32
"""Dimensions of an attention head of a new body, as in MiniLM."""


def train_tokenizer(
    texts: Iterable[str], vocabulary_size: int, *, max_length: int = 512, extra_tokens: Sequence[str] = ()
) -> PreTrainedTokenizerFast:
    """A lower-casing subword tokenizer (NFKC, accents kept) with BERT's special tokens; equal texts give equal ones.

    Byte-pair encoding over words that start with "▁": the library's trainers for WordPiece number pieces with "##"
    in an order that changes from run to run.
    """
    core = Tokenizer(models.BPE(unk_token="[UNK]"))
    core.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Metaspace(replacement=WORD_START)]
    )
    core.decoder = decoders.Metaspace(replacement=WORD_START)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size, special_tokens=[*SPECIAL_TOKENS, *extra_tokens], show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    first, last = core.token_to_id("[CLS]"), core.token_to_id("[SEP]")
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", first), ("[SEP]", last)]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=core,
        model_max_length=max_length,
        **{f"{name.strip('[]').lower()}_token": name for name in SPECIAL_TOKENS},
    )


def with_vocabulary(
    body: PreTrainedModel, known: PreTrainedTokenizerFast, tokenizer: PreTrainedTokenizerFast, seed: int = 0
) -> PreTrainedModel:
    """A copy of a body with input embeddings for another vocabulary.

    A new piece that the body's tokenizer can write starts from the mean of the body's embeddings of its pieces, so that
    names and numbers carry over; any other from the mean embedding with noise of the embeddings' spread. Positions and
    layers are the body's.

    Args:
        body: left as it is.
        known: the body's tokenizer.
        tokenizer: with the new vocabulary, as `train_tokenizer` makes it.
        seed: of the noise.
    """
    embeddings = _new_embeddings(body, known, tokenizer, seed)
    body = copy.deepcopy(body)
    body.resize_token_embeddings(len(embeddings), mean_resizing=False)
    with torch.no_grad():
        body.get_input_embeddings().weight.copy_(embeddings)
    body.config.pad_token_id = tokenizer.pad_token_id
    if isinstance(layer := body.get_input_embeddings(), nn.Embedding):
        layer.padding_idx = tokenizer.pad_token_id
    return body


def new_body(tokenizer: PreTrainedTokenizerFast, *, layers: int, width: int, seed: int = 0) -> PreTrainedModel:
    """A small BERT with random weights.

    Args:
        tokenizer: whose vocabulary and longest input it takes.
        layers: how many.
        width: of the token states; a multiple of `HEAD_WIDTH`.
        seed: of the weights.
    """
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // HEAD_WIDTH,
        intermediate_size=4 * width,
        max_position_embeddings=tokenizer.model_max_length,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return BertModel(config, add_pooling_layer=False)


def _new_embeddings(
    body: PreTrainedModel, known: PreTrainedTokenizerFast, tokenizer: PreTrainedTokenizerFast, seed: int
) -> Tensor:
    """Input embeddings (V, hidden) for a new vocabulary."""
    old: Tensor = body.get_input_embeddings().weight.detach().cpu().float()
    noise = torch.Generator().manual_seed(seed)
    vocabulary = tokenizer.get_vocab()
    new = old.mean(0) + old.std(0) * torch.randn(len(vocabulary), old.shape[1], generator=noise)
    theirs = known.get_vocab()
    special = dict(zip(SPECIAL_TOKENS, _special_ids(known), strict=True))
    for piece, number in vocabulary.items():
        if piece in special:
            ids = [found] if (found := special[piece]) is not None else []
        else:
            ids = _pieces(piece, known, theirs)
        if ids:
            new[number] = old[ids].mean(0)
    return new


def _special_ids(tokenizer: PreTrainedTokenizerFast) -> list[int | None]:
    return [
        tokenizer.pad_token_id,
        tokenizer.unk_token_id,
        tokenizer.cls_token_id,
        tokenizer.sep_token_id,
        tokenizer.mask_token_id,
    ]


def _pieces(piece: str, tokenizer: PreTrainedTokenizerFast, vocabulary: dict[str, int]) -> list[int]:
    """Ids of a piece in a known vocabulary: the same piece, else how its text is written; [] when unknown.

    The same piece is "▁word" or "word" at the start of a word, and "##part" or "part" within one.
    """
    text = piece.removeprefix(WORD_START)
    for same in (piece, text) if piece.startswith(WORD_START) else (f"##{piece}", piece):
        if same in vocabulary:
            return [vocabulary[same]]
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return [] if tokenizer.unk_token_id in ids else ids
