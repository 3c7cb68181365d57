"""Which bits of an amplitude's index are lanes of a vector, where a vector belongs to one row.

Operations act between vectors, so a bit that is a lane cannot be a target. At first the lowest three bits are
the lanes. Where one of them is to be a target, a relayout exchanges all three with three others; before the
next one, and at the end, the original order is restored.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .gate_lowering import Operation
from .statevector_kernels import RELAYOUT

__all__ = ["with_relayouts"]

_LANES = (0, 1, 2)


def with_relayouts(n_qubits: int, operations: list[Operation]) -> list[Operation] | None:
    """Operations in the bits they find, with relayouts between them.

    Args:
        n_qubits: number of bits of the index.
        operations: in bits of the original order.

    Returns:
        The operations, none of them with a target among the lowest three bits, and relayouts. None where
        there is no way: fewer than six bits, or an operation with too many targets.

    Example:
        >>> operations = with_relayouts(6, [Operation(0, 0, 1, 1), Operation(0, 0, 32, 32)])
        >>> [operation.targets for operation in operations]
        [63, 8, 63, 32]
    """
    layouts = _layouts(n_qubits, operations) if n_qubits >= 2 * len(_LANES) else None
    if layouts is None:
        return None
    result: list[Operation] = []
    for number, (old, new) in enumerate(zip([(), *layouts], [*layouts, ()])):
        if old != new:
            result += [_relayout(partners) for partners in (old, new) if partners]
        if number < len(operations):
            result.append(_moved(operations[number], new))
    return result


def _layouts(n_qubits: int, operations: list[Operation]) -> list[tuple[int, ...]] | None:
    """For every operation the bits that are lanes then (empty: the lowest three); None if there is no way.

    A layout is kept until an operation has a target among its lanes. The next one takes as lanes the three
    bits whose turn to be targets comes last, as L. Belady's rule does for pages of memory (IBM Systems J. 5,
    1966).
    """
    end = len(operations)
    # the first operation from ``number`` on that has the bit as a target
    next_use = np.full((end + 1, n_qubits), end)
    for number in range(end - 1, -1, -1):
        next_use[number] = next_use[number + 1]
        targets = operations[number].targets
        next_use[number, [bit for bit in range(n_qubits) if targets >> bit & 1]] = number
    result: list[tuple[int, ...]] = []
    layout: tuple[int, ...] = ()
    while len(result) < end:
        upcoming = next_use[len(result)]
        if upcoming[list(layout or _LANES)].min() == len(result):
            latest = np.argsort(-upcoming[len(_LANES) :], kind="stable")[: len(_LANES)]
            choices = []
            for candidate in ((), tuple(sorted((latest + len(_LANES)).tolist()))):
                length = int(upcoming[list(candidate or _LANES)].min()) - len(result)
                # Between two layouts with partners lies the original order, so that two relayouts are needed.
                if length:
                    choices.append((length - (2 if layout and candidate else 0), candidate))
            if not choices:
                return None
            layout = max(choices)[1]
        reach = int(upcoming[list(layout or _LANES)].min())
        result += [layout] * (reach - len(result))
    return result


def _exchanged(mask: int, partners: tuple[int, ...]) -> int:
    """A mask after every lane bit has changed places with its partner; without partners nothing changes."""
    for lane, partner in enumerate(partners):
        if (mask >> lane ^ mask >> partner) & 1:
            mask ^= 1 << lane | 1 << partner
    return mask


def _moved(operation: Operation, partners: tuple[int, ...]) -> Operation:
    return replace(
        operation,
        first=_exchanged(operation.first, partners),
        second=_exchanged(operation.second, partners),
        targets=_exchanged(operation.targets, partners),
        controls=_exchanged(operation.controls, partners),
        places=tuple(_exchanged(place, partners) for place in operation.places),
    )


def _relayout(partners: tuple[int, ...]) -> Operation:
    places = tuple(_exchanged(lane, partners) for lane in range(8))
    return Operation(RELAYOUT, targets=places[-1] | 7, places=places)
