"""The quantum row of an answer: what was run, and how its draws compare with uniform feasible sampling.

Every figure refers to the model whose QUBO was sampled. "Optimum" is the best *feasible* assignment of that
model, found by enumeration; a bit string counts as a hit if it decodes to such an assignment.

Shapes: S bit strings, n bits, N variables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..circuits.product_space import binary_space
from ..qubo.enumeration import blocks

if TYPE_CHECKING:
    from ..circuits.product_space import ProductSpace
    from ..qubo import Problem, Qubo

__all__ = ["DrawFigures", "QuantumRecord", "UniformRecord", "figures_of_distribution", "figures_of_draws"]

EXPECTATION_SAMPLES = 1000  # samples that one exact expectation counts as in a fair comparison
GRADIENT_EXPECTATIONS = 3  # what an exact gradient counts as besides its value: time of the sweep
BLOCK = 2**16  # bit strings decoded at a time


@dataclass(frozen=True)
class UniformRecord:
    """Uniform sampling of feasible assignments: the control that every quantum figure stands beside.

    Attributes:
        n_feasible: feasible assignments of the model.
        p_optimum: chance that one draw is optimal.
        expected_value: mean objective of a draw.
        method: how the figures were found; "enumeration" means exactly.
    """

    n_feasible: int
    p_optimum: float
    expected_value: float
    method: str = "enumeration"


@dataclass(frozen=True)
class DrawFigures:
    """What one draw gives on average.

    Attributes:
        p_optimum: chance that a draw decodes to a feasible optimum; None if the optimum is not known.
        feasible_share: chance that a draw decodes to a feasible assignment.
        expected_value: mean objective of the feasible draws; None if there are none.
    """

    p_optimum: float | None
    feasible_share: float
    expected_value: float | None


@dataclass(frozen=True)
class QuantumRecord:
    """What a quantum method ran and what its draws are worth.

    Attributes:
        simulator: e.g. "Aer statevector (CPU)".
        qubits: width of the circuit.
        depth: layers.
        two_qubit_gates: two-qubit gates of the circuit.
        two_qubit_depth: layers of two-qubit gates that cannot run at the same time.
        shots: final measurements; None where exact probabilities were used instead.
        evaluations: expectation values used for training the angles.
        samples_counted: samples for a fair comparison, 1,000 per exact expectation (3,000 more where it came
            with an exact gradient) or those drawn in training, plus the shots.
        gammas: cost angles, one per layer; empty for circuits without them.
        betas: mixer angles, one per layer; empty for circuits without them.
        p_optimum: chance that one draw decodes to a feasible optimum of the model whose QUBO was sampled;
            None if that optimum is not known.
        feasible_share: chance that one draw decodes to a feasible assignment; None for blocks.
        expected_energy: mean QUBO energy of a draw, penalties included; None for blocks.
        expected_value: mean objective of the feasible draws, None if there are none.
        source: "exact probabilities" or "shots", where the three figures before come from; "blocks" where
            there are none.
        qubo_optimum: best feasible objective of that model, proven by enumeration, or None.
        qubo_optimum_reason: why it is not known, empty where it is.
        uniform: uniform feasible sampling on the same model, or None.
        uniform_reason: why it was left out, empty where it was not.
        penalties: constraint label -> penalty weight of the QUBO.
        seconds: wall time of training and sampling; compiling the model is not part of it.
        gradients: exact gradients used for training.
        ansatz: name of the circuit's trainable layers; "qaoa" for cost and mixer layers.
        weights: angles of circuits other than QAOA's, flat.
        mixer: of QAOA; "" for other circuits.
        engine_difference: largest difference between the circuit's probabilities and those of the engine that
            found the angles; None where they were not compared.
        blocks: number of circuits, where each held a part of the model only. Width, gates and depth are then
            those of the largest, effort is that of all, and the figures of a draw are None: nothing drew
            from the whole model. None where one circuit held it.
    """

    simulator: str
    qubits: int
    depth: int
    two_qubit_gates: int
    two_qubit_depth: int
    shots: int | None
    evaluations: int
    samples_counted: int
    gammas: tuple[float, ...]
    betas: tuple[float, ...]
    p_optimum: float | None
    feasible_share: float | None
    expected_energy: float | None
    expected_value: float | None
    source: str
    qubo_optimum: float | None
    qubo_optimum_reason: str = ""
    uniform: UniformRecord | None = None
    uniform_reason: str = ""
    penalties: Mapping[Any, float] = field(default_factory=dict)
    seconds: float = 0.0
    gradients: int = 0
    ansatz: str = "qaoa"
    weights: tuple[float, ...] = ()
    mixer: str = ""
    engine_difference: float | None = None
    blocks: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """All fields as numbers, strings and lists; constraint labels become strings.

        Returns:
            A dictionary that ``json.dumps`` takes, keys in the order of the attributes.
        """
        fields = asdict(self)
        for name in ("gammas", "betas", "weights"):
            fields[name] = list(fields[name])
        fields["penalties"] = {str(label): float(weight) for label, weight in self.penalties.items()}
        return fields


def _is_optimal(problem: Problem, objectives: NDArray[np.float64], optimum: float) -> NDArray[np.bool_]:
    return np.asarray(objectives <= optimum + problem.proof_tolerance)


def _hits(problem: Problem, objectives: NDArray[np.float64], optimum: float) -> int:
    return int(_is_optimal(problem, objectives, optimum).sum())


def figures_of_draws(qubo: Qubo, bits: NDArray[np.uint8], optimum: float | None) -> DrawFigures:
    """Decode drawn bit strings and average over them.

    Args:
        qubo: the QUBO they were drawn from.
        bits: bit strings, shape (S, n), S at least 1, column i is wire i.
        optimum: best feasible objective, None if it is not known.

    Returns:
        The three figures, estimated.
    """
    states, valid = qubo.decode_bits(bits)
    states = states[valid]
    states = states[qubo.problem.feasible(states)]
    objectives = qubo.problem.objective(states)
    return DrawFigures(
        p_optimum=None if optimum is None else _hits(qubo.problem, objectives, optimum) / len(bits),
        feasible_share=len(states) / len(bits),
        expected_value=float(objectives.mean()) if len(states) else None,
    )


def figures_of_distribution(
    qubo: Qubo,
    probabilities: NDArray[np.float64],
    optimum: float | None,
    space: ProductSpace | None = None,
) -> tuple[DrawFigures, NDArray[np.int64] | None]:
    """The same figures for the exact distribution of a circuit, and its most probable feasible assignment.

    Bit strings that differ in slack bits alone stand for one assignment, so their chances add up.

    Args:
        qubo: the QUBO the circuit was built from.
        probabilities: chance of each bit string of the space.
        optimum: best feasible objective, None if it is not known.
        space: the bit strings that can occur; None for all 2**n, wire 0 the most significant bit.

    Returns:
        The three figures, exact, and states of shape (N,), None if nothing is feasible. Among equally
        probable assignments the first in the order of the model's variables is taken.
    """
    strings = binary_space(qubo.n_bits) if space is None else space
    sizes = [encoding.size for encoding in qubo.encodings]
    # A subspace holds far fewer assignments than all values of all variables make.
    gather = _gather_few if prod(sizes) > len(probabilities) else _gather_all
    states_at, totals, objectives, feasible = gather(qubo, probabilities, strings, sizes)
    totals[~feasible] = 0.0
    p_feasible, top = float(totals.sum()), float(totals.max(initial=0.0))
    hits = None if optimum is None else float(totals[_is_optimal(qubo.problem, objectives, optimum)].sum())
    figures = DrawFigures(
        p_optimum=None if hits is None else min(hits, 1.0),
        feasible_share=min(p_feasible, 1.0),
        expected_value=float(totals @ objectives) / p_feasible if p_feasible > 0 else None,
    )
    if top <= 0:
        return figures, None
    return figures, states_at(np.flatnonzero(totals >= top * (1 - 1e-9))[:1])[0]


_Gathered = tuple[
    Callable[[NDArray[np.int64]], NDArray[np.int64]],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.bool_],
]


def _gather_all(
    qubo: Qubo, probabilities: NDArray[np.float64], strings: ProductSpace, sizes: list[int]
) -> _Gathered:
    """States by position, and chance, objective and feasibility of every assignment the QUBO can express."""
    totals = np.zeros(prod(sizes))
    for start in range(0, len(probabilities), BLOCK):
        weights = probabilities[start : start + BLOCK]
        states, valid = qubo.decode_bits(strings.bits(np.arange(start, start + len(weights))))
        numbers = np.zeros(len(states), dtype=np.int64)
        for i, size in enumerate(sizes):
            numbers = numbers * size + states[:, i] - qubo.first_states[i]
        np.add.at(totals, numbers[valid], weights[valid])
    objectives, feasible = _census(qubo, sizes)
    return lambda places: states_of_numbers(places, sizes) + qubo.first_states, totals, objectives, feasible


def _gather_few(
    qubo: Qubo, probabilities: NDArray[np.float64], strings: ProductSpace, sizes: list[int]
) -> _Gathered:
    """The same for the assignments alone that occur in the space, in the order of the model's variables."""
    # Bytes of numbers with the most significant byte first sort as the numbers do.
    kind = np.dtype("u1" if max(sizes) <= 2**8 else ">u8")
    found: list[NDArray[Any]] = []
    chances: list[NDArray[np.float64]] = []
    for start in range(0, len(probabilities), BLOCK):
        weights = probabilities[start : start + BLOCK]
        states, valid = qubo.decode_bits(strings.bits(np.arange(start, start + len(weights))))
        found.append((states - qubo.first_states)[valid].astype(kind))
        chances.append(weights[valid])
    rows = np.ascontiguousarray(np.concatenate(found))
    as_bytes = rows.view(np.dtype((np.void, kind.itemsize * len(sizes)))).ravel()
    first, number = np.unique(as_bytes, return_index=True, return_inverse=True)[1:]
    totals = np.zeros(len(first))
    np.add.at(totals, number.ravel(), np.concatenate(chances))
    states_here = rows[first].astype(np.int64) + qubo.first_states
    objectives, feasible = np.zeros(len(first)), np.zeros(len(first), dtype=np.bool_)
    for start in range(0, len(first), BLOCK):
        part = states_here[start : start + BLOCK]
        objectives[start : start + BLOCK] = qubo.problem.objective(part)
        feasible[start : start + BLOCK] = qubo.problem.feasible(part)
    return lambda places: states_here[places], totals, objectives, feasible


