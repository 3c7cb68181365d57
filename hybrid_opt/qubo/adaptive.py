"""Solve, check, raise: penalty weights that are only as large as a heuristic needs.

A certified weight is safe for every bit string; a sampler sees few of them, and flatter penalties make its
landscape easier. The loop starts at a quarter of what one step of one member can gain and doubles the
weight of each constraint that the best sample breaks, until it breaks none. It never goes above the certified
weight, so it ends.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from ..seeds import child_seed
from .objective_bits import step_changes
from .qubo import Qubo

if TYPE_CHECKING:
    from .assembly import Assembly

__all__ = ["adapt_penalties"]

START = 0.25
READS = 32
SWEEPS = 200


def adapt_penalties(assembly: Assembly, *, seed: int) -> Qubo:
    """Find row weights by annealing; weights on invalid bit strings stay certified.

    Args:
        assembly: everything of the QUBO but its weights.
        seed: of the annealing samples.

    Returns:
        The QUBO of the last round. Its certificate says ``proven`` only if all weights reached their bounds.
    """
    from dwave.samplers import SimulatedAnnealingSampler

    certified = {row.label: assembly.certified(assembly.row_bounds[row.label]) for row in assembly.rows}
    down, up = step_changes(assembly.reduced.problem)
    weights: dict[Hashable, float] = {}
    for row in assembly.rows:
        # What one step of one member can gain at most; a loose bound may be a hundred times that.
        gain = max(float(max(down[i], up[i])) for i in row.members)
        weights[row.label] = min(certified[row.label], max(START * gain, assembly.margin))
    sampler = SimulatedAnnealingSampler()
    rounds = 0
    while True:
        qubo = assembly.build(weights, rule="adaptive", confirm=False)
        if not weights or not qubo.n_bits:
            break
        rounds += 1
        samples = sampler.sample(
            qubo.bqm, num_reads=READS, num_sweeps=SWEEPS, seed=child_seed(seed, f"penalty round {rounds}")
        )
        order = [list(samples.variables).index(label) for label in qubo.bqm.variables]
        best = int(np.argmin(samples.record.energy))
        states, valid = qubo.decode_bits(samples.record.sample[best : best + 1, order])
        # A string that stands for no assignment breaks no row in particular, so all of them are raised.
        broken = [
            row.label
            for row, amount in zip(qubo.problem.rows, qubo.problem.excess(states)[0])
            if row.label in weights and (amount > 0 or not valid[0])
        ]
        raised = [label for label in broken if weights[label] < certified[label]]
        if not raised:
            break
        for label in raised:
            weights[label] = min(2 * weights[label], certified[label])
    note = f"penalties adapted in {rounds} rounds of {READS} reads"
    return assembly.build(weights, rule="adaptive", note=note)
