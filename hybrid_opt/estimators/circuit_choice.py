"""From the width of a table to a circuit, and from its values to angles: what all estimators share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler

from ..circuits.arguments import whole_number
from ..circuits.encodings import Amplitude, Encoding, encoding_named
from ..circuits.errors import CircuitTooLargeError
from ..circuits.memory import require_memory
from ..circuits.variational import VariationalCircuit
from ..errors import ModelTooLargeError, OptionError
from ..layers.feature_ranges import FEATURE_RANGES
from .folded_encoding import Folded

__all__ = ["choose_circuit", "fit_scaler", "scaled"]


def choose_circuit(
    n_features: int,
    *,
    encoding: str | Encoding,
    n_layers: int,
    ansatz: Any,
    reupload: bool | str,
    max_qubits: int,
) -> VariationalCircuit:
    """The circuit for a table of this width.

    Up to ``max_qubits`` features get a qubit each. More are laid in blocks of equal size on the same wires
    (`Folded`): 30 features with at most 8 qubits are four blocks on 8 wires, 9 features two blocks on 5
    wires. Amplitude encoding takes ceil(log2(n_features)) qubits.

    Args:
        n_features: columns of the table.
        encoding: a name or an object.
        n_layers: trainable layers.
        ansatz: a name or an object.
        reupload: whether the encoding is repeated before every layer; "auto" repeats it where there are
            layers and it consists of gates.
        max_qubits: most qubits to use.

    Returns:
        The circuit.

    Raises:
        OptionError: an illegal ``encoding``, ``reupload`` or ``max_qubits``, or an encoding that takes no
            such number of features.
        ModelTooLargeError: more qubits than ``max_qubits`` or than memory holds.
        CircuitError: an unknown name or an illegal number of layers.

    Example:
        >>> common = {"n_layers": 1, "ansatz": "separable", "reupload": "auto", "max_qubits": 8}
        >>> choose_circuit(9, encoding="amplitude", **common).n_qubits
        4
        >>> choose_circuit(9, encoding="angle", **common).n_qubits
        5
    """
    n_layers = whole_number("n_layers", n_layers, 0)
    chosen = encoding_named(encoding) if isinstance(encoding, str) else encoding
    if not isinstance(chosen, Encoding):
        raise OptionError(f"encoding is {encoding!r}; it must be a name or an Encoding object")
    if not isinstance(reupload, (bool, np.bool_)) and reupload != "auto":
        raise OptionError(f'reupload is {reupload!r}; it must be True, False or "auto"')
    if isinstance(max_qubits, bool) or not isinstance(max_qubits, (int, np.integer)) or max_qubits < 1:
        raise OptionError(f"max_qubits is {max_qubits!r}; it must be an integer of at least 1")
    n_qubits, chosen = _on_wires(n_features, chosen, int(max_qubits))
    _refuse_large(n_qubits, n_features, int(max_qubits))
    repeated = bool(reupload) if reupload != "auto" else n_layers > 0 and not chosen.prepares
    return VariationalCircuit(n_qubits, n_layers, encoding=chosen, ansatz=ansatz, reupload=repeated)


def _on_wires(n_features: int, encoding: Encoding, max_qubits: int) -> tuple[int, Encoding]:
    if isinstance(encoding, Amplitude):
        return _amplitude_qubits(n_features), replace(encoding, width=n_features)
    for n_qubits in range(1, min(n_features, max_qubits) + 1):
        if encoding.n_features(n_qubits) == n_features:
            return n_qubits, encoding
    n_blocks = -(-n_features // max_qubits)
    n_qubits = -(-n_features // n_blocks)
    return n_qubits, Folded(encoding, n_features, n_qubits)


def _amplitude_qubits(n_features: int) -> int:
    return max(1, (n_features - 1).bit_length())


def _refuse_large(n_qubits: int, n_features: int, max_qubits: int) -> None:
    if n_qubits > max_qubits:
        raise ModelTooLargeError(
            f"X has {n_features} features, whose amplitude encoding needs {n_qubits} qubits; max_qubits is "
            f"{max_qubits}. Raise it, or reduce the features: make_pipeline(PCA({2**max_qubits}), ...)"
        )
    try:
        require_memory(n_qubits, 48, 2)
    except CircuitTooLargeError as error:
        raise ModelTooLargeError(
            f"X has {n_features} features and max_qubits is {max_qubits}, which asks for {n_qubits} qubits: "
            f"{error}. Here: lower max_qubits (features are then encoded in blocks), reduce the "
            "features with make_pipeline(PCA(n_components=8), ...), or use "
            f'encoding="amplitude" ({_amplitude_qubits(n_features)} qubits)'
        ) from error


def fit_scaler(
    X: NDArray[np.float64], feature_range: tuple[float, float] | str | None, encoding: Encoding | None
) -> MinMaxScaler | None:
    """Learn how features become angles.

    Args:
        X: shape (n, n_features).
        feature_range: lowest and highest angle of every feature over X, in radians; "auto" for that of
            `FEATURE_RANGES`; None to take the values as they are.
        encoding: that of the circuit, which has one.

    Returns:
        A fitted ``MinMaxScaler`` which clips what lies outside X's range, or None.

    Raises:
        OptionError: no pair of finite numbers in ascending order.

    Example:
        >>> scaler = fit_scaler(np.array([[0.0], [4.0]]), (-1.0, 1.0), encoding_named("angle"))
        >>> scaled(scaler, np.array([[1.0], [9.0]])).tolist()
        [[-0.5], [1.0]]
    """
    if isinstance(feature_range, str):
        if feature_range != "auto":
            raise OptionError(f'feature_range is {feature_range!r}; it must be a pair, None or "auto"')
        block = encoding.inner if isinstance(encoding, Folded) else encoding
        feature_range = FEATURE_RANGES.get(getattr(block, "name", ""), FEATURE_RANGES["angle"])
    if feature_range is None:
        return None
    try:
        low, high = (float(bound) for bound in feature_range)
    except (TypeError, ValueError) as error:
        raise OptionError(f"feature_range is {feature_range!r}; it must be a pair of numbers") from error
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise OptionError(
            f"feature_range is {feature_range!r}; it must be (low, high), finite, with low < high"
        )
    return MinMaxScaler((low, high), clip=True).fit(X)


def scaled(scaler: MinMaxScaler | None, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Features as the circuit takes them.

    Args:
        scaler: of `fit_scaler`.
        X: shape (n, n_features).

    Returns:
        The same shape.

    Example:
        >>> scaled(None, np.ones((1, 2))).tolist()
        [[1.0, 1.0]]
    """
    return X if scaler is None else np.asarray(scaler.transform(X), dtype=np.float64)
