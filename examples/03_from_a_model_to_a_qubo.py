"""What a model becomes as a QUBO: encodings, penalties with their proofs, and the way back."""

import dimod
from dwave.samplers import SimulatedAnnealingSampler

import hybrid_opt as ho

# Five machines, hours in whole units, diminishing returns, exactly twelve hours to give away.
model = ho.LevelModel()
for k in range(5):
    model.add_variable(f"machine {k + 1}", costs=[-(10 + k) * (1 - 0.6**hours) for hours in range(5)])
model.add_constraint(dict.fromkeys(model.variables, 1), "==", 12, label="hours")

# The encoding is chosen per variable, the fewest bits that are exact; the certificate names the rule behind
# each penalty weight and, up to 20 bits, says that enumeration confirmed it.
qubo = ho.to_qubo(model)
print(qubo)
for name, encoding in zip(model.variables, qubo.encodings):
    print(f"{name}: {encoding.name}, {encoding.n_bits} bits ({encoding.reason})")
print(qubo.certificate)

# Any sampler can take the dimod model. Decoding gives back the user's variables and repairs nothing.
samples = SimulatedAnnealingSampler().sample(qubo.bqm, num_reads=50, seed=1)
print(qubo.decode(samples.first.sample), samples.first.energy)

# One-hot groups are kept whole for methods that never leave them.
groups = ho.to_qubo(model, target="subspace").groups
print(f"{len(groups)} groups of {len(groups[0])} bits")

# Weights can also be given by hand; then the certificate shows what that costs.
weak = ho.to_qubo(model, penalty={"hours": 0.1})
print(weak.certificate.note)

# Inequalities over integers get exactly the slack they can need.
x, y = dimod.Integer("x", upper_bound=6), dimod.Integer("y", lower_bound=2, upper_bound=9)
cqm = dimod.ConstrainedQuadraticModel()
cqm.set_objective(x * y - 5 * x - 3 * y)
cqm.add_constraint(2 * x + 4 * y <= 30, label="capacity")
print(ho.to_qubo(cqm))
