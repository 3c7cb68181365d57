"""What QAOA circuits for a batch of problems have in common, apart from coefficients and angles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import whole_number
from .edge_coloring import count_steps
from .errors import CircuitError
from .program import Program
from .qaoa_program import MIXERS, dicke_state, mixer_pairs, qaoa_operations, qaoa_program

__all__ = ["QAOAStructure"]


@dataclass(frozen=True)
class QAOAStructure:
    """Size, pairs, depth and mixer; see ``qaoa_program`` for what the mixers are.

    Args:
        n_qubits: number of qubits N.
        pairs: qubits of the K quadratic terms, distinct.
        depth: number of layers p.
        mixer: "x", or "xy" for bit strings of one weight.
        weight: number of ones with mixer "xy", from 1 to N - 1; else None.

    Raises:
        CircuitError: a number out of range, an unknown mixer, or a weight where the mixer keeps none.
        CircuitTooLargeError: the start of the mixer "xy" does not fit into free memory.

    Example:
        >>> QAOAStructure(3, ((0, 1), (1, 2)), 2).program.n_slots
        12
    """

    n_qubits: int
    pairs: tuple[tuple[int, int], ...]
    depth: int
    mixer: str = "x"
    weight: int | None = None

    def __post_init__(self) -> None:
        whole_number("n_qubits", self.n_qubits, 1)
        whole_number("depth", self.depth, 1)
        if self.mixer not in MIXERS:
            raise CircuitError(f"mixer is {self.mixer!r}; it must be one of {', '.join(map(repr, MIXERS))}")
        if self.mixer == "x":
            if self.weight is not None:
                raise CircuitError(
                    f'weight is {self.weight!r}, but mixer="x" keeps no number of ones; use mixer="xy", or '
                    "leave weight out"
                )
            return
        if self.weight is None:
            raise CircuitError('mixer="xy" keeps the number of ones; say which with weight=k')
        if whole_number("weight", self.weight, 1) >= self.n_qubits:
            raise CircuitError(
                f'weight is {self.weight}, but mixer="xy" chooses among {self.n_qubits} qubits; it must be '
                "smaller than their number"
            )
        dicke_state(self.n_qubits, self.weight)  # refuses what does not fit

    def __reduce__(self) -> tuple[Any, ...]:
        # Programs are found again, not copied, so that engines know them.
        return QAOAStructure, (self.n_qubits, self.pairs, self.depth, self.mixer, self.weight)

    @cached_property
    def program(self) -> Program:
        """The circuit's structure for a simulator, with p (N + K + 1) columns."""
        return qaoa_program(self.n_qubits, self.pairs, self.depth, self.mixer)

    @property
    def start(self) -> NDArray[np.complex128] | None:
        """The state that the program starts from, shape (2**N,), read only; None for |0...0>."""
        return None if self.weight is None else dicke_state(self.n_qubits, self.weight)

    def draw(self, row: NDArray[np.float64] | None = None, *, decimals: int = 2) -> str:
        """The circuit as text.

        Args:
            row: angles in radians, shape (S,); None for gates without numbers.
            decimals: of the angles.

        Returns:
            Lines, one per wire.

        Example:
            >>> print(QAOAStructure(2, ((0, 1),), 1).draw())
            0: ──H──RZ─╭IsingZZ──RX─┤
            1: ──H──RZ─╰IsingZZ──RX─┤
        """
        import pennylane as qml

        tape = qml.tape.QuantumScript(qaoa_operations(self.program, row, self.weight or 0))
        text = qml.drawer.tape_text(
            tape, wire_order=range(self.n_qubits), decimals=None if row is None else decimals
        )
        return "\n".join(line.rstrip() for line in text.splitlines())

    def resources(self) -> dict[str, Any]:
        """What the circuit costs.

        Returns:
            qubits; depth (p); inputs, coefficients of one problem; weights, the angles; one_qubit_gates;
            two_qubit_gates, one per pair and layer and, for the mixer "xy", one more for every two qubits and
            layer; two_qubit_depth, their steps when gates on disjoint qubits run at once, by greedy edge
            coloring. The preparation of a Dicke state is not counted.

        Example:
            >>> QAOAStructure(4, ((0, 1), (1, 2), (2, 3)), 2).resources()["two_qubit_depth"]
            4
        """
        mixing = () if self.weight is None else mixer_pairs(self.n_qubits)
        one_qubit = self.depth if mixing else 1 + 2 * self.depth
        return {
            "qubits": self.n_qubits,
            "depth": self.depth,
            "inputs": self.n_qubits + len(self.pairs),
            "weights": 2 * self.depth,
            "one_qubit_gates": self.n_qubits * one_qubit,
            "two_qubit_gates": self.depth * (len(self.pairs) + len(mixing)),
            "two_qubit_depth": self.depth
            * (count_steps(self.pairs, self.n_qubits) + count_steps(mixing, self.n_qubits)),
        }
