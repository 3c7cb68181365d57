"""The PennyLane device ``hybrid.aer``: circuits on Qiskit Aer's statevector simulator, CPU or GPU.

Forward execution only. It declares no derivative, so PennyLane differentiates by parameter shift; derivatives
of its own would be added as ``supports_derivatives`` and ``compute_vjp``, on top of `AerDevice._states`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pennylane.devices import Device, ExecutionConfig
from pennylane.devices.modifiers import simulator_tracking, single_tape_support
from pennylane.devices.qubit.measure import measure
from pennylane.exceptions import DeviceError
from pennylane.tape import QuantumScript
from pennylane.wires import Wires

from .aer_backend import AerBackend, open_backend
from .aer_circuit import reverse_bits, to_aer
from .aer_preprocessing import build_pipeline
from .errors import CircuitError
from .memory import require_memory

__all__ = ["AerDevice"]

# Aer's vector, the result handed over, its copy in PennyLane's order
_BYTES_EXACT = 48
# Aer's vector and its workspace for sampling
_BYTES_SAMPLED = 32
# States of small circuits computed in one Aer run hold at most this many amplitudes (64 MB) together.
_BATCH_AMPLITUDES = 2**22


def _batches(sizes: Sequence[int]) -> Iterator[slice]:
    """Consecutive runs of states whose sizes add up to at most _BATCH_AMPLITUDES, or single larger ones."""
    start, total = 0, 0
    for number, size in enumerate(sizes):
        if number > start and total + size > _BATCH_AMPLITUDES:
            yield slice(start, number)
            start, total = number, 0
        total += size
    if start < len(sizes):
        yield slice(start, len(sizes))


@simulator_tracking
@single_tape_support
class AerDevice(Device):  # type: ignore[misc]
    """Runs PennyLane circuits on Qiskit Aer; ``qml.device("hybrid.aer", wires=n)`` makes one.

    Without shots every result is exact, computed from the final state. With shots (``qml.set_shots``) Aer
    draws the samples. Gradients come from PennyLane's parameter shift.

    Args:
        wires: number of wires, their labels, or None for whatever wires a circuit uses.
        compute: "auto" (a GPU if Aer has one that passes a self-test, else the CPU), "cpu" or "gpu".
        precision: "double" or "single" (complex128 or complex64 inside Aer; results are double).
        threads: most CPU threads; None or 0 for all.
        seed: of the samples: the same seed gives the same samples, later executions continue the stream.
            None draws a fresh one.
        shots: PennyLane's deprecated way to set shots, taken as PennyLane's own devices do; use
            ``qml.set_shots`` on the QNode instead.

    Attributes:
        compute: where it runs, "cpu" or "gpu".
        reason: why it runs there.
        label: name for tables, such as ``Aer statevector (CPU)``.

    Raises:
        CircuitError: an illegal argument.
        DeviceUnavailableError: compute="gpu" and no usable GPU, or Aer cannot be loaded.
        MissingAerError: Aer is not installed.

    Example:
        >>> import pennylane as qml
        >>> device = AerDevice(wires=2, compute="cpu")
        >>> @qml.qnode(device)
        ... def bell():
        ...     qml.Hadamard(0)
        ...     qml.CNOT([0, 1])
        ...     return qml.probs()
        >>> bell().round(6).tolist()
        [0.5, 0.0, 0.0, 0.5]
    """

    name = "hybrid.aer"

    def __init__(
        self,
        wires: Any = None,
        *,
        compute: str = "auto",
        precision: str = "double",
        threads: int | None = None,
        seed: int | None = None,
        shots: Any = None,
    ) -> None:
        super().__init__(wires=wires, shots=shots)
        self._backend: AerBackend = open_backend(compute, precision, threads)
        self._settings: dict[str, Any] = {"compute": compute, "precision": precision, "threads": threads}
        integer = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
        if seed is not None and not (integer and seed >= 0):
            raise CircuitError(f"seed is {seed!r}; it must be a non-negative integer or None")
        self._rng = np.random.default_rng(seed)

    @property
    def compute(self) -> str:
        """Where circuits run: "cpu" or "gpu"."""
        return self._backend.compute

    @property
    def reason(self) -> str:
        """Why they run there."""
        return self._backend.reason

    @property
    def label(self) -> str:
        """Name for tables, such as ``Aer statevector (CPU)``."""
        return self._backend.label

    def with_seed(self, seed: int | None) -> AerDevice:
        """A device with the same wires and settings and its own random stream.

        Args:
            seed: non-negative integer, or None for a fresh one.

        Returns:
            A new device on the same simulator.

        Example:
            >>> AerDevice(wires=2, compute="cpu").with_seed(7).compute
            'cpu'
        """
        return AerDevice(self.wires, seed=seed, **self._settings)

    def setup_execution_config(
        self, config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> ExecutionConfig:
        """Settle how a circuit is executed: measurements inside a circuit are deferred to its end.

        Args:
            config: what the caller asked for.
            circuit: the circuit, not needed here.

        Returns:
            The configuration with every choice of this device made.

        Raises:
            DeviceError: another way of measuring inside the circuit was asked for.
        """
        config = super().setup_execution_config(config, circuit)
        method = config.mcm_config.mcm_method
        if method not in (None, "deferred"):
            raise DeviceError(f'mcm_method is "{method}"; {self.name} supports "deferred" only')
        return replace(config, mcm_config=replace(config.mcm_config, mcm_method="deferred"))

    def preprocess_transforms(self, execution_config: ExecutionConfig | None = None) -> Any:
        """The transforms PennyLane applies before `execute`: see ``aer_preprocessing``.

        Args:
            execution_config: not needed; the choice between exact and sampled is made per tape.

        Returns:
            A ``CompilePipeline``.
        """
        return build_pipeline(self.wires, self.name)

    def execute(
        self, circuits: Sequence[QuantumScript], execution_config: ExecutionConfig | None = None
    ) -> Any:
        """Run preprocessed tapes.

        Args:
            circuits: tapes of Aer-native operations; those with shots measure in the computational basis.
            execution_config: not needed.

        Returns:
            One result per tape, in PennyLane's shapes.

        Raises:
            CircuitTooLargeError: a state does not fit into free memory.
            AerRunError: Aer failed.
        """
        tapes = [tape.map_to_standard_wires() for tape in circuits]
        results: list[Any] = [None] * len(tapes)
        exact = [number for number, tape in enumerate(tapes) if not tape.shots]
        for batch in _batches([2 ** len(tapes[number].wires) for number in exact]):
            numbers = exact[batch]
            for number, state in zip(numbers, self._states([tapes[number] for number in numbers])):
                results[number] = _measure_exactly(tapes[number], state)
        for number, tape in enumerate(tapes):
            if tape.shots:
                results[number] = self._sample(tape)
        return tuple(results)

    def _states(self, tapes: Sequence[QuantumScript]) -> list[NDArray[np.complex128]]:
        """Final states in PennyLane's order, shape (2**n,) each, for tapes on the wires 0 ... n-1."""
        sizes = [len(tape.wires) for tape in tapes]
        require_memory(max(sizes), _BYTES_EXACT)
        circuits = [to_aer(tape, size) for tape, size in zip(tapes, sizes)]
        # Aer takes no circuit without qubits; there the state is the global phase alone.
        vectors = iter(self._backend.states([circuit for circuit in circuits if circuit.num_qubits]))
        return [
            reverse_bits(next(vectors)) if circuit.num_qubits else np.exp([1j * circuit.global_phase])
            for circuit in circuits
        ]

    def _sample(self, tape: QuantumScript) -> Any:
        size = len(tape.wires)
        require_memory(size, _BYTES_SAMPLED)
        measured = Wires.all_wires([measurement.wires for measurement in tape.measurements])
        if len(measured) == 0:
            measured = tape.wires
        seed = int(self._rng.integers(2**31))
        bits = self._backend.samples(
            to_aer(tape, size), [int(wire) for wire in measured], tape.shots.total_shots, seed
        ).astype(np.int64)
        parts = []
        for start, stop in tape.shots.bins():
            values = tuple(m.process_samples(bits[start:stop], measured) for m in tape.measurements)
            parts.append(values[0] if len(values) == 1 else values)
        return tuple(parts) if tape.shots.has_partitioned_shots else parts[0]


def _measure_exactly(tape: QuantumScript, state: NDArray[np.complex128]) -> Any:
    tensor = state.reshape((2,) * len(tape.wires))
    values = tuple(measure(measurement, tensor) for measurement in tape.measurements)
    return values[0] if len(values) == 1 else values
