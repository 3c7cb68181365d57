"""What a simulator offers to the engines of this folder, and which ones there are.

Aer is the default. The native simulator is this package's own batched statevector code, checked against Aer;
for circuits of few qubits it saves Aer's cost per execution. Every result says which of the two ran it.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .program import Program

__all__ = ["Counts", "Simulator", "open_simulator"]

Counts = list[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""For every row of a table: outcomes, ascending, and how often each was drawn."""


class Simulator(Protocol):
    """Runs a program for every row of a table of angles."""

    @property
    def label(self) -> str:
        """Name for tables, such as ``Aer statevector (CPU)``."""

    @property
    def compute(self) -> str:
        """Where it runs: "cpu" or "gpu"."""

    @property
    def threads(self) -> int | None:
        """Most CPU threads; None or 0 for all."""

    def states(
        self,
        program: Program,
        table: NDArray[np.float64],
        initial: NDArray[np.complex128] | None = None,
        *,
        phases: bool = True,
    ) -> NDArray[np.complex128]:
        """Final states, shape (B, 2**N); without ``phases`` a row may carry any global phase."""

    def counts(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Any,
        shots: int,
        seed: int,
        initial: NDArray[np.complex128] | None = None,
    ) -> Counts:
        """Outcomes of ``shots`` measurements of ``wires``; wires[0] is the most significant bit."""

    def samples(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Any,
        shots: int,
        seed: int,
        initial: NDArray[np.complex128] | None = None,
    ) -> NDArray[np.uint8]:
        """The same one by one, shape (B, shots, len(wires)), in the order drawn."""


def open_simulator(
    simulator: Any = "aer",
    *,
    compute: str = "auto",
    precision: str = "double",
    threads: int | None = None,
    noise_model: Any = None,
) -> Any:
    """Choose what runs the programs.

    Args:
        simulator: "aer" (Qiskit Aer), "native" (this package's batched statevector simulator on the CPU), or
            a simulator opened before, which is handed back.
        compute: "auto", "cpu" or "gpu".
        precision: "double" or "single"; the native simulator computes in double.
        threads: most CPU threads; None or 0 for all.
        noise_model: a ``qiskit_aer.noise.NoiseModel``, for Aer only.

    Returns:
        A `Simulator`.

    Raises:
        CircuitError: an unknown word, or an option that the native simulator does not have.
        DeviceUnavailableError: "gpu" was asked for and cannot be used, or Aer cannot be loaded.

    Example:
        >>> open_simulator("native").label
        'native statevector (CPU)'
    """
    if simulator == "aer":
        from .aer_backend import open_backend

        return open_backend(compute, precision, threads, noise_model)
    if simulator == "native":
        from .native_simulator import NativeSimulator

        if compute not in ("auto", "cpu"):
            raise CircuitError(
                f'simulator="native" runs on the CPU, not on compute={compute!r}; for a GPU use "aer"'
            )
        if precision != "double":
            raise CircuitError(f'simulator="native" computes in double precision, not in {precision!r}')
        if noise_model is not None:
            raise CircuitError('simulator="native" knows no noise; use simulator="aer" for a noise model')
        return NativeSimulator(threads=threads)
    if not isinstance(simulator, str) and all(
        hasattr(simulator, name) for name in ("states", "counts", "label")
    ):
        return simulator
    raise CircuitError(f'simulator is {simulator!r}; it must be "aer" or "native"')
