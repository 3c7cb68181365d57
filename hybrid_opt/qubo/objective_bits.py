"""The objective over bits, and how much it can change: the numbers penalty rules are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import EncodingError
from .encodings import Encoding
from .problem import Pair, Problem, Variable
from .quadratic_form import QuadraticForm

__all__ = ["PairBits", "cost_form", "cost_span", "pair_bits", "pair_span", "step_changes"]


@dataclass(frozen=True, eq=False)
class PairBits:
    """A pair cost over bits: ``constant + first . x + second . y + x . products . y``.

    Shapes: first (b1,), second (b2,), products (b1, b2).
    """

    constant: float
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    products: NDArray[np.float64]

    def magnitude(self) -> float:
        """Upper bound on how far the pair cost can move between any two bit strings."""
        return float(np.abs(self.first).sum() + np.abs(self.second).sum() + np.abs(self.products).sum())


def cost_form(variable: Variable, encoding: Encoding) -> QuadraticForm:
    """A variable's own cost over its bits.

    Raises:
        EncodingError: the encoding cannot hold the costs exactly.
    """
    if variable.table is None and encoding.name == "binary":
        # linear * v + square * v^2 with v = lower + step * (sum of c_k x_k): no table needed.
        value = variable.step * encoding.coefficients.astype(np.float64)
        form = QuadraticForm()
        form.add_linear(encoding.bits, variable.linear * value, variable.linear * variable.lower)
        if variable.square:
            form.add_square(encoding.bits, value, float(variable.lower), variable.square)
        return form
    fitted = encoding.cost(variable.costs())
    if fitted is None:
        raise EncodingError(
            f"variable {variable.label!r} cannot be encoded as {encoding.name!r}: its costs are "
            + ("not convex" if encoding.name == "increments" else "not quadratic in the bits")
            + ". Exact for every table are 'domain-wall' and 'one-hot'"
        )
    return fitted


def _matrix(variable: Variable, encoding: Encoding) -> NDArray[np.float64]:
    """Linear map from a function of the state, shape (d,), to constant and bit weights, (1 + b, d)."""
    size, n_bits = variable.size, encoding.n_bits
    matrix = np.zeros((1 + n_bits, size))
    if encoding.name == "one-hot" and size > 1:
        matrix[1:] = np.eye(size)
        return matrix
    matrix[0, 0] = 1.0
    if size == 1:
        return matrix
    if encoding.name == "domain-wall":
        matrix[1:, 1:] += np.eye(n_bits)
        matrix[1:, :-1] -= np.eye(n_bits)
    else:
        matrix[1:, 1], matrix[1:, 0] = encoding.coefficients, -encoding.coefficients
    return matrix


def pair_bits(problem: Problem, pair: Pair, encodings: Sequence[Encoding]) -> PairBits:
    """A pair cost over the bits of both variables."""
    first, second = problem.variables[pair.first], problem.variables[pair.second]
    a, b = encodings[pair.first], encodings[pair.second]
    if pair.table is None:
        a0, aw = a.affine(float(first.lower), float(first.step))
        b0, bw = b.affine(float(second.lower), float(second.step))
        c = pair.coefficient
        return PairBits(c * a0 * b0, c * b0 * aw, c * a0 * bw, c * np.outer(aw, bw))
    full = _matrix(first, a) @ problem.pair_table(pair) @ _matrix(second, b).T
    return PairBits(float(full[0, 0]), full[1:, 0], full[0, 1:], full[1:, 1:])


def cost_span(variable: Variable, encoding: Encoding) -> float:
    """Largest cost of a state minus the smallest over all bit strings, valid or not."""
    if variable.table is None:
        ends = [float(variable.lower), float(variable.upper)]
        if variable.square:
            vertex = -variable.linear / (2 * variable.square)
            ends += [vertex] if ends[0] < vertex < ends[1] else []
        costs = np.array([variable.linear * v + variable.square * v * v for v in ends])
        if encoding.name != "domain-wall":
            return float(np.ptp(costs))
    costs = variable.costs()
    lowest = float(costs.min())
    if encoding.name == "domain-wall":
        lowest = min(lowest, float(costs[0] + np.minimum(np.diff(costs), 0.0).sum()))
    return float(costs.max()) - lowest


def pair_span(
    problem: Problem, pair: Pair, encodings: Sequence[Encoding], bits: PairBits
) -> float:
    """Upper bound on how far a pair cost can move between any two bit strings."""
    if pair.table is None and encodings[pair.first].always_valid and encodings[pair.second].always_valid:
        first, second = problem.variables[pair.first], problem.variables[pair.second]
        corners = np.outer([first.lower, first.upper], [second.lower, second.upper])
        return abs(pair.coefficient) * float(np.ptp(corners))
    return bits.magnitude()


def step_changes(problem: Problem) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest rise of the objective when one variable moves one state down, or up.

    Returns:
        Both of shape (N,), never negative: max over states u and all states of the other variables of
        f(u - 1) - f(u), and of f(u + 1) - f(u). Zero for a variable with one state.
    """
    down, up = np.zeros(len(problem.variables)), np.zeros(len(problem.variables))
    for i, v in enumerate(problem.variables):
        if v.size == 1:
            down[i] = up[i] = -np.inf
            continue
        if v.table is None:
            # The step difference of a quadratic is linear in u, so its extremes are at the ends.
            rises = np.array(
                [
                    v.linear * v.step + v.square * ((low + v.step) ** 2 - low**2)
                    for low in (float(v.lower), float(v.upper - v.step))
                ]
            )
        else:
            rises = np.diff(v.costs())
        down[i], up[i] = float((-rises).max()), float(rises.max())
    for pair in problem.pairs:
        if pair.table is None:
            for i, j in ((pair.first, pair.second), (pair.second, pair.first)):
                v, other = problem.variables[i], problem.variables[j]
                ends = pair.coefficient * v.step * np.array([other.lower, other.upper], dtype=np.float64)
                down[i] += float((-ends).max())
                up[i] += float(ends.max())
            continue
        table = problem.pair_table(pair)
        for i, rises in ((pair.first, np.diff(table, axis=0)), (pair.second, np.diff(table, axis=1))):
            if rises.size:
                down[i] += float((-rises).max())
                up[i] += float(rises.max())
    return np.maximum(down, 0.0), np.maximum(up, 0.0)
