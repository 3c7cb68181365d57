"""What the circuit of a QAOA costs in gates, whether it is run as a circuit or simulated by an engine."""

from __future__ import annotations

import numpy as np

from .arguments import whole_number
from .edge_coloring import color_edges
from .ising import Ising

__all__ = ["layer_resources"]


def layer_resources(operator: Ising, depth: int) -> dict[str, int]:
    """Gates and depth of QAOA with the X mixer.

    Args:
        operator: the cost.
        depth: number of layers p, at least 1.

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
    colors = color_edges(operator.pairs, n_qubits)
    return {
        "qubits": n_qubits,
        "depth": layers,
        "one_qubit_gates": n_qubits + layers * (fields + n_qubits),
        "two_qubit_gates": layers * len(operator.pairs),
        "two_qubit_depth": layers * (int(colors.max(initial=-1)) + 1),
    }
