"""Which wire a variable of a dimod model is.

A BinaryQuadraticModel keeps its variables in an order; a BinaryPolynomial keeps sets, whose order may change
from one process to the next, and with it the meaning of a bit string and of a seed.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from .errors import CircuitError

if TYPE_CHECKING:
    import dimod

__all__ = ["wire_order"]


def wire_order(model: dimod.BinaryQuadraticModel | dimod.BinaryPolynomial) -> tuple[Hashable, ...]:
    """The variables of a model, variable i for wire i.

    Args:
        model: of at least one variable.

    Returns:
        Those of a BinaryQuadraticModel in its own order, those of a BinaryPolynomial sorted, or where they
        cannot be compared sorted by type and text.

    Raises:
        CircuitError: the model has no variables.

    Example:
        >>> import dimod
        >>> wire_order(dimod.BinaryPolynomial({("b", "c", "a"): 1.0}, "SPIN"))
        ('a', 'b', 'c')
        >>> wire_order(dimod.BinaryPolynomial({("b", 2, (0, 1)): 1.0}, "SPIN"))
        (2, 'b', (0, 1))
    """
    variables = tuple(model.variables)
    if not variables:
        raise CircuitError("the model has no variables; a circuit needs at least one qubit")
    if not isinstance(model.variables, (set, frozenset)):
        return variables
    try:
        return tuple(sorted(variables))
    except TypeError:
        return tuple(sorted(variables, key=lambda variable: (type(variable).__name__, repr(variable))))
