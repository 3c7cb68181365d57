"""What a circuit asks of an encoding, and the checks that encodings share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .arguments import is_torch
from .errors import CircuitError

__all__ = ["Encoding", "PerQubitEncoding", "checked_rows", "refuse", "rotation_gate"]

_ROTATIONS = {"X": qml.RX, "Y": qml.RY, "Z": qml.RZ}


@runtime_checkable
class Encoding(Protocol):
    """What a circuit asks of an encoding.

    Features and angles are NumPy or torch arrays of float64; leading axes are samples.

    Attributes:
        name: for messages and tables.
        prepares: whether `initial_states` makes the states that the circuit starts from.
    """

    name: ClassVar[str]
    prepares: ClassVar[bool]

    def n_features(self, n_qubits: int) -> int:
        """Number of features of one sample."""
        ...

    def n_angles(self, n_qubits: int) -> int:
        """Number A of encoded angles of one sample."""
        ...

    def angles(self, features: Any) -> Any:
        """Encoded angles, shape (..., A), of features, shape (..., F); differentiable."""
        ...

    def angle_names(self, n_qubits: int) -> list[str]:
        """Names of the encoded angles, for drawings."""
        ...

    def operations(self, angles: Any, wires: Sequence[int]) -> list[Any]:
        """PennyLane operations for encoded angles of shape (..., A)."""
        ...

    def initial_states(self, features: Any, n_qubits: int) -> Any:
        """States to start from, shape (..., 2**N), or None for |0...0>; differentiable."""
        ...

    def check(self, features: Any, n_qubits: int) -> None:
        """Refuse features that cannot be encoded with a `CircuitError`."""
        ...


class PerQubitEncoding:
    """Defaults: one feature per qubit, which is the angle itself, and no prepared state."""

    name: ClassVar[str]
    prepares: ClassVar[bool] = False

    def n_features(self, n_qubits: int) -> int:
        """One feature per qubit."""
        return n_qubits

    def n_angles(self, n_qubits: int) -> int:
        """One angle per qubit."""
        return n_qubits

    def angles(self, features: Any) -> Any:
        """The features themselves."""
        return features

    def angle_names(self, n_qubits: int) -> list[str]:
        """The features' names."""
        return [f"x{i}" for i in range(n_qubits)]

    def initial_states(self, features: Any, n_qubits: int) -> Any:
        """None: the circuit starts from |0...0>."""
        return None

    def check(self, features: Any, n_qubits: int) -> None:
        """Refuse a wrong number of features and values that are not finite."""
        checked_rows(self.name, features, n_qubits)


def checked_rows(name: str, features: Any, width: int) -> NDArray[np.float64] | None:
    """The checks that every encoding needs.

    Args:
        name: of the encoding, for messages.
        features: NumPy array or torch tensor.
        width: number of features of one sample.

    Returns:
        The features as a NumPy array for further checks; None where values are out of reach (meta tensors).

    Raises:
        CircuitError: a wrong number of features, no real numbers, or a value that is not finite.
    """
    if features.ndim == 0 or features.shape[-1] != width:
        raise CircuitError(
            f"inputs have shape {tuple(features.shape)}; {name} encoding takes {width} features per sample, "
            f"so the last axis must be {width}"
        )
    if is_torch(features):
        if features.device.type == "meta":
            return None
        features = features.detach().cpu().numpy()
    if features.dtype.kind not in "fiub":
        raise CircuitError(f"inputs have dtype {features.dtype}; features must be real numbers")
    rows: NDArray[np.float64] = features
    finite = np.isfinite(rows)
    if not finite.all():
        refuse(name, rows, ~finite, "is {value}; features must be finite numbers")
    return rows


def refuse(name: str, rows: NDArray[np.float64], wrong: NDArray[np.bool_], reason: str) -> None:
    """Raise for the first wrong entry, if there is one.

    Args:
        name: of the encoding.
        rows: features, shape (..., F).
        wrong: the same shape, or (..., 1) where whole samples are wrong.
        reason: what is wrong and what is legal; {value} stands for the entry.

    Raises:
        CircuitError: naming row and feature, and how many more are wrong.
    """
    if not wrong.any():
        return
    place = [int(i) for i in np.argwhere(wrong)[0]]
    row = place[0] if len(place) == 2 else tuple(place[:-1])
    where = f"row {row}" if rows.ndim > 1 else "the sample"
    if wrong.shape == rows.shape:
        where = f"feature {place[-1]} of {where}"
        reason = reason.format(value=rows[tuple(place)])
    more = int(np.count_nonzero(wrong)) - 1
    raise CircuitError(f"inputs of {name} encoding: {where} {reason}" + (f" ({more} more)" if more else ""))


def rotation_gate(name: str, rotation: object, legal: str = "XYZ") -> Any:
    """The PennyLane class of a rotation.

    Args:
        name: of the encoding or ansatz, for messages.
        rotation: its setting.
        legal: the letters it may be.

    Returns:
        ``qml.RX``, ``qml.RY`` or ``qml.RZ``.

    Raises:
        CircuitError: no legal letter.
    """
    if not isinstance(rotation, str) or rotation not in set(legal):
        raise CircuitError(
            f"rotation of {name} is {rotation!r}; it must be one of {', '.join(map(repr, legal))}"
        )
    return _ROTATIONS[rotation]
