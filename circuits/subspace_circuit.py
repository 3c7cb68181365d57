"""QAOA in a subspace as a PennyLane circuit, run on Aer or on any other PennyLane device."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angles
from .diagonal_terms import z_terms
from .measured_circuit import MeasuredCircuit
from .memory import require_memory
from .product_space import binary_space
from .subspace_energies import subspace_energies
from .subspace_gates import layer_gates, mixer_gates
from .subspace_groups import read_groups, subspace
from .subspace_mixers import read_mixer
from .subspace_resources import subspace_resources

__all__ = ["SubspaceCircuit"]

# Three complex vectors inside the device, probabilities, energies
_BYTES = 64


class SubspaceCircuit(MeasuredCircuit):
    """The circuit that `SubspaceQAOA` simulates, with the interface of `CircuitQAOA`.

    It prepares a W or Dicke state in every group (`dicke_states`) and |+> on free bits. A layer is
    exp(-i gamma C), made of RZ, IsingZZ and for larger terms MultiRZ, and the mixer (`subspace_gates`). The
    constant of the model is left out of the circuit and is part of every energy.

    Args:
        model: ``dimod.BinaryQuadraticModel`` or ``dimod.BinaryPolynomial``; variable i is wire i.
        groups: as for `SubspaceQAOA`.
        mixer: "xy-exact", "xy-trotter" or "grover", or a list with one of the first two for every group.
        topology: "complete" or "ring", or a list with one of them for every group.
        device: a PennyLane device with exactly the model's number of wires (or none given), else the
            package's Aer device.
        compute: for the Aer device: "auto", "cpu" or "gpu".
        seed: of the samples where `sample` is given none; later calls continue the stream.

    Attributes:
        variables: the model's variables in wire order.
        space: the subspace that the state never leaves.
        n_qubits: their number, N.
        simulator: name for tables.

    Raises:
        CircuitError: model, groups, mixer or device cannot be used.
        CircuitTooLargeError: the state does not fit into free memory, or the subspace is too large.
        DeviceUnavailableError: the requested device cannot be used.

    Example:
        >>> import dimod
        >>> model = dimod.BinaryQuadraticModel({"a": 3.0, "b": 1.0, "c": 2.0}, {}, 0.0, "BINARY")
        >>> circuit = SubspaceCircuit(model, [("a", "b", "c")], compute="cpu")
        >>> chances = circuit.probabilities([0.4], [-0.5])
        >>> np.flatnonzero(chances > 1e-12).tolist(), round(float(chances.sum()), 9)
        ([1, 2, 4], 1.0)
    """

    def __init__(
        self,
        model: Any,
        groups: Any = None,
        mixer: Any = "xy-exact",
        topology: Any = "complete",
        device: Any = None,
        *,
        compute: str = "auto",
        seed: int | None = None,
    ) -> None:
        self._operator = z_terms(model)
        self._groups = read_groups(self._operator.variables, groups)
        self._choice = read_mixer(mixer, topology, len(self._groups))
        self.space = subspace(len(self._operator.variables), self._groups)
        require_memory(self.space.n_bits, _BYTES)
        super().__init__(self._operator.variables, device, compute, seed)
        mixer_gates(self._groups, self._choice, self._wires, 0.0)

    @cached_property
    def energies(self) -> NDArray[np.float64]:
        """Energy of every bit string, offset included, shape (2**N,), wire 0 most significant; read only."""
        energies = subspace_energies(self._operator, binary_space(self.n_qubits))
        energies.flags.writeable = False
        return energies

    def subspace_probabilities(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """Exact probability of every state of the subspace, in the order of `space`.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            Shape (D,). On a device with noise they sum to less than 1.

        Raises:
            CircuitError: illegal angles.
        """
        return self.probabilities(gammas, betas)[self.places]

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Index among all bit strings of every state of the subspace, shape (D,)."""
        powers = 1 << np.arange(self.n_qubits - 1, -1, -1, dtype=np.int64)
        indices: NDArray[np.int64] = self.space.bits(np.arange(self.space.dimension)) @ powers
        return indices

    def _operations(self, gammas: ArrayLike, betas: ArrayLike) -> list[Any]:
        rows = read_angles(gammas, betas)
        return layer_gates(self._operator, self._groups, self._choice, self._wires, *rows)

    def resources(self, depth: int) -> dict[str, int]:
        """What the circuit costs, see `subspace_resources.subspace_resources`.

        Args:
            depth: number of layers p, at least 1.

        Returns:
            qubits, depth, one_qubit_gates, two_qubit_gates, larger_gates, two_qubit_depth.

        Raises:
            CircuitError: the depth is no positive integer.
        """
        return subspace_resources(self._operator, self._groups, self._choice, depth)
