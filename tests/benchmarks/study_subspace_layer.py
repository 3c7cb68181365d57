"""How long one layer in a subspace takes, beside the rank-one update in NumPy.

Models of one-hot groups: 10 groups of 5 and 10 groups of 4 bits, a random energy for every bit and pair of
bits, continuous ("continuous") or small whole numbers ("whole"). Tasks take turns, medians of seconds:

- reference: per group, state += c * state.sum(axis=group, keepdims=True) in NumPy, all groups, with the phase
  of the cost computed before and multiplied in (``reference_with_phase``) or left out (``reference``);
- layer: cost and mixer of the engine on a given state;
- value and value_and_grad at depth 1 and 3.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import dimod
import numpy as np
from record import Record
from timing import paired

from hybrid_opt.circuits.subspace_qaoa import SubspaceQAOA

SEED = 11
RUNS = 7
GAMMA, BETA = 0.03, -0.4


def model_of(n_bits: int, whole: bool, rng: np.random.Generator) -> dimod.BinaryQuadraticModel:
    """A coefficient for every bit and pair."""
    pairs = list(itertools.combinations(range(n_bits), 2))
    draws = rng.integers(-3, 4, n_bits + len(pairs)) if whole else rng.normal(size=n_bits + len(pairs))
    numbers = draws.astype(float).tolist()
    linear = dict(enumerate(numbers[:n_bits]))
    return dimod.BinaryQuadraticModel(linear, dict(zip(pairs, numbers[n_bits:])), 0.0, "BINARY")


def rank_one_update(state: np.ndarray, levels: int, n_groups: int, beta: float) -> None:
    """The exact complete mixer on every group, in place."""
    coefficient = np.expm1(-1j * beta * levels) / levels
    for group in range(n_groups):
        tensor = state.reshape(levels**group, levels, -1)
        tensor += coefficient * tensor.sum(axis=1, keepdims=True)


def measure(
    n_groups: int, levels: int, whole: bool, runs: int = RUNS, mixer: str = "xy-exact"
) -> dict[str, Any]:
    """Medians of seconds of all tasks for one model."""
    rng = np.random.default_rng(SEED)
    model = model_of(n_groups * levels, whole, rng)
    groups = [tuple(range(levels * g, levels * (g + 1))) for g in range(n_groups)]
    engine = SubspaceQAOA(model, groups, mixer=mixer)
    start = engine.state([0.0], [0.0])
    phases = np.exp(-1j * GAMMA * engine.energies)
    mine, with_phase, plain = start.view(np.float64).copy(), start.copy(), start.copy()

    def reference_with_phase() -> None:
        np.multiply(with_phase, phases, out=with_phase)
        rank_one_update(with_phase, levels, n_groups, BETA)

    tasks = {
        "reference": lambda: rank_one_update(plain, levels, n_groups, BETA),
        "reference_with_phase": reference_with_phase,
        "layer": lambda: engine.evolution.layer(mine, GAMMA, BETA),
        "value_1": lambda: engine.value([GAMMA], [BETA]),
        "value_3": lambda: engine.value([GAMMA] * 3, [BETA] * 3),
        "value_and_grad_1": lambda: engine.value_and_grad([GAMMA], [BETA]),
        "value_and_grad_3": lambda: engine.value_and_grad([GAMMA] * 3, [BETA] * 3),
    }
    seconds = paired(runs, **tasks)
    return {
        "amplitudes": engine.space.dimension,
        "seconds": seconds,
        "layer_to_reference": seconds["layer"] / seconds["reference"],
        "layer_to_reference_with_phase": seconds["layer"] / seconds["reference_with_phase"],
    }


def main(path: Path) -> None:
    """All parts that are not yet in the file."""
    record = Record(path, seed=SEED)
    for n_groups, levels in ((10, 4), (10, 5)):
        for whole in (True, False):
            name = f"{n_groups} x {levels}, {'whole' if whole else 'continuous'}"
            if not record.has(name):
                record.add(name, measure(n_groups, levels, whole))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
