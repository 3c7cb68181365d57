"""Shapes: N heads, R query rows, C key columns, D head width."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest
import torch

from hybrid_opt.classical import kernel_threads
from hybrid_opt.classical.tile_kernels import distance_tile, distance_tile_backward, distance_tile_p_gradient

FLOATS = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-13)], ids=["float32", "float64"]
)
# Every loop: the exponents with one of their own, others, and close to 1.
EXPONENTS = (1.0, 1.5, 2.0, 3.0, 4.0, 2.5, 1.0 + 1e-7, 1.2, 7.0, math.inf)


def example(shape, dtype, seed=0):
    """Query (N, R, D), key (N, C, D), and a gradient of the distances (N, R, C)."""
    n_heads, n_rows, n_columns, depth = shape
    generator = torch.Generator().manual_seed(seed)
    sizes = (n_heads, n_rows, depth), (n_heads, n_columns, depth), (n_heads, n_rows, n_columns)
    return [torch.randn(size, generator=generator, dtype=dtype) for size in sizes]


def metric_of(p):
    """The name and the exponent to call with."""
    return {1.0: ("l1", None), math.inf: ("chebyshev", None)}.get(p, ("lp", p))


def exact_distances(query, key, p):
    """By broadcasting in double precision, (N, R, C)."""
    size = (query.double()[:, :, None] - key.double()[:, None]).abs()
    if p == math.inf:
        return size.amax(-1)
    largest = size.amax(-1, keepdim=True).clamp(min=1e-300)
    return ((size / largest) ** p).sum(-1) ** (1 / p) * largest[..., 0]


def exact_gradients(grad, query, key, p):
    """By the stated derivatives in double precision, (N, R, D) and (N, C, D)."""
    x = query.double()[:, :, None] - key.double()[:, None]
    distance = exact_distances(query, key, p)[..., None]
    if p == math.inf:
        attained = ((x.abs() == distance) & (distance > 0)).double()
        slope = x.sign() * attained / attained.sum(-1, keepdim=True).clamp(min=1)
    else:
        ratio = torch.where(distance > 0, x.abs() / distance.clamp(min=1e-300), 0.0)
        slope = x.sign() * ratio ** (p - 1)
    part = grad.double()[..., None] * slope
    return part.sum(2), -part.sum(1)


def gradients(grad, distances, query, key, metric, p):
    """What the compiled loops add to zeros."""
    to_query, to_key = torch.zeros_like(query), torch.zeros_like(key)
    distance_tile_backward(grad, distances, query, key, metric, p, to_query, to_key)
    return to_query, to_key


def assert_close(found, exact, tolerance):
    """Equal relative to the largest number."""
    assert found.shape == exact.shape
    assert (found.double() - exact).abs().max() <= tolerance * exact.abs().max()


@FLOATS
@pytest.mark.parametrize("p", EXPONENTS)
@pytest.mark.parametrize("shape", [(2, 6, 21, 5), (1, 9, 150, 40), (3, 1, 1, 1), (1, 1, 130, 64)])
def test_distances_and_gradients_against_broadcasting(shape, p, dtype, tolerance):
    query, key, grad = example(shape, dtype)
    metric, exponent = metric_of(p)
    distances = distance_tile(query, key, metric, exponent)
    assert distances.dtype == dtype
    assert distances.is_contiguous()
    exact = exact_distances(query, key, p)
    assert ((distances.double() - exact).abs() <= tolerance * exact).all()
    for found, wanted in zip(
        gradients(grad, distances, query, key, metric, exponent), exact_gradients(grad, query, key, p)
    ):
        assert_close(found, wanted, tolerance)


@pytest.mark.parametrize("p", EXPONENTS)
def test_gradients_against_autograd(p):
    query, key, grad = example((2, 5, 7, 6), torch.float64, seed=1)
    query.requires_grad_()
    key.requires_grad_()
    size = (query[:, :, None] - key[:, None]).abs()
    (size.amax(-1) if p == math.inf else (size**p).sum(-1) ** (1 / p)).mul(grad).sum().backward()
    metric, exponent = metric_of(p)
    distances = distance_tile(query, key, metric, exponent)
    assert not distances.requires_grad
    for found, wanted in zip(
        gradients(grad, distances, query.detach(), key.detach(), metric, exponent), (query.grad, key.grad)
    ):
        assert_close(found, wanted, 1e-12)


@FLOATS
@pytest.mark.parametrize("p", EXPONENTS[:-1])
def test_gradient_of_the_exponent(p, dtype, tolerance):
    query, key, grad = example((2, 5, 19, 6), dtype, seed=2)
    key[0, 3] = query[0, 2]
    exponents = torch.full((2,), p, dtype=torch.float64, requires_grad=True)
    size = (query.double()[:, :, None] - key.double()[:, None]).abs()
    apart = (size > 0).any(-1)
    sums = torch.where(size > 0, size.clamp(min=1e-300) ** exponents[:, None, None, None], 0.0).sum(-1)
    exact = torch.where(apart, sums.clamp(min=1e-300) ** (1 / exponents[:, None, None]), 0.0)
    (exact * grad.double()).sum().backward()
    distances = distance_tile(query, key, "lp", p)
    found = distance_tile_p_gradient(grad, distances, query, key, p)
    assert found.dtype == dtype
    # Terms of both signs cancel.
    scale = (exact.detach() * grad.double()).abs().sum(dim=(1, 2)).max()
    assert (found.double() - exponents.grad).abs().max() <= tolerance * scale


@FLOATS
def test_each_head_has_its_exponent(dtype, tolerance):
    exponents = (1.0, 1.5, 2.0, 2.2, 3.0, 4.0)
    query, key, grad = example((6, 5, 20, 7), dtype, seed=3)
    for given in (exponents, list(exponents), torch.tensor(exponents, dtype=torch.float64)):
        together = distance_tile(query, key, "lp", given)
        together_gradients = gradients(grad, together, query, key, "lp", given)
        of_exponents = distance_tile_p_gradient(grad, together, query, key, given)
        for head, p in enumerate(exponents):
            alone = [tensor[head : head + 1] for tensor in (grad, together, query, key)]
            assert torch.equal(distance_tile(alone[2], alone[3], "lp", p), alone[1])
            for found, wanted in zip(together_gradients, gradients(*alone, "lp", p)):
                assert torch.equal(found[head], wanted[0])
            assert of_exponents[head] == distance_tile_p_gradient(*alone, p)[0]
    assert_close(together[3:4], exact_distances(query[3:4], key[3:4], 2.2), tolerance)


@FLOATS
@pytest.mark.parametrize("p", EXPONENTS)
def test_no_distance_no_gradient(p, dtype, tolerance):
    query, _, grad = example((1, 6, 6, 20), dtype, seed=4)
    metric, exponent = metric_of(p)
    distances = distance_tile(query, query.clone(), metric, exponent)
    assert (distances.diagonal(dim1=1, dim2=2) == 0).all()
    for found, wanted in zip(
        gradients(grad, distances, query, query, metric, exponent), exact_gradients(grad, query, query, p)
    ):
        assert_close(found, wanted, tolerance)
    only_diagonal = torch.eye(6, dtype=dtype)[None]
    for found in gradients(only_diagonal, distances, query, query, metric, exponent):
        assert (found == 0).all()
    if p < math.inf:
        assert (distance_tile_p_gradient(only_diagonal, distances, query, query, p) == 0).all()


@FLOATS
@pytest.mark.parametrize("p", EXPONENTS)
def test_equal_coordinates_get_no_gradient(p, dtype, tolerance):
    query, key, grad = example((1, 5, 18, 20), dtype, seed=5)
    key[..., ::3] = query[:, :1, ::3] = 0.25
    metric, exponent = metric_of(p)
    distances = distance_tile(query, key, metric, exponent)
    to_query, _ = gradients(grad, distances, query, key, metric, exponent)
    assert (to_query[0, 0, ::3] == 0).all()
    assert (to_query[0, 0, 1::3] != 0).any()


@FLOATS
def test_ties_for_the_largest_coordinate_share(dtype, tolerance):
    generator = torch.Generator().manual_seed(6)
    query = torch.randint(-2, 3, (2, 7, 9), generator=generator).to(dtype)
    key = torch.randint(-2, 3, (2, 33, 9), generator=generator).to(dtype)
    grad = torch.randn(2, 7, 33, generator=generator, dtype=dtype)
    distances = distance_tile(query, key, "chebyshev", None)
    found = gradients(grad, distances, query, key, "chebyshev", None)
    for part, wanted in zip(found, exact_gradients(grad, query, key, math.inf)):
        assert_close(part, wanted, tolerance)


@FLOATS
@pytest.mark.parametrize("p", [1.5, 2.0, 3.0, 4.0, 2.5, 20.0, 64.0])
@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e12, 1e30])
def test_powers_out_of_range(p, scale, dtype, tolerance):
    query, key, grad = example((1, 5, 18, 11), dtype, seed=7)
    query, key = query * scale, key * scale
    distances = distance_tile(query, key, "lp", p)
    exact = exact_distances(query, key, p)
    assert ((distances.double() - exact).abs() <= tolerance * exact).all()
    for found, wanted in zip(
        gradients(grad, distances, query, key, "lp", p), exact_gradients(grad, query, key, p)
    ):
        # A difference rounded once is off by that much times the exponent in its power.
        assert_close(found, wanted, tolerance * max(1, p / 4))


@FLOATS
@pytest.mark.parametrize("p", EXPONENTS)
def test_no_number_stays_none(p, dtype, tolerance):
    query, key, grad = example((1, 5, 18, 20), dtype, seed=8)
    query[0, 1, 2] = math.nan
    key[0, 17, 19] = math.nan
    metric, exponent = metric_of(p)
    distances = distance_tile(query, key, metric, exponent)
    pairs = torch.zeros(5, 18, dtype=torch.bool)
    pairs[1] = True
    pairs[:, 17] = True
    assert torch.equal(distances[0].isnan(), pairs)
    to_query, to_key = gradients(grad, distances, query, key, metric, exponent)
    # Every query meets the broken key, every key the broken query: at least there nothing is hidden.
    assert to_query[0, 1, 2].isnan()
    assert to_key[0, 17, 19].isnan()
    if p < math.inf:
        assert distance_tile_p_gradient(grad, distances, query, key, p).isnan().all()


@FLOATS
@pytest.mark.parametrize("p", EXPONENTS)
def test_infinity_stays(p, dtype, tolerance):
    query, key, _ = example((1, 5, 18, 20), dtype, seed=9)
    query[0, 1, 2] = math.inf
    key[0, 3, 2] = -math.inf
    key[0, 4, 2] = math.inf
    metric, exponent = metric_of(p)
    distances = distance_tile(query, key, metric, exponent)
    # inf - inf is no number.
    assert distances[0, 1, 4].isnan()
    distances[0, 1, 4] = math.inf
    pairs = torch.zeros(5, 18, dtype=torch.bool)
    pairs[1] = True
    pairs[:, 3:5] = True
    assert torch.equal(distances[0].isinf(), pairs)


@pytest.mark.parametrize("p", [1.0, 2.5, math.inf])
def test_any_strides(p):
    query, key, grad = example((2, 6, 6, 10), torch.float64, seed=10)
    metric, exponent = metric_of(p)
    distances = distance_tile(query, key, metric, exponent)
    wanted = gradients(grad, distances, query, key, metric, exponent)

    def strided(tensor):
        wide = torch.zeros(*tensor.shape[:2], 2 * tensor.shape[2], dtype=tensor.dtype)
        wide[..., ::2] = tensor
        return wide[..., ::2]

    apart = [strided(tensor) for tensor in (query, key, grad)]
    assert torch.equal(distance_tile(apart[0], apart[1], metric, exponent), distances)
    assert torch.equal(
        distance_tile(query.mT.contiguous().mT, key.mT.contiguous().mT, metric, exponent), distances
    )
    to_query, to_key = strided(torch.ones_like(query)), strided(torch.ones_like(key))
    distance_tile_backward(
        apart[2], strided(distances), apart[0], apart[1], metric, exponent, to_query, to_key
    )
    assert torch.allclose(to_query, wanted[0] + 1, atol=1e-14)
    assert torch.allclose(to_key, wanted[1] + 1, atol=1e-14)


@pytest.mark.parametrize("shape", [(0, 2, 3, 4), (2, 0, 3, 4), (2, 2, 0, 4), (2, 2, 3, 0)])
def test_nothing_to_do(shape):
    query, key, grad = example(shape, torch.float32)
    distances = distance_tile(query, key, "lp", 2.0)
    assert distances.shape == grad.shape
    assert (distances == 0).all()
    for found in gradients(grad, distances, query, key, "lp", 2.0):
        assert (found == 0).all()
    assert torch.equal(distance_tile_p_gradient(grad, distances, query, key, 2.0), torch.zeros(shape[0]))


@FLOATS
@pytest.mark.parametrize("p", [1.0, 2.5, math.inf])
def test_number_of_threads_leaves_no_trace(p, dtype, tolerance, monkeypatch):
    query, key, grad = example((3, 37, 150, 33), dtype, seed=11)
    metric, exponent = metric_of(p)
    monkeypatch.setattr(kernel_threads, "_WORTH_A_THREAD", 1)
    results = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            distances = distance_tile(query, key, metric, exponent)
            found = [distances, *gradients(grad, distances, query, key, metric, exponent)]
            if p < math.inf:
                found.append(distance_tile_p_gradient(grad, distances, query, key, p))
            results.append(found)
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        for first, second in zip(results[0], other):
            assert torch.equal(first, second)


def test_numba_is_loaded_on_the_first_call_only():
    code = (
        "import sys, hybrid_opt.classical.tile_kernels\n"
        "print(any(name.split('.')[0] in ('numba', 'llvmlite') for name in sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["False"]


@pytest.mark.parametrize("n_heads", [1, 2])
def test_nothing_is_compiled_once_more_for_another_kind_of_call(n_heads):
    from hybrid_opt.classical.distance_kernels import distances_of_groups
    from hybrid_opt.classical.gradient_kernels import gradients_of_chunks

    query, key, grad = example((n_heads, 3, 4, 5), torch.float32)
    query.requires_grad_()
    for p in (1.5, [1.5] * n_heads, torch.full((n_heads,), 1.5), torch.tensor(1.5)):
        distances = distance_tile(query, key.mT.contiguous().mT, "lp", p)
        gradients(grad, distances, query.detach(), key, "lp", p)
    for loop in (distances_of_groups, gradients_of_chunks):
        assert len([kinds for kinds in loop.signatures if kinds[1].dtype.bitwidth == 32]) == 1
