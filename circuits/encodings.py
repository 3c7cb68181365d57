"""How features become angles or amplitudes of a circuit.

An encoding maps the features of a sample to *encoded angles* by a differentiable function (the identity,
products of features, arccos), and lays out gates that take these angles as they are or times a constant.
Keeping the two steps apart means that a circuit is read once: afterwards its table of angles is an affine
function of the encoded angles and the weights.

The classes are frozen dataclasses: equal by their settings, picklable, usable as keys. Any object with the
methods of `Encoding` can stand in for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .arguments import is_torch, whole_number
from .chebyshev import Chebyshev
from .encoding_base import Encoding, PerQubitEncoding, checked_rows, refuse, rotation_gate
from .errors import CircuitError

__all__ = [
    "IQP",
    "Amplitude",
    "Angle",
    "Basis",
    "Chebyshev",
    "Encoding",
    "encoding_named",
    "encoding_names",
]


@dataclass(frozen=True)
class Angle(PerQubitEncoding):
    """One rotation per feature: the feature is the angle.

    With rotation="Z" a Hadamard gate stands before every rotation, without which the rotation would be a
    global phase. In data re-uploading these Hadamards come again with every encoding.

    Args:
        rotation: "X", "Y" or "Z".

    Raises:
        CircuitError: another rotation.

    Example:
        >>> [operation.name for operation in Angle("Y").operations(np.array([0.1, 0.2]), [0, 1])]
        ['RY', 'RY']
    """

    name: ClassVar[str] = "angle"
    rotation: str = "X"

    def __post_init__(self) -> None:
        rotation_gate(self.name, self.rotation)

    def operations(self, angles: Any, wires: Sequence[int]) -> list[Any]:
        """Rotations, after Hadamards where they turn about Z."""
        hadamards = [qml.Hadamard(wire) for wire in wires] if self.rotation == "Z" else []
        gate = rotation_gate(self.name, self.rotation)
        return hadamards + [gate(angles[..., i], wire) for i, wire in enumerate(wires)]


@dataclass(frozen=True)
class Amplitude(PerQubitEncoding):
    """Features as amplitudes of the state the circuit starts from, normalized and padded with zeros.

    The kernel of this encoding is the squared cosine of the angle between two samples; their lengths are
    lost. It prepares a state and has no gates, so it can stand only at the start: no data re-uploading.

    Args:
        width: number of features F of one sample, 1 ... 2**N; None for 2**N.

    Raises:
        CircuitError: a width below 1.

    Example:
        >>> Amplitude(width=3).initial_states(np.array([[3.0, 0.0, 4.0]]), 2).real.tolist()
        [[0.6, 0.0, 0.8, 0.0]]
    """

    name: ClassVar[str] = "amplitude"
    prepares: ClassVar[bool] = True
    width: int | None = None

    def __post_init__(self) -> None:
        if self.width is not None:
            whole_number(f"width of {self.name} encoding", self.width, 1)

    def n_features(self, n_qubits: int) -> int:
        """The width, or one feature per basis state.

        Raises:
            CircuitError: the width exceeds 2**N.
        """
        size: int = 2**n_qubits
        if self.width is None:
            return size
        if self.width > size:
            raise CircuitError(
                f"amplitude encoding of {self.width} features needs at least "
                f"{(self.width - 1).bit_length()} qubits; {n_qubits} were given"
            )
        return self.width

    def n_angles(self, n_qubits: int) -> int:
        """No angles."""
        return 0

    def angles(self, features: Any) -> Any:
        """An array with no columns."""
        return features[..., :0]

    def angle_names(self, n_qubits: int) -> list[str]:
        """No angles."""
        return []

    def operations(self, angles: Any, wires: Sequence[int]) -> list[Any]:
        """No gates; see `initial_states`."""
        return []

    def initial_states(self, features: Any, n_qubits: int) -> Any:
        """Amplitudes, complex128, wire 0 most significant."""
        missing: int = 2**n_qubits - features.shape[-1]
        if is_torch(features):
            import torch

            states = features / torch.linalg.vector_norm(features, dim=-1, keepdim=True)
            padded = torch.nn.functional.pad(states, (0, missing)) if missing else states
            return padded.to(torch.complex128)
        norms = np.linalg.norm(features, axis=-1, keepdims=True)
        padding = [(0, 0)] * (features.ndim - 1) + [(0, missing)]
        return np.pad(features / norms, padding).astype(np.complex128)

    def check(self, features: Any, n_qubits: int) -> None:
        """Refuse a wrong number of features, values that are not finite, and rows of zeros only."""
        rows = checked_rows(self.name, features, self.n_features(n_qubits))
        if rows is not None:
            with np.errstate(over="ignore", under="ignore"):
                norms = np.linalg.norm(rows, axis=-1, keepdims=True)
            refuse(
                self.name,
                rows,
                (norms == 0) | np.isinf(norms),
                "has length 0 (or beyond double precision), so it cannot be normalized; drop it, rescale it, "
                "or add a constant feature",
            )


@dataclass(frozen=True)
class Basis(PerQubitEncoding):
    """Bits as basis states, by RX(pi x).

    A bit 1 turns |0> into -i |1>: the basis state up to a global phase, which no measurement shows. Between
    0 and 1 the gates interpolate, so gradients with respect to bits exist; other values are refused.

    Example:
        >>> Basis().angles(np.array([0.0, 1.0])).round(4).tolist()
        [0.0, 1.0]
    """

    name: ClassVar[str] = "basis"

    def operations(self, angles: Any, wires: Sequence[int]) -> list[Any]:
        """RX(pi x) on every wire."""
        return [qml.RX(np.pi * angles[..., i], wire) for i, wire in enumerate(wires)]

    def check(self, features: Any, n_qubits: int) -> None:
        """Refuse a wrong number of features and values other than 0 and 1."""
        rows = checked_rows(self.name, features, n_qubits)
        if rows is not None:
            wrong = (rows != 0) & (rows != 1)
            refuse(self.name, rows, wrong, "is {value}; basis encoding takes 0 and 1 only")


@dataclass(frozen=True)
class IQP(PerQubitEncoding):
    """Hadamards, RZ(x_i) and IsingZZ(x_i x_j) on all pairs, repeated: PennyLane's ``IQPEmbedding``.

    V. Havlicek et al., "Supervised learning with quantum-enhanced feature spaces", arXiv 1804.11326, with the
    angles of ``qml.IQPEmbedding``.

    Args:
        n_repeats: how often the whole block stands, at least 1; two are needed for a kernel that is believed
            to be hard to compute classically.

    Raises:
        CircuitError: no repetition.

    Example:
        >>> IQP().angles(np.array([2.0, 3.0, 5.0])).tolist()
        [2.0, 3.0, 5.0, 6.0, 10.0, 15.0]
    """

    name: ClassVar[str] = "iqp"
    n_repeats: int = 1

    def __post_init__(self) -> None:
        whole_number(f"n_repeats of {self.name} encoding", self.n_repeats, 1)

    def n_angles(self, n_qubits: int) -> int:
        """One angle per qubit and per pair."""
        return n_qubits * (n_qubits + 1) // 2

    def angles(self, features: Any) -> Any:
        """Features, then their products in the order (0, 1), (0, 2), ..., (N - 2, N - 1)."""
        first, second = _pairs(features.shape[-1])
        if is_torch(features):
            import torch

            products = features[..., torch.from_numpy(first)] * features[..., torch.from_numpy(second)]
            return torch.cat([features, products], dim=-1)
        return np.concatenate([features, features[..., first] * features[..., second]], axis=-1)

    def angle_names(self, n_qubits: int) -> list[str]:
        """The features' names and those of their products."""
        names = [f"x{i}" for i in range(n_qubits)]
        return names + ["·".join(pair) for pair in combinations(names, 2)]

    def operations(self, angles: Any, wires: Sequence[int]) -> list[Any]:
        """Hadamard and RZ on every wire, IsingZZ on every pair, n_repeats times."""
        operations: list[Any] = []
        for _ in range(self.n_repeats):
            for i, wire in enumerate(wires):
                operations += [qml.Hadamard(wire), qml.RZ(angles[..., i], wire)]
            for k, pair in enumerate(combinations(wires, 2), start=len(wires)):
                operations.append(qml.IsingZZ(angles[..., k], pair))
        return operations


_ENCODINGS: dict[str, type[Any]] = {
    encoding.name: encoding for encoding in (Angle, Amplitude, Basis, IQP, Chebyshev)
}


def encoding_names() -> tuple[str, ...]:
    """Names that `encoding_named` knows.

    Example:
        >>> encoding_names()
        ('angle', 'amplitude', 'basis', 'iqp', 'chebyshev')
    """
    return tuple(_ENCODINGS)


def encoding_named(name: str) -> Encoding:
    """An encoding with its default settings.

    Args:
        name: one of `encoding_names`.

    Returns:
        The encoding; make an instance of its class for other settings.

    Raises:
        CircuitError: an unknown name.

    Example:
        >>> encoding_named("iqp")
        IQP(n_repeats=1)
    """
    if name not in _ENCODINGS:
        raise CircuitError(
            f"encoding is {name!r}; legal names are {', '.join(map(repr, _ENCODINGS))}, or give an Encoding "
            "object, or None for a circuit without inputs"
        )
    encoding: Encoding = _ENCODINGS[name]()
    return encoding


@lru_cache(maxsize=64)
def _pairs(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, second = np.triu_indices(size, 1)
    return first.astype(np.int64), second.astype(np.int64)
