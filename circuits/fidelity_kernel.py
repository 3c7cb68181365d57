"""The fidelity kernel |<phi(y)|phi(x)>|**2 of a circuit, from N states instead of N**2 circuits.

M. Schuld, "Supervised quantum machine learning models are kernel methods", arXiv 2101.11020. Exact values are
products of states that are simulated once per sample. With shots or noise every pair is measured by running
the circuit of one sample and undoing that of the other, all pairs in one table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .compute_uncompute import measured_fidelities
from .errors import CircuitError
from .kernel_corrections import correct_depolarizing, repair_psd
from .kernel_states import CircuitKernel
from .memory import require_memory
from .variational import VariationalCircuit

if TYPE_CHECKING:
    import torch

__all__ = ["FidelityKernel"]

# Rows of the matrix computed by one matrix product
_TILE = 256


class FidelityKernel(CircuitKernel):
    """Callable kernel matrix of squared overlaps, usable as ``kernel=`` of scikit-learn's ``SVC``.

    Weights change this kernel only where a later encoding follows them: an ansatz behind the last encoding
    cancels in the overlap. Trainable circuits therefore need ``reupload=True`` and at least two layers.

    Args:
        circuit: the feature map; a number of qubits stands for ``encoding`` alone on that many.
        encoding: of the circuit where a number of qubits was given.
        weights: of a trainable circuit, shape ``circuit.weight_shape``; None for
            ``circuit.initial_weights(seed=seed)``.
        shots: measurements per entry; None for exact values.
        simulator: "aer", "native", or an open simulator.
        compute: "auto", "cpu" or "gpu".
        noise_model: a ``qiskit_aer.noise.NoiseModel``; without shots the exact probability under this noise.
        threads: most CPU threads; None for all.
        correction: "depolarizing" (`correct_depolarizing` with one strength per sample, for which the
            fidelity of each sample with itself is measured too), a method of `repair_psd`, or several in the
            order in which they are applied. `repair_psd` acts on symmetric matrices only: a repaired matrix
            of training samples and a matrix between test and training samples then differ in kind.
        seed: of initial weights and shots; later calls continue the stream of shots.

    Attributes:
        circuit: the feature map.
        shots: as given.
        correction: names of the corrections.

    Raises:
        CircuitError: an argument that cannot be used.
        DeviceUnavailableError: "gpu" was asked for and cannot be used, or Aer cannot be loaded.

    Example:
        >>> kernel = FidelityKernel(2, encoding="angle", compute="cpu")
        >>> kernel([[0.0, 0.0], [1.0, 2.0]]).round(6).tolist()  # cos(1/2)**2 cos(1)**2
        [[1.0, 0.224828], [0.224828, 1.0]]
    """

    _depolarizing = True

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
        if self._noisy and self.circuit.program.prepared:
            raise CircuitError(
                "the fidelity of prepared states (amplitude encoding) cannot be measured with noise, because "
                "their preparation has no gates; use another encoding or the projected kernel"
            )

    def __call__(self, X: ArrayLike, Y: ArrayLike | None = None) -> NDArray[np.float64]:
        """The kernel matrix.

        With equal X and Y (or without Y) every pair is evaluated once and the matrix is exactly symmetric;
        its diagonal is 1 by definition, unless "depolarizing" is among the corrections, which measures it.

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
        gram = np.empty((len(rows), len(rows if columns is None else columns)))
        if not gram.size:
            return gram
        if self.exact or self.circuit.program.prepared:
            self._fill(gram, rows, columns)
            if self.shots is not None:
                _draw(gram, columns is None, self.shots, np.random.default_rng(self._seed()))
        else:
            gram = self._measured(gram, rows, columns)
        for name in self.correction:
            if name != "depolarizing" and columns is None:
                gram = repair_psd(gram, name)
        return gram

    def encode(self, X: ArrayLike) -> NDArray[np.complex128]:
        """What the exact kernel needs of each sample, for `entries`: its state, simulated afresh.

        Args:
            X: features, shape (n, n_inputs).

        Returns:
            States up to global phases, shape (n, 2**N).

        Raises:
            CircuitError: a wrong shape, features that cannot be encoded, or a kernel with noise, which
                measures pairs and has no pure states.
            CircuitTooLargeError: the states do not fit into free memory.
        """
        if self._noisy:
            raise CircuitError(
                "a kernel with noise measures pairs of samples and has no state of each; call it for the "
                "matrix, or leave noise_model out"
            )
        samples = self._samples(X, "X")
        require_memory(self.n_qubits, 16, max(1, len(samples)))
        if not len(samples):
            return np.empty((0, 2**self.n_qubits), dtype=np.complex128)
        return self._run_states(*self._table(samples))

    def entries(
        self, a: NDArray[np.complex128], b: NDArray[np.complex128] | None = None
    ) -> NDArray[np.float64]:
        """Exact squared overlaps of encoded samples, without shots and corrections.

        Args:
            a: of `encode`, shape (n, 2**N).
            b: likewise, shape (m, 2**N); None for ``a``.

        Returns:
            Shape (n, m).
        """
        gram = np.empty((len(a), len(a if b is None else b)))
        if b is None:
            _symmetric_overlaps(a, gram)
        else:
            _overlaps(a, b, gram)
        return np.minimum(gram, 1.0, out=gram)

    def _fill(
        self, gram: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64] | None
    ) -> None:
        """Exact values, block by block. States that do not fit together are simulated again when needed."""
        others = rows if columns is None else columns
        blocks = list(self._blocks(len(others)))
        for number, part in enumerate(self._blocks(len(rows))):
            states = self._states(rows[part])
            partners = blocks if columns is not None else blocks[number:]
            # There and back again, so that the block used last is the first of the next round.
            for other in partners if number % 2 == 0 else reversed(partners):
                if columns is None and other == part:
                    _symmetric_overlaps(states, gram[part, part])
                    continue
                _overlaps(states, self._states(others[other]), gram[part, other])
                if columns is None:
                    gram[other, part] = gram[part, other].T
        np.minimum(gram, 1.0, out=gram)

    def _measured(
        self, gram: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        program = self.circuit.program
        table_x = self._table(rows)[0]
        table_y = table_x if columns is None else self._table(columns)[0]

        def fidelities(
            a: NDArray[np.float64], b: NDArray[np.float64], pairs: tuple[NDArray[np.intp], NDArray[np.intp]]
        ) -> NDArray[np.float64]:
            return measured_fidelities(
                program, a, b, pairs, self._simulator, shots=self.shots, seed=self._seed
            )

        if columns is None:
            first, second = np.triu_indices(len(rows), k=1)
            gram[first, second] = gram[second, first] = fidelities(table_x, table_x, (first, second))
            np.fill_diagonal(gram, 1.0)
        else:
            pairs = np.divmod(np.arange(gram.size), gram.shape[1])
            gram = fidelities(table_x, table_y, pairs).reshape(gram.shape)
        if "depolarizing" not in self.correction:
            return gram
        own = np.arange(len(rows))
        diagonal = fidelities(table_x, table_x, (own, own))
        if columns is None:
            np.fill_diagonal(gram, diagonal)
            return correct_depolarizing(gram, self.n_qubits)
        own = np.arange(len(columns))
        diagonal_y = fidelities(table_y, table_y, (own, own))
        return correct_depolarizing(gram, self.n_qubits, diagonal=diagonal, diagonal_y=diagonal_y)

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
        from .torch_states import fidelity_matrix

        states = self.torch_states(X, weights)
        return fidelity_matrix(states, states if Y is None else self.torch_states(Y, weights))


def _overlaps(
    states: NDArray[np.complex128], others: NDArray[np.complex128], gram: NDArray[np.float64]
) -> None:
    for start in range(0, len(states), _TILE):
        part = slice(start, start + _TILE)
        # Conjugating the few rows of the tile saves a copy of all others.
        product = states[part].conj() @ others.T
        np.square(product.real, out=gram[part])
        gram[part] += product.imag**2


def _symmetric_overlaps(states: NDArray[np.complex128], gram: NDArray[np.float64]) -> None:
    for start in range(0, len(states), _TILE):
        part, after = slice(start, start + _TILE), slice(start + _TILE, None)
        _overlaps(states[part], states[start:], gram[part, start:])
        gram[after, part] = gram[part, after].T
        own = np.triu(gram[part, part], k=1)
        gram[part, part] = own + own.T
    np.fill_diagonal(gram, 1.0)


def _draw(gram: NDArray[np.float64], symmetric: bool, shots: int, rng: np.random.Generator) -> None:
    """Replace exact fidelities by shares of all-zeros outcomes, drawn from their binomial distribution."""
    for row in range(len(gram)):
        start = row + 1 if symmetric else 0
        gram[row, start:] = rng.binomial(shots, gram[row, start:]) / shots
        if symmetric:
            gram[start:, row] = gram[row, start:]
