"""A budget plan on 50 one-hot bits, simulated exactly: what QAOA finds, beside the proven optimum and chance.

Ten channels take one of five budgets each, and all of the money is spent. As one-hot bits that is 50 qubits,
far beyond any statevector; inside the groups it is 5**10 = 9,765,625 amplitudes. The data are synthetic.
"""

import os
from time import perf_counter

import numpy as np

import hybrid_opt as ho
from hybrid_opt import circuits
from hybrid_opt.circuits import SubspaceQAOA

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size
CHANNELS, LEVELS, BUDGET = (5, 4, 8) if FAST else (10, 5, 20)
DEPTHS = (1, 4) if FAST else (1, 4, 8, 16)
SHOTS = 1000
# Weight of (spent - budget)**2, of the size of what one unit of money earns. The certified weight, the range
# of the whole objective, would drown the earnings in the cost that the angles see.
PENALTY = 3.0

# Saturating response curves: what a channel earns with 0, 1, ... units of money.
rng = np.random.default_rng(4)
money = np.arange(LEVELS)
model = ho.LevelModel()
for channel in range(CHANNELS):
    most, half = rng.uniform(20, 60), rng.uniform(0.8, 3)
    model.add_variable(f"channel {channel}", costs=np.round(-most * money / (money + half), 1))
spent = {f"channel {channel}": 1 for channel in range(CHANNELS)}
model.add_constraint(spent, "==", BUDGET, label="budget")

begin = perf_counter()
exact = ho.solve(model)
print(f"classical solver: earns {-exact.objective:.1f}, {exact.status}, {perf_counter() - begin:.2f} s")

begin = perf_counter()
qubo = ho.to_qubo(model, encoding="one-hot", penalty=PENALTY)
engine = SubspaceQAOA(qubo.bqm, qubo.groups, seed=1)
print(f"engine: {engine.n_qubits} bits, {engine.space.dimension:,} states, {perf_counter() - begin:.2f} s")

# Which states spend the budget, and what they earn. The penalty may be too weak to make the best of all
# states feasible; what counts are the feasible ones.
levels = np.indices(engine.space.shape, dtype=np.int8).sum(axis=0).reshape(-1)
feasible = levels == BUDGET
energies = engine.energies
optimal = feasible & (energies <= exact.objective + 1e-6)
n_feasible = int(feasible.sum())

print("\nmethod                        feasible  mean of feasible  P(optimum)  / feasible draw  seconds")
chance = optimal.sum() / n_feasible
print(f"{'uniform states':<28}{n_feasible / len(energies):>10.3f}", end="")
print(f"{-energies[feasible].mean():>18.2f}{optimal.mean():>12.1e}{optimal.mean() / chance:>17.2f}")
print(f"{'uniform feasible states':<28}{1.0:>10.3f}", end="")
print(f"{-energies[feasible].mean():>18.2f}{chance:>12.1e}{1.0:>17.2f}")
for depth in DEPTHS:
    # Angles from a table, rescaled to the spread of these energies: no training, one evaluation.
    costs = energies.reshape(engine.space.shape)
    gammas, betas = circuits.initial_angles(costs, depth, mixer_gap=engine.mixer_gap)
    begin = perf_counter()
    chances = engine.probabilities(gammas, betas)
    seconds = perf_counter() - begin
    share, hit = chances[feasible].sum(), chances[optimal].sum()
    earned = -(chances[feasible] @ energies[feasible]) / share
    print(f"{f'QAOA, xy-exact, depth {depth}':<28}{share:>10.3f}{earned:>18.2f}{hit:>12.1e}", end="")
    print(f"{hit / chance:>17.2f}{seconds:>9.2f}")

# What 1,000 shots bring, beside 1,000 feasible plans drawn at random.
samples = engine.sample(gammas, betas, SHOTS)
places = engine.space.indices(samples)
kept = places[feasible[places]]
drawn = np.random.default_rng(1).choice(np.flatnonzero(feasible), SHOTS)
print(f"\nbest of {SHOTS} shots, {len(kept)} of them feasible: {-energies[kept].min():.1f}")
print(f"best of {SHOTS} random feasible plans: {-energies[drawn].min():.1f}; optimum {-exact.objective:.1f}")
begin = perf_counter()
engine.value_and_grad(gammas, betas)
print(f"one value with all {2 * len(gammas)} exact derivatives: {perf_counter() - begin:.1f} s")
counts = engine.resources(DEPTHS[-1])
print(f"gates of the equivalent circuit: {counts}")
odds = f"{hit / chance:.2g} times as often as one plan drawn"
print("The classical solver proves its plan in the time printed above: use it. The engine shows how far QAOA")
print(f"is from that: a draw at depth {DEPTHS[-1]} is optimal {odds}")
print("at random among those that spend the budget, which takes no circuit.")
