"""How a QNode is evaluated for a given number of inputs: read once, or its tape built at every pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pennylane as qml
import torch

from ..circuits.errors import CircuitError
from ..circuits.state_readout import StateReadout
from ..circuits.tracing import NotAffineError, Trace, trace
from ..seeds import child_seed
from .circuit_function import circuit_values
from .execution import Evaluators, Execution
from .qnode_reading import QNodeSource, Reading

__all__ = ["QNodePlan", "make_plan"]


@dataclass(frozen=True, eq=False)
class QNodePlan:
    """A QNode with all that was found out about it.

    Args:
        source: the QNode.
        traced: the circuit, read once; None where its tape is built at every pass.
        broadcast: without a trace: whether for the batch as a whole.
        evaluators: of its circuits.
        measurements: what it returns, on the wires 0 ... N - 1.
        one: whether it returns one measurement by itself, not a list.
    """

    source: QNodeSource
    traced: Trace | None
    broadcast: bool
    evaluators: Evaluators
    measurements: tuple[Any, ...]
    one: bool

    @property
    def n_outputs(self) -> int:
        """Number of values of one sample."""
        return self.evaluators.readout.n_outputs

    def values(
        self, rows: torch.Tensor, weights: Mapping[str, torch.Tensor], *, training: bool
    ) -> torch.Tensor:
        """Results of every row, flattened.

        Args:
            rows: inputs, float64, shape (B, n).
            weights: name to float64 tensor.
            training: whether the layer is in training mode.

        Returns:
            Float64, shape (B, number of values).

        Raises:
            CircuitError: a circuit that cannot be evaluated.
        """
        if self.traced is not None:
            return self._direct(self.traced, rows, weights, training)
        if not len(rows):
            # No circuit, but derivatives all the same.
            nothing = sum((weight.sum() for weight in weights.values()), rows.sum())
            return rows.new_zeros((0, self.n_outputs)) + 0 * nothing
        with torch.device("cpu"):  # whatever torch's default device is
            return self._built(rows, weights, training)

    def _built(
        self, rows: torch.Tensor, weights: Mapping[str, torch.Tensor], training: bool
    ) -> torch.Tensor:
        """Results of rows whose tapes are built anew."""
        if self.broadcast:
            return self._evaluated([self.source.read(rows, weights)], training)
        readings = [self.source.read(row, weights) for row in rows]
        groups: dict[int, list[int]] = {}
        for number, reading in enumerate(readings):
            groups.setdefault(id(reading.program), []).append(number)
        values = [
            self._evaluated([readings[number] for number in members], training) for members in groups.values()
        ]
        order = torch.tensor([number for members in groups.values() for number in members])
        return torch.cat(values)[torch.argsort(order)]

    def shaped(self, values: torch.Tensor) -> torch.Tensor:
        """Values of rows in the shape of the QNode's result, shape (B, ...)."""
        if not self.one:
            return values
        readout = self.evaluators.readout
        shape = readout.shapes[0] if isinstance(readout, StateReadout) else ()
        return values.reshape(len(values), *shape)

    def _direct(
        self, traced: Trace, rows: torch.Tensor, weights: Mapping[str, torch.Tensor], training: bool
    ) -> torch.Tensor:
        flat = traced.flat_weights(weights)
        if not isinstance(flat, torch.Tensor):  # a circuit without weights
            flat = torch.zeros(0, dtype=torch.float64, device="cpu")
        table = traced.slots.table(rows, flat)
        initial = None if traced.initial is None else torch.from_numpy(traced.initial)
        wanted = None
        if not rows.requires_grad:
            wanted = traced.slots.weight_slots
        elif not flat.requires_grad:
            wanted = traced.slots.input_slots
        evaluator = self.evaluators.get(traced.program, training=training)
        return circuit_values(evaluator, table, initial, wanted=wanted)

    def _evaluated(self, readings: list[Reading], training: bool) -> torch.Tensor:
        """Values of circuits of one structure, in one run."""
        for reading in readings:
            if len(reading.measurements) != len(self.measurements) or not all(
                qml.equal(one, other) for one, other in zip(reading.measurements, self.measurements)
            ):
                raise CircuitError(
                    "the QNode's measurements differ from those for other inputs; a layer needs the same ones"
                )
        table = torch.cat([reading.table for reading in readings])
        states = [reading.initial for reading in readings if reading.initial is not None]
        evaluator = self.evaluators.get(readings[0].program, training=training)
        return circuit_values(evaluator, table, torch.cat(states) if states else None)


def make_plan(
    source: QNodeSource,
    shapes: Mapping[str, tuple[int, ...]],
    n_inputs: int,
    execution: Execution,
    direct: bool | None,
) -> QNodePlan:
    """Call a QNode at random places and find out how it can be evaluated.

    Args:
        source: the QNode.
        shapes: of its weights.
        n_inputs: features of one sample.
        execution: how circuits are run.
        direct: True if it must be read once, False if it must not, None where either is right.

    Returns:
        The plan.

    Raises:
        NotAffineError: direct=True for a QNode that cannot be read once.
        CircuitError: a QNode that no layer can be made of, or that fails for this number of inputs.
    """
    rng = np.random.default_rng(0)
    weights = {name: torch.from_numpy(rng.uniform(0.1, 1, shape)) for name, shape in shapes.items()}
    sample = torch.from_numpy(rng.uniform(0.1, 1, n_inputs))
    single = _takes(source, sample, weights)
    if not single and not _takes(source, sample.expand(3, -1), weights):
        _report(source, sample, weights)
    probe = sample if single else sample.expand(3, -1)
    labels = source.wires(source.tape(probe, weights))
    traced = None
    if direct is not False:
        try:
            traced = trace(source.tape, n_inputs, shapes, wires=labels, broadcast=not single)
        except NotAffineError:
            if direct:
                raise
    measurements = traced.measurements if traced else source.read(probe, weights).measurements
    # Each number of inputs is a circuit of its own, with a random stream of its own.
    execution = replace(execution, seed=child_seed(execution.seed, f"{n_inputs} inputs"))
    return QNodePlan(
        source,
        traced,
        traced is None and (not single or source.broadcasts(n_inputs, shapes)),
        Evaluators(execution, measurements, len(labels)),
        measurements,
        source.returns_one(probe, weights),
    )


def _takes(source: QNodeSource, inputs: torch.Tensor, weights: dict[str, torch.Tensor]) -> bool:
    """Whether the QNode's function can be called with inputs of this shape."""
    try:
        source.tape(inputs, weights)
    except CircuitError:
        raise
    except Exception:  # noqa: BLE001  the function is the user's and may fail in any way
        return False
    return True


def _report(source: QNodeSource, sample: torch.Tensor, weights: dict[str, torch.Tensor]) -> None:
    try:
        source.tape(sample, weights)
    except Exception as error:
        raise CircuitError(
            f"the QNode fails for inputs of shape {tuple(sample.shape)}, one sample, and for batches: "
            f"{error}. Check the number of features and the shapes of the weights"
        ) from error
