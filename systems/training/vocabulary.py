"""Subword vocabularies learnt from text, and encoders for them: an existing one with more embeddings, or a new one."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from transformers import BertConfig, BertModel, PreTrainedModel, PreTrainedTokenizerFast

from clir_harness.systems.training.lexical_start import translated_embeddings

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WITHIN = "##"
"""Prefix of a piece that continues a word (BERT's notation)."""
WORD_START = "▁"
"""What the first piece of a word begins with where pieces are learnt."""
VOWEL_POINTS = "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]"
"""Marks that Hebrew and Arabic scripts write in scripture and leave out elsewhere, and the Arabic line filler."""
UNPOINTED = [normalizers.Replace(Regex(VOWEL_POINTS), ""), normalizers.Replace("\u0671", "\u0627")]  # alef wasla: alef
LONGEST_WORD = 1000
"""Characters of a word at most: in a script without spaces a clause is one."""
HEAD_WIDTH = 32
"""Dimensions of an attention head of a new body, as in MiniLM."""


def train_tokenizer(
    texts: Iterable[str], vocabulary_size: int, *, max_length: int = 512, extra_tokens: Iterable[str] = ()
) -> PreTrainedTokenizerFast:
    """A lower-casing WordPiece tokenizer (NFKC, accents kept) with BERT's special tokens; equal texts give equal ones.

    Args:
        texts: to learn from.
        vocabulary_size: pieces at most, special tokens included.
        max_length: longest input, in tokens.
        extra_tokens: pieces it has in any case.

    Returns:
        The tokenizer.
    """
    pieces = list(dict.fromkeys([*SPECIAL_TOKENS, *extra_tokens, *_learn_pieces(texts, vocabulary_size, lower=True)]))[
        :vocabulary_size
    ]
    core = _word_piece(pieces, "[UNK]", lower=True)
    first, last = pieces.index("[CLS]"), pieces.index("[SEP]")
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", first), ("[SEP]", last)]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=core,
        model_max_length=max_length,
        **{f"{name.strip('[]').lower()}_token": name for name in SPECIAL_TOKENS},
    )


