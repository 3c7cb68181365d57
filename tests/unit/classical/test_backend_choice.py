"""Which path is taken, and what the reason says; a meta tensor stands for one that is not on the CPU."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.attention_function import explain_backend
from hybrid_opt.classical.backend_choice import BACKENDS, BackendChoice, check_backend
from hybrid_opt.classical.errors import AttentionError


def explain(metric, *, queries=256, keys=256, device="cpu", **settings):
    """The choice for one sequence, 2 heads, width 16."""
    query = torch.zeros(1, 2, queries, 16, device=device)
    key = torch.zeros(1, 2, keys, 16, device=device)
    return explain_backend(query, key, key, metric, **settings)


MASK = torch.ones(1, 256, dtype=torch.bool)


@pytest.mark.parametrize(
    ("metric", "settings", "name", "reason"),
    [
        ("dot", {}, "sdpa", "dot: reduces to an inner product"),
        ("cosine", {"causal": True}, "sdpa", "cosine: reduces to an inner product"),
        ("squared_l2", {"window": 256}, "sdpa", "squared_l2: reduces to an inner product"),
        ("dot", {"dropout": 0.1}, "tiled", "with dropout it makes a T x S array on the CPU"),
        ("dot", {"window": 8}, "tiled", "a window needs a T x S mask"),
        ("dot", {"mask": MASK}, "tiled", "with a mask"),
        ("dot", {"causal": True, "queries": 128}, "tiled", "aligns queries and keys at the first token"),
        ("l2", {}, "tiled", "distances by torch"),
        ("l1", {}, "kernel", "compiled loops"),
        ("lp", {"dropout": 0.1, "window": 8}, "kernel", "compiled loops"),
        ("chebyshev", {"mask": MASK}, "kernel", "compiled loops"),
        ("l1", {"queries": 4, "keys": 8}, "dense", "so few pairs"),
        ("dot", {"queries": 4, "keys": 8}, "dense", "so few pairs"),
        ("l1", {"device": "meta"}, "tiled", "distances by torch"),
        ("dot", {"device": "meta"}, "sdpa", "reduces to an inner product"),
        ("dot", {"device": "meta", "dropout": 0.1}, "sdpa", "reduces to an inner product"),
        ("dot", {"device": "meta", "dropout": 0.1, "seed": 1}, "tiled", "its dropout takes no seed"),
    ],
)
def test_auto_takes_the_path_that_fits_and_says_why(metric, settings, name, reason):
    choice = explain(metric, **settings)
    assert choice.name == name
    assert reason in choice.reason
    assert choice.reason.startswith(f"{metric}: ")


def test_heads_of_several_metrics_have_several_reasons():
    choice = explain(["l1", "dot"], dropout=0.5)
    assert choice.name == "kernel+tiled"
    assert [part.split(":")[0] for part in choice.reason.split("; ")] == ["l1", "dot"]


@pytest.mark.parametrize("backend", ["tiled", "dense"])
def test_what_is_asked_for_is_taken(backend):
    assert explain("l1", backend=backend) == BackendChoice(backend, "l1: asked for")


@pytest.mark.parametrize(
    ("metric", "settings", "message"),
    [
        ("l1", {"backend": "sdpa"}, '"sdpa" cannot serve l1 here: it is no inner product; take "auto"'),
        (["dot", "l2"], {"backend": "sdpa"}, "cannot serve l2"),
        ("dot", {"backend": "sdpa", "dropout": 0.1}, "with dropout it makes"),
        ("dot", {"backend": "sdpa", "window": 3}, "a window needs"),
        (
            "dot",
            {"backend": "kernel"},
            '"kernel" computes l1, lp, chebyshev, not dot; take "auto"',
        ),
        (
            "l1",
            {"backend": "kernel", "device": "meta"},
            'cannot serve meta: they are for CUDA devices; take "auto"',
        ),
    ],
)
def test_a_path_that_cannot_serve_is_refused(metric, settings, message):
    with pytest.raises(AttentionError, match=message):
        explain(metric, **settings)


@pytest.mark.parametrize("backend", ["flash", "", None, 1, ["sdpa"]])
def test_unknown_names_are_refused(backend):
    assert [check_backend(name) for name in BACKENDS] == list(BACKENDS)
    with pytest.raises(AttentionError, match="is unknown; choose one of auto, sdpa, tiled, kernel, dense"):
        check_backend(backend)
    with pytest.raises(AttentionError, match="is unknown"):
        explain("l1", backend=backend)
