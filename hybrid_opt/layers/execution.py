"""How a layer's circuits are run, and the evaluators that run them.

A layer is copied, pickled and sent to other processes; simulators cannot be. So a layer keeps settings, and
evaluators are made from them where they are needed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import torch
from pennylane.measurements import ExpectationMP

from ..circuits.errors import CircuitError
from ..circuits.evaluation import Evaluator
from ..circuits.program import Program
from ..circuits.readout import PauliReadout, Readout
from ..circuits.simulators import open_simulator
from ..circuits.state_readout import StateReadout
from ..seeds import child_seed, resolve_seed

__all__ = ["Evaluators", "Execution", "layer_seed"]

_MAX_EVALUATORS = 64


def layer_seed(seed: int | None) -> int:
    """The seed of a layer: the given one, or one drawn from torch's generator.

    Args:
        seed: a non-negative integer or None.

    Returns:
        The seed, so that ``torch.manual_seed`` decides about a layer without one, as about torch's own.

    Raises:
        OptionError: a negative seed, or no integer.

    Example:
        >>> _ = torch.manual_seed(1)
        >>> first = layer_seed(None)
        >>> _ = torch.manual_seed(1)
        >>> layer_seed(None) == first
        True
    """
    if seed is None:
        return int(torch.randint(2**31 - 1, (), device="cpu"))
    return resolve_seed(seed)


@dataclass(frozen=True)
class Execution:
    """How circuits are run.

    Args:
        simulator: "aer", "native", or a simulator opened before.
        compute: "auto", "cpu" or "gpu".
        precision: "double" or "single".
        threads: most CPU threads; None for all.
        noise_model: a ``qiskit_aer.noise.NoiseModel`` or None.
        shots: samples per execution and measurement basis, or None.
        gradient: "auto", "adjoint", "parameter_shift" or "spsa".
        exact_evaluation: whether a layer in evaluation mode computes without shots and noise model.
        seed: of samples and random directions.
    """

    simulator: Any
    compute: str
    precision: str
    threads: int | None
    noise_model: Any
    shots: int | None
    gradient: str
    exact_evaluation: bool
    seed: int

    def noisy(self) -> bool:
        """Whether training differs from exact evaluation."""
        return self.shots is not None or self.noise_model is not None

    def open(self, *, exact: bool) -> Any:
        """The simulator, without the noise model if it is for exact values."""
        return open_simulator(
            self.simulator,
            compute=self.compute,
            precision=self.precision,
            threads=self.threads,
            noise_model=None if exact else self.noise_model,
        )


class Evaluators:
    """Makes evaluators on first use and keeps them; copies and pickles begin without any.

    Args:
        execution: how circuits are run.
        measurements: what is read, as PennyLane measurements of the wires 0 ... n_qubits - 1: expectation
            values of sums of Pauli words, or anything that a state determines (exact results only).
        n_qubits: number of wires.

    Raises:
        CircuitError: an illegal setting.
    """

    def __init__(self, execution: Execution, measurements: Sequence[Any], n_qubits: int) -> None:
        if not isinstance(execution.simulator, str) and execution.noise_model is not None:
            raise CircuitError(
                "noise_model was given with a simulator opened before; open the simulator with its noise, or "
                'name it: simulator="aer"'
            )
        self.execution = execution
        self.n_qubits = n_qubits
        self._measurements = tuple(measurements)
        self._start()

    def _start(self) -> None:
        self._lock = Lock()
        self._made: OrderedDict[tuple[int, bool], Evaluator] = OrderedDict()
        self._readout: Readout | None = None
        self._number = 0

    def __getstate__(self) -> dict[str, Any]:
        return {
            "execution": self.execution,
            "n_qubits": self.n_qubits,
            "_measurements": self._measurements,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    @property
    def readout(self) -> Readout:
        """What is read from a state."""
        if self._readout is None:
            self._readout = _readout(self._measurements, self.n_qubits)
        return self._readout

    def get(self, program: Program, *, training: bool) -> Evaluator:
        """The evaluator of a program.

        Args:
            program: a circuit's structure.
            training: whether the layer is in training mode.

        Returns:
            The same object for the same arguments.

        Raises:
            CircuitError: illegal shots or gradient, or a combination that does not exist.
            DeviceUnavailableError: a GPU was asked for and cannot be used, or Aer cannot be loaded.
        """
        execution = self.execution
        exact = execution.noisy() and execution.exact_evaluation and not training
        key = (id(program), exact)
        with self._lock:
            evaluator = self._made.get(key)
            if evaluator is None:
                evaluator = Evaluator(
                    program,  # the evaluator holds it, so its id stays its own
                    self.readout,
                    simulator=execution.open(exact=exact),
                    shots=None if exact else execution.shots,
                    gradient="auto" if exact else execution.gradient,
                    seed=child_seed(execution.seed, f"circuit {self._number}"),
                )
                self._number += not exact  # exact values are not random: a look at them changes no stream
                self._made[key] = evaluator
                while len(self._made) > _MAX_EVALUATORS:
                    self._made.popitem(last=False)
        return evaluator


def _readout(measurements: Sequence[Any], n_qubits: int) -> Readout:
    observables = [measurement.obs for measurement in measurements]
    if all(
        isinstance(measurement, ExpectationMP) and getattr(observable, "pauli_rep", None) is not None
        for measurement, observable in zip(measurements, observables)
    ):
        return PauliReadout(observables, n_qubits)
    return StateReadout(measurements, n_qubits)
