"""Texts from a model that counts: each letter is followed by the next one."""

import pytest
import torch

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder_heads import DistanceEncoderForMaskedLM
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.generation import generate_text
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.text_tokenizers import make_character_tokenizer

TOKENIZER = make_character_tokenizer(["abcdef"])


def counting(sharpness=50.0):
    """Logits depend on the present token only: the next letter, after f the end."""
    config = DistanceTransformerConfig(
        vocab_size=len(TOKENIZER),
        hidden_size=16,
        num_attention_heads=2,
        num_hidden_layers=1,
        max_position_embeddings=24,
        tie_word_embeddings=False,
        position="none",
        metric="l2",
    )
    torch.manual_seed(0)
    model = DistanceGPT(config)
    size = len(TOKENIZER)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.model.stack.embeddings.tokens.weight[:, :size] = torch.eye(size)
        model.model.stack.final_norm.weight.fill_(1.0)
        for token in range(5, size):
            following = token + 1 if token + 1 < size else TOKENIZER.eos_token_id
            model.lm_head.weight[following, token] = sharpness
        model.lm_head.weight[5, TOKENIZER.eos_token_id] = sharpness
    return model


def test_the_most_likely_text():
    assert generate_text(counting(), TOKENIZER, "ab", 3, temperature=0) == "abcde"


def test_the_end_token_ends_it():
    assert generate_text(counting(), TOKENIZER, "cd", 10, temperature=0) == "cdef"


def test_an_empty_prompt_begins_a_document():
    assert generate_text(counting(), TOKENIZER, "", 3, temperature=0) == "abc"


def test_a_sample_repeats_with_its_seed_and_leaves_other_numbers_alone():
    model = counting(1.0)
    torch.manual_seed(7)
    expected = torch.rand(2)
    torch.manual_seed(7)
    first = generate_text(model, TOKENIZER, "a", 12, seed=1)
    assert torch.equal(torch.rand(2), expected)
    assert generate_text(model, TOKENIZER, "a", 12, seed=1) == first
    assert len({generate_text(model, TOKENIZER, "a", 12, seed=seed) for seed in range(8)}) > 1


def test_all_tokens_can_be_sampled_unless_k_or_p_say_no():
    model = counting(1.0)
    free = {generate_text(model, TOKENIZER, "a", 1, seed=seed) for seed in range(40)}
    one = {generate_text(model, TOKENIZER, "a", 1, seed=seed, top_k=1) for seed in range(10)}
    few = {generate_text(model, TOKENIZER, "a", 1, seed=seed, top_p=0.01) for seed in range(10)}
    cold = {generate_text(model, TOKENIZER, "a", 1, seed=seed, temperature=0.01) for seed in range(10)}
    assert len(free) > 3
    assert one == few == cold == {"ab"}


def test_beams():
    assert generate_text(counting(), TOKENIZER, "ab", 3, beams=3) == "abcde"


def test_the_mode_of_the_model_stays():
    model = counting().train()
    generate_text(model, TOKENIZER, "a", 1, temperature=0)
    assert model.training


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens"),
        ({"max_new_tokens": 2.5}, "max_new_tokens"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_k": 0}, "top_k"),
        ({"top_p": 0.0}, "top_p"),
        ({"top_p": 1.5}, "top_p"),
        ({"beams": 0}, "beams"),
        ({"beams": 2, "temperature": 0.5}, "beams"),
        ({"beams": 2, "top_k": 5}, "beams"),
        ({"temperature": 0, "top_k": 5}, "temperature 0"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": "most"}, "top_p"),
        ({"seed": -1}, "seed"),
        ({"seed": "a"}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"prompt": 3}, "prompt"),
        ({"tokenizer": None}, "no tokenizer"),
    ],
)
def test_illegal_values(changes, words):
    values = {"tokenizer": TOKENIZER, "prompt": "a", "max_new_tokens": 2, **changes}
    with pytest.raises(ConfigurationError, match=words):
        generate_text(counting(), **values)


def test_learned_positions_end():
    config = counting().config
    config.position = "learned"
    with pytest.raises(ConfigurationError, match="at most 22"):
        generate_text(DistanceGPT(config), TOKENIZER, "ab", 30)


def test_an_encoder_does_not_continue():
    with pytest.raises(ConfigurationError, match="decoder"):
        generate_text(DistanceEncoderForMaskedLM(counting().config), TOKENIZER, "a", 1)
