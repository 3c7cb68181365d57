"""What the kernels share: a circuit with its weights, and the states of samples, simulated once and kept.

States are kept by content for the whole process, so training, prediction and cross-validation, and copies of
a kernel, find each other's. ``STATE_CACHE`` is bounded and can be cleared.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import is_torch, to_floats, whole_number
from .errors import CircuitError, CircuitTooLargeError
from .kernel_corrections import read_corrections
from .memory import free_memory, require_memory
from .row_cache import RowCache, digest_rows
from .simulators import open_simulator
from .variational import VariationalCircuit

if TYPE_CHECKING:
    import torch

__all__ = ["STATE_CACHE", "CircuitKernel"]

STATE_CACHE = RowCache(2**30)
"""States and Bloch vectors of all kernels of this process."""


class CircuitKernel(ABC):
    """A kernel on the states that a circuit makes of samples; base of the fidelity and the projected kernel.

    Args:
        circuit: the feature map; a number of qubits stands for ``encoding`` alone on that many.
        encoding: of the circuit where a number of qubits was given.
        weights: of a trainable circuit, shape ``circuit.weight_shape``; None for
            ``circuit.initial_weights(seed=seed)``.
        shots: measurements per circuit; None for exact values.
        simulator: "aer", "native", or an open simulator.
        compute: "auto", "cpu" or "gpu".
        noise_model: a ``qiskit_aer.noise.NoiseModel``.
        threads: most CPU threads; None for all.
        correction: see ``kernel_corrections``; applied in the order given.
        seed: of initial weights and shots; later calls continue the stream of shots.

    Attributes:
        circuit: the feature map.
        shots: as given.
        correction: names of the corrections.

    Raises:
        CircuitError: an argument that cannot be used.
        DeviceUnavailableError: "gpu" was asked for and cannot be used, or Aer cannot be loaded.
    """

    _depolarizing = False

    def __init__(
        self,
        circuit: VariationalCircuit | int,
        *,
        encoding: Any = "iqp",
        weights: ArrayLike | None = None,
        shots: int | None = None,
        simulator: Any = "aer",
        compute: str = "auto",
        noise_model: Any = None,
        threads: int | None = None,
        correction: str | Sequence[str] | None = None,
        seed: int | None = None,
    ) -> None:
        if not isinstance(circuit, VariationalCircuit):
            if isinstance(circuit, bool) or not isinstance(circuit, (int, np.integer)):
                raise CircuitError(
                    f"circuit is {circuit!r}; it must be a VariationalCircuit or a number of qubits"
                )
            circuit = VariationalCircuit(int(circuit), 0, encoding=encoding)
        if circuit.encoding is None:
            raise CircuitError(
                "the circuit has no encoding, so all samples have one state; choose an encoding"
            )
        self.circuit = circuit
        self.shots = None if shots is None else whole_number("shots", shots, 1)
        self.correction = read_corrections(correction, depolarizing=self._depolarizing)
        self._settings = {
            "simulator": simulator,
            "compute": compute,
            "noise_model": noise_model,
            "threads": threads,
        }
        self._opened: Any = open_simulator(**self._settings)
        self._noisy = getattr(self._opened, "noise_model", None) is not None
        self._seed_value = None if seed is None else whole_number("seed", seed, 0)
        self._rng = np.random.default_rng(self._seed_value)
        self._lock = Lock()
        if weights is None:
            weights = (
                circuit.initial_weights(seed=self._seed_value)
                if circuit.n_weights
                else np.zeros(circuit.weight_shape)
            )
        self._weights = self._read_weights(weights)

    @property
    def n_qubits(self) -> int:
        """Number of qubits, N."""
        return self.circuit.n_qubits

    @property
    def n_inputs(self) -> int:
        """Features per sample."""
        return self.circuit.n_inputs

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weights of the circuit, read only; shape ``circuit.weight_shape``."""
        return self._weights

    @property
    def label(self) -> str:
        """Name of the simulator, for tables."""
        return str(self._simulator.label)

    @property
    def exact(self) -> bool:
        """Whether values come from pure states, without shots and noise."""
        return self.shots is None and not self._noisy

    def with_weights(self, weights: ArrayLike) -> Self:
        """The same kernel with other weights.

        Args:
            weights: shape ``circuit.weight_shape``.

        Returns:
            A new kernel; its stream of shots starts as this one's did.

        Raises:
            CircuitError: a wrong shape, or a weight that is not finite.
        """
        other = object.__new__(type(self))
        other.__setstate__(self.__getstate__())
        other._opened = self._opened
        other._rng = np.random.default_rng(self._seed_value)
        other._weights = self._read_weights(weights)
        return other

    def __getstate__(self) -> dict[str, Any]:
        # An open simulator is opened again where the copy is used.
        return {**self.__dict__, "_opened": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = Lock()
        if self._seed_value is None:  # copies in several processes must not draw the same shots
            self._rng = np.random.default_rng()

    def __repr__(self) -> str:
        shots = "" if self.shots is None else f", shots={self.shots}"
        noise = ", with noise" if self._noisy else ""
        return f"{type(self).__name__}({self.circuit!r}{shots}{noise})"

    @property
    def _simulator(self) -> Any:
        if self._opened is None:
            self._opened = open_simulator(**self._settings)
        return self._opened

    def _seed(self) -> int:
        with self._lock:
            return int(self._rng.integers(2**31))

    def _read_weights(self, weights: ArrayLike) -> NDArray[np.float64]:
        read = np.array(to_floats(weights, None, "weights"))
        if read.shape != self.circuit.weight_shape:
            raise CircuitError(f"weights have shape {read.shape}; it must be {self.circuit.weight_shape}")
        if not np.isfinite(read).all():
            raise CircuitError("weights hold a NaN or infinite value")
        read.flags.writeable = False
        return read

    def _samples(self, samples: ArrayLike, name: str) -> NDArray[np.float64]:
        """Features, shape (n, n_inputs), checked."""
        if is_torch(samples):
            samples = samples.detach().cpu().numpy()  # type: ignore[union-attr]
        features: NDArray[np.float64] = to_floats(samples, None, name)
        if features.ndim != 2 or features.shape[1] != self.n_inputs:
            one = f"; for one sample write {name}.reshape(1, -1)" if features.ndim == 1 else ""
            raise CircuitError(
                f"{name} has shape {features.shape}; the circuit takes (samples, {self.n_inputs}){one}"
            )
        assert self.circuit.encoding is not None  # checked on construction
        self.circuit.encoding.check(features, self.n_qubits)
        return features

    def _pair(
        self, X: ArrayLike, Y: ArrayLike | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Both sets of samples, the second None where it is the first; memory for the matrix is there."""
        rows = self._samples(X, "X")
        columns = None if Y is None or Y is X else self._samples(Y, "Y")
        if columns is not None and np.array_equal(rows, columns):
            columns = None
        needed = 24 * len(rows) * len(rows if columns is None else columns)
        free = free_memory()
        if free is not None and needed > free:
            raise CircuitTooLargeError(
                f"a kernel matrix of {len(rows)} x {len(rows if columns is None else columns)} needs "
                f"{needed / 1e9:.3g} GB with its intermediate results; {free / 1e9:.3g} GB are free. Use "
                "fewer samples or Nystroem features"
            )
        return rows, columns

    def _table(
        self, samples: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.complex128] | None]:
        """Angles and, where the encoding prepares states, these."""
        return self.circuit.table(samples, self._weights), self.circuit.initial_states(samples)

    def _run_states(
        self, table: NDArray[np.float64], initial: NDArray[np.complex128] | None
    ) -> NDArray[np.complex128]:
        program = self.circuit.program
        if initial is not None and not program.gates:
            return initial
        states: NDArray[np.complex128] = self._simulator.states(program, table, initial, phases=False)
        return states

    def _states(self, samples: NDArray[np.float64]) -> NDArray[np.complex128]:
        """States of samples from the cache, up to global phases, read only, shape (n, 2**N)."""
        table, initial = self._table(samples)

        def compute(rows: NDArray[np.intp]) -> NDArray[np.complex128]:
            return self._run_states(table[rows], None if initial is None else initial[rows])

        kind = ("states", self.circuit.program, self.label)
        return STATE_CACHE.fetch(kind, digest_rows(table, initial), compute)

    def _blocks(self, n_samples: int) -> Iterator[slice]:
        """Ranges of samples whose states may be held together, four times over."""
        require_memory(self.n_qubits, 16, 6)
        free = free_memory()
        budget = 2**30 if free is None else free // 8
        rows = max(1, budget // (16 << self.n_qubits))
        for start in range(0, n_samples, rows):
            yield slice(start, min(n_samples, start + rows))

    @abstractmethod
    def __call__(self, X: ArrayLike, Y: ArrayLike | None = None) -> NDArray[np.float64]:
        """The kernel matrix of samples, shape (n, m); Y is X where it is None."""

    @abstractmethod
    def torch_gram(self, X: Any, Y: Any = None, weights: Any = None) -> torch.Tensor:
        """The exact kernel matrix as a torch tensor, differentiable in features and weights."""

    def torch_states(self, inputs: Any, weights: Any = None) -> torch.Tensor:
        """States of samples as a torch tensor, differentiable in features and weights.

        They are exact, whatever shots and noise the kernel has.

        Args:
            inputs: features, shape (n, n_inputs), torch or NumPy.
            weights: a tensor of shape ``circuit.weight_shape``; None for the kernel's own.

        Returns:
            Complex128, shape (n, 2**N).

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.
            CircuitTooLargeError: the states do not fit into free memory.
        """
        import torch

        from .torch_states import differentiable_states

        if not isinstance(inputs, torch.Tensor):
            inputs = torch.from_numpy(np.array(self._samples(inputs, "inputs")))
        if not isinstance(weights, torch.Tensor):
            numbers = self._weights if weights is None else self._read_weights(weights)
            weights = torch.from_numpy(np.array(numbers)).to(inputs.device)
        circuit = self.circuit
        wanted = np.zeros(circuit.program.n_slots, dtype=np.bool_)
        if inputs.requires_grad:
            wanted |= circuit.slots.input_slots
        if weights.requires_grad:
            wanted |= circuit.slots.weight_slots
        simulator = self._simulator
        if self._noisy:
            settings = {**self._settings, "noise_model": None}
            if not isinstance(settings["simulator"], str):
                raise CircuitError(
                    "the kernel was given an open simulator with noise, which has no pure states; give it "
                    'the noise as noise_model with simulator="aer" instead'
                )
            simulator = open_simulator(**settings)
        return differentiable_states(
            circuit.program,
            circuit.table(inputs, weights),
            simulator,
            circuit.initial_states(inputs),
            wanted=wanted,
            threads=self._settings["threads"],
        )
