"""Trainable layers: what stands between the encoding and the measurement.

Each class lays out one layer at a time, so that a circuit can encode its inputs again between layers.
Weights have the layer as their first axis. The classes are frozen dataclasses: equal by their settings,
picklable. For their setting ``mirror`` see `LayeredAnsatz`. Any object with the methods of `Ansatz` can stand
in for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .ansatz_base import Ansatz, LayeredAnsatz, identity_blocks
from .encoding_base import rotation_gate
from .errors import CircuitError

__all__ = [
    "Ansatz",
    "BasicEntangler",
    "BrickWall",
    "HardwareEfficient",
    "Separable",
    "StronglyEntangling",
    "ansatz_named",
    "ansatz_names",
]


@dataclass(frozen=True)
class StronglyEntangling(LayeredAnsatz):
    """Rot on every wire, then CNOTs whose range grows with the layer: ``qml.StronglyEntanglingLayers``.

    M. Schuld, A. Bocharov, K. Svore, N. Wiebe, "Circuit-centric quantum classifiers", arXiv 1804.00633.
    Weights: (layers, N, 3).

    Args:
        mirror: number of layers before their mirror images, 0 for none; layer and image have the same range.

    Raises:
        CircuitError: a mirror of 1 or below 0.

    Example:
        >>> StronglyEntangling().weight_shape(2, 4)
        (2, 4, 3)
    """

    name: ClassVar[str] = "strongly_entangling"
    mirror: int = 0

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """Three angles per wire and layer."""
        return n_layers, n_qubits, 3

    def _gates(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        size = len(wires)
        gates = _rots(weights, wires)
        if size > 1:
            distance = number % (size - 1) + 1
            gates += [qml.CNOT([wires[i], wires[(i + distance) % size]]) for i in range(size)]
        return gates

    def _inverse(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _inverse_rots(weights)


@dataclass(frozen=True)
class BasicEntangler(LayeredAnsatz):
    """One rotation per wire, then a ring of CNOTs: ``qml.BasicEntanglerLayers``.

    On two wires the ring is a single CNOT. Weights: (layers, N).

    Args:
        rotation: "X", "Y" or "Z".
        mirror: number of layers before their mirror images, 0 for none.

    Raises:
        CircuitError: another rotation, or a mirror of 1 or below 0.

    Example:
        >>> [gate.name for gate in BasicEntangler().layer(np.zeros(2), [0, 1], 0)]
        ['RX', 'RX', 'CNOT']
    """

    name: ClassVar[str] = "basic_entangler"
    rotation: str = "X"
    mirror: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        rotation_gate(self.name, self.rotation)

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """One angle per wire and layer."""
        return n_layers, n_qubits

    def _gates(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        size = len(wires)
        rotation = rotation_gate(self.name, self.rotation)
        gates = [rotation(weights[..., i], wire) for i, wire in enumerate(wires)]
        if size == 2:
            return [*gates, qml.CNOT(list(wires))]
        if size > 2:
            gates += [qml.CNOT([wires[i], wires[(i + 1) % size]]) for i in range(size)]
        return gates


@dataclass(frozen=True)
class HardwareEfficient(LayeredAnsatz):
    """RY and RZ on every wire, then entangling gates between neighbors on a line.

    After A. Kandala et al., "Hardware-efficient variational quantum eigensolver for small molecules and
    quantum magnets", arXiv 1704.05792: single-qubit rotations alternate with a fixed entangler that the
    hardware has. Weights: (layers, N, 2), RY first.

    No rotations follow the last entangler. Where only Z is measured, the RZ of the last layer therefore have
    no effect, and with entangler="CZ" the last entangler has none.

    Args:
        entangler: "CX" or "CZ".
        mirror: number of layers before their mirror images, 0 for none.

    Raises:
        CircuitError: another entangler, or a mirror of 1 or below 0.

    Example:
        >>> [gate.name for gate in HardwareEfficient("CZ").layer(np.zeros((2, 2)), [0, 1], 0)]
        ['RY', 'RZ', 'RY', 'RZ', 'CZ']
    """

    name: ClassVar[str] = "hardware_efficient"
    entangler: str = "CX"
    mirror: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.entangler not in ("CX", "CZ"):
            raise CircuitError(
                f"entangler of hardware_efficient is {self.entangler!r}; it must be 'CX' or 'CZ'"
            )

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """Two angles per wire and layer."""
        return n_layers, n_qubits, 2

    def _gates(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        entangler = qml.CNOT if self.entangler == "CX" else qml.CZ
        gates: list[Any] = []
        for i, wire in enumerate(wires):
            gates += [qml.RY(weights[..., i, 0], wire), qml.RZ(weights[..., i, 1], wire)]
        return gates + [entangler(list(pair)) for pair in pairwise(wires)]


@dataclass(frozen=True)
class BrickWall(LayeredAnsatz):
    """Blocks on the pairs (0, 1), (2, 3), ..., then on (1, 2), (3, 4), ...: CZ and an RY on both wires.

    The layers of ``qml.SimplifiedTwoDesign`` (without its initial rotations), an alternating layered ansatz
    as in M. Cerezo et al., "Cost function dependent barren plateaus in shallow parametrized quantum
    circuits", arXiv 2001.00550. Gates join neighbors only, so in a shallow circuit an observable on one wire
    depends on few weights. RY and CZ are real: from a real state they reach real states only.
    Weights: (layers, N - 1, 2), one pair of angles per block, even pairs first; (layers, 1, 1), a single RY,
    on one wire.

    Args:
        mirror: number of layers before their mirror images, 0 for none.

    Raises:
        CircuitError: a mirror of 1 or below 0.

    Example:
        >>> [gate.wires.tolist() for gate in BrickWall().layer(np.zeros((2, 2)), [0, 1, 2], 0)]
        [[0, 1], [0], [1], [1, 2], [1], [2]]
    """

    name: ClassVar[str] = "brick_wall"
    mirror: int = 0

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """Two angles per block."""
        return (n_layers, 1, 1) if n_qubits == 1 else (n_layers, n_qubits - 1, 2)

    def _gates(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        if len(wires) == 1:
            return [qml.RY(weights[..., 0, 0], wires[0])]
        gates: list[Any] = []
        starts = [*range(0, len(wires) - 1, 2), *range(1, len(wires) - 1, 2)]
        for block, start in enumerate(starts):
            pair = [wires[start], wires[start + 1]]
            gates.append(qml.CZ(pair))
            gates += [qml.RY(weights[..., block, side], wire) for side, wire in enumerate(pair)]
        return gates


@dataclass(frozen=True)
class Separable:
    """Rot on every wire and nothing else: the control without entanglement.

    J. Bowles, S. Ahmed, M. Schuld, "Better than classical? The subtle art of benchmarking quantum machine
    learning models", arXiv 2403.07059, test quantum models with their entangling gates removed. A result that
    this ansatz reaches too owes nothing to entanglement. Weights: (layers, N, 3).

    Example:
        >>> {gate.name for gate in Separable().layer(np.zeros((2, 3)), [0, 1], 0)}
        {'Rot'}
    """

    name: ClassVar[str] = "separable"

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """Three angles per wire and layer."""
        return n_layers, n_qubits, 3

    def layer(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        """Rot on every wire, in the order of the wires."""
        return _rots(weights, wires)

    def identity_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights with which layer 2 k + 1 undoes layer 2 k; needs no mirror images.

        Raises:
            CircuitError: an odd number of layers.
        """
        return identity_blocks(self, weights, 1, _inverse_rots)


