"""The gates every engine of this folder knows, with their matrices.

PennyLane's native gates are brought to few kinds: a kind, the wires it acts on, the wires that control it,
and its angles. CNOT is the kind ``x`` with one control, CRZ is ``rz`` with one. Each engine (Aer, the batched
simulator, the adjoint sweep, the shift rules) then needs one rule per kind, not one per PennyLane class.

Angles mean what they mean in PennyLane: rx(t) = exp(-i t X / 2), p(t) = diag(1, exp(i t)),
rot(a, t, b) = rz(b) ry(t) rz(a), u(t, a, b) = exp(i (a + b) / 2) rz(a) ry(t) rz(b),
rzz(t) = exp(-i t Z Z / 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ANGLES", "FIXED_MATRICES", "Gate", "gate_matrix"]

_ROOT = np.sqrt(0.5)

FIXED_MATRICES: dict[str, NDArray[np.complex128]] = {
    "x": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    "z": np.array([[1, 0], [0, -1]], dtype=np.complex128),
    "h": np.array([[_ROOT, _ROOT], [_ROOT, -_ROOT]], dtype=np.complex128),
    "s": np.array([[1, 0], [0, 1j]], dtype=np.complex128),
    "sdg": np.array([[1, 0], [0, -1j]], dtype=np.complex128),
    "t": np.array([[1, 0], [0, np.exp(0.25j * np.pi)]], dtype=np.complex128),
    "tdg": np.array([[1, 0], [0, np.exp(-0.25j * np.pi)]], dtype=np.complex128),
    "sx": np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]], dtype=np.complex128) / 2,
    "sxdg": np.array([[1 - 1j, 1 + 1j], [1 + 1j, 1 - 1j]], dtype=np.complex128) / 2,
}
"""Kinds on one target without angles."""

ANGLES: dict[str, int] = {
    **dict.fromkeys(FIXED_MATRICES, 0),
    **dict.fromkeys(("rx", "ry", "rz", "p"), 1),
    **dict.fromkeys(("rot", "u"), 3),
    "swap": 0,
    **dict.fromkeys(("rxx", "ryy", "rzz"), 1),
    **dict.fromkeys(("unitary", "diagonal", "kraus"), 0),
}
"""Every kind with its number of angles."""


@dataclass(frozen=True, eq=False)
class Gate:
    """One gate of a program; its angles stand in the program's table, not here.

    Args:
        kind: a key of `ANGLES`.
        targets: wires it acts on: one; two for swap, rxx, ryy, rzz; any number for the kinds with a matrix.
        controls: wires that must be 1 for it to act; allowed for one-target kinds and swap.
        slot: column of its first angle in the table (the others follow), -1 without angles.
        matrix: for "unitary" (2**k, 2**k), "diagonal" (2**k,), "kraus" (m, 2**k, 2**k); targets[0] is the
            most significant bit of its index. None for every other kind.
    """

    kind: str
    targets: tuple[int, ...]
    controls: tuple[int, ...] = ()
    slot: int = -1
    matrix: NDArray[np.complex128] | None = None

    @property
    def n_angles(self) -> int:
        """Number of angles, hence of table columns."""
        return ANGLES[self.kind]


def gate_matrix(kind: str, angles: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Matrices of a kind with angles, or of a fixed one, controls left out.

    Args:
        kind: any kind but "unitary", "diagonal" and "kraus", which carry their own.
        angles: shape (..., ANGLES[kind]).

    Returns:
        Shape (..., 2, 2), or (..., 4, 4) for swap, rxx, ryy and rzz; the first target is the most
        significant bit.

    Raises:
        KeyError: an unknown kind.

    Example:
        >>> gate_matrix("rz", np.array([np.pi])).round(6).tolist()
        [[-1j, 0j], [0j, 1j]]
    """
    batch = angles.shape[:-1]
    if kind in FIXED_MATRICES:
        return np.broadcast_to(FIXED_MATRICES[kind], (*batch, 2, 2))
    if kind == "swap":
        swap: NDArray[np.complex128] = np.eye(4, dtype=np.complex128)[[0, 2, 1, 3]]
        return np.broadcast_to(swap, (*batch, 4, 4))
    if kind in ("rxx", "ryy", "rzz"):
        pauli = FIXED_MATRICES[kind[1]]
        half = angles[..., 0, None, None] / 2
        return np.asarray(np.cos(half) * np.eye(4) - 1j * np.sin(half) * np.kron(pauli, pauli))
    if kind == "rot":
        first, middle, last = (angles[..., i] for i in range(3))
        return _euler(middle, last, first)
    if kind == "u":
        middle, first, last = (angles[..., i] for i in range(3))
        return np.asarray(np.exp(0.5j * (first + last))[..., None, None] * _euler(middle, first, last))
    angle = angles[..., 0]
    zero = np.zeros_like(angle)
    if kind == "rx":
        return _euler(angle, zero - np.pi / 2, zero + np.pi / 2)
    if kind == "ry":
        return _euler(angle, zero, zero)
    if kind == "rz":
        return _euler(zero, angle, zero)
    if kind == "p":
        return np.asarray(np.exp(0.5j * angle)[..., None, None] * _euler(zero, angle, zero))
    raise KeyError(kind)


def _euler(
    middle: NDArray[np.float64], left: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """rz(left) ry(middle) rz(right)."""
    cosine, sine = np.cos(middle / 2), np.sin(middle / 2)
    total, difference = np.exp(0.5j * (left + right)), np.exp(0.5j * (left - right))
    rows = [[cosine / total, -sine / difference], [sine * difference, cosine * total]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
