"""The coefficients of dimod models, as rows for layers that take them as inputs."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import dimod
import numpy as np
from numpy.typing import NDArray

from ..circuits.errors import CircuitError

__all__ = ["coefficients_of", "structure_of"]


def _binary(model: Any) -> dimod.BinaryQuadraticModel:
    if not isinstance(model, dimod.BinaryQuadraticModel):
        raise CircuitError(
            f"the model is a {type(model).__name__}; a dimod.BinaryQuadraticModel is needed. Turn a "
            "constrained model into one with hybrid_opt.to_qubo(model).bqm"
        )
    return model if model.vartype is dimod.BINARY else model.change_vartype(dimod.BINARY, inplace=False)


def structure_of(model: Any) -> tuple[tuple[Hashable, ...], tuple[tuple[int, int], ...]]:
    """Variables of a model and which of them interact.

    Args:
        model: a ``dimod.BinaryQuadraticModel``.

    Returns:
        Its variables, and pairs of their positions, sorted, the smaller first.

    Raises:
        CircuitError: another kind of model, or no variables.

    Example:
        >>> structure_of(dimod.BinaryQuadraticModel({}, {("a", "b"): 2.0}, 0.0, "SPIN"))
        (('a', 'b'), ((0, 1),))
    """
    binary = _binary(model)
    if not binary.num_variables:
        raise CircuitError("the model has no variables; a circuit needs at least one qubit")
    place = {variable: number for number, variable in enumerate(binary.variables)}
    pairs = sorted(tuple(sorted((place[one], place[other]))) for one, other in binary.quadratic)
    return tuple(binary.variables), tuple((first, second) for first, second in pairs)


def coefficients_of(
    model: Any, variables: tuple[Hashable, ...], pairs: tuple[tuple[int, int], ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients of a model's bits and products of bits, in a given order; its offset is left out.

    Args:
        model: a BINARY or SPIN model with these variables, in any order.
        variables: N of them.
        pairs: K pairs of positions among them.

    Returns:
        Shapes (N,) and (K,); a pair that the model does not have gets 0.

    Raises:
        CircuitError: another kind of model, other variables, or a product of a pair that is not listed.

    Example:
        >>> edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
        >>> coefficients_of(edge, ("b", "a"), ((0, 1),))
        (array([-2., -2.]), array([4.]))
    """
    binary = _binary(model)
    if set(binary.variables) != set(variables):
        raise CircuitError(
            f"the model has the variables {list(binary.variables)}; they must be {list(variables)}, in any "
            "order"
        )
    known = {frozenset((variables[first], variables[second])) for first, second in pairs}
    for one, other in binary.quadratic:
        if frozenset((one, other)) not in known and binary.get_quadratic(one, other) != 0:
            raise CircuitError(
                f"the model has a product of {one!r} and {other!r}, which is none of the pairs; make the "
                "layer with this pair"
            )
    named = [(variables[first], variables[second]) for first, second in pairs]
    linear = np.array([binary.get_linear(variable) for variable in variables], dtype=np.float64)
    products = [binary.get_quadratic(one, other, default=0.0) for one, other in named]
    return linear, np.array(products, dtype=np.float64)
