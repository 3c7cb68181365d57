"""Names of the gates in a circuit with noise: what a ``NoiseModel`` has to name to reach them.

Every gate of a program is written as gates of these names, each on one or two qubits; larger gates become
networks of them. A one- or two-qubit gate keeps a single name, and so has its noise once, even where it is
written as several gates.
"""

from __future__ import annotations

__all__ = ["ONE_QUBIT_GATES", "TWO_QUBIT_GATES", "VIRTUAL_GATES"]

ONE_QUBIT_GATES: tuple[str, ...] = (
    *("x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "rx", "ry", "rz", "p", "u"),
    *("unitary_1", "diagonal_1"),
)
"""Names of the gates on one qubit in a circuit with noise, for ``NoiseModel``."""

TWO_QUBIT_GATES: tuple[str, ...] = (
    *("cx", "cy", "cz", "ch", "cp", "csx", "csxdg", "crx", "cry", "crz", "cu", "swap", "rxx", "ryy", "rzz"),
    *("unitary_2", "diagonal_2"),
)
"""Names of the gates on two qubits in a circuit with noise, for ``NoiseModel``."""

VIRTUAL_GATES: tuple[str, ...] = ("z", "s", "sdg", "t", "tdg", "rz", "p", "diagonal_1")
"""One-qubit gates diagonal in Z: on most hardware changes of a reference frame, without time and error."""
