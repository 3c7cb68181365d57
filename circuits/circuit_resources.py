"""Counting and drawing a variational circuit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pennylane as qml
from pennylane.devices.preprocess import decompose

from .errors import CircuitError
from .tape_reading import is_native, read_tape

if TYPE_CHECKING:
    from .variational import VariationalCircuit

__all__ = ["count_resources", "draw_figure", "draw_text"]


def count_resources(circuit: VariationalCircuit) -> dict[str, Any]:
    """What a circuit costs.

    Args:
        circuit: the circuit.

    Returns:
        qubits; inputs and weights, their numbers; gates, PennyLane names to numbers in order of appearance;
        one_qubit_gates; two_qubit_gates; larger_gates; depth, the steps when gates on disjoint qubits run at
        once. The preparation of an amplitude-encoded state is no gate here; on hardware it costs of the order
        of 2**N of them.

    Example:
        >>> from hybrid_opt.circuits.variational import VariationalCircuit
        >>> counts = count_resources(VariationalCircuit(3, 2))
        >>> counts["two_qubit_gates"], counts["depth"]
        (6, 9)
    """
    operations = _example(circuit)
    widths = Counter(min(len(operation.wires), 3) for operation in operations)
    levels = dict.fromkeys(range(circuit.n_qubits), 0)
    for operation in operations:
        level = 1 + max(levels[wire] for wire in operation.wires)
        levels.update(dict.fromkeys(operation.wires, level))
    return {
        "qubits": circuit.n_qubits,
        "inputs": circuit.n_inputs,
        "weights": circuit.n_weights,
        "gates": dict(Counter(operation.name for operation in operations)),
        "one_qubit_gates": widths[1],
        "two_qubit_gates": widths[2],
        "larger_gates": widths[3],
        "depth": max(levels.values()),
    }


def _example(circuit: VariationalCircuit) -> list[Any]:
    """The gates, with any angles, without a prepared state."""
    n_angles = 0 if circuit.encoding is None else circuit.encoding.n_angles(circuit.n_qubits)
    return circuit.gates(np.full(n_angles, 0.5), np.full(circuit.weight_shape, 0.5))


def draw_text(
    circuit: VariationalCircuit,
    inputs: Any = None,
    weights: Any = None,
    *,
    decimals: int = 2,
    width: int = 100,
) -> str:
    """A circuit as text; see `VariationalCircuit.draw`."""
    tape = _labelled_tape(circuit, inputs, weights, decimals)
    wires = range(circuit.n_qubits)
    text = qml.drawer.tape_text(tape, wire_order=wires, show_all_wires=True, max_length=width)
    return "\n".join(line.rstrip() for line in text.splitlines())


def draw_figure(
    circuit: VariationalCircuit, inputs: Any = None, weights: Any = None, *, decimals: int = 2
) -> Any:
    """A circuit as a matplotlib figure; see `VariationalCircuit.draw_mpl`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    tape = _labelled_tape(circuit, inputs, weights, decimals, between="\n")
    figure = Figure()
    # The drawer measures its texts, which needs a canvas that can render.
    FigureCanvasAgg(figure)
    wires = range(circuit.n_qubits)
    qml.drawer.tape_mpl(tape, wire_order=wires, show_all_wires=True, fig=figure)
    return figure


class _Labelled(qml.operation.Operation):  # type: ignore[misc]
    """A box with a text."""

    num_params = 0

    def __init__(self, text: str, wires: Any) -> None:
        self._text = text
        super().__init__(wires=wires)

    def label(self, decimals: Any = None, base_label: Any = None, cache: Any = None) -> str:
        return self._text


def _labelled_tape(
    circuit: VariationalCircuit, inputs: Any, weights: Any, decimals: int, between: str = ""
) -> Any:
    """The native gates, with names or numbers as texts in place of parameters."""
    if inputs is not None and np.ndim(inputs) != 1:
        raise CircuitError(
            f"inputs have shape {np.shape(inputs)}; a drawing shows one sample, shape ({circuit.n_inputs},)"
        )
    if weights is not None and np.shape(weights) != circuit.weight_shape:
        raise CircuitError(f"weights have shape {np.shape(weights)}; it must be {circuit.weight_shape}")
    tape = qml.tape.QuantumScript(_example(circuit))
    (tape,), _ = decompose(tape, stopping_condition=is_native, name="drawing", error=CircuitError)
    columns = iter(read_tape(tape, circuit.n_qubits).slots)
    texts = _column_texts(circuit, inputs, weights, decimals)
    drawn = []
    if circuit.encoding is not None and circuit.encoding.prepares:
        drawn.append(_Labelled("|x⟩", range(circuit.n_qubits)))
    for operation in tape.operations:
        slots = [next(columns) for _ in operation.data]
        if not slots or min(slots) < 0 or operation.control_wires:
            drawn.append(operation)
        else:
            inner = _joined([texts[slot] for slot in slots])
            drawn.append(_Labelled(f"{operation.name}{between}({inner})", operation.wires))
    return qml.tape.QuantumScript(drawn)


def _column_texts(circuit: VariationalCircuit, inputs: Any, weights: Any, decimals: int) -> list[str]:
    """For every slot its number, its sum of named terms, or both."""
    slots = circuit.slots
    numbers = slots.constant.copy()
    terms: list[list[str]] = [[] for _ in numbers]
    names: Sequence[str] = []
    angles: Any = None
    if circuit.encoding is not None:
        names = circuit.encoding.angle_names(circuit.n_qubits)
        if inputs is not None:
            features = np.asarray(inputs, dtype=np.float64)
            circuit.encoding.check(features, circuit.n_qubits)
            angles = circuit.encoding.angles(features)
    for source, slot, coefficient in slots.input_entries:
        if angles is None:
            terms[slot].append(_term(coefficient, names[source], decimals))
        else:
            numbers[slot] += coefficient * float(angles[source])
    flat = None if weights is None else np.asarray(weights, dtype=np.float64).reshape(-1)
    for source, slot, coefficient in slots.weight_entries:
        if flat is None:
            place = ",".join(str(int(i)) for i in np.unravel_index(source, circuit.weight_shape))
            terms[slot].append(_term(coefficient, f"w[{place}]", decimals))
        else:
            numbers[slot] += coefficient * float(flat[source])
    texts = []
    for number, parts in zip(numbers, terms):
        known = [f"{number:.{decimals}f}"] if number or not parts else []
        texts.append("+".join(parts + known).replace("+-", "-"))
    return texts


def _term(coefficient: float, name: str, decimals: int) -> str:
    known = {1.0: "", -1.0: "-", np.pi: "π·", -np.pi: "-π·"}
    factor = known.get(coefficient, f"{coefficient:.{decimals}f}".rstrip("0").rstrip(".") + "·")
    return factor + name


def _joined(texts: list[str]) -> str:
    """The angles of one gate; a whole row of weights as w[0,1,:]."""
    rows = {text.rpartition(",")[0] for text in texts}
    row = rows.pop()
    if len(texts) > 1 and not rows and row and texts == [f"{row},{i}]" for i in range(len(texts))]:
        return f"{row},:]"
    return ",".join(texts)