def states_of_numbers(numbers: NDArray[np.int64], sizes: Sequence[int]) -> NDArray[np.int64]:
    """States of assignments numbered in mixed radix, first variable most significant, shape (K, N).

    Example:
        >>> states_of_numbers(np.array([1, 5]), [2, 3]).tolist()
        [[0, 1], [1, 2]]
    """
    states = np.zeros((len(numbers), len(sizes)), dtype=np.int64)
    for i in reversed(range(len(sizes))):
        numbers, states[:, i] = np.divmod(numbers, sizes[i])
    return states


def _census(qubo: Qubo, sizes: list[int]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Objective and feasibility of every assignment that the QUBO can express, in order of its number."""
    problem, count = qubo.problem, prod(sizes)
    if count == problem.n_states:
        found = list(blocks(problem))
        return np.concatenate([b.energies for b in found]), np.concatenate([b.feasible for b in found])
    # Presolve left fewer values than the model has, so the numbers are not those of enumeration.
    objectives, feasible = np.zeros(count), np.zeros(count, dtype=np.bool_)
    for start in range(0, count, BLOCK):
        part = states_of_numbers(np.arange(start, min(start + BLOCK, count)), sizes) + qubo.first_states
        objectives[start : start + BLOCK] = problem.objective(part)
        feasible[start : start + BLOCK] = problem.feasible(part)
    return objectives, feasible
