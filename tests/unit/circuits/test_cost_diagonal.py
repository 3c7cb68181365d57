from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import memory
from hybrid_opt.circuits.cost_diagonal import CostDiagonal, diagonal_from_costs, diagonal_from_terms
from hybrid_opt.circuits.cost_terms import CostTerms
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError


def brute(terms: CostTerms) -> np.ndarray:
    states = np.arange(2**terms.n_qubits)
    return sum(
        (c * (states & m == m) for m, c in zip(terms.masks, terms.coefficients)), np.zeros(len(states))
    )


def random_terms(n: int, numbers) -> CostTerms:
    rng = np.random.default_rng(n)
    masks = np.unique(rng.integers(0, 2**n, 30))
    return CostTerms.from_masks(n, masks, numbers(rng, len(masks)))


@pytest.mark.parametrize("n", [1, 3, 11, 12, 13, 15])
def test_integers_stay_exact(n):
    terms = random_terms(n, lambda rng, size: rng.integers(-9, 10, size).astype(float))
    diagonal = diagonal_from_terms(terms)
    assert diagonal.codes is not None
    assert diagonal.costs is None
    assert np.array_equal(diagonal.energies(), brute(terms))
    assert diagonal.limit == np.abs(brute(terms) - terms.constant).max()


@pytest.mark.parametrize("n", [1, 4, 13])
def test_numbers_without_a_unit(n):
    terms = random_terms(n, lambda rng, size: rng.normal(size=size))
    diagonal = diagonal_from_terms(terms)
    assert diagonal.codes is None
    assert np.allclose(diagonal.energies(), brute(terms), atol=1e-13)
    assert diagonal.n_bytes == 8 << n


def test_codes_by_the_number_of_levels():
    small = diagonal_from_terms(CostTerms.of(2, [(0,), (1,)], [255.0, -0.0]))
    assert small.codes.dtype == np.uint8
    assert diagonal_from_terms(CostTerms.of(2, [(0,), (1,)], [254.0, 2.0])).codes.dtype == np.uint8
    wide = diagonal_from_terms(CostTerms.of(2, [(0,), (1,)], [254.0, 3.0]))
    assert wide.codes.dtype == np.uint16
    assert diagonal_from_terms(CostTerms.of(2, [(0,), (1,)], [65536.0, 1.0])).codes is None


def test_decimal_and_binary_units():
    decimal = diagonal_from_terms(CostTerms.of(2, [(0,), (1,), ()], [0.1, 0.3, np.pi]))
    assert np.allclose(decimal.level_energies, np.pi + 0.1 * np.arange(5), atol=1e-15)
    binary = diagonal_from_terms(CostTerms.of(2, [(0,), (1,)], [0.375, 0.75]))
    assert binary.levels.tolist() == [0.0, 0.375, 0.75, 1.125]


def test_a_large_constant_takes_no_digits_from_the_energies():
    for numbers in ([0.1, 0.3], [np.pi, -1e-7]):
        near = diagonal_from_terms(CostTerms.of(2, [(0,), (1,)], numbers))
        far = diagonal_from_terms(CostTerms.of(2, [(0,), (1,), ()], [*numbers, 1e9]))
        assert far.constant == 1e9
        assert far.limit == near.limit
        assert np.array_equal(far.energies(), near.energies() + 1e9)
    table = diagonal_from_costs(1e9 + np.random.default_rng(1).normal(size=8))
    assert table.limit < 10


def test_energies_cannot_be_changed_from_outside():
    for costs in ([0.0, 1.0], np.random.default_rng(1).normal(size=8), [1e9, 1e9 + np.pi]):
        with pytest.raises(ValueError, match="read-only"):
            diagonal_from_costs(costs).energies()[0] = 5.0


def test_no_terms_at_all():
    diagonal = diagonal_from_terms(CostTerms.of(2, [], []))
    assert diagonal.energies().tolist() == [0.0] * 4
    assert diagonal.symmetric


def test_threads_do_not_matter():
    terms = random_terms(14, lambda rng, size: rng.normal(size=size))
    one, three = (diagonal_from_terms(terms, threads=threads).energies() for threads in (1, 3))
    assert np.array_equal(one, three)


def test_ready_costs():
    few = diagonal_from_costs([3.0, 1.5, 1.5, 3.0])
    assert few.codes.tolist() == [1, 0, 0, 1]
    assert few.level_energies.tolist() == [1.5, 3.0]
    assert few.symmetric
    many = diagonal_from_costs(np.random.default_rng(1).normal(size=8))
    assert many.codes is None
    assert not many.symmetric
    assert diagonal_from_costs([0, 1]).n_qubits == 1


def test_unevenness_after_the_first_entries():
    costs = np.zeros(2**13)
    costs[5000] = np.pi
    costs[5001] = 1.0
    diagonal = diagonal_from_costs(costs)
    assert diagonal.codes is None
    assert np.array_equal(diagonal.energies(), costs)


def test_read_only_costs():
    costs = np.random.default_rng(1).normal(size=8)
    costs.flags.writeable = False
    assert np.array_equal(diagonal_from_costs(costs).energies(), costs)


@pytest.mark.parametrize(
    "costs", [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], [1.0, np.nan], [np.inf, 1.0], ["a", "b"], []]
)
def test_costs_that_are_none(costs):
    with pytest.raises(CircuitError):
        diagonal_from_costs(costs)


def test_what_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 1 << 20)
    with pytest.raises(CircuitTooLargeError, match="40 qubits"):
        diagonal_from_terms(CostTerms.of(40, [(0,)], [1.0]))
    with pytest.raises(CircuitTooLargeError, match="20 qubits"):
        diagonal_from_terms(CostTerms.of(20, [(0,)], [np.pi / 3 + 1e-9]))
    coded = CostDiagonal(20, np.zeros(1, np.uint8), np.zeros(1), None, symmetric=False)
    with pytest.raises(CircuitTooLargeError):
        coded.energies()


def test_a_diagonal_of_nothing():
    with pytest.raises(CircuitError):
        CostDiagonal(1, None, None, None, symmetric=False).energies()
