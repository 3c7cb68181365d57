"""Ansatz layers that keep the number of electrons: single and double excitations of a reference state.

The qubits are spin orbitals in PennyLane's order, spin up and spin down alternating, and the reference state
has the first ones occupied. S. Barkoutsos et al., "Quantum algorithms for electronic structure calculations",
arXiv 1805.04340 (unitary coupled cluster); J. M. Arrazola et al., "Universal quantum circuits for quantum
chemistry", arXiv 2106.13839 (Givens rotations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .arguments import whole_number
from .errors import CircuitError

__all__ = ["Excitations"]

_KINDS = ("all_singles_doubles", "uccsd")


@dataclass(frozen=True)
class Excitations:
    """Every double and then every single excitation that keeps the total spin along z.

    Weights: (layers, doubles + singles), doubles first; all 0 is the identity. With
    kind="all_singles_doubles" an excitation is a Givens rotation of two or four qubits
    (``qml.AllSinglesDoubles``), with "uccsd" it carries the parities of the orbitals in between
    (``qml.UCCSD``, one Trotter step per layer).

    Args:
        electrons: number of electrons, from 1 to N - 1.
        kind: "all_singles_doubles" or "uccsd".

    Raises:
        CircuitError: another kind, or a number of electrons below 1.

    Example:
        >>> Excitations(2).weight_shape(1, 4)
        (1, 3)
        >>> [gate.name for gate in Excitations(2).layer(np.zeros(3), range(4), 0)]
        ['DoubleExcitation', 'SingleExcitation', 'SingleExcitation']
    """

    electrons: int
    kind: str = "all_singles_doubles"

    def __post_init__(self) -> None:
        whole_number("electrons", self.electrons, 1)
        if self.kind not in _KINDS:
            raise CircuitError(f"kind is {self.kind!r}; it must be one of {', '.join(map(repr, _KINDS))}")

    @property
    def name(self) -> str:
        """The kind."""
        return self.kind

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """One angle per excitation and layer.

        Raises:
            CircuitError: no orbital is left to excite into.
        """
        doubles, singles = _excitations(int(self.electrons), n_qubits)
        return n_layers, len(doubles) + len(singles)

    def layer(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        """Doubles, then singles, weights of shape (..., doubles + singles)."""
        doubles, singles = _excitations(int(self.electrons), len(wires))
        gates: list[Any] = []
        for place, orbitals in enumerate(doubles):
            gates.append(self._double(weights[..., place], [wires[i] for i in orbitals]))
        for place, orbitals in enumerate(singles, start=len(doubles)):
            gates.append(self._single(weights[..., place], [wires[i] for i in orbitals], wires, orbitals))
        return gates

    def _double(self, weight: Any, four: list[int]) -> Any:
        if self.kind == "all_singles_doubles":
            return qml.DoubleExcitation(weight, wires=four)
        first, second, third, fourth = four
        lower, upper = range(first, second + 1), range(third, fourth + 1)
        return qml.FermionicDoubleExcitation(weight, wires1=list(lower), wires2=list(upper))

    def _single(self, weight: Any, two: list[int], wires: Sequence[int], orbitals: tuple[int, ...]) -> Any:
        if self.kind == "all_singles_doubles":
            return qml.SingleExcitation(weight, wires=two)
        return qml.FermionicSingleExcitation(weight, wires=list(wires[orbitals[0] : orbitals[1] + 1]))

    def identity_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Zeros, the only weights that undo every layer by themselves."""
        return np.zeros_like(weights)

    def start_weights(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """The reference state; several layers start slightly apart, or they would stay equal for long.

        Args:
            shape: of the weights.
            rng: random numbers.

        Returns:
            Zeros for one layer, else normal numbers of standard deviation 0.01.
        """
        return np.zeros(shape) if shape[0] == 1 else rng.normal(0.0, 0.01, shape)


@lru_cache(maxsize=64)
def _excitations(electrons: int, n_qubits: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    if electrons >= n_qubits:
        raise CircuitError(
            f"electrons is {electrons}, but {n_qubits} qubits hold at most {n_qubits - 1} if there is to be "
            "something to excite"
        )
    singles, doubles = qml.qchem.excitations(electrons, n_qubits)
    return tuple(map(tuple, doubles)), tuple(map(tuple, singles))
