"""Encoders to start a student from: a multilingual encoder as it is, or the teacher's body with a new vocabulary."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from harness.errors import DataError, UsageError
from systems.distillation.bitext import Pair
from systems.late_interaction.encoder import TokenEncoder

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORD_START = "▁"


def multilingual_student(source: str | Path, teacher: TokenEncoder, device: str = "cpu") -> TokenEncoder:
    """A multilingual encoder, from a folder or hub id, as a student of a teacher.

    Raises:
        UsageError: when its vectors have other dimensions than the teacher's.
    """
    student = TokenEncoder.load(source, device=device)
    if student.dim != teacher.dim:
        raise UsageError(
            f"the student's vectors have {student.dim} dimensions, the teacher's {teacher.dim}",
            hint="choose a student of the same size, or one with a projection to it",
        )
    return student


def student_from_teacher(
    teacher: TokenEncoder, pairs: Sequence[Pair], *, vocabulary_size: int = 16_000, seed: int = 0
) -> TokenEncoder:
    """The teacher's body, copied, with a subword vocabulary learnt from both sides of the pairs.

    A new piece that the teacher's tokenizer can write starts from the mean of the teacher's embeddings of its pieces,
    so that names and numbers carry over; any other from the teacher's mean embedding with noise of its spread.
    Positions, layers and projection are the teacher's.

    Args:
        teacher: the encoder to learn from; it is left as it is.
        pairs: what the vocabulary is learnt from.
        vocabulary_size: pieces at most, special tokens included.
        seed: of the noise.

    Raises:
        DataError: when there are no pairs.
    """
    if not pairs:
        raise DataError("no sentence pairs to learn a vocabulary from")
    markers = [m for m in (teacher.settings.query_marker, teacher.settings.document_marker) if m]
    texts = (text for pair in pairs for text in (pair.source, pair.target))
    tokenizer = train_tokenizer(
        texts, vocabulary_size, max_length=teacher.tokenizer.model_max_length, extra_tokens=markers
    )
    body = copy.deepcopy(teacher.body)
    embeddings = _new_embeddings(teacher, tokenizer, seed)
    body.resize_token_embeddings(len(embeddings), mean_resizing=False)
    with torch.no_grad():
        body.get_input_embeddings().weight.copy_(embeddings)
    body.config.pad_token_id = tokenizer.pad_token_id
    if isinstance(layer := body.get_input_embeddings(), nn.Embedding):
        layer.padding_idx = tokenizer.pad_token_id
    student = TokenEncoder(body, copy.deepcopy(teacher.projection), tokenizer, teacher.settings)
    student.to(teacher.device)
    return student


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


def _new_embeddings(teacher: TokenEncoder, tokenizer: PreTrainedTokenizerFast, seed: int) -> Tensor:
    """Input embeddings (V, hidden) for a new vocabulary."""
    old: Tensor = teacher.body.get_input_embeddings().weight.detach().cpu().float()
    noise = torch.Generator().manual_seed(seed)
    vocabulary = tokenizer.get_vocab()
    new = old.mean(0) + old.std(0) * torch.randn(len(vocabulary), old.shape[1], generator=noise)
    known = teacher.tokenizer
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
    """Ids of a piece in the teacher's vocabulary: the same piece, else how its text is written; [] when unknown.

    The same piece is "▁word" or "word" at the start of a word, and "##part" or "part" within one.
    """
    text = piece.removeprefix(WORD_START)
    for same in (piece, text) if piece.startswith(WORD_START) else (f"##{piece}", piece):
        if same in vocabulary:
            return [vocabulary[same]]
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return [] if tokenizer.unk_token_id in ids else ids