_ANSATZ: dict[str, type[Any]] = {
    ansatz.name: ansatz
    for ansatz in (StronglyEntangling, BasicEntangler, HardwareEfficient, BrickWall, Separable)
}


def ansatz_names() -> tuple[str, ...]:
    """Names that `ansatz_named` knows.

    Example:
        >>> ansatz_names()
        ('strongly_entangling', 'basic_entangler', 'hardware_efficient', 'brick_wall', 'separable')
    """
    return tuple(_ANSATZ)


def ansatz_named(name: str) -> Ansatz:
    """An ansatz with its default settings.

    Args:
        name: one of `ansatz_names`.

    Returns:
        The ansatz; make an instance of its class for other settings.

    Raises:
        CircuitError: an unknown name.

    Example:
        >>> ansatz_named("hardware_efficient")
        HardwareEfficient(entangler='CX', mirror=0)
    """
    if name not in _ANSATZ:
        raise CircuitError(
            f"ansatz is {name!r}; legal names are {', '.join(map(repr, _ANSATZ))}, or give an Ansatz object"
        )
    ansatz: Ansatz = _ANSATZ[name]()
    return ansatz


def _rots(weights: Any, wires: Sequence[int]) -> list[Any]:
    return [
        qml.Rot(weights[..., i, 0], weights[..., i, 1], weights[..., i, 2], wire)
        for i, wire in enumerate(wires)
    ]


def _inverse_rots(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rot(a, b, c) is undone by Rot(-c, -b, -a)."""
    return -weights[..., ::-1]
