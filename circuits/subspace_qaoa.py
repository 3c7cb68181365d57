"""QAOA inside the subspace of bit strings that keep a model's groups: one-hot, fixed weight, free bits.

S. Hadfield et al., "From the quantum approximate optimization algorithm to a quantum alternating operator
ansatz", Algorithms 12, 34 (2019), arXiv 1709.03489. The mixers never leave the subspace, so that it is all
that is simulated: ten groups of five bits are 5**10 amplitudes instead of 2**50, and no penalty holds them
together.

Shapes: N bits, D states of the subspace, p layers, B sets of angles, S samples.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angle_sets, read_angles
from .cost_scales import axes_scale
from .diagonal_terms import z_terms
from .memory import require_bytes
from .mixer_gaps import mixer_gap
from .objectives import EXPECTATION, Objective, weigh
from .outcomes import Outcomes
from .qaoa_engine import QAOAEngine
from .row_threads import count_threads
from .state_figures import squared_moduli
from .subspace_energies import compress, subspace_energies
from .subspace_evolution import Evolution
from .subspace_groups import read_groups, subspace
from .subspace_mixers import axis_mixers, read_mixer
from .subspace_resources import subspace_resources

__all__ = ["SubspaceQAOA"]

# State, costate, weights, probabilities, energies and something to work with
_BYTES = 72


class SubspaceQAOA(QAOAEngine):
    """Exact simulation of QAOA in a subspace, with exact gradients.

    The first layer acts on the uniform superposition of the subspace: a W state in every one-hot group, a
    Dicke state in every group of fixed weight, |+> on every free bit. One layer is exp(-i gamma C), C the
    model's energy, and then the mixer, see `subspace_mixers`: "xy-exact" exponentiates the sum over a group's
    pairs of (XX + YY) / 2, "xy-trotter" is the product of the pairs' exponentials in a fixed order, "grover"
    is exp(-i beta |s><s|) on the whole subspace. Of Grover's mixer, of the exact complete one, and of the
    exact ring of one-hot groups the start is the state of highest eigenvalue, as of sum X, so that good betas
    of a minimized cost are negative. A ring on a fixed weight above 1 is no regular graph, and pair gates one
    by one do not keep the uniform superposition either: these move probability even without a cost.

    Args:
        model: ``dimod.BinaryQuadraticModel`` or ``dimod.BinaryPolynomial``, BINARY or SPIN (a spin of +1 is a
            set bit). Constraints that the groups hold need no penalty in it, all others do.
        groups: a list of groups, each a tuple of variables (one-hot), `OneHot` or `FixedWeight`; all other
            bits are free. None: all bits are free.
        mixer: "xy-exact", "xy-trotter" or "grover", or a list with one of the first two for every group.
        topology: "complete" or "ring", or a list with one of them for every group; which pairs the XY mixers
            couple.
        threads: most CPU threads; None or 0 for all.
        seed: of the samples where `sample` is given none; later calls continue the stream.

    Attributes:
        variables: the model's variables in wire order.
        space: the subspace; its index counts the groups in the order given, then the free bits.
        n_qubits: qubits of the equivalent circuit, N.
        simulator: name for tables.
        evolution: the layers, see `subspace_evolution.Evolution`.

    Raises:
        CircuitError: a model that cannot be used, groups that are none, an unknown mixer or topology.
        CircuitTooLargeError: more than 2**24 amplitudes, or more than fit into free memory.

    Example:
        >>> import dimod
        >>> costs = {"a": 3.0, "b": 1.0, "c": 2.0}
        >>> model = dimod.BinaryQuadraticModel(costs, {("a", "d"): 1.0}, 0.0, "BINARY")
        >>> qaoa = SubspaceQAOA(model, [("a", "b", "c")])
        >>> qaoa.space.dimension, qaoa.energies.tolist()
        (6, [3.0, 4.0, 1.0, 1.0, 2.0, 2.0])
        >>> value, by_gamma, by_beta = qaoa.value_and_grad([0.4], [-0.5])
        >>> value < qaoa.value([0.0], [0.0])
        True
    """

    def __init__(
        self,
        model: Any,
        groups: Any = None,
        *,
        mixer: Any = "xy-exact",
        topology: Any = "complete",
        threads: int | None = None,
        seed: int | None = None,
    ) -> None:
        count_threads(threads)
        self._operator = z_terms(model)
        self._question = (deepcopy(model), groups, mixer, topology)
        self._groups = read_groups(self._operator.variables, groups)
        self._choice = read_mixer(mixer, topology, len(self._groups))
        space = subspace(len(self._operator.variables), self._groups)
        require_bytes(
            space.dimension * _BYTES,
            f"{space.dimension:,} amplitudes with all that gradients take",
            "Use fewer groups or coarser levels, or free some memory",
        )
        super().__init__(self._operator.variables, space, seed)
        # Phases and derivatives would lose digits to a large constant, so it is kept apart.
        energies = subspace_energies(replace(self._operator, constant=0.0), space)
        lowest = float(energies.min())
        energies -= lowest
        self._constant = self._operator.constant + lowest
        packed = compress(energies)
        self._codes = None if packed is None else packed[0]
        self._levels = energies if packed is None else packed[1]
        n_free = space.n_bits - sum(len(group.wires) for group in self._groups)
        axes = None if self._choice.grover else axis_mixers(self._groups, n_free, self._choice, threads)
        self._threads = threads
        self.evolution = Evolution(axes, space.dimension, self._levels, self._codes, threads)

    @property
    def simulator(self) -> str:
        """Name for tables: ``subspace engine, xy-exact (complete)``."""
        return f"subspace engine, {self._choice.label}"

    @property
    def mixer_gap(self) -> float:
        """What `initial_angles` needs to know of the mixer, see `mixer_gaps.mixer_gap`."""
        n_free = self.space.n_bits - sum(len(group.wires) for group in self._groups)
        return mixer_gap(self._groups, n_free, self._choice)

    @property
    def cost_scale(self) -> float:
        """What `initial_angles` needs to know of the cost: `cost_scales.axes_scale` over groups and bits."""
        free = [2] * (self.space.n_bits - sum(len(group.wires) for group in self._groups))
        groups = [group for group in self._groups if group.levels > 1]
        energies = self._levels if self._codes is None else self._levels[self._codes]
        # Grover's mixer turns the whole space as one: a group is then no more than an axis.
        units = None if self._choice.grover else [group.units for group in groups] + [1.0] * len(free)
        return axes_scale(energies.reshape([group.levels for group in groups] + free), units)

    @property
    def energies(self) -> NDArray[np.float64]:
        """Energy of every state of the subspace, offset included, shape (D,)."""
        levels = self._levels + self._constant
        return levels if self._codes is None else levels[self._codes]

    def state(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.complex128]:
        """The final state.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            Amplitudes of the states of the space, shape (D,); right up to a global phase.

        Raises:
            CircuitError: illegal angles.
        """
        rows = read_angles(gammas, betas)
        state = self.evolution.state(*rows)
        if self._constant:
            state *= np.exp(-1j * self._constant * rows[0].sum())
        return state

    def outcomes(self, gammas: ArrayLike, betas: ArrayLike) -> Outcomes:
        """The distribution of the final state, with its energies.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            See `Outcomes`: histogram, P(optimum), CVaR, marginals, correlations, samples.

        Raises:
            CircuitError: illegal angles.
        """
        state = self.evolution.state(*read_angles(gammas, betas))
        probabilities = squared_moduli(state, self._threads)
        return Outcomes(self.space, probabilities, self._levels + self._constant, self._codes)

    def value_and_grad(
        self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """An objective and its exact derivatives by an adjoint sweep, for about four times a value's cost.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).
            objective: see `objectives`.

        Returns:
            The value, its derivatives by gammas, shape (p,), and by betas, shape (p,).

        Raises:
            CircuitError: illegal angles.
        """
        rows = read_angles(gammas, betas)
        state = self.evolution.state(*rows)
        chances: NDArray[Any] = squared_moduli(state, self._threads)
        if self._codes is not None:
            chances = np.bincount(self._codes, weights=chances, minlength=len(self._levels))
        value, weights = weigh(objective, self._levels + self._constant, chances)
        return value, *self.evolution.gradients(state, weights, *rows)

    def values(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """The mean energies of several sets of angles.

        Args:
            gammas: cost angles, shape (B, p).
            betas: mixer angles, shape (B, p).

        Returns:
            Shape (B,).

        Raises:
            CircuitError: illegal angles.
        """
        sets = read_angle_sets(gammas, betas)
        return np.array([self.value(*rows) for rows in zip(*sets)], dtype=np.float64)

    def as_circuit(self, device: Any = None, *, compute: str = "auto", seed: int | None = None) -> Any:
        """The same QAOA as a circuit.

        Args:
            device: a PennyLane device, or None for the package's Aer device.
            compute: for the Aer device: "auto", "cpu" or "gpu".
            seed: of its samples.

        Returns:
            A `SubspaceCircuit`.

        Raises:
            CircuitError: the device cannot be used.
            CircuitTooLargeError: all 2**N amplitudes do not fit into free memory.
            DeviceUnavailableError: the requested device cannot be used.
        """
        from .subspace_circuit import SubspaceCircuit

        return SubspaceCircuit(*self._question, device, compute=compute, seed=seed)

    def circuit(self, gammas: ArrayLike, betas: ArrayLike) -> Any:
        """The equivalent PennyLane circuit, measuring the probabilities of all bit strings.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            A tape on the wires 0 ... N - 1.

        Raises:
            CircuitError: illegal angles.
            CircuitTooLargeError: an exact mixer of a group of more than 10 bits.
        """
        import pennylane as qml

        from .subspace_gates import layer_gates

        wires = range(self.n_qubits)
        gates = layer_gates(self._operator, self._groups, self._choice, wires, *read_angles(gammas, betas))
        return qml.tape.QuantumScript(gates, [qml.probs(wires=wires)])

    def circuit_probabilities(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """Probabilities of the states of the space from the equivalent circuit on Aer, up to 2**N amplitudes.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            Shape (D,), as `probabilities`.

        Raises:
            CircuitError: illegal angles.
            CircuitTooLargeError: all 2**N amplitudes do not fit into free memory.
        """
        chances: NDArray[np.float64] = self.as_circuit().subspace_probabilities(gammas, betas)
        return chances

    def resources(self, depth: int) -> dict[str, int]:
        """What the equivalent circuit costs, see `subspace_resources.subspace_resources`.

        Args:
            depth: number of layers p, at least 1.

        Returns:
            qubits, depth, one_qubit_gates, two_qubit_gates, larger_gates, two_qubit_depth.

        Raises:
            CircuitError: the depth is no positive integer.
        """
        return subspace_resources(self._operator, self._groups, self._choice, depth)


