"""The projected kernel: a Gaussian of the distances of one-qubit reduced density matrices.

H.-Y. Huang et al., "Power of data in quantum machine learning", arXiv 2011.01938:
k(x, x') = exp(-gamma sum_k ||rho_k(x) - rho_k(x')||_F**2). A reduced density matrix of one qubit is its Bloch
vector r = (<X>, <Y>, <Z>), and ||rho - rho'||_F**2 = |r - r'|**2 / 2. So a sample is 3 N numbers, and the
kernel does not concentrate as overlaps of whole states do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CircuitError
from .gates import Gate
from .kernel_corrections import repair_psd
from .kernel_states import STATE_CACHE, CircuitKernel
from .memory import free_memory
from .program import Program
from .readout_errors import confuse, read_confusions
from .row_cache import digest_rows
from .variational import VariationalCircuit

if TYPE_CHECKING:
    import torch

__all__ = ["ProjectedKernel"]

# Tables are run in pieces of at most this many angles.
_CHUNK_ANGLES = 4_000_000
# Bloch vectors are read from states of this many amplitudes at a time (2 MB), which stay in the cache.
_TILE_AMPLITUDES = 2**17
# Gates that turn the eigenvectors of X and Y into those of Z
_ROTATIONS = (("h",), ("sdg", "h"), ())


class ProjectedKernel(CircuitKernel):
    """Callable kernel matrix exp(-gamma sum_k ||rho_k - rho'_k||_F**2) over the N qubits.

    Args:
        circuit: the feature map; a number of qubits stands for ``encoding`` alone on that many.
        gamma: positive.
        encoding: of the circuit where a number of qubits was given.
        weights: of a trainable circuit, shape ``circuit.weight_shape``; None for
            ``circuit.initial_weights(seed=seed)``.
        shots: measurements per sample and each of the bases X, Y and Z; None for exact values.
        simulator: "aer", "native", or an open simulator.
        compute: "auto", "cpu" or "gpu".
        noise_model: a ``qiskit_aer.noise.NoiseModel``.
        threads: most CPU threads; None for all.
        correction: a method of `repair_psd` for symmetric matrices, or several. Measured Bloch vectors still
            give a positive semi-definite matrix, so none is needed.
        seed: of initial weights and shots; later calls continue the stream of shots.

    Attributes:
        circuit: the feature map.
        gamma: as given.
        shots: as given.
        correction: names of the corrections.

    Raises:
        CircuitError: an argument that cannot be used.
        DeviceUnavailableError: "gpu" was asked for and cannot be used, or Aer cannot be loaded.

    Example:
        >>> kernel = ProjectedKernel(1, gamma=0.5, encoding="angle", compute="cpu")
        >>> kernel([[0.0], [np.pi]]).round(6).tolist()  # opposite Bloch vectors: exp(-0.5 * 2)
        [[1.0, 0.367879], [0.367879, 1.0]]
    """

    def __init__(
        self,
        circuit: VariationalCircuit | int,
        *,
        gamma: float = 1.0,
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
        number = isinstance(gamma, (int, float, np.integer, np.floating)) and not isinstance(gamma, bool)
        if not number or not 0 < gamma < np.inf:
            raise CircuitError(f"gamma is {gamma!r}; it must be a positive number")
        self.gamma = float(gamma)
        super().__init__(
            circuit,
            encoding=encoding,
            weights=weights,
            shots=shots,
            simulator=simulator,
            compute=compute,
            noise_model=noise_model,
            threads=threads,
            correction=correction,
            seed=seed,
        )

    def __call__(self, X: ArrayLike, Y: ArrayLike | None = None) -> NDArray[np.float64]:
        """The kernel matrix; exactly symmetric with unit diagonal for equal X and Y (or without Y).

        Args:
            X: features, shape (n, n_inputs).
            Y: features, shape (m, n_inputs); None for X.

        Returns:
            Shape (n, m).

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.
            CircuitTooLargeError: a state or the matrix does not fit into free memory.
        """
        rows, columns = self._pair(X, Y)
        if not len(rows) or (columns is not None and not len(columns)):
            return np.empty((len(rows), len(rows if columns is None else columns)))
        gram = self.entries(self._vectors(rows), None if columns is None else self._vectors(columns))
        if columns is None:
            for name in self.correction:
                gram = repair_psd(gram, name)
        return gram

    def encode(self, X: ArrayLike) -> NDArray[np.float64]:
        """What the kernel needs of each sample, for `entries`: its Bloch vectors, computed afresh.

        Args:
            X: features, shape (n, n_inputs).

        Returns:
            Shape (n, N, 3).

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.
            CircuitTooLargeError: a state does not fit into free memory.
        """
        samples = self._samples(X, "X")
        if not len(samples):
            return np.empty((0, self.n_qubits, 3))
        table, initial = self._table(samples)
        return self._exact_vectors(table, initial) if self.exact else self._measured(table, initial)

    def entries(self, a: NDArray[np.float64], b: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """The kernel matrix of encoded samples, without corrections.

        Args:
            a: of `encode`, shape (n, N, 3).
            b: likewise, shape (m, N, 3); None for ``a``.

        Returns:
            Shape (n, m).
        """
        symmetric = b is None
        a = a.reshape(len(a), -1)
        b = a if b is None else b.reshape(len(b), -1)
        squares = a @ b.T
        squares *= -2
        squares += np.square(a).sum(axis=1)[:, None]
        squares += np.square(b).sum(axis=1)
        gram: NDArray[np.float64] = np.exp(-self.gamma / 2 * np.maximum(squares, 0, out=squares))
        if not symmetric:
            return gram
        gram = (gram + gram.T) / 2
        np.fill_diagonal(gram, 1.0)
        return gram

    def bloch_vectors(self, X: ArrayLike) -> NDArray[np.float64]:
        """Expectation values of X, Y and Z on every qubit, exact or measured as the kernel's settings say.

        Args:
            X: features, shape (n, n_inputs).

        Returns:
            Shape (n, N, 3).

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.
            CircuitTooLargeError: a state does not fit into free memory.
        """
        samples = self._samples(X, "X")
        return self._vectors(samples) if len(samples) else np.empty((0, self.n_qubits, 3))

    def _vectors(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        table, initial = self._table(samples)
        if not self.exact:
            return self._measured(table, initial)

        def compute(rows: NDArray[np.intp]) -> NDArray[np.float64]:
            return self._exact_vectors(table[rows], None if initial is None else initial[rows])

        kind = ("bloch vectors", self.circuit.program, self.label)
        return STATE_CACHE.fetch(kind, digest_rows(table, initial), compute)

    def _exact_vectors(
        self, table: NDArray[np.float64], initial: NDArray[np.complex128] | None
    ) -> NDArray[np.float64]:
        # Only the vectors are kept: 3 N numbers instead of 2**N.
        parts = []
        for block in self._blocks(len(table)):
            states = self._run_states(table[block], None if initial is None else initial[block])
            parts.append(_of_states(states, self.n_qubits))
        return np.concatenate(parts)

    def _measured(
        self, table: NDArray[np.float64], initial: NDArray[np.complex128] | None
    ) -> NDArray[np.float64]:
        n_qubits = self.n_qubits
        vectors = np.empty((len(table), n_qubits, 3))
        rows = max(1, _CHUNK_ANGLES // max(1, table.shape[1]))
        if self.shots is None:
            free = free_memory()
            budget = 2**28 if free is None else min(2**28, free // 8)
            rows = min(rows, max(1, budget // (16 << 2 * n_qubits)))
        for start in range(0, len(table), rows):
            part = slice(start, start + rows)
            own = None if initial is None else initial[part]
            for axis, program in enumerate(_rotated(self.circuit.program)):
                vectors[part, :, axis] = self._signs(program, table[part], own)
        return vectors

    def _signs(
        self, program: Program, table: NDArray[np.float64], initial: NDArray[np.complex128] | None
    ) -> NDArray[np.float64]:
        """Mean of +1 for a bit 0 and -1 for a bit 1, shape (B, N)."""
        n_qubits = self.n_qubits
        places = np.arange(n_qubits)[::-1]
        if self.shots is None:
            densities = self._simulator.densities(program, table, initial)
            probabilities = np.einsum("bii->bi", densities).real
            confusions = read_confusions(self._simulator.noise_model)
            if confusions:
                probabilities = confuse(probabilities, range(n_qubits), confusions)
            bits = (np.arange(2**n_qubits)[:, None] >> places) & 1
            return np.asarray(probabilities @ (1.0 - 2.0 * bits))
        counts = self._simulator.counts(program, table, range(n_qubits), self.shots, self._seed(), initial)
        means = np.empty((len(table), n_qubits))
        for row, (outcomes, multiplicities) in enumerate(counts):
            ones = multiplicities @ ((outcomes[:, None] >> places) & 1)
            means[row] = 1 - 2 * ones / self.shots
        return means

    def torch_gram(self, X: Any, Y: Any = None, weights: Any = None) -> torch.Tensor:
        """The exact kernel matrix as a torch tensor, differentiable in features and weights.

        Args:
            X: features, shape (n, n_inputs), torch or NumPy.
            Y: features, shape (m, n_inputs); None for X.
            weights: a tensor of shape ``circuit.weight_shape``; None for the kernel's own.

        Returns:
            Float64, shape (n, m).

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.
            CircuitTooLargeError: the states do not fit into free memory.
        """
        from .torch_states import projected_matrix

        states = self.torch_states(X, weights)
        others = states if Y is None else self.torch_states(Y, weights)
        return projected_matrix(states, others, self.gamma)


def _of_states(states: NDArray[np.complex128], n_qubits: int) -> NDArray[np.float64]:
    vectors = np.empty((len(states), n_qubits, 3))
    rows = max(1, _TILE_AMPLITUDES >> n_qubits)
    for start in range(0, len(states), rows):
        tile = states[start : start + rows]
        target = vectors[start : start + rows]
        for wire in range(n_qubits):
            halves = tile.reshape(len(tile), 1 << wire, 2, -1)
            zero, one = halves[:, :, 0], halves[:, :, 1]
            conjugate = zero.conj()
            cross = np.einsum("bij,bij->b", conjugate, one)
            target[:, wire, 0] = 2 * cross.real
            target[:, wire, 1] = 2 * cross.imag
            target[:, wire, 2] = np.einsum("bij,bij->b", conjugate, zero).real
            target[:, wire, 2] -= np.einsum("bij,bij->b", one.conj(), one).real
    return vectors


@lru_cache(maxsize=64)
def _rotated(program: Program) -> tuple[Program, ...]:
    """The program followed by the rotations for the bases X, Y and Z of every qubit."""
    programs = []
    for kinds in _ROTATIONS:
        ending = [Gate(kind, (wire,)) for wire in range(program.n_qubits) for kind in kinds]
        gates = (*program.gates, *ending)
        programs.append(Program(program.n_qubits, gates, program.n_slots, (), program.prepared))
    return tuple(programs)
