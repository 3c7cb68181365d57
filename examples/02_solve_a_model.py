"""Solve a constrained model, with the proof and the baselines in the same answer.

Models are dimod's: build them as you would for any other sampler. A dimod model is minimized.
"""

import dimod

import hybrid_opt as ho

# Textbook capital budgeting: 14 k to invest, four projects, each taken whole or not at all.
costs, values = [5, 7, 4, 3], [8, 11, 6, 4]
take = [dimod.Binary(f"project {k + 1}") for k in range(4)]
model = dimod.ConstrainedQuadraticModel()
model.set_objective(-dimod.quicksum(v * x for v, x in zip(values, take)))
model.add_constraint(dimod.quicksum(c * x for c, x in zip(costs, take)) <= 14, label="money")

# "auto" enumerates what is small enough, else takes MILP; it never runs a circuit.
solution = ho.solve(model, compare=["milp", "anneal", "tabu"], seed=1)
print(solution)
print(solution.table().to_string())

# QAOA is one more method. Beside it, samplers run at equal samples and at equal wall time, and uniform
# feasible sampling shows what chance alone would reach.
quantum = ho.solve(
    model, ho.solvers.QAOA(depth=3, shots=500), compare=["anneal", "uniform"], prove=True, seed=1
)
print(quantum.table().to_string())
record = quantum.quantum
print(f"{record.simulator}: {record.qubits} qubits, depth {record.depth}, P(optimum) {record.p_optimum:.3f}")
print(f"uniform feasible sampling: P(optimum) {record.uniform.p_optimum:.3f}")
