"""Attention and models on a CUDA device beside the same on the CPU; skipped where there is none."""

from __future__ import annotations

import copy

import pytest
import torch

from hybrid_opt.classical import (
    ActivationMonitor,
    DistanceEncoder,
    DistanceGPT,
    DistanceTransformerConfig,
    attention_report,
    distance_attention,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device; none is here")

METRICS = [("dot", None), ("cosine", None), ("squared_l2", None), ("l2", None), ("l1", None)]
METRICS += [("lp", 1.5), ("lp", 3.0), ("lp", 9.0), ("chebyshev", None)]
FORMS = {
    "plain": {},
    "causal": {"causal": True},
    "window": {"window": 40},
    "causal window": {"causal": True, "window": 40},
    "dense": {"backend": "dense"},
    "tiled": {"backend": "tiled"},
}


def tokens(length: int = 150, heads: int = 4) -> torch.Tensor:
    return torch.randn(2, heads, length, 24, generator=torch.Generator().manual_seed(length + heads)).double()


def passed(device, dtype, metric, p, *, heads=4, **settings):
    parts = [tokens(heads=4), tokens(heads=heads) * 0.7, tokens(heads=heads) * 1.3]
    # Numbers that half precision has too: the largest coordinate of a difference is then the same everywhere.
    given = [part.bfloat16().to(device, dtype).requires_grad_() for part in parts]
    output = distance_attention(*given, metric, p=p, **settings)
    output.backward(torch.ones_like(output))
    return [part.detach().double().cpu() for part in (output, *(part.grad for part in given))]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("metric", "p"), METRICS)
def test_values_and_gradients_of_the_cpu(metric, p, form):
    exact = passed("cpu", torch.float64, metric, p, **FORMS[form])
    for dtype, limit in ((torch.float64, 1e-9), (torch.float32, 2e-3), (torch.bfloat16, 6e-2)):
        for got, expected in zip(passed("cuda", dtype, metric, p, **FORMS[form]), exact):
            assert (got - expected).norm() <= limit * expected.norm()


@pytest.mark.parametrize(("metric", "p"), METRICS)
def test_shared_keys_and_a_mask_with_rows_that_see_nothing(metric, p):
    mask = torch.rand(2, 150, 150, generator=torch.Generator().manual_seed(1)) > 0.4
    mask[0, 3] = False
    exact = passed("cpu", torch.float64, metric, p, heads=2, mask=mask)
    found = passed("cuda", torch.float32, metric, p, heads=2, mask=mask.cuda())
    assert not found[0][0, :, 3].any()
    for got, expected in zip(found, exact):
        assert got.isfinite().all()
        assert (got - expected).norm() <= 2e-3 * expected.norm()


@pytest.mark.parametrize(("metric", "p"), METRICS)
def test_tiles_drop_what_the_dense_form_drops(metric, p):
    found = [
        passed("cuda", torch.float64, metric, p, dropout=0.3, seed=5, backend=backend)
        for backend in ("tiled", "dense")
    ]
    for got, expected in zip(*found):
        torch.testing.assert_close(got, expected)


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = DistanceTransformerConfig(
        vocab_size=50, hidden_size=32, num_attention_heads=4, num_hidden_layers=2, intermediate_size=64,
        max_position_embeddings=64, metric=["l1", "l2", "squared_l2", "chebyshev"], n_experts=4, top_k=2,
    )  # fmt: skip
    return DistanceGPT(config).eval()


def test_generation_with_a_cache(model):
    prompt = torch.randint(0, 50, (2, 7), generator=torch.Generator().manual_seed(2))
    settings = {"max_new_tokens": 12, "do_sample": False, "pad_token_id": 0}
    expected = model.generate(prompt, **settings)
    there = copy.deepcopy(model).cuda()
    assert torch.equal(there.generate(prompt.cuda(), **settings).cpu(), expected)
    assert torch.equal(there.generate(prompt.cuda(), **settings, use_cache=False).cpu(), expected)


def test_a_training_step(model):
    ids = torch.randint(0, 50, (3, 40), generator=torch.Generator().manual_seed(3))
    there = copy.deepcopy(model).cuda()
    losses = []
    for one, rows in ((model, ids), (there, ids.cuda())):
        loss = one(input_ids=rows, labels=rows).loss
        loss.backward()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    for here, other in zip(model.parameters(), there.parameters()):
        if here.grad is not None:
            torch.testing.assert_close(other.grad.cpu(), here.grad, rtol=1e-2, atol=1e-5)


def test_half_precision_and_checkpointed_gradients_learn():
    config = DistanceTransformerConfig(
        vocab_size=50, hidden_size=32, num_attention_heads=4, num_hidden_layers=2, intermediate_size=64,
        metric="l1",
    )  # fmt: skip
    torch.manual_seed(0)
    model = DistanceGPT(config).cuda().train()
    # transformers has renamed it.
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    ids = torch.arange(40, device="cuda").repeat(4, 1)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_looking_inside(model):
    ids = torch.randint(0, 50, (2, 30), generator=torch.Generator().manual_seed(4))
    expected = attention_report(model, {"input_ids": ids}).table()
    there = copy.deepcopy(model).cuda()
    found = attention_report(there, {"input_ids": ids.cuda()}).table()
    assert list(found.columns) == list(expected.columns)
    numbers = expected.select_dtypes("number").columns
    assert abs(found[numbers] - expected[numbers]).max().max() < 0.05
    with ActivationMonitor(there) as monitor:
        there(input_ids=ids.cuda(), labels=ids.cuda()).loss.backward()
    assert len(monitor.table())


def test_the_encoder_saves_and_loads(tmp_path):
    config = DistanceTransformerConfig(
        vocab_size=50, hidden_size=32, num_attention_heads=4, num_hidden_layers=1, intermediate_size=64,
        metric="l2",
    )  # fmt: skip
    model = DistanceEncoder(config).cuda().eval()
    model.save_pretrained(tmp_path)
    ids = torch.randint(0, 50, (2, 10), device="cuda")
    other = DistanceEncoder.from_pretrained(tmp_path).cuda().eval()
    assert torch.equal(model(ids).last_hidden_state, other(ids).last_hidden_state)
