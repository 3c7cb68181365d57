"""Plug in a solver of your own: one method, and the same checks that the built-in ones pass."""

import numpy as np

import hybrid_opt as ho
from hybrid_opt.solvers import Outcome, Request
from hybrid_opt.testing import check_solver


class RandomRestarts:
    """Draw assignments at random and keep them all; ``solve`` picks the best feasible one."""

    name = "random"

    def __init__(self, draws: int = 2000) -> None:
        self.draws = draws

    def solve(self, request: Request) -> Outcome:
        """Propose random assignments."""
        rng = np.random.default_rng(request.seed)
        sizes = [variable.size for variable in request.problem.variables]
        states = rng.integers(0, np.array(sizes, dtype=np.int64), size=(self.draws, len(sizes)))
        return Outcome(states=states, draws=self.draws, effort={"draws": self.draws})


check_solver(RandomRestarts())
print("the solver passes")

model = ho.LevelModel()
for name in "abcd":
    model.add_variable(name, costs=[0.0, -3.0, -5.0, -5.5])
model.add_constraint(dict.fromkeys("abcd", 1), "<=", 6, label="units")
print(ho.solve(model, RandomRestarts(), compare=["exact", "anneal"], prove=True, seed=2))
