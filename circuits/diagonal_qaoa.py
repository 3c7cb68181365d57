"""QAOA with the X mixer on the fast diagonal engine, which holds the cost as one table.

The cost is diagonal: a layer multiplies every amplitude by a phase that is looked up, then turns all qubits
in place. Gradients of all angles come from one sweep back over the layers. The idea of the table is that of
D. Lykov et al., "Fast simulation of high-depth QAOA circuits", arXiv 2309.04841; how the passes over memory
are arranged stands in `diagonal_passes`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angle_sets, read_angles
from .cost_diagonal import CostDiagonal, diagonal_from_costs, diagonal_from_terms
from .cost_terms import read_terms
from .diagonal_evolution import DiagonalEvolution
from .diagonal_state import DiagonalState
from .errors import CircuitError, DeviceUnavailableError
from .memory import require_memory
from .objectives import EXPECTATION, Expectation, Objective, read_objective, weigh
from .outcomes import Outcomes
from .product_space import binary_space
from .qaoa_engine import QAOAEngine
from .qaoa_resources import ising_of, layer_resources, quadratic
from .row_threads import count_threads

__all__ = ["DiagonalQAOA"]

# Smaller states are done on the processor before a GPU has started.
_WORTH_A_GPU = 18
# A squared norm of a single-precision state further from 1 than this is computed again in double precision.
_NORM_TOLERANCE = 1e-4

Answer = TypeVar("Answer")


class DiagonalQAOA(QAOAEngine):
    """QAOA with the transverse-field mixer for any cost that is a function of the bits.

    The same layers as `CircuitQAOA`, U_C(gamma) = exp(-i gamma C) and U_B(beta) = exp(-i beta sum X) on the
    equal superposition, C minimized.

    Args:
        model_or_costs: a dimod BinaryQuadraticModel or BinaryPolynomial, BINARY or SPIN, with its variables
            in the order of `wire_order`; or the cost of every bit string, shape (2**N,), wire 0 most
            significant.
        compute: "cpu"; "gpu", through torch and CUDA; or "auto", which takes a GPU from 18 qubits on where
            torch sees one.
        precision: "double" or "single". Single precision needs half the memory; where rounding has moved the
            norm of a state by more than 0.0001, the answer is computed again in double precision.
        threads: on the processor; None for one per core. Results do not depend on it.
        seed: of the samples where `sample` is given none; later calls continue the stream.

    Attributes:
        variables: the model's variables in wire order, or 0..N-1 for a table of costs.
        n_qubits: N.
        simulator: name for tables, ``diagonal engine (CPU)``.

    Raises:
        CircuitError: the model cannot be used, or an unknown option.
        CircuitTooLargeError: the cost and a state do not fit into free memory; the message says what they
            need. Every call that makes states checks again, for what it takes.
        DeviceUnavailableError: "gpu" where torch sees none.

    Example:
        >>> import dimod
        >>> edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
        >>> engine = DiagonalQAOA(edge)
        >>> round(engine.value([np.pi / 4], [-np.pi / 8]), 6)
        -1.0
        >>> value, by_gamma, by_beta = engine.value_and_grad([np.pi / 8], [-np.pi / 8])
        >>> round(value, 6), by_gamma.round(6).tolist()
        (-0.707107, [-1.414214])
    """

    def __init__(
        self,
        model_or_costs: Any,
        *,
        compute: str = "auto",
        precision: str = "double",
        threads: int | None = None,
        seed: int | None = None,
    ) -> None:
        if precision not in ("double", "single"):
            raise CircuitError(f"precision is {precision!r}; legal are 'double' and 'single'")
        count_threads(threads)
        variables, diagonal, gpu = _read_cost(model_or_costs, compute, precision, threads)
        self._operator = ising_of(model_or_costs)
        super().__init__(variables, binary_space(diagonal.n_qubits), seed)
        self._diagonal = diagonal
        self._precision = precision
        self._threads = threads
        self._gpu = gpu
        self._evolution = self._evolution_in(precision)

    def _evolution_in(self, precision: Any) -> Any:
        if not self._gpu:
            return DiagonalEvolution(self._diagonal, precision=precision, threads=self._threads)
        from .diagonal_torch import TorchDiagonal

        return TorchDiagonal(self._diagonal, device="cuda", precision=precision)

    def _precisely(self, compute: Callable[[Any], tuple[float, Answer]]) -> Answer:
        """An answer whose squared norm is near 1, in double precision if single lost it."""
        norm, answer = compute(self._evolution)
        if self._precision == "single" and not abs(norm - 1) <= _NORM_TOLERANCE:
            _, answer = compute(self._evolution_in("double"))
        return answer

    @property
    def simulator(self) -> str:
        """Name for tables."""
        precision = ", single precision" if self._precision == "single" else ""
        return f"diagonal engine ({'GPU' if self._gpu else 'CPU'}{precision})"

    @property
    def energies(self) -> NDArray[np.float64]:
        """Energy of every bit string, offset included, shape (2**N,), wire 0 most significant."""
        return self._diagonal.energies()

    def _run(self, gammas: ArrayLike, betas: ArrayLike) -> tuple[DiagonalState, float, float]:
        """State, squared norm and sum of probability times energy."""
        angles = read_angles(gammas, betas)

        def simulate(evolution: Any) -> tuple[float, tuple[DiagonalState, float, float]]:
            state = evolution.run(*angles)
            norm, energy = state.norm_and_expectation()
            return norm, (state, norm, energy)

        return self._precisely(simulate)

    def state(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.complexfloating]:
        """The final state.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            Amplitudes, shape (2**N,), wire 0 most significant, the phase of the model's offset included;
            complex128, or complex64 in single precision.

        Raises:
            CircuitError: illegal angles.
            CircuitTooLargeError: it does not fit into free memory.
        """
        amplitudes: NDArray[np.complexfloating] = self._run(gammas, betas)[0].amplitudes()
        return amplitudes

    def outcomes(self, gammas: ArrayLike, betas: ArrayLike) -> Outcomes:
        """Distribution of the final state, with its energies.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            The distribution over all bit strings.

        Raises:
            CircuitError: illegal angles.
            CircuitTooLargeError: it does not fit into free memory.
        """
        probabilities = self._run(gammas, betas)[0].probabilities()
        return Outcomes(self.space, probabilities, *self._diagonal.levels_and_codes())

    def value(self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION) -> float:
        """An exact objective of the final distribution, the mean energy if none is named.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).
            objective: see `objectives`.

        Returns:
            Its value; energies include the model's offset.

        Raises:
            CircuitError: illegal angles.
            CircuitTooLargeError: the state does not fit into free memory.
        """
        state, norm, energy = self._run(gammas, betas)
        if isinstance(objective, Expectation):
            return energy / norm
        energies, _ = self._diagonal.levels_and_codes()
        return weigh(objective, energies, state.level_probabilities() / norm)[0]

    def values(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """Mean energies at many sets of angles, for landscapes and searches.

        Args:
            gammas: cost angles, shape (B, p).
            betas: mixer angles, shape (B, p).

        Returns:
            Shape (B,).

        Raises:
            CircuitError: illegal angles.
            CircuitTooLargeError: the states do not fit into free memory.

        Example:
            >>> DiagonalQAOA([0.0, 1.0]).values([[0.0], [np.pi / 2]], [[0.0], [-np.pi / 4]]).round(6).tolist()
            [0.5, 0.0]
        """
        rows, mixers = read_angle_sets(gammas, betas)
        if len(rows) == 0:
            return np.zeros(0)
        if self._precision == "double":
            values: NDArray[np.float64] = self._evolution.values(rows, mixers)
            return values
        return np.array([self.value(gamma, beta) for gamma, beta in zip(rows, mixers)])

    def value_and_grad(
        self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """An objective and its exact derivatives by all angles, at the cost of about four evaluations.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).
            objective: see `objectives`.

        Returns:
            The value, and its derivatives by gammas and by betas, each of shape (p,).

        Raises:
            CircuitError: illegal angles.
            CircuitTooLargeError: the two states do not fit into free memory.
        """
        angles = read_angles(gammas, betas)
        read_objective(objective)

        def sweep(evolution: Any) -> tuple[float, tuple[float, NDArray[Any], NDArray[Any]]]:
            norms = [1.0]

            def watched(energies: NDArray[Any], probabilities: NDArray[Any]) -> tuple[float, NDArray[Any]]:
                norms.append(float(probabilities.sum()))
                return objective(energies, probabilities / norms[-1])

            plain = isinstance(objective, Expectation) and self._precision == "double"
            answer = evolution.value_and_grad(*angles, None if plain else watched)
            return norms[-1], answer

        value, by_gamma, by_beta = self._precisely(sweep)
        return value, by_gamma, by_beta.sum(axis=1)

    def resources(self, depth: int) -> dict[str, int]:
        """What the equivalent circuit costs, see `qaoa_resources.layer_resources`.

        Args:
            depth: number of layers p, at least 1.

        Returns:
            qubits, depth, one_qubit_gates, two_qubit_gates, two_qubit_depth.

        Raises:
            CircuitError: the depth is no positive integer, or the cost is no quadratic model.
        """
        return layer_resources(quadratic(self._operator), depth)


def _read_cost(
    model_or_costs: Any, compute: str, precision: str, threads: int | None
) -> tuple[tuple[Hashable, ...], CostDiagonal, bool]:
    """Variables, their diagonal, and whether states go to the GPU."""
    if isinstance(model_or_costs, (np.ndarray, list, tuple)):
        diagonal = diagonal_from_costs(model_or_costs)
        n_qubits = diagonal.n_qubits
        return tuple(range(n_qubits)), diagonal, _takes_gpu(compute, n_qubits)
    variables, terms = read_terms(model_or_costs)
    gpu = _takes_gpu(compute, terms.n_qubits)
    # A table takes minutes; a state that cannot follow it is refused before: a byte and a state, or half one.
    amplitude = 0 if gpu else (16 if precision == "double" else 8) >> terms.is_symmetric()
    require_memory(terms.n_qubits, 1 + amplitude)
    return variables, diagonal_from_terms(terms, threads=threads), gpu


def _takes_gpu(compute: str, n_qubits: int) -> bool:
    if compute not in ("auto", "cpu", "gpu"):
        raise CircuitError(f"compute is {compute!r}; legal are 'auto', 'cpu' and 'gpu'")
    if compute == "cpu" or (compute == "auto" and n_qubits < _WORTH_A_GPU):
        return False
    import torch

    available = bool(torch.cuda.is_available())
    if compute == "gpu" and not available:
        raise DeviceUnavailableError(
            "torch sees no CUDA device, which the diagonal engine needs for compute='gpu'; install a CUDA "
            "build of torch on a machine with an NVIDIA GPU, or use compute='cpu'"
        )
    return available
