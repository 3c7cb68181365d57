"""What the circuit of a QAOA in a subspace costs in gates, whether it is run as a circuit or simulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .arguments import whole_number
from .diagonal_terms import ZTerms
from .edge_coloring import count_steps
from .subspace_groups import GroupWires
from .subspace_mixers import MixerChoice

__all__ = ["subspace_resources"]


def subspace_resources(
    operator: ZTerms, groups: Sequence[GroupWires], choice: MixerChoice, depth: int
) -> dict[str, int]:
    """Gates and depth.

    Args:
        operator: the cost.
        groups: the groups.
        choice: the mixer.
        depth: number of layers p, at least 1.

    Returns:
        qubits; depth (p); one_qubit_gates; two_qubit_gates; larger_gates, before any compilation to hardware
        (the exact mixer of a group of three or more bits is one of them, and so is a rotation with two or
        more controls); two_qubit_depth, the steps of gates on two and more qubits when gates on disjoint
        qubits run at once. The pairs of the cost, which commute, are scheduled by greedy edge coloring, all
        other gates in the order in which the circuit has them.

    Raises:
        CircuitError: the depth is no positive integer.

    Example:
        >>> choice = MixerChoice(False, (False,), ("complete",), "xy-trotter (complete)")
        >>> cost = ZTerms(("a", "b", "c"), {(0, 1): 1.0}, 0.0)
        >>> counts = subspace_resources(cost, [GroupWires((0, 1, 2), 1)], choice, 2)
        >>> counts["two_qubit_gates"], counts["two_qubit_depth"]
        (14, 14)
    """
    from .subspace_gates import cost_gates, mixer_gates, start_gates

    layers = whole_number("depth", depth, 1)
    wires = list(range(len(operator.variables)))
    start = start_gates(groups, wires)
    cost = cost_gates(operator, wires, 0.5)
    # The matrix of an exact step does not matter here, and may be too large to be made.
    mixer = (
        _mixer_wires(groups, choice, wires)
        if not choice.grover
        else _widths(mixer_gates(groups, choice, wires, 0.5))
    )
    pieces = (_widths(start), _widths(cost), mixer)
    counts = [
        sum(
            repeats * sum(lower <= len(gate) <= upper for gate in piece)
            for piece, repeats in zip(pieces, (1, layers, layers))
        )
        for lower, upper in ((1, 1), (2, 2), (3, len(wires)))
    ]
    colors = count_steps([gate for gate in pieces[1] if len(gate) == 2], len(wires))
    larger = [gate for gate in pieces[1] if len(gate) > 2]
    return {
        "qubits": len(wires),
        "depth": layers,
        "one_qubit_gates": counts[0],
        "two_qubit_gates": counts[1],
        "larger_gates": counts[2],
        "two_qubit_depth": _steps(pieces[0]) + layers * (colors + _steps(larger) + _steps(mixer)),
    }


def _widths(operations: Sequence[Any]) -> list[tuple[int, ...]]:
    return [tuple(operation.wires) for operation in operations]


def _mixer_wires(
    groups: Sequence[GroupWires], choice: MixerChoice, wires: Sequence[int]
) -> list[tuple[int, ...]]:
    from .level_graphs import gate_order

    gates: list[tuple[int, ...]] = []
    for group, exact, topology in zip(groups, choice.exact, choice.topologies):
        if group.levels > 1 and exact:
            gates.append(group.wires)
        elif group.levels > 1:
            gates += [(group.wires[a], group.wires[b]) for a, b in gate_order(len(group.wires), topology)]
    grouped = {wire for group in groups for wire in group.wires}
    return gates + [(wire,) for wire in wires if wire not in grouped]


def _steps(gates: Sequence[tuple[int, ...]]) -> int:
    """Steps of the gates on two and more wires, in the order given."""
    level: dict[int, int] = {}
    for gate in gates:
        if len(gate) > 1:
            step = 1 + max(level.get(wire, 0) for wire in gate)
            level.update(dict.fromkeys(gate, step))
    return max(level.values(), default=0)
