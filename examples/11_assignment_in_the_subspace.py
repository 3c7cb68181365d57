"""Tasks to workers, with QAOA that only knows assignments, beside penalties, chance and the optimum.

Every task goes to exactly one worker: one one-hot group of bits per task. Tasks that overlap in time should
not go to the same worker, which costs overtime. There is nothing else to keep, so whatever the subspace
engine samples is an assignment.
"""

import itertools
import os

import dimod
import numpy as np

import hybrid_opt as ho
from hybrid_opt import circuits
from hybrid_opt.circuits import SubspaceQAOA

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
TASKS, WORKERS = (3, 3) if FAST else (4, 4)
DEPTHS = (1, 3) if FAST else (1, 3, 5)
SHOTS = 200

# Hours that each worker needs for each task, and overtime if one worker has two overlapping tasks.
rng = np.random.default_rng(5)
hours = rng.integers(2, 10, (TASKS, WORKERS))
overlaps = [(a, b) for a, b in itertools.combinations(range(TASKS), 2) if (a + b) % 3 != 2]
bits = {(t, w): dimod.Binary(f"task{t}@{w}") for t in range(TASKS) for w in range(WORKERS)}

model = dimod.ConstrainedQuadraticModel()
overtime = [6 * bits[a, w] * bits[b, w] for a, b in overlaps for w in range(WORKERS)]
work = [int(hours[t, w]) * bits[t, w] for t, w in bits]
model.set_objective(dimod.quicksum(work) + dimod.quicksum(overtime))
for t in range(TASKS):
    row = dimod.quicksum(bits[t, w] for w in range(WORKERS))
    model.add_constraint(row == 1, label=f"task {t} is done once")

exact = ho.solve(model, "exact")
print(f"{TASKS} tasks, {WORKERS} workers: optimum {exact.objective:g}, {exact.status}")

# The QUBO carries certified penalties. Inside the groups they are zero, so that the same model serves both:
# the subspace engine with the groups, and, without groups, ordinary QAOA on all bit strings with the X mixer.
qubo = ho.to_qubo(model)
inside = SubspaceQAOA(qubo.bqm, qubo.groups, seed=1)
outside = SubspaceQAOA(qubo.bqm, seed=1)
print(f"states: {inside.space.dimension} in the subspace, {outside.space.dimension:,} with penalties\n")

print("method                   depth  feasible  mean of feasible  P(optimum)  evaluations")
for name, engine in (("penalty, X mixer", outside), ("subspace, xy-exact", inside)):
    for depth in DEPTHS:
        start = circuits.initial_angles(engine, depth)
        found = circuits.train_angles(engine, *start)
        chances = engine.probabilities(found.gammas, found.betas)
        if engine is inside:
            feasible, energies = chances, inside.energies
        else:
            places = outside.space.indices(inside.space.bits(np.arange(inside.space.dimension)))
            feasible, energies = chances[places], outside.energies[places]
        optimal = energies <= exact.objective + 1e-9
        print(
            f"{name:<23}{depth:>7}{feasible.sum():>10.3f}{feasible @ energies / feasible.sum():>18.3f}"
            f"{feasible[optimal].sum():>12.4f}{found.evaluations:>13}"
        )
share = float((inside.energies <= exact.objective + 1e-9).mean())
print(f"{'uniform assignments':<23}{'':>7}{1.0:>10.3f}{inside.energies.mean():>18.3f}{share:>12.4f}\n")

# Samples are assignments; the circuit on Aer, from W states and one unitary per group, has the same numbers.
samples = inside.sample(found.gammas, found.betas, SHOTS)
totals = qubo.bqm.energies((samples.astype(float), list(inside.variables)))
best = qubo.decode(dict(zip(inside.variables, samples[np.argmin(totals)].tolist())))
print(
    f"best of {SHOTS} samples: {totals.min():g},", ", ".join(str(name) for name, bit in best.items() if bit)
)
difference = np.abs(inside.circuit_probabilities(found.gammas, found.betas) - chances).max()
print(f"largest difference to the circuit on Aer: {difference:.1e}")
print(f"gates of the circuit at depth {DEPTHS[-1]}: {inside.resources(DEPTHS[-1])}")
