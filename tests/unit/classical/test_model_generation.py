"""Generation with the cache: greedy, sampling, beams, padding, windows."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT

TOKENS = torch.tensor([[3, 7, 1, 9], [4, 4, 8, 2]])


def model_of(**settings: Any) -> DistanceGPT:
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
    sizes.update(pad_token_id=0, initializer_range=0.3, max_position_embeddings=32)
    return DistanceGPT(DistanceTransformerConfig(**{**sizes, **settings})).eval()


def greedy(model: DistanceGPT, tokens: torch.Tensor, new: int) -> torch.Tensor:
    """Greedy continuation from full passes, without a cache."""
    for _ in range(new):
        following = model(input_ids=tokens, use_cache=False).logits[:, -1].argmax(-1, keepdim=True)
        tokens = torch.cat([tokens, following], dim=1)
    return tokens


@pytest.mark.parametrize("settings", [{}, {"attention_window": 3, "position": "rotary", "metric": "l2"}])
def test_greedy_with_the_cache_equals_full_passes(settings: dict[str, Any]):
    model = model_of(**settings)
    output = model.generate(TOKENS, max_new_tokens=8, do_sample=False)
    assert torch.equal(output, greedy(model, TOKENS, 8))
    uncached = model.generate(TOKENS, max_new_tokens=8, do_sample=False, use_cache=False)
    assert torch.equal(uncached, output)


@pytest.mark.parametrize("position", ["learned", "rotary", "none"])
def test_left_padding_does_not_change_what_is_generated(position: str):
    model = model_of(position=position)
    padded = torch.cat([torch.zeros(2, 3, dtype=torch.long), TOKENS], dim=1)
    padded[1, 2] = 5  # the second prompt is one token longer
    mask = (padded != 0).long()
    output = model.generate(padded, attention_mask=mask, max_new_tokens=6, do_sample=False)
    assert torch.equal(output[:1, 7:], greedy(model, TOKENS[:1], 6)[:, 4:])
    assert torch.equal(output[1:, 7:], greedy(model, padded[1:, 2:], 6)[:, 5:])


def test_beams_find_no_worse_sequences_than_greedy():
    model = model_of()

    def score(tokens: torch.Tensor) -> torch.Tensor:
        logits = model(input_ids=tokens).logits[:, 3:-1].log_softmax(-1)
        return logits.gather(-1, tokens[:, 4:, None]).sum((1, 2))

    beams = model.generate(TOKENS, max_new_tokens=4, num_beams=8, do_sample=False)
    assert (score(beams) >= score(greedy(model, TOKENS, 4)) - 1e-4).all()
    several = model.generate(TOKENS, max_new_tokens=4, num_beams=4, num_return_sequences=2, do_sample=False)
    assert several.shape == (4, 8)


def test_sampling_repeats_with_the_seed_and_respects_its_limits():
    model = model_of()
    settings: dict[str, Any] = {"max_new_tokens": 6, "do_sample": True}

    def sample(seed: int, **limits: Any) -> torch.Tensor:
        torch.manual_seed(seed)
        return model.generate(TOKENS, **settings, **limits)

    assert torch.equal(sample(1, top_k=5), sample(1, top_k=5))
    assert not torch.equal(sample(1, temperature=2.0, top_k=0), sample(2, temperature=2.0, top_k=0))
    expected = greedy(model, TOKENS, 6)
    for limits in ({"top_k": 1}, {"top_p": 1e-4, "top_k": 0}, {"temperature": 1e-3, "top_k": 0}):
        assert torch.equal(sample(3, **limits), expected)


def test_generation_stops_at_the_end_token():
    model = model_of()
    end = int(greedy(model, TOKENS[:1], 3)[0, -1])
    output = model.generate(TOKENS[:1], max_new_tokens=9, do_sample=False, eos_token_id=end)
    assert int(output[0, -1]) == end
    assert output.shape[1] <= 7


def test_generation_beyond_the_table_of_positions_is_refused():
    with pytest.raises(ConfigurationError, match="learned positions for 6"):
        model_of(max_position_embeddings=6).generate(TOKENS, max_new_tokens=8, do_sample=False)


def test_weights_and_scores_on_request():
    output = model_of().generate(
        TOKENS,
        max_new_tokens=2,
        do_sample=False,
        output_attentions=True,
        output_scores=True,
        return_dict_in_generate=True,
    )
    assert [weights[0].shape for weights in output.attentions] == [(2, 2, 4, 4), (2, 2, 1, 5)]
    assert len(output.scores) == 2


def test_a_cache_of_fixed_size_is_refused():
    with pytest.raises(ConfigurationError, match="cache_implementation"):
        model_of().generate(TOKENS, max_new_tokens=2, do_sample=False, cache_implementation="static")
