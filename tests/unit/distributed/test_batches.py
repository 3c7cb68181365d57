"""Batches in chunks: the same bits with two processes as with one."""

from __future__ import annotations

import sys
import threading

import cloudpickle
import numpy as np
import pandas
import pytest
import scipy.sparse
import torch

from hybrid_opt.circuits import DiagonalQAOA, FidelityKernel
from hybrid_opt.distributed import AngleEnergies, map_batches
from hybrid_opt.errors import OptionError
from hybrid_opt.layers import QNNLayer

cloudpickle.register_pickle_by_value(sys.modules[__name__])
ROWS = np.random.default_rng(1).uniform(-1, 1, (41, 3))


def drawn(rows, seeds):
    return np.array([row.sum() + np.random.default_rng(seed).normal() for row, seed in zip(rows, seeds)])


def test_rows_come_back_in_order_from_both(cluster):
    told = []
    result = map_batches(
        lambda rows: rows.sum(axis=1), ROWS, cluster=cluster, chunk=4, progress=lambda *one: told.append(one)
    )
    assert np.array_equal(result, ROWS.sum(axis=1))
    assert [share for share, _ in told] == pytest.approx([number / 11 for number in range(1, 12)])
    assert told[-1][1] == "11 of 11 chunks"


def test_a_layer_of_circuits_keeps_every_bit_whatever_the_chunk(cluster):
    torch.manual_seed(0)
    layer = QNNLayer(3, 2, simulator="native").double()
    inputs = torch.from_numpy(ROWS)
    result = map_batches(layer, inputs, cluster=cluster, chunk=8)
    assert torch.equal(result, map_batches(layer, inputs, chunk=8))
    assert torch.equal(result, layer(inputs).detach())
    assert torch.equal(result, map_batches(layer, inputs, chunk=5))
    assert not result.requires_grad


def test_angles_of_a_qaoa_keep_every_bit(cluster):
    engine = DiagonalQAOA(np.random.default_rng(0).normal(size=32))
    angles = np.random.default_rng(2).uniform(0, 1, (41, 4))
    result = map_batches(AngleEnergies(engine), angles, cluster=cluster, chunk=8)
    assert np.array_equal(result, engine.values(angles[:, :2], angles[:, 2:]))


def test_random_numbers_belong_to_rows(cluster):
    result = map_batches(drawn, ROWS, cluster=cluster, chunk=4, seed=5)
    assert np.array_equal(result, map_batches(drawn, ROWS, chunk=7, seed=5))
    assert not np.array_equal(result, map_batches(drawn, ROWS, seed=6))
    assert len(set(np.round(result - ROWS.sum(axis=1), 12))) == len(ROWS)


def test_what_a_function_remembers_does_not_reach_the_next_chunk(cluster):
    class Counting:
        calls = 0

        def __call__(self, rows):
            self.calls += 1
            return np.full(len(rows), self.calls)

    assert set(map_batches(Counting(), ROWS, cluster=cluster, chunk=4)) == {1}
    assert set(map_batches(Counting(), ROWS, chunk=4)) == {1}


def test_lists_are_put_together():
    loud = map_batches(lambda words: [word.upper() for word in words], ["a", "b", "c"], chunk=2)
    assert loud == ["A", "B", "C"]


def test_an_error_of_the_function_is_its_own(cluster):
    def fails(rows):
        raise ZeroDivisionError("by nothing")

    with pytest.raises(ZeroDivisionError, match="by nothing"):
        map_batches(fails, ROWS, cluster=cluster)


@pytest.mark.parametrize("where", ["here", "there"])
def test_what_cannot_travel_is_named(where, cluster):
    lock = threading.Lock()
    with pytest.raises(OptionError, match=r"function .*cannot be sent to another process.*lock"):
        map_batches(lambda rows: [lock] * len(rows), ROWS, cluster=cluster if where == "there" else None)


@pytest.mark.parametrize("where", ["here", "there"])
def test_results_that_cannot_travel_are_named(where, cluster):
    with pytest.raises(OptionError, match=r"the result .*cannot be sent"):
        map_batches(
            lambda rows: __import__("types").SimpleNamespace(lock=threading.Lock()), ROWS,
            cluster=cluster if where == "there" else None,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chunk": 0}, "chunk is 0"),
        ({"chunk": 2.0}, "chunk is 2.0"),
        ({"rows": []}, "rows is list of shape"),
        ({"rows": np.zeros((0, 2))}, r"rows is ndarray of shape \(0, 2\)"),
        ({"rows": 3}, "rows is int"),
        ({"seed": -1}, "seed is -1"),
        ({"function": lambda rows: rows[:-1]}, "for 41 rows; it must return one result per row"),
        ({"function": lambda rows: 1.0}, "returned float for 41 rows"),
        ({"function": 3}, "function is 3; give a function of rows"),
        ({"cluster": "local"}, "cluster is 'local'; give that of"),
        ({"rows": scipy.sparse.eye(4, format="csr")}, r"rows is csr_matrix of shape \(4, 4\)"),
        ({"function": lambda rows: rows.sum()}, r"returned shape \(\) for 41 rows"),
        ({"function": FidelityKernel(2, shots=10, compute="cpu")}, "FidelityKernel has shots=10"),
        ({"function": FidelityKernel(2, shots=10, compute="cpu").encode}, "FidelityKernel has shots=10"),
    ],
)
def test_wrong_calls_are_refused(change, message):
    given = {"function": lambda rows: rows, "rows": ROWS, **change}
    with pytest.raises(OptionError, match=message):
        map_batches(given.pop("function"), given.pop("rows"), **given)


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (lambda rows: pandas.DataFrame({"a": rows, "b": rows}), "DataFrame"),
        (lambda rows: pandas.Series(rows), "Series"),
        (lambda rows: (rows, rows), "tuple"),
        (lambda rows: {0: 1, 1: 2}, "dict"),
        (lambda rows: "ab", "str"),
        (lambda rows: scipy.sparse.eye(2, format="csr"), "csr_matrix"),
        (lambda rows: [1], "list of 1"),
        (lambda rows: None, "NoneType"),
    ],
)
def test_results_of_other_kinds_are_refused_even_where_their_length_fits(answer, given):
    with pytest.raises(OptionError, match=f"returned {given} for 2 rows; it must return one result per row"):
        map_batches(answer, np.arange(4.0), chunk=2)


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (lambda rows: np.zeros((len(rows), int(rows[0]) + 1)), r"shape \(1,\) and .* shape \(3,\)"),
        (lambda rows: np.zeros(2) if rows[0] else [0, 0], "list"),
        (lambda rows: np.zeros(2) if rows[0] else torch.zeros(2), "Tensor of rows"),
    ],
)
def test_chunks_of_different_kinds_are_refused(answer, given):
    with pytest.raises(OptionError, match=given):
        map_batches(answer, np.arange(4.0), chunk=2)


def test_lists_of_anything_are_put_together():
    found = map_batches(lambda rows: [{"a": one} for one in rows], [1, 2, 3], chunk=2)
    assert found == [{"a": 1}, {"a": 2}, {"a": 3}]
