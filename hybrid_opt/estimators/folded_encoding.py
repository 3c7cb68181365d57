"""More features than qubits: blocks of features encoded one after the other on the same wires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pennylane as qml

from ..circuits.arguments import is_torch
from ..circuits.encodings import Encoding
from ..errors import OptionError

__all__ = ["Folded"]


@dataclass(frozen=True)
class Folded:
    """Features in blocks of N, all encoded alike, with a fixed entangling layer between two blocks.

    The features 0 ... N - 1 are encoded first, then N ... 2 N - 1, and so on; the last block is filled up
    with zeros. E. Peters et al., "Machine learning of high dimensional data on a noisy quantum processor",
    arXiv 2101.09581, put 67 features on 17 qubits in this manner; M. Schuld, R. Sweke, J. Meyer, arXiv
    2008.08605, speak of encodings in sequence.

    Without anything in between, rotations of two blocks about one axis would add up and their features could
    not be told apart. The layer in between is CZ on neighboring wires, in a ring, then Hadamard and S on
    every wire, which turn the axes: what was X becomes Y, Y becomes Z and Z becomes X.

    Args:
        inner: encoding of one block: gates that encode N features on N wires.
        width: number of features in all.
        n_qubits: number of wires N.

    Raises:
        OptionError: an inner encoding that prepares a state, or does not take one feature per wire.

    Example:
        >>> from hybrid_opt.circuits.encodings import Angle
        >>> encoding = Folded(Angle(), 3, 2)
        >>> encoding.angles(np.array([0.1, 0.2, 0.3])).tolist()
        [0.1, 0.2, 0.3, 0.0]
        >>> [gate.name for gate in encoding.operations(np.array([0.1, 0.2, 0.3, 0.0]), [0, 1])]
        ['RX', 'RX', 'CZ', 'Hadamard', 'S', 'Hadamard', 'S', 'RX', 'RX']
    """

    name: ClassVar[str] = "folded"
    prepares: ClassVar[bool] = False
    inner: Encoding
    width: int
    n_qubits: int

    def __post_init__(self) -> None:
        if self.inner.prepares or self.inner.n_features(self.n_qubits) != self.n_qubits:
            raise OptionError(
                f"{self.inner!r} cannot be laid in blocks, which takes gates that encode one feature per "
                'wire; use another encoding such as "angle" or "iqp"'
            )

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return -(-self.width // self.n_qubits)

    def n_features(self, n_qubits: int) -> int:
        """The width."""
        return self.width

    def n_angles(self, n_qubits: int) -> int:
        """Those of every block."""
        return self.n_blocks * self.inner.n_angles(self.n_qubits)

    def angles(self, features: Any) -> Any:
        """Encoded angles, block after block.

        Args:
            features: NumPy or torch, shape (..., width).

        Returns:
            Shape (..., n_angles).
        """
        angles = self.inner.angles(self._blocks(features))
        return angles.reshape(*features.shape[:-1], self.n_angles(self.n_qubits))

    def angle_names(self, n_qubits: int) -> list[str]:
        """Names of the encoded angles: those of the inner encoding, a prime for every block before."""
        names = self.inner.angle_names(self.n_qubits)
        return [name + "'" * block for block in range(self.n_blocks) for name in names]

    def operations(self, angles: Any, wires: Sequence[int]) -> list[Any]:
        """The blocks and what stands between them.

        Args:
            angles: shape (..., n_angles).
            wires: the N wires in order.

        Returns:
            PennyLane operations.
        """
        size = self.inner.n_angles(self.n_qubits)
        operations: list[Any] = []
        for block in range(self.n_blocks):
            if block:
                operations += _between(wires)
            operations += self.inner.operations(angles[..., block * size : (block + 1) * size], wires)
        return operations

    def initial_states(self, features: Any, n_qubits: int) -> Any:
        """None: the circuit starts from |0...0>."""
        return None

    def check(self, features: Any, n_qubits: int) -> None:
        """Refuse a wrong number of features and what the inner encoding refuses.

        Args:
            features: NumPy or torch, shape (..., width).
            n_qubits: N.

        Raises:
            OptionError: a wrong number of features.
            CircuitError: of the inner encoding; it counts blocks of N features.
        """
        if features.ndim == 0 or features.shape[-1] != self.width:
            raise OptionError(
                f"inputs have shape {tuple(features.shape)}; the last axis must be {self.width}"
            )
        self.inner.check(self._blocks(features), self.n_qubits)

    def _blocks(self, features: Any) -> Any:
        """Features with zeros at the end, shape (..., blocks, N)."""
        missing = self.n_blocks * self.n_qubits - self.width
        if missing and is_torch(features):
            import torch

            features = torch.nn.functional.pad(features, (0, missing))
        elif missing:
            features = np.pad(features, [(0, 0)] * (features.ndim - 1) + [(0, missing)])
        return features.reshape(*features.shape[:-1], self.n_blocks, self.n_qubits)


def _between(wires: Sequence[int]) -> list[Any]:
    pairs = list(pairwise(wires)) + ([(wires[-1], wires[0])] if len(wires) > 2 else [])
    return [qml.CZ(pair) for pair in pairs] + [gate(wire) for wire in wires for gate in (qml.Hadamard, qml.S)]
