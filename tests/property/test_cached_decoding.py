"""Decoding with a cache equals the full pass for any metric, positions, window, groups, padding and split."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.transformers_import import DynamicCache

LENGTH = 9


@st.composite
def configurations(draw: st.DrawFn) -> DistanceTransformerConfig:
    heads = draw(st.sampled_from([1, 2, 4]))
    names = st.sampled_from(METRICS)
    per_head = st.lists(names, min_size=heads, max_size=heads)
    return DistanceTransformerConfig(
        vocab_size=20,
        hidden_size=8 * heads,
        num_hidden_layers=2,
        num_attention_heads=heads,
        num_key_value_heads=draw(st.sampled_from([g for g in (1, 2, 4) if heads % g == 0])),
        head_dim=draw(st.sampled_from([None, 4, 6])),
        max_position_embeddings=LENGTH,
        metric=draw(st.one_of(names, st.lists(per_head, min_size=2, max_size=2))),
        metric_p=draw(st.floats(1.0, 6.0)),
        position=draw(st.sampled_from(["learned", "rotary", "none"])),
        attention_window=draw(st.one_of(st.none(), st.integers(1, LENGTH + 2))),
        initializer_range=0.2,
    )


@settings(max_examples=25)
@given(
    configurations(),
    st.lists(st.integers(0, LENGTH - 1), min_size=2, max_size=2),
    st.lists(st.integers(1, 4), min_size=1, max_size=LENGTH),
    st.integers(0, 99),
)
def test_cached_decoding_equals_the_full_pass(
    config: DistanceTransformerConfig, padding: list[int], steps: list[int], seed: int
):
    torch.manual_seed(seed)
    model = DistanceGPT(config).eval()
    tokens = torch.randint(20, (2, LENGTH))
    mask = (torch.arange(LENGTH) >= torch.tensor(padding)[:, None]).long()
    with torch.no_grad():
        whole = model(input_ids=tokens, attention_mask=mask).logits
        cache, parts, done = DynamicCache(config=config), [], 0
        for step in [*steps, LENGTH]:
            until = min(done + step, LENGTH)
            if until > done:
                output = model(
                    input_ids=tokens[:, done:until],
                    attention_mask=mask[:, :until],
                    past_key_values=cache,
                    use_cache=True,
                )
                parts.append(output.logits)
            done = until
    real = mask.bool()
    torch.testing.assert_close(torch.cat(parts, 1)[real], whole[real], rtol=1e-4, atol=1e-4)
