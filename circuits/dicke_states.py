"""Uniform superpositions of all bit strings of one Hamming weight, prepared by gates.

A. Baertschi, S. Eidenbenz, "Deterministic Preparation of Dicke States", FCT 2019, arXiv 1904.07358: depth
O(m) and O(m w) gates, without ancillas. From 0...01...1 with w ones, blocks for l = m, m - 1, ..., 2 act on
the first l qubits, each sharing the amplitude between strings that end in 0 and in 1. The W state is that of
weight 1.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import acos, sqrt
from typing import Any

import pennylane as qml

__all__ = ["prepare_dicke_state"]


def prepare_dicke_state(wires: Sequence[Hashable], weight: int) -> list[Any]:
    """Gates that turn |0...0> into the uniform superposition of all strings with ``weight`` ones.

    Args:
        wires: m wires.
        weight: from 0 to m.

    Returns:
        PennyLane operations: PauliX, CNOT, CRY and RY with two controls.

    Example:
        >>> import numpy as np
        >>> tape = qml.tape.QuantumScript(prepare_dicke_state([0, 1, 2], 1), [qml.state()])
        >>> state = qml.execute([tape], qml.device("default.qubit", wires=3))[0]
        >>> np.flatnonzero(state.round(12)).tolist(), (abs(state) ** 2).max().round(12)
        ([1, 2, 4], np.float64(0.333333333333))
    """
    size = len(wires)
    if 2 * weight > size:
        # Fewer gates for the complement, and a flip of everything.
        flipped = prepare_dicke_state(wires, size - weight)
        return [*flipped, *(qml.PauliX(wire) for wire in wires)]
    operations: list[Any] = [qml.PauliX(wire) for wire in wires[size - weight :]]
    if weight:
        for length in range(size, 1, -1):
            operations += _share(wires[:length], min(weight, length - 1))
    return operations


def _share(wires: Sequence[Hashable], most: int) -> list[Any]:
    """Block SCS(n, k) on n wires: for l = 1..k, |0 1^l> -> sqrt(l / n) |0 1^l> + sqrt(1 - l / n) |1^l 0>."""
    size = len(wires)
    last = wires[-1]
    operations = []
    for ones in range(1, most + 1):
        target = wires[size - 1 - ones]
        angle = 2 * acos(sqrt(ones / size))
        if ones == 1:
            turn = qml.CRY(angle, wires=[last, target])
        else:
            turn = qml.ctrl(qml.RY(angle, wires=target), control=[wires[size - ones], last])
        operations += [qml.CNOT([target, last]), turn, qml.CNOT([target, last])]
    return operations
