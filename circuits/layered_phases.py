"""QAOA with phases of its own for every term and layer, and with product states to start from.

Layer l multiplies by exp(-i theta_l(x)), theta_l(x) = sum_k phases_lk (-1)^popcount(mask_k & x), and turns
every qubit about X by an angle of its own. That holds multi-angle QAOA (R. Herrman et al., Scientific Reports
12, 6781 (2022)) and, with terms of single qubits, mixers about any axis in the X-Z plane: exp(-i b (sin t X +
cos t Z)) is a turn about Z, one about X and one about Z again, as for warm starts (D. J. Egger et al.,
Quantum 5, 479 (2021)).

One Walsh-Hadamard transform per layer gives theta, and one gives the derivatives by all its phases, from
2 Im conj(lambda(x)) psi(x).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .compiled import compile_kernel
from .cost_diagonal import CostDiagonal
from .diagonal_evolution import DiagonalEvolution
from .diagonal_passes import CHUNKS, Pass, PassRunner, forward_passes
from .diagonal_state import DiagonalState
from .errors import CircuitError
from .layer_angles import LayerAngles
from .memory import require_memory
from .mixer_steps import MULTIPLY, PLAIN, SPAWN
from .objectives import Objective
from .qubit_angles import per_qubit
from .row_threads import run_in_parts
from .walsh_hadamard import walsh_hadamard

__all__ = ["LayeredEvolution"]


def _cross(parts: Any, pitch: int, first: int, last: int, field: Any) -> None:
    """Im conj(lambda) psi of states ``first`` to ``last`` - 1."""
    for place in range(first, last):
        real, imaginary = np.float64(parts[place]), np.float64(parts[pitch + place])
        bra, other = np.float64(parts[2 * pitch + place]), np.float64(parts[3 * pitch + place])
        field[place] = bra * imaginary - other * real


cross = compile_kernel(_cross)


class LayeredEvolution:
    """Evolves states under phases given term by term.

    Args:
        observable: the energies whose expectation is taken.
        masks: the terms' products of Z, shape (K,); bit n - 1 - q for wire q.
        start: cosine and sine of each qubit's |0> and |1>, shape (n, 2); None for the uniform superposition.
        precision: "double" or "single".
        threads: most threads; None for all.

    Raises:
        CircuitError: masks out of range, or a start that is no product of real unit vectors.

    Example:
        >>> from .cost_diagonal import diagonal_from_costs
        >>> evolution = LayeredEvolution(diagonal_from_costs([0.0, 1.0]), [1])
        >>> value, by_phase, by_beta = evolution.value_and_grad([[-np.pi / 4]], [[-np.pi / 4]])
        >>> round(value, 12)
        0.0
    """

    def __init__(
        self,
        observable: CostDiagonal,
        masks: ArrayLike,
        *,
        start: ArrayLike | None = None,
        precision: Literal["double", "single"] = "double",
        threads: int | None = None,
    ) -> None:
        # Phases term by term need not be those of a symmetric cost.
        plain = replace(observable, symmetric=False)
        self._evolution = DiagonalEvolution(plain, precision=precision, threads=threads)
        self.n_qubits, self.threads = observable.n_qubits, threads
        self.masks = np.asarray(masks, np.int64)
        if self.masks.ndim != 1 or (
            self.masks.size and (self.masks.min() < 0 or self.masks.max() >> self.n_qubits)
        ):
            raise CircuitError(f"masks must be a list of numbers from 0 to 2**{self.n_qubits} - 1")
        self.start = None if start is None else np.asarray(start, np.float64)
        if self.start is not None and (
            self.start.shape != (self.n_qubits, 2) or not np.allclose((self.start**2).sum(axis=1), 1.0)
        ):
            raise CircuitError(
                f"start has shape {self.start.shape}; it must be ({self.n_qubits}, 2), each row a real "
                "unit vector"
            )

    def run(self, phases: ArrayLike, betas: ArrayLike) -> DiagonalState:
        """The state after all layers.

        Args:
            phases: shape (p, K), or (p + 1, K) with phases after the last turns.
            betas: shape (p,) or (p, n).

        Returns:
            The state.

        Raises:
            CircuitError: shapes that do not fit, or numbers that are not finite.
            CircuitTooLargeError: it does not fit into free memory.
        """
        table, angles = self._read(phases, betas)
        layout = self._evolution.layout
        require_memory(self.n_qubits, 2 * layout.itemsize + 8)
        parts = layout.allocate()
        self._forward(table, angles, parts)
        if len(table) > len(angles.factors):
            theta, runner = self._theta(table[-1])
            settings = np.array([1.0, 1.0, 0.0, runner.limit])
            flip = int(angles.flips[-1])
            tangents = angles.tangents.astype(layout.dtype)
            runner.run(Pass(False, -1, MULTIPLY, 0, -1), parts, theta, flip, settings, 2, tangents, None)
        return self._evolution.finished(parts, int(angles.flips[-1]))

    def value_and_grad(
        self, phases: ArrayLike, betas: ArrayLike, objective: Objective | None = None
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """An objective and its derivatives by all phases and angles.

        Args:
            phases: shape (p, K) or (p + 1, K); phases after the last turns do not matter.
            betas: shape (p,) or (p, n).
            objective: as for `DiagonalEvolution`.

        Returns:
            The value; derivatives by phases, of their shape; by betas, shape (p, n).

        Raises:
            CircuitError: shapes that do not fit, or numbers that are not finite.
            CircuitTooLargeError: it does not fit into free memory.
        """
        table, angles = self._read(phases, betas)
        evolution = self._evolution
        layout = evolution.layout
        more = 0 if objective is None or evolution.levels is not None else 48
        require_memory(self.n_qubits, 4 * layout.itemsize + 16 + more)
        parts = layout.allocate(2)
        self._forward(table, angles, parts)
        value, weights = evolution.weigh(parts, int(angles.flips[-1]), objective)
        by_phase = np.zeros_like(table)
        layers, columns = angles.tangents.shape
        factors = angles.factors * [-1.0, 1.0, -1.0]
        tangents = (-angles.tangents).astype(layout.dtype, copy=False)
        sums = np.zeros((CHUNKS, layers * columns * 8))
        codes, tables = evolution.spawn(weights)
        first = Pass(False, -1, SPAWN, layers - 1, layers - 1)
        evolution.runner.run(first, parts, codes, int(angles.flips[-1]), tables, 1, tangents, sums)
        squares = np.prod(1.0 / (1.0 + angles.tangents**2), axis=1)
        field = np.empty(layout.dimension)
        for layer in range(layers - 1, -1, -1):
            if layer < layers - 1:
                theta, runner = self._theta(table[layer + 1])
                settings = np.append(factors[layer + 1], runner.limit)
                flip = int(angles.flips[layer + 1])
                turn = Pass(False, -1, MULTIPLY, layer + 1, layer)
                runner.run(turn, parts, theta, flip, settings, 3, tangents, sums)
            if layout.n_bits > layout.block_bits:
                turn = Pass(True, layer, PLAIN, layer, -1)
                evolution.runner.run(turn, parts, codes, 0, tables, 1, tangents, sums)
            self._cross(parts, field)
            walsh_hadamard(field, threads=self.threads)
            signs = 1.0 - 2.0 * (np.bitwise_count((self.masks << layout.padding) & angles.flips[layer]) % 2)
            by_phase[layer] = (
                2.0 * layout.weight * squares[layer] * signs * field[self.masks << layout.padding]
            )
        return value, by_phase, evolution.derivatives(angles, sums, alternating=False)[1]

    def _forward(self, table: NDArray[np.float64], angles: LayerAngles, parts: NDArray[Any]) -> None:
        layout = self._evolution.layout
        factors = angles.factors.copy()
        if self.start is None:
            factors[0, 1:] *= 0.5 ** (layout.n_qubits / 2)
        else:
            amplitudes = np.ones(1)
            for pair in self.start:
                amplitudes = np.multiply.outer(amplitudes, pair).ravel()
            parts[: layout.dimension] = layout.stored(amplitudes)
            parts[layout.pitch : layout.pitch + layout.dimension] = 0.0
        tangents = angles.tangents.astype(layout.dtype, copy=False)
        row_bits = layout.n_bits - layout.block_bits
        theta, runner = self._evolution.codes, self._evolution.runner
        for passing in forward_passes(len(factors), row_bits, fresh=self.start is None):
            if passing.mode != PLAIN:
                theta, runner = self._theta(table[passing.phase])
            settings = np.append(factors[passing.phase], runner.limit)
            flip = int(angles.flips[passing.phase])
            runner.run(passing, parts, theta, flip, settings, 2, tangents, None)

    def _theta(self, phases: NDArray[np.float64]) -> tuple[NDArray[np.float64], PassRunner]:
        """The phase of every stored state, and what runs passes with it."""
        layout = self._evolution.layout
        theta = np.zeros(layout.dimension)
        np.add.at(theta, self.masks << layout.padding, phases)
        walsh_hadamard(theta, threads=self.threads)
        return theta, PassRunner(layout, theta, None, float(np.abs(phases).sum()), self.threads)

    def _cross(self, parts: NDArray[Any], field: NDArray[np.float64]) -> None:
        layout = self._evolution.layout

        def work(some: slice) -> None:
            cross(parts, layout.pitch, some.start * 64, some.stop * 64, field)

        run_in_parts(work, layout.dimension // 64, 32, self.threads)

    def _read(self, phases: ArrayLike, betas: ArrayLike) -> tuple[NDArray[np.float64], LayerAngles]:
        try:
            table = np.array(phases, np.float64)
            layers = len(np.asarray(betas, np.float64))
        except (TypeError, ValueError) as error:
            raise CircuitError("phases and betas must be arrays of real numbers") from error
        ones, turns = per_qubit(np.ones(layers), betas, self.n_qubits)
        if table.ndim != 2 or table.shape[1] != len(self.masks) or len(table) not in (layers, layers + 1):
            raise CircuitError(
                f"phases have shape {table.shape}; ({layers}, {len(self.masks)}) is needed, or one row more"
            )
        if not np.isfinite(table).all():
            raise CircuitError("the phases hold a NaN or an infinite number")
        return table, LayerAngles(self._evolution.layout, ones, turns)