def with_vocabulary(
    body: PreTrainedModel,
    known: PreTrainedTokenizerFast,
    texts: Sequence[str],
    size: int,
    *,
    translations: Sequence[tuple[str, str]] = (),
    seed: int = 0,
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """A copy of a body with a vocabulary for more languages, and its tokenizer.

    A WordPiece vocabulary gets pieces learnt from the texts and keeps all of its own with their embeddings, so that
    names, numbers and the body's language are read as before. A tokenizer of another kind is replaced by one that is
    learnt from texts and translations. A new piece starts from the mean of the body's embeddings of what the body's
    tokenizer writes it as, or, where that does not know its letters, from the mean embedding with noise of the
    embeddings' spread. With translations, all pieces that they hold start from those of their translations, see
    `translated_embeddings`. Positions and layers are the body's.

    Args:
        body: left as it is.
        known: the body's tokenizer.
        texts: to learn pieces from.
        size: pieces learnt, at most.
        translations: (text, its translation in a language that the body knows).
        seed: of the noise.

    Returns:
        The copied body, and the new tokenizer.
    """
    tokenizer = _extended(known, texts, size) or train_tokenizer(
        [*texts, *(text for _, text in translations)],
        size,
        max_length=known.model_max_length,
        extra_tokens=known.get_added_vocab(),
    )
    old = body.get_input_embeddings().weight.detach().cpu().float()
    embeddings = _new_embeddings(old, known, tokenizer, seed)
    if translations:
        foreign, pivot = (
            _ids(tool, [pair[side] for pair in translations]) for side, tool in enumerate((tokenizer, known))
        )
        found, start = translated_embeddings(foreign, pivot, old)
        embeddings[found] = start
    body = copy.deepcopy(body)
    body.resize_token_embeddings(len(embeddings), mean_resizing=False)
    with torch.no_grad():
        body.get_input_embeddings().weight.copy_(embeddings)
    body.config.pad_token_id = tokenizer.pad_token_id
    if isinstance(layer := body.get_input_embeddings(), nn.Embedding):
        layer.padding_idx = tokenizer.pad_token_id
    return body, tokenizer


def new_body(tokenizer: PreTrainedTokenizerFast, *, layers: int, width: int, seed: int = 0) -> PreTrainedModel:
    """A small BERT with random weights.

    Args:
        tokenizer: whose vocabulary and longest input it takes.
        layers: how many.
        width: of the token states; a multiple of `HEAD_WIDTH`.
        seed: of the weights.

    Returns:
        The model, in training mode.
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


def _learn_pieces(texts: Iterable[str], size: int, *, lower: bool) -> list[str]:
    """Pieces in WordPiece notation: all characters, at the start of a word and within, then longer ones by frequency.

    Learnt by byte-pair encoding, which also numbers them: the library's trainer for WordPiece orders pieces differently
    from run to run.
    """
    core = Tokenizer(models.BPE())
    core.normalizer = _normalizer(lower)
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Metaspace(replacement=WORD_START)]
    )
    core.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, show_progress=False))
    learnt = core.get_vocab()
    found: dict[str, None] = {}
    for piece in sorted(learnt, key=learnt.__getitem__):
        text = piece.removeprefix(WORD_START)
        if len(piece) == 1 and text:
            found |= {text: None, WITHIN + text: None}
        elif text:
            found[text if piece.startswith(WORD_START) else WITHIN + text] = None
    return list(found)[:size]


def _word_piece(pieces: Sequence[str], unknown: str, *, lower: bool) -> Tokenizer:
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    core = Tokenizer(models.WordPiece(vocabulary, unk_token=unknown, max_input_chars_per_word=LONGEST_WORD))
    core.normalizer = _normalizer(lower)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.decoder = decoders.WordPiece(prefix=WITHIN, cleanup=False)
    return core


def unpointed(text: str) -> str:
    """A text without the vowel points of Hebrew and Arabic, as the tokenizers made here read it.

    >>> unpointed("\u0643\u064e\u062a\u064e\u0628\u064e") == "\u0643\u062a\u0628"
    True
    """
    return normalizers.Sequence(UNPOINTED).normalize_str(text)


def _normalizer(lower: bool) -> normalizers.Normalizer:
    return normalizers.Sequence([normalizers.NFKC(), *UNPOINTED, *([normalizers.Lowercase()] if lower else [])])


def _extended(known: PreTrainedTokenizerFast, texts: Iterable[str], size: int) -> PreTrainedTokenizerFast | None:
    """A WordPiece tokenizer with more pieces after its own, which stay under their numbers; None for another kind.

    Unlike BERT's it keeps accents, which are vowels in many scripts.
    """
    core = Tokenizer.from_str(known.backend_tokenizer.to_str())
    own = known.get_vocab()
    if not isinstance(core.model, models.WordPiece) or max(own.values()) >= len(own):  # numbers with gaps
        return None
    lower = known.tokenize("A") == known.tokenize("a")
    pieces = list(dict.fromkeys([*sorted(own, key=own.__getitem__), *_learn_pieces(texts, size, lower=lower)]))
    made = _word_piece(pieces, known.unk_token, lower=lower)
    core.model, core.normalizer, core.pre_tokenizer = made.model, made.normalizer, made.pre_tokenizer
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=core, model_max_length=known.model_max_length, **known.special_tokens_map
    )


def _new_embeddings(
    old: Tensor, known: PreTrainedTokenizerFast, tokenizer: PreTrainedTokenizerFast, seed: int
) -> Tensor:
    """Embeddings (V, hidden) for a new vocabulary from those of a known one, as far as the pieces' letters tell."""
    noise = torch.Generator().manual_seed(seed)
    vocabulary = tokenizer.get_vocab()
    new = old.mean(0) + old.std(0) * torch.randn(len(vocabulary), old.shape[1], generator=noise)
    theirs = known.get_vocab()
    special = dict(zip(_special_tokens(tokenizer), _special_tokens(known), strict=True))
    unlike = []
    for piece, number in vocabulary.items():
        if (same := special.get(piece, piece)) in theirs:
            new[number] = old[theirs[same]]
        else:
            unlike.append((piece.removeprefix(WITHIN), number))
    spelt = known([text for text, _ in unlike], add_special_tokens=False)["input_ids"] if unlike else []
    for (_, number), ids in zip(unlike, spelt, strict=True):
        if ids and known.unk_token_id not in ids:
            new[number] = old[ids].mean(0)
    return new


def _special_tokens(tokenizer: PreTrainedTokenizerFast) -> list[str | None]:
    return [getattr(tokenizer, f"{name.strip('[]').lower()}_token") for name in SPECIAL_TOKENS]


def _ids(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[list[int]]:
    """Numbers of the pieces of each text, the unknown one left out."""
    found = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return [[number for number in ids if number != tokenizer.unk_token_id] for ids in found]
