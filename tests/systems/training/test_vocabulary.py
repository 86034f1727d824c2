"""Vocabularies: what a tokenizer keeps and gets, and what embeddings new pieces start from."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from clir_harness.systems.training.vocabulary import new_body, train_tokenizer, unpointed, with_vocabulary

ENGLISH = ["the rain falls on the house", "a house in the rain", "the old house"] * 5
SWAHILI = ["mvua inanyesha juu ya nyumba", "nyumba katika mvua", "nyumba ya zamani"] * 5
PAIRS = list(zip(SWAHILI, ENGLISH, strict=True))


@pytest.fixture
def english() -> PreTrainedTokenizerFast:
    return train_tokenizer(ENGLISH, 80, max_length=32)


def test_accents_are_kept_case_is_not() -> None:
    tokenizer = train_tokenizer(["Été ẹ̀kọ́"] * 5, 60)
    assert tokenizer.decode(tokenizer("ÉTÉ")["input_ids"], skip_special_tokens=True) == "été"


def test_vowel_points_that_only_scripture_writes_are_not_read_other_vowel_signs_are() -> None:
    tokenizer = train_tokenizer(["وَكَانَتِ ٱلْأَرْضُ", "בְּרֵאשִׁית", "की हिन्दी"] * 5, 200)
    for pointed, plain in (("وَكَانَتِ ٱلْأَرْضُ", "وكانت الأرض"), ("בְּרֵאשִׁית", "בראשית")):
        assert tokenizer.tokenize(pointed) == tokenizer.tokenize(plain) == plain.split()
        assert unpointed(pointed) == plain
    assert tokenizer.tokenize("की हिन्दी") == ["की", "हिन्दी"]


def test_every_character_of_the_text_can_be_written_anywhere_in_a_word() -> None:
    tokenizer = train_tokenizer(["武汉市中心医院", "ዝናብ ቤት"], 200)
    assert tokenizer.unk_token not in tokenizer.tokenize("院武 ብዝናቤ")


def test_equal_texts_give_equal_tokenizers_of_the_size_asked_for() -> None:
    one, two = (train_tokenizer(iter(SWAHILI), 60).backend_tokenizer.to_str() for _ in range(2))
    assert one == two
    assert len(train_tokenizer(SWAHILI, 40)) == 40


def test_a_word_longer_than_a_clause_is_no_fault() -> None:
    tokenizer = train_tokenizer(["ab"], 20)
    assert set(tokenizer.tokenize("ab" * 400)) <= {"ab", "##ab", "##a", "##b"}


def test_an_extended_tokenizer_writes_as_before_and_more(english: PreTrainedTokenizerFast) -> None:
    body = new_body(english, layers=1, width=32)
    grown, tokenizer = with_vocabulary(body, english, SWAHILI, 100)
    assert english.get_vocab().items() < tokenizer.get_vocab().items()
    assert tokenizer(ENGLISH)["input_ids"] == english(ENGLISH)["input_ids"]
    assert tokenizer.tokenize("nyumba") == ["nyumba"]
    old, new = (one.get_input_embeddings().weight for one in (body, grown))
    assert len(new) == len(tokenizer)
    assert torch.equal(new[: len(old)], old)


def test_a_new_piece_starts_from_how_the_body_writes_it_else_from_noise_by_the_seed(
    english: PreTrainedTokenizerFast,
) -> None:
    body = new_body(english, layers=1, width=32)
    (one, tokenizer), (two, _) = (
        with_vocabulary(body, english, ["rainhouse ዝናብ"] * 5, 60, seed=seed) for seed in (0, 1)
    )
    left, right = (made.get_input_embeddings().weight for made in (one, two))
    old, numbers = body.get_input_embeddings().weight, tokenizer.get_vocab()
    spelt = english("rainhouse", add_special_tokens=False)["input_ids"]
    torch.testing.assert_close(left[numbers["rainhouse"]], old[spelt].mean(0))
    assert not torch.equal(left[numbers["ዝናብ"]], right[numbers["ዝናብ"]])


def test_with_translations_a_piece_starts_from_those_of_its_translation(english: PreTrainedTokenizerFast) -> None:
    body = new_body(english, layers=1, width=32)
    pairs = [*PAIRS, ("nyumba", "house"), ("mvua", "rain")]
    grown, tokenizer = with_vocabulary(body, english, SWAHILI, 100, translations=pairs)
    old, new = (one.get_input_embeddings().weight for one in (body, grown))
    similar = torch.nn.functional.cosine_similarity(new[tokenizer.get_vocab()["nyumba"]], old)
    assert similar.argmax() == english.get_vocab()["house"]


def test_a_vocabulary_of_another_kind_is_replaced_and_its_own_tokens_kept() -> None:
    core = Tokenizer(models.BPE(vocab={"[UNK]": 0, "a": 1, "[Q]": 2}, merges=[], unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.add_tokens(["[Q]"])
    known = PreTrainedTokenizerFast(
        tokenizer_object=core,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=32,
    )
    grown, tokenizer = with_vocabulary(new_body(known, layers=1, width=32), known, SWAHILI, 60, translations=PAIRS)
    assert len(tokenizer) == len(grown.get_input_embeddings().weight) <= 60
    assert {"[Q]", "[MASK]", "a"} < set(tokenizer.get_vocab())
    assert tokenizer.unk_token not in tokenizer.tokenize(f"{SWAHILI[0]} {ENGLISH[0]}")
