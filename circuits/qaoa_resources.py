"""What the circuit of a QAOA costs in gates, whether it is run as a circuit or simulated by an engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import whole_number
from .edge_coloring import count_steps
from .errors import CircuitError
from .ising import Ising, ising_from_bqm

__all__ = ["ising_of", "layer_resources", "quadratic"]


def ising_of(model: Any) -> Ising | None:
    """The operator of a model whose circuit is made of gates on one and two qubits; None for other costs.

    Args:
        model: a dimod model that an engine has accepted, or a table of costs.

    Returns:
        The operator of a BinaryQuadraticModel.

    Example:
        >>> ising_of([0.0, 1.0]) is None
        True
    """
    import dimod

    return ising_from_bqm(model) if isinstance(model, dimod.BinaryQuadraticModel) else None


def quadratic(operator: Ising | None) -> Ising:
    """Refuse to count gates of a cost that is no quadratic model.

    Args:
        operator: from `ising_of`.

    Returns:
        The operator.

    Raises:
        CircuitError: there is none.
    """
    if operator is None:
        raise CircuitError(
            "gates are counted for a dimod BinaryQuadraticModel only; build the engine from one"
        )
    return operator


def layer_resources(operator: Ising, depth: int, *, warm: bool = False) -> dict[str, int]:
    """Gates and depth of QAOA with the X mixer.

    Args:
        operator: the cost.
        depth: number of layers p, at least 1.
        warm: the mixer of a warm start, three turns on a qubit instead of one.

    Returns:
        qubits; depth (p); one_qubit_gates; two_qubit_gates, one IsingZZ per pair and layer, before any
        compilation to hardware (two CNOTs each where only those exist); two_qubit_depth, the steps of
        two-qubit gates when gates on disjoint qubits run at once and every qubit reaches every other, by
        greedy edge coloring of the pairs, times p.

    Raises:
        CircuitError: the depth is no positive integer.

    Example:
        >>> import dimod
        >>> from .ising import ising_from_bqm
        >>> path = dimod.BinaryQuadraticModel({}, {(0, 1): 1.0, (1, 2): 1.0, (2, 3): 1.0}, 0.0, "SPIN")
        >>> layer_resources(ising_from_bqm(path), 2)["two_qubit_depth"]
        4
    """
    layers = whole_number("depth", depth, 1)
    n_qubits = operator.n_qubits
    fields = int(np.count_nonzero(operator.fields))
    return {
        "qubits": n_qubits,
        "depth": layers,
        "one_qubit_gates": n_qubits + layers * (fields + n_qubits * (3 if warm else 1)),
        "two_qubit_gates": layers * len(operator.pairs),
        "two_qubit_depth": layers * count_steps(operator.pairs, n_qubits),
    }
