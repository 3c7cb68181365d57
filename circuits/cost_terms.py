"""A polynomial in bits as two arrays: which bits each term multiplies, and its coefficient.

Bit n - 1 - q of a mask is wire q, so that a mask is also the index of the basis state with just these bits
set. With x = (1 - Z) / 2 the product of the bits of a mask m is 2^-|m| times the sum over all subsets s of m
of (-1)^|s| Z_s. Models of spins, s = 2x - 1, are expanded into bits likewise. Coefficients that are multiples
of a power of two stay exact.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .memory import require_memory
from .wire_order import wire_order

__all__ = ["CostTerms", "read_terms"]

_MOST_QUBITS = 62
# A term of so many bits has 65,536 subsets.
_MOST_EXPANDED = 16


@dataclass(frozen=True, eq=False)
class CostTerms:
    """sum_k c_k prod_{q in mask k} x_q.

    Attributes:
        n_qubits: number of bits, at least 1.
        masks: shape (K,), int64, none twice, sorted; mask 0 is the constant.
        coefficients: shape (K,), finite.

    Example:
        >>> terms = CostTerms.of(2, [(0,), (0, 1), (1, 0)], [1.0, 2.0, 3.0])
        >>> terms.masks.tolist(), terms.coefficients.tolist()
        ([2, 3], [1.0, 5.0])
    """

    n_qubits: int
    masks: NDArray[np.int64]
    coefficients: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        n_qubits: int,
        terms: Iterable[Iterable[int]],
        coefficients: Iterable[float],
        *,
        spins: bool = False,
    ) -> CostTerms:
        """Terms from lists of wires.

        Args:
            n_qubits: number of bits, from 1 to 62.
            terms: wires of each term; the empty one is the constant.
            coefficients: one per term.
            spins: whether the terms are products of spins 2x - 1 instead of bits.

        Returns:
            The terms; equal ones are added up.

        Raises:
            CircuitError: a wire that is not there or stands twice in a term, a coefficient that is not
                finite, or a term of more than 16 spins.
        """
        _check_size(n_qubits)
        masks = []
        for wires in terms:
            mask = 0
            for wire in wires:
                bit = 1 << (n_qubits - 1 - wire) if 0 <= wire < n_qubits else 0
                if not bit or mask & bit:
                    raise CircuitError(
                        f"a term has the wires {tuple(wires)}; they must be different numbers from 0 to "
                        f"{n_qubits - 1}"
                    )
                mask |= bit
            masks.append(mask)
        return cls.from_masks(n_qubits, np.array(masks, np.int64), np.array([*coefficients]), spins=spins)

    @classmethod
    def from_masks(
        cls, n_qubits: int, masks: NDArray[Any], coefficients: NDArray[Any], *, spins: bool = False
    ) -> CostTerms:
        """Terms from masks.

        Args:
            n_qubits: number of bits, from 1 to 62.
            masks: shape (K,), bit n - 1 - q for wire q.
            coefficients: shape (K,).
            spins: whether the terms are products of spins 2x - 1 instead of bits.

        Returns:
            The terms; equal ones are added up.

        Raises:
            CircuitError: shapes that differ, a mask out of range, a coefficient that is not finite, or a term
                of more than 16 spins.
        """
        _check_size(n_qubits)
        own = np.asarray(masks, np.int64)
        numbers = np.asarray(coefficients, np.float64)
        if own.ndim != 1 or own.shape != numbers.shape:
            raise CircuitError(
                f"{own.shape} masks and {numbers.shape} coefficients; there must be one of each"
            )
        if own.size and (own.min() < 0 or own.max() >> n_qubits):
            raise CircuitError(f"a mask is not between 0 and 2**{n_qubits} - 1")
        if not np.isfinite(numbers).all():
            bad = int(np.flatnonzero(~np.isfinite(numbers))[0])
            raise CircuitError(f"the coefficient of term {bad} is {numbers[bad]}; it must be a finite number")
        if spins:
            # 2x - 1: a subset of s of the spins has 2^|s| (-1)^(|m| - |s|)
            own, numbers = _expand(own, numbers, lambda size, chosen: 2.0**chosen * (-1.0) ** (size - chosen))
        own, numbers = _gather(own, numbers)
        return cls(n_qubits, own, numbers)

    @property
    def constant(self) -> float:
        """Coefficient of the empty term."""
        return float(self.coefficients[self.masks == 0].sum())

    def spin_terms(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The same polynomial as sum_k c_k Z_k, where Z_k is +1 or -1 by the parity of the bits of mask k.

        Returns:
            Masks (K',), sorted, and coefficients (K',).

        Raises:
            CircuitError: a term of more than 16 bits.

        Example:
            >>> masks, coefficients = CostTerms.of(1, [(0,)], [3.0]).spin_terms()
            >>> masks.tolist(), coefficients.tolist()
            ([0, 1], [1.5, -1.5])
        """
        masks, numbers = _expand(
            self.masks, self.coefficients, lambda size, chosen: 0.5**size * (-1.0) ** chosen
        )
        return _gather(masks, numbers)

    def is_symmetric(self) -> bool:
        """Whether flipping all bits leaves every energy as it is.

        It does where no product of an odd number of spins is left.

        Returns:
            The answer; False for terms of more than 16 bits, without looking.

        Example:
            >>> CostTerms.of(2, [(0,), (1,), (0, 1)], [1.0, 1.0, -2.0]).is_symmetric()
            True
        """
        if self.masks.size == 0:
            return True
        if int(_sizes(self.masks).max()) > _MOST_EXPANDED:
            return False
        masks, numbers = self.spin_terms()
        odd = np.abs(numbers[_sizes(masks) % 2 == 1])
        return bool(odd.max(initial=0.0) <= 1e-15 * np.abs(self.coefficients[self.masks != 0]).sum())


