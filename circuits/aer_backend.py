"""Which Aer simulator runs a circuit, and why: one cached simulator per setting, a GPU only after a test.

``compute="auto"`` takes a GPU if Aer reports one and a small random circuit gives the same state there as on
the CPU; otherwise the CPU, and the reason is kept. A GPU build without its libraries, or with others than it
was built for, reports a GPU all the same and fails, or worse, only when used: hence the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .aer_installation import import_aer, reported_devices
from .errors import AerRunError, CircuitError, DeviceUnavailableError

if TYPE_CHECKING:
    import pandas as pd
    from qiskit import QuantumCircuit

__all__ = ["AerBackend", "available_devices", "open_backend"]

_TOLERANCE = {"double": 1e-8, "single": 1e-4}
# Aer starts its threads above this many qubits (its own default is 14). Below, one thread needs at most some
# tens of milliseconds, while threads that wait for each other on a busy machine can take a second.
_PARALLEL_ABOVE = 16


@dataclass(frozen=True)
class AerBackend:
    """A simulator that has been chosen.

    Attributes:
        simulator: the ``AerSimulator``, method "statevector".
        compute: "cpu" or "gpu".
        precision: "double" or "single".
        reason: why it is this one, in words.
    """

    simulator: Any
    compute: str
    precision: str
    reason: str

    @property
    def label(self) -> str:
        """Name for tables, e.g. ``Aer statevector (CPU)``."""
        single = ", single precision" if self.precision == "single" else ""
        return f"Aer statevector ({self.compute.upper()}{single})"

    def states(self, circuits: Sequence[QuantumCircuit]) -> list[NDArray[np.complex128]]:
        """Final states of circuits without measurements, in one run.

        Args:
            circuits: each on at least one qubit, Aer-native, without parameters; they are extended in place.

        Returns:
            One vector of shape (2**n,) per circuit in **Aer's** index order (qubit 0 least significant).

        Raises:
            AerRunError: Aer failed; the message is Aer's.
        """
        if not circuits:
            return []
        for circuit in circuits:
            circuit.save_statevector()
        result = self._run(list(circuits), shots=1)
        return [
            np.asarray(result.data(number)["statevector"], dtype=np.complex128)
            for number in range(len(circuits))
        ]

    def samples(
        self, circuit: QuantumCircuit, qubits: Sequence[int], shots: int, seed: int
    ) -> NDArray[np.uint8]:
        """Measure qubits at the end of a circuit.

        Args:
            circuit: Aer-native, without parameters and measurements; it is extended in place.
            qubits: the qubits to measure, at least one.
            shots: number of samples S, at least 1.
            seed: seed of Aer's random numbers, below 2**31.

        Returns:
            Bits in the order they were drawn, shape (S, len(qubits)); column k is qubits[k].

        Raises:
            AerRunError: Aer failed; the message is Aer's.
        """
        from qiskit import ClassicalRegister

        circuit.add_register(ClassicalRegister(len(qubits)))
        circuit.measure(list(qubits), range(len(qubits)))
        result = self._run([circuit], shots=shots, memory=True, seed_simulator=seed)
        # Aer gives each shot as a hexadecimal number whose bit k is classical bit k.
        numbers = np.array([int(word, 16) for word in result.data(0)["memory"]], dtype=np.int64)
        return ((numbers[:, None] >> np.arange(len(qubits))) & 1).astype(np.uint8)

    def _run(self, circuits: list[QuantumCircuit], **options: Any) -> Any:
        from qiskit.exceptions import QiskitError

        try:
            result = self.simulator.run(circuits, **options).result()
        except QiskitError as error:
            raise AerRunError(f"Aer did not run the circuit: {error}") from error
        if not result.success:
            problems = [item.status for item in result.results if not item.success]
            raise AerRunError("Aer did not run the circuit: " + "; ".join(problems or [str(result.status)]))
        return result


def _simulator(compute: str, precision: str, threads: int) -> Any:
    return import_aer().AerSimulator(
        method="statevector",
        device=compute.upper(),
        precision=precision,
        max_parallel_threads=threads,
        statevector_parallel_threshold=_PARALLEL_ABOVE,
    )


def _test_difference(precision: str) -> float:
    """Largest difference between the GPU's and the CPU's state of one random circuit on six qubits."""
    from qiskit import QuantumCircuit

    states = []
    for compute in ("cpu", "gpu"):
        rng = np.random.default_rng(20240229)
        circuit = QuantumCircuit(6)
        for _ in range(4):
            for qubit in range(6):
                circuit.u(*rng.uniform(0, 2 * np.pi, 3), qubit)
            for qubit in range(6):
                circuit.rzz(rng.uniform(0, 2 * np.pi), qubit, (qubit + 1) % 6)
            circuit.ccx(*(int(qubit) for qubit in rng.permutation(6)[:3]))
        backend = AerBackend(_simulator(compute, precision, 0), compute, precision, "self-test")
        states.append(backend.states([circuit])[0])
    return float(np.abs(states[0] - states[1]).max())


@cache
def _gpu_problem(precision: str) -> str | None:
    """Why the GPU is not used, or None if it may be; found out once per process and precision."""
    if "GPU" not in reported_devices():
        return (
            'Aer reports no GPU: the build is for CPUs only (the extra "aer-gpu" replaces "aer"), or this '
            "machine has no NVIDIA GPU with a driver"
        )
    from qiskit.exceptions import QiskitError

    try:
        difference = _test_difference(precision)
    except (RuntimeError, OSError, QiskitError) as error:
        return f"the first run on the GPU failed: {error}"
    if not difference < _TOLERANCE[precision]:
        return (
            f"the GPU's state of a test circuit differs from the CPU's by {difference:.1e}, more than "
            f"{_TOLERANCE[precision]:.0e}"
        )
    return None


@cache
def _open(compute: str, precision: str, threads: int) -> AerBackend:
    if compute == "cpu":
        reason = 'compute="cpu" was asked for'
        return AerBackend(_simulator("cpu", precision, threads), "cpu", precision, reason)
    problem = _gpu_problem(precision)
    if problem is None:
        reason = "Aer reports a GPU and its self-test passed"
        return AerBackend(_simulator("gpu", precision, threads), "gpu", precision, reason)
    if compute == "gpu":
        raise DeviceUnavailableError(
            f'compute="gpu" cannot be used: {problem}. Use compute="auto" or "cpu" to run on the CPU'
        )
    return AerBackend(_simulator("cpu", precision, threads), "cpu", precision, problem)


def open_backend(compute: str = "auto", precision: str = "double", threads: int | None = None) -> AerBackend:
    """Choose a simulator; equal arguments give the same object.

    Args:
        compute: "auto" (the GPU if it is there and passes its self-test), "cpu" or "gpu".
        precision: "double" (complex128) or "single" (complex64).
        threads: most CPU threads; None or 0 for all.

    Returns:
        The simulator with the reason for the choice.

    Raises:
        CircuitError: an unknown word or a negative number of threads.
        DeviceUnavailableError: "gpu" was asked for and cannot be used, or Aer cannot be loaded.
        MissingAerError: Aer is not installed.
        ConflictingAerError: both builds of Aer are installed.

    Example:
        >>> open_backend("cpu").label
        'Aer statevector (CPU)'
    """
    if compute not in ("auto", "cpu", "gpu"):
        raise CircuitError(f'compute is {compute!r}; it must be "auto", "cpu" or "gpu"')
    if precision not in _TOLERANCE:
        raise CircuitError(f'precision is {precision!r}; it must be "double" or "single"')
    if isinstance(threads, bool) or not (threads is None or (isinstance(threads, int) and threads >= 0)):
        raise CircuitError(f"threads is {threads!r}; it must be None or an integer of at least 0 (0: all)")
    import_aer()
    return _open(compute, precision, threads or 0)


def available_devices() -> pd.DataFrame:
    """The simulators this package can run circuits on, with the reason where one is not used.

    Returns:
        One row per device and processor: device (PennyLane name), compute ("cpu" or "gpu"), available,
        used_by_default (what ``compute="auto"`` takes), reason.

    Example:
        >>> table = available_devices()
        >>> list(table.columns)
        ['device', 'compute', 'available', 'used_by_default', 'reason']
    """
    import pandas as pd

    try:
        problem = _gpu_problem("double")
    except DeviceUnavailableError as error:
        cpu, gpu = (False, False, str(error)), (False, False, str(error))
    else:
        if problem is None:
            cpu = (True, False, 'the GPU is used; ask with compute="cpu"')
            gpu = (True, True, "Aer reports it and its self-test passed")
        else:
            cpu = (True, True, "no usable GPU")
            gpu = (False, False, problem)
    plain = (True, False, "PennyLane's reference simulator; pass it as device= to compare")
    rows = [
        ("hybrid.aer", "cpu", *cpu),
        ("hybrid.aer", "gpu", *gpu),
        ("default.qubit", "cpu", *plain),
    ]
    return pd.DataFrame(rows, columns=["device", "compute", "available", "used_by_default", "reason"])
