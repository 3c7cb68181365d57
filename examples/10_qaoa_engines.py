"""QAOA trained exactly on the diagonal engine: landscape, convergence, drawing, and the circuit beside it.

Run with a folder to save landscape.png and convergence.png there.
"""

import os
import sys
from pathlib import Path

import networkx as nx
import numpy as np

import hybrid_opt as ho
from hybrid_opt import circuits

fast = "HYBRID_OPT_EXAMPLE_FAST" in os.environ
folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
n = 8 if fast else 14

graph = nx.random_regular_graph(3, n, seed=4)
rng = np.random.default_rng(4)
for edge in graph.edges:
    graph.edges[edge]["weight"] = float(rng.integers(1, 6))
model = ho.graphs.maxcut(graph)

# The engine holds the cost of every bit string: one or two bytes each where the costs are whole numbers.
engine = circuits.DiagonalQAOA(model, seed=1)
optimum = float(engine.energies.min())
print(f"{n} vertices, largest cut {-optimum:g}, engine: {engine.simulator}")

# One layer, seen from above: the angles of the rules need no search.
view = circuits.landscape(engine, points=31 if fast else 61)
rules = {
    rule: tuple(float(angles[0]) for angles in circuits.initial_angles(model, 1, rule=rule))
    for rule in ("spin_glass", "regular", "ramp")
}
for rule, (gamma, beta) in rules.items():
    cut = -engine.value([gamma], [beta])
    print(f"depth 1, {rule:10s}: mean cut {cut:.3f}, best point of the grid {-view.best()[2]:.3f}")

# Ten layers and all twenty gradients at once; the start is a rule, never random.
depth = 4 if fast else 10
gammas, betas = circuits.initial_angles(model, depth, rule="regular")
trained = circuits.train_angles(engine, gammas, betas, max_evaluations=200)
print(
    f"depth {depth}: mean cut {-trained.start_value:.3f} before, {-trained.value:.3f} after "
    f"{trained.evaluations} expectations ({trained.stopped})"
)
outcomes = engine.outcomes(trained.gammas, trained.betas)
print(f"P(optimum) {outcomes.p_optimum():.3f}, mean of the best tenth {-outcomes.cvar(0.1):.3f}")
histogram = outcomes.histogram()
for energy, probability in list(zip(histogram.energies, histogram.probabilities))[:4]:
    print(f"  cut {-energy:5.1f} with probability {probability:.3f}")

# The same circuit in PennyLane on Aer gives the same probabilities.
circuit = circuits.CircuitQAOA(model, compute="cpu")
difference = np.abs(circuit.probabilities(trained.gammas, trained.betas) - outcomes.probabilities).max()
print(f"largest difference to {circuit.simulator}: {difference:.1e}")
edge = ho.graphs.maxcut(nx.path_graph(3))
print(circuits.CircuitQAOA(edge, compute="cpu").circuit([0.4], [-0.3]).draw(decimals=2))

# Honest control: at this size annealing and enumeration find the optimum at once.
solution = ho.solve(model, ho.solvers.QAOA(depth=3), compare=["exact", "anneal", "uniform"], seed=1)
print(solution.table().to_string())

if folder is not None:
    view.plot(rules).savefig(folder / "landscape.png", dpi=110)
    trained.plot(optimum).savefig(folder / "convergence.png", dpi=110)
    print(f"landscape.png and convergence.png are in {folder}")