def _check_size(n_qubits: int) -> None:
    if isinstance(n_qubits, bool) or not isinstance(n_qubits, (int, np.integer)):
        raise CircuitError(f"n_qubits is {n_qubits!r}; it must be an integer")
    if not 1 <= n_qubits <= _MOST_QUBITS:
        raise CircuitError(f"there are {n_qubits} bits; from 1 to {_MOST_QUBITS} are possible")


def _sizes(masks: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bitwise_count(masks).astype(np.int64)


def _expand(
    masks: NDArray[np.int64], numbers: NDArray[np.float64], weight: Any
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All subsets of all masks, with the numbers times ``weight(size of the mask, size of the subset)``."""
    sizes = _sizes(masks)
    if sizes.max(initial=0) > _MOST_EXPANDED:
        raise CircuitError(f"a term has {sizes.max()} factors; up to {_MOST_EXPANDED} can be expanded")
    new_masks, new_numbers = [np.zeros(0, np.int64)], [np.zeros(0)]
    for size in np.unique(sizes):
        rest = masks[sizes == size].copy()
        chosen_numbers = numbers[sizes == size]
        bits = []
        for _ in range(size):
            bits.append(rest & -rest)
            rest &= rest - 1
        for subset in range(1 << int(size)):
            mask = np.zeros_like(rest)
            for place, bit in enumerate(bits):
                if subset >> place & 1:
                    mask |= bit
            new_masks.append(mask)
            new_numbers.append(chosen_numbers * weight(int(size), subset.bit_count()))
    return np.concatenate(new_masks), np.concatenate(new_numbers)


def _gather(
    masks: NDArray[np.int64], numbers: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    distinct, places = np.unique(masks, return_inverse=True)
    totals = np.bincount(places, weights=numbers, minlength=len(distinct)).astype(np.float64)
    return distinct[totals != 0], totals[totals != 0]


def read_terms(model: Any) -> tuple[tuple[Hashable, ...], CostTerms]:
    """The polynomial of a dimod model.

    Args:
        model: a dimod BinaryQuadraticModel or BinaryPolynomial, of bits or spins, with at least one variable.

    Returns:
        The variables in the order of `wire_order` (variable i is wire i) and the terms in bits.

    Raises:
        CircuitError: another kind of model, no variables, or a coefficient that is not finite.
        CircuitTooLargeError: not even a byte for each bit string fits into free memory.

    Example:
        >>> import dimod
        >>> variables, terms = read_terms(dimod.BinaryPolynomial({("a", "b", "c"): 2.0}, "BINARY"))
        >>> variables, terms.masks.tolist()
        (('a', 'b', 'c'), [7])
    """
    import dimod

    if isinstance(model, dimod.BinaryQuadraticModel):
        listed: list[tuple[tuple[Any, ...], Any]] = [((v,), bias) for v, bias in model.linear.items()]
        listed += [(pair, bias) for pair, bias in model.quadratic.items()]
        listed.append(((), model.offset))
    elif isinstance(model, dimod.BinaryPolynomial):
        listed = [(tuple(term), bias) for term, bias in model.items()]
    else:
        raise CircuitError(
            f"the model is a {type(model).__name__}; a dimod BinaryQuadraticModel or BinaryPolynomial is "
            "needed. Turn a constrained model into one with hybrid_opt.to_qubo(model).bqm"
        )
    variables = wire_order(model)
    # What is made of the terms are vectors over all bit strings; before long loops say that they cannot fit.
    require_memory(len(variables), 1)
    wires = {variable: wire for wire, variable in enumerate(variables)}
    for term, bias in listed:
        if not np.isfinite(bias):
            raise CircuitError(f"the coefficient of {term!r} is {bias}; it must be a finite number")
    terms = CostTerms.of(
        len(variables),
        [[wires[v] for v in term] for term, _ in listed],
        [float(bias) for _, bias in listed],
        spins=model.vartype is dimod.SPIN,
    )
    return variables, terms
