"""The trial circuit of an eigensolver: an ansatz by name, object or function, and where it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .ansatz import Ansatz, ansatz_named, ansatz_names
from .arguments import whole_number
from .errors import CircuitError
from .excitations import Excitations
from .hamiltonian_variational import HamiltonianVariational
from .random_states import generator
from .variational import VariationalCircuit

if TYPE_CHECKING:
    from .vqe_hamiltonian import PauliHamiltonian

__all__ = ["FunctionAnsatz", "Prepared", "start_weights", "trial_circuit", "trial_names"]

_EXCITATIONS = ("all_singles_doubles", "uccsd")
_VARIATIONAL = ("hamiltonian_variational", "hva")
# From |0...0> small angles hardly move <Z>. Measured on random QUBOs of 6 to 10 bits, this start halved the
# distance of these circuits from the optimum; where layers begin with RX it would be an eigenstate of them.
_FROM_PLUS = ("strongly_entangling", "hardware_efficient", "brick_wall", "separable")


@dataclass(frozen=True)
class FunctionAnsatz:
    """An ansatz made of a function that returns or queues PennyLane operations; one layer.

    Args:
        function: called as ``function(weights, wires)``, weights of shape ``shape``.
        shape: of the weights.

    Example:
        >>> FunctionAnsatz(lambda weights, wires: [qml.RY(weights[0], wires[0])], (1,)).weight_shape(1, 2)
        (1, 1)
    """

    function: Callable[..., Any]
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """The function's name."""
        return str(getattr(self.function, "__name__", "function"))

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """The shape given, behind an axis for the one layer."""
        return (1, *self.shape)

    def layer(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        """What the function makes of the weights.

        Raises:
            CircuitError: the function fails, or neither returns nor queues operations.
        """
        with qml.queuing.AnnotatedQueue() as queue:
            try:
                returned = self.function(weights, list(wires))
            except (TypeError, IndexError, ValueError) as error:
                raise CircuitError(
                    f"the ansatz function {self.name} fails for weights of shape {self.shape} and "
                    f"{len(wires)} wires: {error}"
                ) from error
        queued = qml.tape.QuantumScript.from_queue(queue).operations
        gates = list(returned) if isinstance(returned, (list, tuple)) else queued
        if not gates or not all(isinstance(gate, qml.operation.Operator) for gate in gates):
            raise CircuitError(
                f"the ansatz function {self.name} returned {returned!r}; it must return a list of PennyLane "
                "operations, or make them and return None"
            )
        return gates

    def identity_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Not known for a function.

        Raises:
            CircuitError: always.
        """
        raise CircuitError(f"it is not known which weights make {self.name} the identity")


@dataclass(frozen=True)
class Prepared:
    """An ansatz behind a product state.

    Args:
        ansatz: the layers.
        bits: 0 or 1 for every qubit, or "plus" for Hadamards on all.

    Example:
        >>> prepared = Prepared(ansatz_named("brick_wall"), (1, 0))
        >>> [gate.name for gate in prepared.layer(np.zeros((1, 2)), [0, 1], 0)]
        ['PauliX', 'CZ', 'RY', 'RY']
    """

    ansatz: Any
    bits: tuple[int, ...] | str

    @property
    def name(self) -> str:
        """The name of the layers."""
        return str(self.ansatz.name)

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """The shape of the layers."""
        shape: tuple[int, ...] = self.ansatz.weight_shape(n_layers, n_qubits)
        return shape

    def layer(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        """A layer, behind the state if it is the first."""
        gates: list[Any] = []
        if number == 0 and self.bits == "plus":
            gates = [qml.Hadamard(wire) for wire in wires]
        elif number == 0:
            gates = [qml.X(wire) for wire, bit in zip(wires, self.bits) if bit]
        layer: list[Any] = self.ansatz.layer(weights, wires, number)
        return gates + layer

    def identity_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Those of the layers."""
        identity: NDArray[np.float64] = self.ansatz.identity_weights(weights)
        return identity


def trial_names() -> tuple[str, ...]:
    """Names that `VQE` knows as an ansatz.

    Example:
        >>> trial_names()[-4:]
        ('all_singles_doubles', 'uccsd', 'hamiltonian_variational', 'hva')
    """
    return (*ansatz_names(), *_EXCITATIONS, *_VARIATIONAL)


def trial_circuit(
    hamiltonian: PauliHamiltonian,
    ansatz: Any,
    *,
    n_layers: int | None = None,
    weight_shape: Sequence[int] | None = None,
    electrons: int | None = None,
    initial_state: Any = None,
) -> VariationalCircuit:
    """The circuit of an eigensolver.

    Args:
        hamiltonian: what is to be minimized.
        ansatz: one of `trial_names`, an `Ansatz` object, or a function ``f(weights, wires)``.
        n_layers: number of layers; None for 1 with excitations, half the qubits (at least 2) with
            "hamiltonian_variational", else 2. A function has one.
        weight_shape: of the weights of a function.
        electrons: for excitations and "hartree_fock": number of electrons, on the first qubits at the start.
        initial_state: bits, one per qubit; "plus", Hadamards on all; "hartree_fock" (needs electrons); None
            for |0...0>, for excitations the electrons' own state, for "hamiltonian_variational" the ground
            state of a group, and for a Hamiltonian of Z alone (a QUBO) "plus".

    Returns:
        A circuit without inputs.

    Raises:
        CircuitError: an unknown name, a missing or superfluous argument, or one out of range.

    Example:
        >>> from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian
        >>> circuit = trial_circuit(read_hamiltonian(qml.Z(0) @ qml.Z(1) + qml.X(0)), "brick_wall")
        >>> circuit.weight_shape
        (2, 1, 2)
    """
    size = hamiltonian.n_qubits
    excites = ansatz in _EXCITATIONS if isinstance(ansatz, str) else isinstance(ansatz, Excitations)
    if excites and electrons is None and isinstance(ansatz, str):
        raise CircuitError(f"ansatz {ansatz!r} excites electrons; say how many with electrons=...")
    if isinstance(ansatz, Excitations):
        if electrons not in (None, ansatz.electrons):
            raise CircuitError(
                f"electrons is {electrons!r}, but the ansatz excites {ansatz.electrons}; leave electrons out"
            )
        electrons = ansatz.electrons
    elif electrons is not None and not excites and not _is(initial_state, "hartree_fock"):
        raise CircuitError(
            f"electrons is {electrons!r}, but neither the ansatz nor the initial state counts electrons; "
            'leave it out, or take initial_state="hartree_fock", "uccsd" or "all_singles_doubles"'
        )
    default = "hartree_fock" if excites else None
    if hamiltonian.diagonal and isinstance(ansatz, str) and ansatz in _FROM_PLUS:
        default = "plus"
    state = _initial_state(initial_state, electrons, size, default)
    chosen: Any
    layers = 2
    if isinstance(ansatz, str):
        if ansatz in _EXCITATIONS:
            chosen, layers = Excitations(whole_number("electrons", electrons, 1), ansatz), 1
        elif ansatz in _VARIATIONAL:
            chosen = HamiltonianVariational.of(hamiltonian, prepared=state is not None)
            layers = max(2, (size + 1) // 2)
        elif ansatz in ansatz_names():
            chosen = ansatz_named(ansatz)
        else:
            raise CircuitError(
                f"ansatz is {ansatz!r}; legal names are {', '.join(map(repr, trial_names()))}, or give an "
                "Ansatz object or a function of weights and wires"
            )
    elif isinstance(ansatz, Ansatz) and not isinstance(ansatz, type):
        chosen, layers = ansatz, 1 if excites else 2
    elif callable(ansatz) and not isinstance(ansatz, type):
        chosen, layers = FunctionAnsatz(ansatz, _shape(weight_shape)), 1
        if n_layers not in (None, 1):
            raise CircuitError(f"n_layers is {n_layers}, but a function is one layer; repeat inside of it")
    else:
        raise CircuitError(f"ansatz is {ansatz!r}; it must be a name, an Ansatz object or a function")
    if weight_shape is not None and not isinstance(chosen, FunctionAnsatz):
        raise CircuitError(f"weight_shape is for functions; {chosen.name} has its own")
    n_layers = layers if n_layers is None else whole_number("n_layers", n_layers, 1)
    complete: Any = chosen if state is None else Prepared(chosen, state)
    circuit = VariationalCircuit(size, n_layers, encoding=None, ansatz=complete)
    if not circuit.n_weights:
        raise CircuitError(f"the ansatz {chosen.name} has no weights on {size} qubits")
    return circuit


def _shape(weight_shape: Any) -> tuple[int, ...]:
    if weight_shape is None:
        raise CircuitError("the shape of a function's weights is not known; give weight_shape=(...)")
    given = tuple(weight_shape) if isinstance(weight_shape, Iterable) else (weight_shape,)
    return tuple(whole_number("every length in weight_shape", length, 1) for length in given)


def _is(state: Any, name: str) -> bool:
    return isinstance(state, str) and state == name


def _initial_state(
    given: Any, electrons: Any, size: int, default: str | None
) -> tuple[int, ...] | str | None:
    state = default if given is None else given
    if state is None or _is(state, "plus"):
        return state
    if _is(state, "hartree_fock"):
        if electrons is None:
            raise CircuitError("the Hartree-Fock state needs the number of electrons: electrons=...")
        count = whole_number("electrons", electrons, 0)
        if count > size:
            raise CircuitError(f"electrons is {count}; there are {size} qubits for them")
        return (1,) * count + (0,) * (size - count)
    bits = list(state) if isinstance(state, Iterable) and not isinstance(state, str) else []
    if len(bits) != size or not all(np.ndim(bit) == 0 and bit in (0, 1) for bit in bits):
        raise CircuitError(
            f"initial_state is {given!r}; it must be {size} bits, 'plus', 'hartree_fock' or None"
        )
    return tuple(int(bit) for bit in bits)


def start_weights(circuit: VariationalCircuit, seed: int) -> NDArray[np.float64]:
    """Weights to start from: what the ansatz itself says, else small normal numbers.

    Args:
        circuit: the trial circuit.
        seed: of the random numbers.

    Returns:
        Shape ``circuit.weight_shape``.
    """
    ansatz: Any = circuit.ansatz
    inner = ansatz.ansatz if isinstance(ansatz, Prepared) else ansatz
    rng = generator(seed, "vqe weights")
    if hasattr(inner, "start_weights"):
        return np.asarray(inner.start_weights(circuit.weight_shape, rng), dtype=np.float64)
    return circuit.initial_weights("gaussian", int(rng.integers(2**31)))
