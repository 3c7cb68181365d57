"""QAOA on a graph: the package's angle convention, angles that need no training, and honest controls."""

import math

import networkx as nx

import hybrid_opt as ho
from hybrid_opt import circuits

graph = nx.petersen_graph()
model = ho.graphs.maxcut(graph)  # minimizes minus the cut

# Convention: U_C(gamma) = exp(-i gamma C), U_B(beta) = exp(-i beta sum X), C the minimized cost. On a
# 3-regular graph without short cycles the best depth-1 angles cut 0.6925 of the edges.
qaoa = circuits.CircuitQAOA(model)
cut = -qaoa.value([math.atan(1 / math.sqrt(2))], [-math.pi / 8])
print(f"depth 1, textbook angles: {cut / graph.number_of_edges():.5f} of the edges")

# Untrained angles: a published table, rescaled to the weights of the model.
for depth in (1, 2, 4, 8):
    gammas, betas = circuits.initial_angles(model, depth)
    cut = -qaoa.value(gammas, betas)
    print(f"depth {depth}, table angles: {cut / graph.number_of_edges():.5f} of the edges")

# The same through `solve`: best cut, proof, and what chance alone would do.
solution = ho.solve(
    model, ho.solvers.QAOA(depth=4, shots=200), compare=["exact", "anneal", "uniform"], seed=3
)
print(solution.table().to_string())
print(f"largest cut {-solution.objective:g} of {graph.number_of_edges()} edges, {solution.status}")
