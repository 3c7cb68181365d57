"""A dimod model of any degree as a polynomial in Z operators, x = (1 - Z) / 2."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .ising import ising_from_bqm
from .wire_order import wire_order

__all__ = ["ZTerms", "z_terms"]


@dataclass(frozen=True, eq=False)
class ZTerms:
    """The operator constant + sum_t c_t prod_(i in t) Z_i; its eigenvalues are the energies.

    Attributes:
        variables: variable i is wire i, in the order of `wire_order`.
        terms: wires (ascending) -> coefficient, none zero, none empty.
        constant: coefficient of the identity.
    """

    variables: tuple[Hashable, ...]
    terms: dict[tuple[int, ...], float]
    constant: float

    def energies(self, bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Energy of each row of bits, shape (S, N) -> (S,)."""
        signs = 1.0 - 2.0 * bits
        result = np.full(len(bits), self.constant)
        for wires, coefficient in self.terms.items():
            result += coefficient * signs[:, list(wires)].prod(axis=1)
        return result


def z_terms(model: Any) -> ZTerms:
    """Write a model with Z operators.

    Args:
        model: a ``dimod.BinaryQuadraticModel`` or ``dimod.BinaryPolynomial``, BINARY or SPIN.

    Returns:
        The operator whose eigenvalue at a bit string is the model's energy there, offset included.

    Raises:
        CircuitError: another kind of model, no variables, or a coefficient that is not finite.

    Example:
        >>> z_terms(dimod.BinaryPolynomial({"abc": 8.0}, "BINARY")).terms[0, 1, 2]
        -1.0
    """
    if not isinstance(model, dimod.BinaryPolynomial):
        operator = ising_from_bqm(model)
        terms: dict[tuple[int, ...], float] = {
            (wire,): field for wire, field in enumerate(operator.fields.tolist()) if field
        }
        terms |= {(a, b): j for (a, b), j in zip(operator.pairs.tolist(), operator.couplings.tolist())}
        return ZTerms(operator.variables, terms, operator.constant)
    for term, bias in model.items():
        if not np.isfinite(bias):
            raise CircuitError(f"the term {tuple(term)!r} has a coefficient that is NaN or infinite")
    variables = wire_order(model)
    wires = {variable: wire for wire, variable in enumerate(variables)}
    constant = 0.0
    terms = {}
    # A dimod spin is -Z.
    for term, bias in model.to_spin().items():
        key = tuple(sorted(wires[variable] for variable in term))
        if not key:
            constant += float(bias)
        elif bias:
            terms[key] = terms.get(key, 0.0) + float(bias) * (-1) ** len(key)
    return ZTerms(variables, terms, constant)
