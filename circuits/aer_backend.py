"""Which Aer simulator runs a program, and why: one cached simulator per setting, a GPU only after a test.

``compute="auto"`` takes a GPU if Aer reports one and a small random circuit gives the same state there as on
the CPU; otherwise the CPU, and the reason is kept. A GPU build without its libraries, or with others than it
was built for, reports a GPU all the same and fails, or worse, only when used: hence the test.
"""

from __future__ import annotations

import os
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .aer_installation import import_aer, reported_devices
from .aer_simulation import AerBackend
from .errors import AerRunError, CircuitError, DeviceUnavailableError
from .gates import Gate
from .memory import gpu_count

if TYPE_CHECKING:
    import pandas as pd

    from .aer_execution import AerExecutor
    from .program import Program

__all__ = ["AerBackend", "available_devices", "open_backend"]

_TOLERANCE = {"double": 1e-8, "single": 1e-4}
# Aer starts its threads above this many qubits (its own default is 14). Below, one thread needs at most some
# tens of milliseconds, while threads that wait for each other on a busy machine can take a second.
_PARALLEL_ABOVE = 16


def _simulator(compute: str, precision: str, threads: int) -> Any:
    return import_aer().AerSimulator(
        method="statevector",
        device=compute.upper(),
        precision=precision,
        max_parallel_threads=threads,
        max_parallel_experiments=0,
        statevector_parallel_threshold=_PARALLEL_ABOVE,
    )


def _cores() -> int:
    """Threads that Aer starts when it may start all."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _executor(compute: str, precision: str, threads: int) -> AerExecutor:
    from .aer_execution import AerExecutor

    # A GPU works on one row at a time.
    workers = 1 if compute == "gpu" else threads or _cores()
    return AerExecutor(_simulator(compute, precision, threads), compute, precision, workers)


def _test_program() -> tuple[Program, NDArray[np.float64]]:
    """Six qubits, four layers of rotations, couplings and a Toffoli gate, at random angles."""
    from .program import Program

    rng = np.random.default_rng(20240229)
    gates: list[Gate] = []
    slot = 0
    for _ in range(4):
        for qubit in range(6):
            gates.append(Gate("u", (qubit,), (), slot))
            gates.append(Gate("rzz", (qubit, (qubit + 1) % 6), (), slot + 3))
            slot += 4
        places = [int(qubit) for qubit in rng.permutation(6)]
        gates.append(Gate("x", (places[0],), (places[1], places[2])))
    return Program(6, tuple(gates), slot), rng.uniform(0, 2 * np.pi, (3, slot))


def _test_states(executor: AerExecutor) -> NDArray[np.complex128]:
    """States of the test circuit, one row after the other."""
    program, table = _test_program()
    return AerBackend(replace(executor, stacks=False), "self-test").states(program, table)


def _test_difference(precision: str) -> float:
    """Largest difference between the GPU's and the CPU's states of the test circuit."""
    states = [_test_states(_executor(compute, precision, 0)) for compute in ("cpu", "gpu")]
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
def _binds_at_runtime(compute: str, precision: str) -> bool:
    """Whether binding at runtime gives the same states as a copy of the circuit per row.

    On several GPUs it has given wrong results (github.com/Qiskit/qiskit-aer, issues 2244 and 2393).
    """
    if compute == "gpu" and gpu_count() != 1:
        return False
    try:
        executor = _executor(compute, precision, 0)
        copied, bound = (_test_states(replace(executor, runtime_binding=way)) for way in (False, True))
    except AerRunError:
        return False
    return bool(np.abs(bound - copied).max() < _TOLERANCE[precision])


@cache
def _open(compute: str, precision: str, threads: int) -> AerBackend:
    where, reason = "cpu", 'compute="cpu" was asked for'
    if compute != "cpu":
        problem = _gpu_problem(precision)
        if problem is None:
            where, reason = "gpu", "Aer reports a GPU and its self-test passed"
        elif compute == "gpu":
            raise DeviceUnavailableError(
                f'compute="gpu" cannot be used: {problem}. Use compute="auto" or "cpu" to run on the CPU'
            )
        else:
            reason = problem
    executor = replace(
        _executor(where, precision, threads), runtime_binding=_binds_at_runtime(where, precision)
    )
    return AerBackend(executor, reason, (compute, precision, threads))


def open_backend(
    compute: str = "auto", precision: str = "double", threads: int | None = None, noise_model: Any = None
) -> AerBackend:
    """Choose a simulator; without a noise model equal arguments give the same object.

    Args:
        compute: "auto" (the GPU if it is there and passes its self-test), "cpu" or "gpu".
        precision: "double" (complex128) or "single" (complex64).
        threads: most CPU threads; None or 0 for all.
        noise_model: a ``qiskit_aer.noise.NoiseModel``, such as those of ``noise``; qubit i of the model is
            wire i. None for no noise.

    Returns:
        The simulator with the reason for the choice.

    Raises:
        CircuitError: an unknown word, a negative number of threads, or something else than a noise model.
        DeviceUnavailableError: "gpu" was asked for and cannot be used, or Aer cannot be loaded.
        MissingAerError: Aer is not installed.
        ConflictingAerError: both builds of Aer are installed.

    Example:
        >>> open_backend("cpu").label
        'Aer statevector (CPU)'
    """
    if not isinstance(compute, str) or compute not in ("auto", "cpu", "gpu"):
        raise CircuitError(f'compute is {compute!r}; it must be "auto", "cpu" or "gpu"')
    if not isinstance(precision, str) or precision not in _TOLERANCE:
        raise CircuitError(f'precision is {precision!r}; it must be "double" or "single"')
    integer = isinstance(threads, (int, np.integer)) and not isinstance(threads, bool)
    if threads is not None and not (integer and threads >= 0):
        raise CircuitError(f"threads is {threads!r}; it must be None or an integer of at least 0 (0: all)")
    import_aer()
    backend = _open(compute, precision, int(threads or 0))
    if noise_model is None:
        return backend
    from qiskit_aer.noise import NoiseModel

    if not isinstance(noise_model, NoiseModel):
        raise CircuitError(
            f"noise_model is {noise_model!r}; it must be a qiskit_aer.noise.NoiseModel or None"
        )
    # A copy, because what follows from the model is found out once.
    executor = replace(backend.executor, noise_model=deepcopy(noise_model))
    return replace(backend, executor=executor)


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
