"""Noise and depth: where more QAOA layers stop helping. With a path as argument a plot is saved there.

Noise models are plain ``qiskit_aer.noise.NoiseModel`` objects; ``circuits.noise`` has presets. Everything
but the last table is exact: probabilities from the density matrix, misread bits included.
"""

import os
import sys

import networkx as nx
import numpy as np

import hybrid_opt as ho
from hybrid_opt import circuits
from hybrid_opt.circuits import AerDevice, CircuitQAOA, noise

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
DEPTHS = [1, 2] if FAST else [1, 2, 3, 4, 6, 8]
STRENGTHS = [0.0, 0.03] if FAST else [0.0, 0.003, 0.01, 0.03]  # of a two-qubit gate; a tenth of it of others
READOUT = 0.02  # of all bits are misread, except in the row without noise

graph = nx.random_regular_graph(3, 8, seed=5)
model = ho.graphs.maxcut(graph)  # minimizes minus the cut
best = -ho.solve(model, "exact").objective
angles = {depth: circuits.initial_angles(model, depth) for depth in DEPTHS}  # a table, not trained


def qaoa_with(strength: float, readout: float) -> CircuitQAOA:
    """QAOA on an Aer device that loses the state of a gate's qubits with some probability."""
    model_of_noise = noise.depolarizing_noise(strength / 10, strength, readout=readout)
    device = AerDevice(wires=len(graph), noise_model=model_of_noise, compute="cpu", seed=1)
    return CircuitQAOA(model, device=device)


# 1. Mean cut and P(optimum) by strength and depth, beside drawing lots.
cuts, hits = {}, {}
for strength in STRENGTHS:
    qaoa = qaoa_with(strength, READOUT if strength else 0.0)
    optimal = qaoa.energies <= -best + 1e-9
    for depth in DEPTHS:
        probabilities = qaoa.probabilities(*angles[depth])
        cuts[strength, depth] = -float(probabilities @ qaoa.energies)
        hits[strength, depth] = float(probabilities[optimal].sum())
chance_cut, chance_hit = -float(qaoa.energies.mean()), float(optimal.mean())

print(
    f"max-cut of {len(graph)} vertices, largest cut {best:g}; drawing lots: mean cut {chance_cut:.2f}, ",
    end="",
)
print(f"P(optimum) {chance_hit:.4f}\n")
print(f"{'two-qubit noise':<17}{'depth':>6}{'its gates':>11}{'mean cut':>10}{'P(optimum)':>12}{'/ lots':>8}")
for strength in STRENGTHS:
    for depth in DEPTHS:
        gates = qaoa.resources(depth)["two_qubit_gates"]
        cut, hit = cuts[strength, depth], hits[strength, depth]
        print(f"{strength:<17}{depth:>6}{gates:>11}{cut:>10.3f}{hit:>12.4f}{hit / chance_hit:>8.1f}")

print("\nbest of these depths, with these angles")
for strength in STRENGTHS:
    by_cut = max(DEPTHS, key=lambda depth: cuts[strength, depth])
    by_hit = max(DEPTHS, key=lambda depth: hits[strength, depth])
    more = " (the deepest tried, so more layers may help)" if by_cut == by_hit == DEPTHS[-1] else ""
    print(f"  noise {strength:<6} mean cut: {by_cut}, P(optimum): {by_hit}{more}")

# 2. Readout errors alone: they cost the same at every depth, so they do not move the best depth by much.
print(f"\n{'readout error':<17}{'depth':>6}{'mean cut':>10}{'P(optimum)':>12}")
for readout in (0.0, 0.02, 0.1):
    qaoa = qaoa_with(0.0, readout)
    for depth in (DEPTHS[0], DEPTHS[-1]):
        probabilities = qaoa.probabilities(*angles[depth])
        hit = float(probabilities[optimal].sum())
        print(f"{readout:<17}{depth:>6}{-float(probabilities @ qaoa.energies):>10.3f}{hit:>12.4f}")

# 3. What a user of hardware sees: shots. The best of 1,000 draws hides the noise, as it hides drawing lots.
shots = 100 if FAST else 1000
lots = np.random.default_rng(1).integers(0, 2, (shots, len(graph)))
print(f"\n{shots:,} shots at depth {DEPTHS[-1]}{'mean cut':>12}{'best cut':>10}{'share at the optimum':>22}")
weights = 2 ** np.arange(len(graph) - 1, -1, -1)
for name, bits in [
    *(
        (f"noise {s}", qaoa_with(s, READOUT if s else 0.0).sample(*angles[DEPTHS[-1]], shots))
        for s in STRENGTHS
    ),
    ("drawing lots", lots),
]:
    found = -qaoa.energies[bits @ weights]
    print(f"{name:<22}{found.mean():>12.3f}{found.max():>10g}{np.mean(found >= best):>22.3f}")

if len(sys.argv) > 1:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for strength in STRENGTHS:
        left.plot(DEPTHS, [cuts[strength, d] / best for d in DEPTHS], marker="o", label=f"{strength:g}")
        right.plot(DEPTHS, [hits[strength, d] for d in DEPTHS], marker="o", label=f"{strength:g}")
    left.axhline(chance_cut / best, color="gray", linestyle="--", label="drawing lots")
    right.axhline(chance_hit, color="gray", linestyle="--", label="drawing lots")
    left.set(xlabel="layers", ylabel="mean cut / largest cut")
    right.set(xlabel="layers", ylabel="P(optimum)")
    right.legend(title="two-qubit noise")
    figure.savefig(sys.argv[1], dpi=150)
    print(f"\nplot saved to {sys.argv[1]}")
