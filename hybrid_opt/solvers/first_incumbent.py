"""A string to begin a search of parts with: the best of a few short runs, component by component."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..qubo.reading import read_model
from .anneal import Anneal
from .base import Request
from .quadratic_bits import QuadraticBits

__all__ = ["INCUMBENTS", "first_incumbent"]

INCUMBENTS = ("descent", "anneal")
RUNS = 10  # descents or annealing runs
SWEEPS = 200  # of each annealing run


def first_incumbent(
    model: QuadraticBits,
    bits: NDArray[np.uint8],
    components: Sequence[NDArray[np.int64]],
    method: str,
    *,
    seed: int,
    seconds: float,
) -> tuple[NDArray[np.uint8], bool, bool]:
    """Improve a string before any block is searched.

    Args:
        model: the QUBO of n bits.
        bits: what the bits outside the components are held at, shape (n,).
        components: sets of positions without couplings between them.
        method: "descent" or "anneal".
        seed: of the runs.
        seconds: time for the runs; looked at by "anneal" only.

    Returns:
        The string, shape (n,); whether the runs did not depend on the clock; whether ctrl-C ended them.
    """
    if not components:
        return bits.copy(), True, False
    positions = np.sort(np.concatenate(list(components)))
    part = model.part(positions, bits)
    if method == "anneal":
        request = Request(read_model(part.to_bqm()), seed, max(seconds, 1e-3))
        outcome = Anneal(reads=RUNS, sweeps=SWEEPS).draw(request, draws=RUNS)
        found, repeatable, interrupted = outcome.states, outcome.deterministic, outcome.interrupted
        if not len(found):
            return bits.copy(), repeatable, interrupted
    else:
        found, repeatable, interrupted = _descents(part, seed), True, False
    best = bits.copy()
    for component in components:
        columns = np.searchsorted(positions, component)
        own = part.part(columns, found[0])
        energies = [own.energy(string) for string in found[:, columns]]
        best[component] = found[int(np.argmin(energies)), columns]
    return best, repeatable, interrupted


def _descents(part: QuadraticBits, seed: int) -> NDArray[np.int64]:
    """Ends of single-flip descents from random strings, shape (RUNS, k)."""
    from dwave.samplers import SteepestDescentSampler

    labels = list(range(part.n_bits))
    strings = np.random.default_rng(seed).integers(2, size=(RUNS, part.n_bits), dtype=np.int8)
    result = SteepestDescentSampler().sample(
        part.to_bqm(), num_reads=RUNS, initial_states=(strings, labels), seed=seed
    )
    order = [result.variables.index(label) for label in labels]
    return np.asarray(result.record.sample[:, order], dtype=np.int64)
