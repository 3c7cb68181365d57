"""From a drawn surrogate to the next point: a QUBO solver minimizes it, what was tried before is passed over.

The best proposal of the solver is taken if it is new. If not, the best new one among its other proposals and
the points that differ from its best ones in one parameter is; on small grids that is the best new point of
all. If nothing near is new, a random new point is taken.

Shapes: N parameters, C columns, S points.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelTooLargeError
from ..solvers.base import Solver
from ..solvers.exact import Exact
from ..solvers.solve import solve
from .level_annealing import LevelAnneal
from .level_space import LevelSpace
from .quadratic_surrogate import QuadraticSurrogate
from .quantum_rows import quantum_label

__all__ = ["Proposal", "check_solver_size", "choose_solver", "minimize_surrogate"]

EXACT_POINTS = 2**12  # up to here the default looks at every point: faster than annealing
LISTED_POINTS = 2**16  # up to here "the next best new point" is looked up among all
NEAREST = 16  # proposals whose neighbors are looked at
RANDOM_TRIES = 1000
SUBSPACE_STATES = 2**24


@dataclass(frozen=True, eq=False)
class Proposal:
    """The next point.

    Attributes:
        states: level of each parameter, shape (N,).
        source: "solver" for what the solver proposed as best, "next" for a worse new one because that was
            tried already, "random" where nothing near was new, "repeat" where a point is tried again.
        value: what the surrogate gives for it.
        solver: name of the solver that answered.
        seconds: that the solver took.
        samples: of a quantum solver: samples counted, training of the angles included.
        circuit: of a quantum solver: simulator, size and effort in words.
    """

    states: NDArray[np.int64]
    source: str
    value: float
    solver: str
    seconds: float = 0.0
    samples: int = 0
    circuit: str = ""

    def facts(self) -> dict[str, Any]:
        """Where the point comes from and what finding it took, as JSON values."""
        return {
            "source": self.source,
            "solver": self.solver,
            "value": self.value,
            "seconds": self.seconds,
            "samples": self.samples,
            "circuit": self.circuit,
        }


def choose_solver(space: LevelSpace) -> Solver:
    """The default solver of a grid: enumeration where that is faster, else annealing of whole levels.

    Example:
        >>> from optuna.distributions import IntDistribution
        >>> from hybrid_opt.tuning.level_space import level_space
        >>> choose_solver(level_space({"heads": IntDistribution(1, 8)})).name
        'exact'
    """
    return Exact() if space.n_points <= EXACT_POINTS else LevelAnneal()


def check_solver_size(solver: Solver, space: LevelSpace) -> None:
    """Raise if a solver cannot hold the grid, before any trial is spent.

    Args:
        solver: a solver with its settings.
        space: the grid.

    Raises:
        ModelTooLargeError: more points, states or qubits than it takes; the message says how many it does.
    """
    advice = "Give fewer levels, fix some parameters, or use solver='anneal' or solver=None"
    mixer = getattr(solver, "mixer", None)
    limit = getattr(solver, "limit", None)
    most_qubits = getattr(solver, "max_qubits", None)
    if mixer not in (None, "x"):
        if space.n_points > SUBSPACE_STATES:
            raise ModelTooLargeError(
                f"the grid has {space.n_points:,} points and {solver.name!r} keeps an amplitude for each; it "
                f"takes up to {SUBSPACE_STATES:,}. {advice}"
            )
    elif isinstance(most_qubits, int) and space.n_penalty_bits > most_qubits:
        raise ModelTooLargeError(
            f"the grid takes {space.n_penalty_bits} qubits and {solver.name!r} takes up to {most_qubits}. "
            f"{advice}, or QAOA(mixer='xy-exact'), which counts points instead (up to {SUBSPACE_STATES:,})"
        )
    elif isinstance(solver, Exact) and isinstance(limit, int) and space.n_points > limit:
        raise ModelTooLargeError(
            f"the grid has {space.n_points:,} points and 'exact' looks at up to {limit:,}. {advice}"
        )


def minimize_surrogate(
    surrogate: QuadraticSurrogate,
    tried: NDArray[np.int64],
    *,
    solver: Solver,
    seed: int,
    time_limit: float = 10.0,
) -> Proposal:
    """The best point of a surrogate that was not tried yet.

    Args:
        surrogate: the function to minimize.
        tried: points to pass over, shape (S, N), S may be 0.
        solver: who minimizes it.
        seed: of the solver and of random points.
        time_limit: seconds the solver may take.

    Returns:
        The proposal; a point that was tried only if the grid has no other, or none was found in 1,000 draws.

    Raises:
        ModelTooLargeError: the solver cannot hold the model.
        KeyboardInterrupt: ctrl-C ended the solver; what it had until then would be another proposal.

    Example:
        >>> from optuna.distributions import IntDistribution
        >>> from hybrid_opt.tuning.level_space import level_space
        >>> space = level_space({"heads": IntDistribution(1, 4)})
        >>> surrogate = QuadraticSurrogate(space, np.array([3.0, 1.0, 2.0, 9.0]), np.zeros((4, 4)))
        >>> proposal = minimize_surrogate(surrogate, np.array([[1]]), solver=Exact(), seed=0)
        >>> proposal.states.tolist(), proposal.source
        ([2], 'next')
    """
    space = surrogate.space
    begin = perf_counter()
    solution = solve(surrogate.to_model(), solver, seed=seed, time_limit=time_limit)
    if solution.interrupted:
        raise KeyboardInterrupt
    seconds, record = perf_counter() - begin, solution.quantum
    counted, circuit = (0, "") if record is None else (record.samples_counted, quantum_label(record))
    samples: Any = solution.sampleset
    order = [list(samples.variables).index(parameter.name) for parameter in space.parameters]
    found = np.asarray(samples.record.sample)[:, order].astype(np.int64)
    seen = {row.tobytes() for row in tried.astype(np.int64)}

    def proposal(states: NDArray[np.int64], source: str) -> Proposal:
        value = float(surrogate.energies(states[None, :])[0])
        return Proposal(states, source, value, solution.method, seconds, counted, circuit)

    rng = np.random.default_rng(seed)
    drawn = rng.integers(space.sizes, size=(RANDOM_TRIES, len(space.sizes)))
    for states, source in ((found[:1], "solver"), (_near(surrogate, found), "next"), (drawn, "random")):
        for row in states:
            if row.tobytes() not in seen:
                return proposal(row, source)
    return proposal(found[0] if len(found) else drawn[0], "repeat")


def _near(surrogate: QuadraticSurrogate, found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Points to look at when the best was tried already, best first."""
    space = surrogate.space
    if space.n_points <= LISTED_POINTS:
        states = np.stack(np.unravel_index(np.arange(space.n_points), space.sizes), axis=1).astype(np.int64)
    else:
        best = found[:NEAREST]
        states = np.repeat(best, space.n_columns, axis=0)
        column = np.tile(np.arange(space.n_columns), len(best))
        group = space.groups[column]
        states[np.arange(len(states)), group] = column - space.starts[group]
        states = np.vstack([found, states])
    return states[np.argsort(surrogate.energies(states), kind="stable")]
