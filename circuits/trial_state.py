"""A Hamiltonian with a trial circuit: energies, gradients, states, expectation values for given weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import is_torch, to_floats, whole_number
from .errors import CircuitError
from .excitations import Excitations
from .random_states import resolve_seed
from .vqe_ansatz import FunctionAnsatz, Prepared, trial_circuit
from .vqe_energy import EnergyFunction
from .vqe_hamiltonian import read_hamiltonian
from .vqe_runners import open_runner

__all__ = ["TrialState"]


class TrialState:
    """What `VQE` minimizes over; its arguments are described there.

    Attributes:
        hamiltonian: as a `PauliHamiltonian`.
        circuit: a `VariationalCircuit` without inputs.
        electrons: number of electrons that the ansatz keeps, or None.

    Raises:
        CircuitError: an illegal argument or combination of arguments.
        CircuitTooLargeError: it does not fit into free memory.
        DeviceUnavailableError: the simulator cannot be used.

    Example:
        >>> import pennylane as qml
        >>> trial = TrialState(
        ...     qml.Z(0), "brick_wall", n_layers=1, initial_state=[0], simulator="native"
        ... )
        >>> energy, slopes = trial.value_and_grad([[[0.5]]])
        >>> round(energy, 6), slopes.round(6).tolist()  # cos(0.5), -sin(0.5)
        (0.877583, [[[-0.479426]]])
    """

    def __init__(
        self,
        hamiltonian: Any,
        ansatz: Any = "hardware_efficient",
        *,
        n_layers: int | None = None,
        weight_shape: Sequence[int] | None = None,
        electrons: int | None = None,
        initial_state: Any = None,
        wires: Iterable[Hashable] | None = None,
        simulator: Any = "aer",
        compute: str = "auto",
        precision: str = "double",
        threads: int | None = None,
        noise_model: Any = None,
        device: Any = None,
    ) -> None:
        self.hamiltonian = read_hamiltonian(hamiltonian, wires)
        self.circuit = trial_circuit(
            self.hamiltonian,
            ansatz,
            n_layers=n_layers,
            weight_shape=weight_shape,
            electrons=electrons,
            initial_state=initial_state,
        )
        self.electrons = _electrons_kept(self.circuit.ansatz)
        self._runner = open_runner(
            self.circuit,
            self.hamiltonian,
            device=device,
            simulator=simulator,
            compute=compute,
            precision=precision,
            threads=threads,
            noise_model=noise_model,
        )

    @property
    def _inner(self) -> Any:
        ansatz: Any = self.circuit.ansatz
        return ansatz.ansatz if isinstance(ansatz, Prepared) else ansatz

    @property
    def n_qubits(self) -> int:
        """Number of qubits, N."""
        return self.circuit.n_qubits

    @property
    def ansatz(self) -> str:
        """Name of the ansatz."""
        return str(self.circuit.ansatz.name)

    @property
    def simulator(self) -> str:
        """What runs the circuit, for tables."""
        return self._runner.label

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """Shape of the weights; for a function, as given."""
        shape = self.circuit.weight_shape
        return shape[1:] if isinstance(self._inner, FunctionAnsatz) else shape

    def _flat(self, weights: ArrayLike, name: str = "weights") -> NDArray[np.float64]:
        given: Any = weights
        array = np.array(to_floats(given.detach().cpu() if is_torch(given) else given, None, name))
        if array.shape != self.weight_shape or not np.isfinite(array).all():
            raise CircuitError(
                f"{name} have shape {array.shape}; they must be finite numbers of shape {self.weight_shape}"
            )
        return array.reshape(-1)

    @cached_property
    def _exact_function(self) -> EnergyFunction:
        return EnergyFunction(self.circuit, self.hamiltonian, self._runner)

    def value(self, weights: ArrayLike) -> float:
        """Exact energy.

        Args:
            weights: shape `weight_shape`.

        Returns:
            The energy, constant included.

        Raises:
            CircuitError: illegal weights.
        """
        return float(self._exact_function.energies(self._flat(weights)[None])[0][0])

    def value_and_grad(self, weights: ArrayLike) -> tuple[float, NDArray[np.float64]]:
        """Exact energy and its gradient.

        Args:
            weights: shape `weight_shape`.

        Returns:
            The energy, and derivatives in the shape of the weights.

        Raises:
            CircuitError: illegal weights.
        """
        energy, _, gradient = self._exact_function.energy_and_gradient(self._flat(weights))
        return energy, gradient.reshape(self.weight_shape)

    def estimate(self, weights: ArrayLike, shots: int, seed: int | None = None) -> tuple[float, float]:
        """Energy from shots.

        Args:
            weights: shape `weight_shape`.
            shots: per group of qubit-wise commuting terms.
            seed: None for a fresh one.

        Returns:
            Mean and standard error.

        Raises:
            CircuitError: illegal weights, shots or seed.
        """
        flat, count = self._flat(weights), whole_number("shots", shots, 1)
        function = EnergyFunction(
            self.circuit, self.hamiltonian, self._runner, shots=count, seed=resolve_seed(seed)
        )
        return function.estimate(flat, count)

    def state(self, weights: ArrayLike) -> NDArray[np.complex128]:
        """The trial state.

        Args:
            weights: shape `weight_shape`.

        Returns:
            Amplitudes, shape (2**N,), qubit 0 the most significant bit.

        Raises:
            CircuitError: illegal weights, or a device without a pure state.
        """
        states = self._runner.states(self._exact_function.table(self._flat(weights)[None]))
        return np.asarray(states[0])

    def sample(self, weights: ArrayLike, shots: int, seed: int | None = None) -> NDArray[np.uint8]:
        """Bit strings measured in a trial state.

        Args:
            weights: shape `weight_shape`.
            shots: number of measurements S.
            seed: None for a fresh one; a PennyLane device follows its own.

        Returns:
            Shape (S, N), column i is qubit i.

        Raises:
            CircuitError: illegal weights, shots or seed.
        """
        table = self._exact_function.table(self._flat(weights)[None])
        return self._runner.samples(table, whole_number("shots", shots, 1), resolve_seed(seed))

    def expectation(self, observable: Any, weights: ArrayLike) -> float:
        """Exact expectation value in a trial state.

        Args:
            observable: a PennyLane operator on the Hamiltonian's wires.
            weights: shape `weight_shape`.

        Returns:
            The value.

        Raises:
            CircuitError: an observable that cannot be read or acts on other wires, or illegal weights.
        """
        from .readout import PauliReadout

        read = read_hamiltonian(observable, self.hamiltonian.wires)
        return float(PauliReadout([read.operator], self.n_qubits).values(self.state(weights)[None])[0, 0])

    def draw(self, weights: ArrayLike | None = None, *, decimals: int = 2) -> str:
        """The circuit as text.

        Args:
            weights: numbers to show in place of names, shape `weight_shape`.
            decimals: of numbers.

        Returns:
            Lines, one per qubit.

        Raises:
            CircuitError: illegal weights.
        """
        shown = None if weights is None else self._flat(weights).reshape(self.circuit.weight_shape)
        return self.circuit.draw(weights=shown, decimals=decimals)

    def resources(self) -> dict[str, Any]:
        """What the circuit costs, after decomposition into the simulators' gates.

        Returns:
            qubits; weights; terms and measurement_bases of the Hamiltonian, their numbers; gates, kinds to
            numbers; one_qubit_gates; two_qubit_gates; larger_gates; depth and two_qubit_depth, the steps (of
            gates on two or more qubits) when gates on disjoint qubits run at once.
        """
        gates = self.circuit.program.gates
        widths = Counter(min(len(gate.targets) + len(gate.controls), 3) for gate in gates)
        depths = {}
        for name, least in (("depth", 1), ("two_qubit_depth", 2)):
            levels = dict.fromkeys(range(self.n_qubits), 0)
            for gate in gates:
                wires = (*gate.targets, *gate.controls)
                if len(wires) >= least:
                    levels.update(dict.fromkeys(wires, 1 + max(levels[wire] for wire in wires)))
            depths[name] = max(levels.values())
        kinds = Counter(("c" * len(gate.controls)) + gate.kind for gate in gates)
        return {
            "qubits": self.n_qubits,
            "weights": prod(self.weight_shape),
            "terms": len(self.hamiltonian.letters),
            "measurement_bases": self._exact_function.n_groups,
            "gates": dict(kinds),
            "one_qubit_gates": widths[1],
            "two_qubit_gates": widths[2],
            "larger_gates": widths[3],
            **depths,
        }


def _electrons_kept(ansatz: Any) -> int | None:
    """Ones of the bits that excitations start from: these, not the electrons named, stay as they are."""
    excites = isinstance(ansatz, Prepared) and isinstance(ansatz.ansatz, Excitations)
    return sum(ansatz.bits) if excites and not isinstance(ansatz.bits, str) else None
