"""The structure of a circuit apart from its angles: one program, a table of angles, one row per execution.

Everything that runs a circuit many times (a batch of inputs, shifted copies for a gradient, the samples of a
kernel) keeps the program and changes the table. Row b, column s of the table is the angle of slot s in
execution b; a gate's ``slot`` names its first column. Wire 0 is the most significant bit of an index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .gates import Gate

__all__ = ["Program"]


@dataclass(frozen=True, eq=False)
class Program:
    """Gates in order, with columns of a table in place of angles.

    Equal structures give the same object (``tape_reading.read_tape``), so engines may cache by identity.

    Args:
        n_qubits: number of wires, N.
        gates: in the order they act.
        n_slots: number of columns of the table, S.
        phases: pairs (slot, coefficient): the state is multiplied by exp(i coefficient angle).
        prepared: whether it starts from a state handed over with the table instead of |0...0>.
    """

    n_qubits: int
    gates: tuple[Gate, ...]
    n_slots: int
    phases: tuple[tuple[int, float], ...] = ()
    prepared: bool = False

    @property
    def noisy(self) -> bool:
        """Whether it holds a channel, so that the result is no pure state."""
        return any(gate.kind == "kraus" for gate in self.gates)

    def check_table(self, table: NDArray[np.float64]) -> None:
        """Refuse a table that does not belong to this program.

        Args:
            table: angles in radians, shape (B, S).

        Raises:
            CircuitError: wrong shape, or an angle that is not finite.
        """
        if table.ndim != 2 or table.shape[1] != self.n_slots:
            raise CircuitError(
                f"the table of angles has shape {table.shape}; it must be (executions, {self.n_slots})"
            )
        if not np.isfinite(table).all():
            raise CircuitError("the table of angles holds a NaN or infinite value")
