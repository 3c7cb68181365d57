"""Arguments of layers, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pennylane as qml
import torch
from numpy.typing import NDArray

from ..circuits.errors import CircuitError
from ..circuits.readout import PauliReadout

__all__ = ["finite_array", "is_trainable", "output_observables", "variable_pairs", "weight_shapes"]


def finite_array(name: str, given: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Numbers of a given shape.

    Args:
        name: of the argument, for messages.
        given: a tensor, an array or nested sequences.
        shape: what its shape must be.

    Returns:
        A copy in float64.

    Raises:
        CircuitError: no numbers, another shape, a NaN or infinite value.

    Example:
        >>> finite_array("initial_weights", torch.zeros(2), (2,))
        array([0., 0.])
    """
    try:
        array = np.array(
            given.detach().cpu().numpy() if isinstance(given, torch.Tensor) else given, dtype=np.float64
        )
    except (TypeError, ValueError) as error:
        raise CircuitError(f"{name}: {given!r} is given; it must be numbers of shape {shape}") from error
    if array.shape != shape:
        raise CircuitError(f"{name}: the shape is {array.shape}; it must be {shape}")
    if not np.isfinite(array).all():
        raise CircuitError(f"{name}: a NaN or infinite value is given; all must be finite")
    return array


def is_trainable(name: str, value: object) -> bool:
    """Whether a scaling is asked for.

    Args:
        name: of the argument, for messages.
        value: "trainable" or None.

    Returns:
        True for "trainable".

    Raises:
        CircuitError: anything else.

    Example:
        >>> is_trainable("input_scaling", None)
        False
    """
    if value is not None and value != "trainable":
        raise CircuitError(f'{name} is {value!r}; it must be "trainable" or None')
    return value is not None


def output_observables(observables: Any, n_outputs: int | None, n_qubits: int) -> tuple[Any, ...]:
    """The observables whose expectation values a layer returns.

    Args:
        observables: PennyLane operators, one of them, or None for <Z> of the first qubits.
        n_outputs: their number, or None.
        n_qubits: wires 0 ... n_qubits - 1 exist.

    Returns:
        One operator per output.

    Raises:
        CircuitError: an illegal number, or one that contradicts the observables or exceeds the qubits.
        UnknownObservableError: an observable that is no sum of Pauli words on these wires.

    Example:
        >>> output_observables(None, 2, 4)
        (Z(0), Z(1))
    """
    integer = isinstance(n_outputs, (int, np.integer)) and not isinstance(n_outputs, bool)
    if n_outputs is not None and not (integer and n_outputs >= 1):
        raise CircuitError(f"n_outputs is {n_outputs!r}; it must be an integer of at least 1, or None")
    if observables is None:
        count = n_qubits if n_outputs is None else int(n_outputs)
        if count > n_qubits:
            raise CircuitError(
                f"n_outputs is {count}, but {n_qubits} qubits have {n_qubits} values <Z>; take at least "
                f"{count} qubits, name observables, or put a torch.nn.Linear behind the layer"
            )
        return tuple(qml.Z(wire) for wire in range(count))
    if isinstance(observables, qml.operation.Operator):
        observables = (observables,)
    if isinstance(observables, str) or not isinstance(observables, Iterable):
        raise CircuitError(f"observables are {observables!r}; they must be a sequence of PennyLane operators")
    listed = tuple(observables)
    if n_outputs is not None and n_outputs != len(listed):
        raise CircuitError(
            f"n_outputs is {n_outputs}, but {len(listed)} observables were given; leave n_outputs out"
        )
    PauliReadout(listed, n_qubits)  # refuses what it cannot read
    return listed


def variable_pairs(pairs: Any, n_variables: int) -> tuple[tuple[int, int], ...]:
    """The pairs of variables that have a quadratic coefficient, in the order of the coefficients.

    Args:
        pairs: integers of shape (K, 2), or None for all pairs in lexicographic order.
        n_variables: variables 0 ... n_variables - 1 exist.

    Returns:
        K pairs in the given order, each with its smaller variable first.

    Raises:
        CircuitError: no pairs of integers, a variable that does not exist, or a pair given twice.

    Example:
        >>> variable_pairs(None, 3)
        ((0, 1), (0, 2), (1, 2))
        >>> variable_pairs([(2, 0)], 3)
        ((0, 2),)
    """
    if pairs is None:
        return tuple(combinations(range(n_variables), 2))
    message = f"pairs are {pairs!r}; they must be pairs of integers such as [(0, 1), (1, 2)], or None for all"
    try:
        listed = np.asarray(pairs.cpu() if isinstance(pairs, torch.Tensor) else [*map(tuple, pairs)])
    except (TypeError, ValueError) as error:
        raise CircuitError(message) from error
    if not listed.size:
        return ()
    if listed.ndim != 2 or listed.shape[1] != 2 or listed.dtype.kind not in "iu":
        raise CircuitError(message)
    seen: dict[tuple[int, int], None] = {}
    for first, second in listed.tolist():
        if first == second or not (0 <= first < n_variables and 0 <= second < n_variables):
            raise CircuitError(
                f"the pair ({first}, {second}) is given; both must be different integers from 0 to "
                f"{n_variables - 1}"
            )
        pair = (min(first, second), max(first, second))
        if pair in seen:
            raise CircuitError(f"the pair {pair} is given twice; add its coefficients and give it once")
        seen[pair] = None
    return tuple(seen)


def weight_shapes(shapes: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a QNode's weights, given as in ``qml.qnn.TorchLayer``.

    Args:
        shapes: name to tuple or integer, where 1 means a single number.

    Returns:
        Name to tuple.

    Raises:
        CircuitError: a shape that is none.

    Example:
        >>> weight_shapes({"a": (2, 3), "b": 4, "c": 1})
        {'a': (2, 3), 'b': (4,), 'c': ()}
    """
    tuples: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes.items():
        lengths = tuple(shape) if isinstance(shape, Iterable) else () if shape == 1 else (shape,)
        if not all(isinstance(length, (int, np.integer)) and length >= 0 for length in lengths):
            raise CircuitError(f"the shape of weight {name!r} is {shape!r}; it must be a tuple of integers")
        tuples[name] = tuple(int(length) for length in lengths)
    return tuples
