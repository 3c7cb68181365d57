"""Checks of what a simulator is asked to run, the same for Aer and for the native simulator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import whole_number
from .errors import CircuitError
from .program import Program

__all__ = ["check_norms", "check_shots"]

# States from single-precision sources stay well below it.
_TOLERANCE = 1e-6


def check_norms(states: NDArray[np.complex128]) -> None:
    """Refuse states that are not normalized.

    Args:
        states: shape (B, 2**N).

    Raises:
        CircuitError: a state whose norm is not 1; it is numbered.

    Example:
        >>> check_norms(np.array([[1.0, 0.0]]))
    """
    norms = np.linalg.norm(states, axis=1)
    if not np.allclose(norms, 1, atol=_TOLERANCE):
        worst = int(np.argmax(~(np.abs(norms - 1) <= _TOLERANCE)))
        raise CircuitError(f"initial state {worst} has norm {norms[worst]:.6g}; it must be 1")


def check_shots(program: Program, wires: Sequence[int], shots: Any, seed: Any) -> None:
    """Refuse measurements that cannot be made.

    Args:
        program: whose wires are measured.
        wires: the wires, distinct.
        shots: at least 1.
        seed: at least 0.

    Raises:
        CircuitError: an illegal number, a wire twice, or one that the program does not have.

    Example:
        >>> check_shots(Program(2, (), 0), [1, 0], 100, 7)
    """
    whole_number("shots", shots, 1)
    whole_number("seed", seed, 0)
    if len(set(wires)) != len(wires) or not set(wires) <= set(range(program.n_qubits)):
        raise CircuitError(
            f"the wires to measure are {list(wires)}; they must be distinct and from 0 to "
            f"{program.n_qubits - 1}"
        )
