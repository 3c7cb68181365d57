"""The ground state of a Hamiltonian with given coefficients as a torch layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pennylane as qml
import torch
from numpy.typing import NDArray

from ..circuits.arguments import whole_number
from ..circuits.errors import CircuitError
from ..circuits.vqe_ansatz import start_weights, trial_circuit
from ..circuits.vqe_hamiltonian import read_hamiltonian
from ..seeds import child_seed
from .arguments import finite_array, output_observables
from .bit_probabilities import probability_of_one
from .circuit_function import circuit_values
from .circuit_layer import CircuitLayer, Local
from .execution import Evaluators, Execution, layer_seed
from .inputs import as_rows, check_inputs, like_inputs
from .relaxation import Relaxation
from .relaxed_function import ground_energies, ground_values
from .vqe_arguments import check_choice, check_exact, field_strength, positive_number

__all__ = ["VQELayer"]

_MODES = ("relaxed", "shared", "amortized")
_OUTPUTS = ("marginals", "expectations", "energy")
_FIELD = 0.5


class VQELayer(CircuitLayer):
    """Coefficients of fixed terms in, ground-state expectation values out.

    The Hamiltonian is sum_k c_k terms[k] - transverse_field sum_i X_i. Coefficients of shape (..., T) become
    marginals, the probability of 1 of every qubit, shape (..., N); expectation values of observables, shape
    (..., O); or the energy, shape (...). They are computed in float64 on the host; outputs have the
    coefficients' dtype and device. Derivatives can be taken once, not twice.

    With mode="relaxed" every instance is minimized anew, and its outputs follow the coefficients exactly by
    the implicit function theorem (see ``relaxation``); the layer has nothing to train. A ground state depends
    smoothly on the coefficients only as long as it does not cross another one: with terms of Z alone it is a
    bit string, whose derivative is 0 nearly everywhere. A transverse field rounds this off, as a temperature
    would; the smaller it is, the closer marginals are to 0 and 1, and the smaller their derivative.

    With mode="shared" one state, whose weights are the layer's parameter, serves all instances; with
    "amortized" the weights are weights + c @ response, both parameters. Train them on the energy: the mean of
    output="energy" is an upper bound of the mean ground energy. Both can sample (``shots``, ``noise_model``).

    Args:
        terms: PennyLane operators on the wires 0 ... N - 1, sums of Pauli words with real coefficients; see
            `ising_terms`.
        n_qubits: number of qubits N.
        ansatz: name, `Ansatz` object or function, as for ``circuits.VQE``; "hamiltonian_variational" as an
            object only.
        n_layers: number of layers; None for 2 (a function has one).
        weight_shape: shape of a function's weights.
        output: "marginals", "expectations" or "energy".
        observables: operators for "expectations"; None for the terms themselves.
        mode: "relaxed", "shared" or "amortized".
        transverse_field: strength of the field; None for 0.5 where marginals of terms of Z alone are
            relaxed, else 0.
        hard: round marginals to 0 and 1 in the forward pass; the backward pass is that of the marginals
            (straight-through).
        steps: most steps of a minimization.
        starts: minimizations per instance, from weights of their own; the lowest energy counts.
        tolerance: a minimization ends when no entry of the gradient is larger, in units of the norm of the
            coefficients.
        initial_state: as for ``circuits.VQE``.
        initial_weights: of a shared state, shape ``circuit.weight_shape``; None to draw them.
        compute: "auto", "cpu" or "gpu".
        simulator: "aer", "native", or a simulator opened before.
        shots: samples per circuit and measurement basis in training; not when relaxed.
        gradient: as for `QNNLayer`; not when relaxed.
        noise_model: a ``qiskit_aer.noise.NoiseModel``; not when relaxed.
        precision: "double" or "single", of Aer; relaxing needs "double".
        threads: most CPU threads of the simulator; None for all.
        exact_evaluation: whether evaluation mode computes without shots and noise model.
        seed: of weights and samples. None draws one from torch's generator.

    Attributes:
        circuit: the ``VariationalCircuit``.
        n_terms: T.
        weights: parameter, shape ``circuit.weight_shape``; None when relaxed.
        response: parameter, shape (T, number of weights); None unless amortized.
        starting_weights: buffer, ``starts`` times the shape of weights; None unless relaxed.
        transverse_field: in use.
        converged: share of the instances of the last pass whose minimization converged.
        seed: the seed in use.

    Raises:
        CircuitError: an illegal argument or combination of arguments.
        OptionError: an illegal seed.
        DeviceUnavailableError: compute="gpu" and no usable GPU, or Aer cannot be loaded.

    Example:
        >>> layer = VQELayer([qml.Z(0), qml.Z(1), qml.Z(0) @ qml.Z(1)], 2, simulator="native", seed=1)
        >>> coefficients = torch.tensor([[1.0, 0.2, 0.5]], requires_grad=True)
        >>> marginals = layer(coefficients)
        >>> (marginals > 0.5).tolist()  # Z of qubit 0 is penalized, so it is 1; then qubit 1 is 0
        [[True, False]]
        >>> marginals.sum().backward()
        >>> coefficients.grad.shape
        torch.Size([1, 3])
    """

    def __init__(
        self,
        terms: Sequence[Any],
        n_qubits: int,
        *,
        ansatz: Any = "brick_wall",
        n_layers: int | None = None,
        weight_shape: Sequence[int] | None = None,
        output: str = "marginals",
        observables: Sequence[Any] | None = None,
        mode: str = "relaxed",
        transverse_field: float | None = None,
        hard: bool = False,
        steps: int = 200,
        starts: int = 4,
        tolerance: float = 1e-9,
        initial_state: Any = None,
        initial_weights: Any = None,
        compute: str = "auto",
        simulator: Any = "aer",
        shots: int | None = None,
        gradient: str = "auto",
        noise_model: Any = None,
        precision: str = "double",
        threads: int | None = None,
        exact_evaluation: bool = True,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        check_choice("mode", mode, _MODES)
        check_choice("output", output, _OUTPUTS)
        self.n_qubits = whole_number("n_qubits", n_qubits, 1)
        if terms is None:
            raise CircuitError("terms are None; name at least one operator, such as qml.Z(0)")
        self.terms = output_observables(terms, None, self.n_qubits)
        self.n_terms = len(self.terms)
        self.mode, self.output, self.hard = mode, output, bool(hard)
        if self.hard and output != "marginals":
            raise CircuitError(f"hard rounds marginals; output is {output!r}")
        if observables is not None and output != "expectations":
            raise CircuitError(f"observables are for output='expectations'; output is {output!r}")
        if mode == "relaxed":
            check_exact(shots, noise_model, gradient, precision, initial_weights)
        zs = tuple(qml.Z(wire) for wire in range(self.n_qubits))
        named = self.terms
        if observables is not None:
            named = output_observables(observables, None, self.n_qubits)
        self.observables = {"marginals": zs, "expectations": named, "energy": ()}[output]
        total = read_hamiltonian(qml.sum(*self.terms), range(self.n_qubits))
        rounded = mode == "relaxed" and output == "marginals" and total.diagonal
        self.transverse_field = field_strength(transverse_field, _FIELD if rounded else 0.0)
        self._steps = whole_number("steps", steps, 1)
        self._n_starts = whole_number("starts", starts, 1)
        self._tolerance = positive_number("tolerance", tolerance)
        if isinstance(ansatz, str) and ansatz in ("hva", "hamiltonian_variational"):
            raise CircuitError(
                f"ansatz {ansatz!r} starts from the signs of coefficients, which differ between instances; "
                "make it for typical ones: ansatz=HamiltonianVariational.of(read_hamiltonian(...))"
            )
        self.circuit = trial_circuit(
            total, ansatz, n_layers=n_layers, weight_shape=weight_shape, initial_state=initial_state
        )
        self.seed = layer_seed(seed)
        self._execution = Execution(
            simulator=simulator,
            compute=compute,
            precision=precision,
            threads=threads,
            noise_model=noise_model,
            shots=shots,
            gradient=gradient,
            exact_evaluation=bool(exact_evaluation),
            seed=child_seed(self.seed, "layer"),
        )
        read = [*self.terms, self._field_operator(), *self.observables]
        self._evaluators = Evaluators(
            self._execution, [qml.expval(observable) for observable in read], self.n_qubits
        )
        # Now rather than at the first forward pass: what cannot be run is refused where it is asked for.
        self._evaluators.get(self.circuit.program, training=True)
        self._relaxation = Local()
        self.converged = 1.0
        self._initial_weights = initial_weights
        self._register()

    def _register(self) -> None:
        dtype = torch.get_default_dtype()
        self.weights: torch.nn.Parameter | None
        self.response: torch.nn.Parameter | None
        self.starting_weights: torch.Tensor | None
        relaxed, shape = self.mode == "relaxed", (self.n_terms, self.circuit.n_weights)
        weights = None if relaxed else torch.nn.Parameter(torch.tensor(self._start(), dtype=dtype))
        response = torch.nn.Parameter(torch.zeros(shape)) if self.mode == "amortized" else None
        self.register_parameter("weights", weights)
        self.register_parameter("response", response)
        starts = torch.tensor(self._starts(), dtype=torch.float64) if relaxed else None
        self.register_buffer("starting_weights", starts)

    @staticmethod
    def ising_terms(n_qubits: int, pairs: Iterable[tuple[int, int]] | None = None) -> list[Any]:
        """Z of every qubit, then Z Z of pairs: the terms of an Ising model, and so of a QUBO.

        Args:
            n_qubits: number of qubits.
            pairs: pairs of qubits; None for all.

        Returns:
            PennyLane operators. A QUBO with x = (1 - Z) / 2 has the coefficients
            -(linear_i + sum_j quadratic_ij / 2) / 2 of Z_i and quadratic_ij / 4 of Z_i Z_j.

        Example:
            >>> VQELayer.ising_terms(2)
            [Z(0), Z(1), Z(0) @ Z(1)]
        """
        chosen = combinations(range(n_qubits), 2) if pairs is None else pairs
        return [qml.Z(wire) for wire in range(n_qubits)] + [qml.Z(a) @ qml.Z(b) for a, b in chosen]

    @property
    def gradient(self) -> str:
        """How gradients by angles are computed in training."""
        return self._evaluators.get(self.circuit.program, training=True).gradient

    def _field_operator(self) -> Any:
        return qml.sum(*(-1.0 * qml.X(wire) for wire in range(self.n_qubits)), 0.0 * qml.I(0))

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Ground-state values of every instance.

        Args:
            coefficients: floating point, shape (..., T); no instance at all is legal.

        Returns:
            Shape (..., N) for marginals, (..., O) for expectations, (...) for the energy.

        Raises:
            CircuitError: coefficients of another kind or shape, NaN or infinite ones, parameters without
                finite values; in a backward pass, a second derivative.
            CircuitTooLargeError: the states do not fit into free memory.
        """
        check_inputs(coefficients, self.n_terms, "VQELayer")
        if coefficients.is_meta:
            width = () if self.output == "energy" else (len(self.observables),)
            return coefficients.new_empty((*coefficients.shape[:-1], *width))
        rows = as_rows(coefficients)
        if not torch.isfinite(rows).all():
            raise CircuitError("coefficients of VQELayer hold a NaN or infinite value; all must be finite")
        try:
            values = self._values(rows)
        except CircuitError:
            self._check_parameters()  # where one of them is the reason, it is named
            raise
        if self.output == "marginals":
            values = probability_of_one(values)
            if self.hard:
                values = values + ((values > 0.5).to(values) - values).detach()
        return like_inputs(values, coefficients)

    def _values(self, rows: torch.Tensor) -> torch.Tensor:
        """Energies, shape (B,), or expectation values, shape (B, O)."""
        if self.mode == "relaxed":
            return self._relaxed_values(rows)
        assert self.weights is not None
        weights = self._on_host(self.weights, "weights")
        if self.response is not None:
            flat = weights.reshape(-1) + rows @ self._on_host(self.response, "response")
            weights = flat.reshape(len(rows), *self.circuit.weight_shape)
            inputs = torch.zeros((len(rows), 0), dtype=torch.float64)
        else:
            inputs = torch.zeros((1, 0), dtype=torch.float64)
        table = self.circuit.table(inputs, weights)
        evaluator = self._evaluators.get(self.circuit.program, training=self.training)
        values = circuit_values(evaluator, table)
        if self.output == "energy":
            energy = (rows * values[:, : self.n_terms]).sum(dim=1)
            return energy + self.transverse_field * values[:, self.n_terms]
        return values[:, self.n_terms + 1 :].expand(len(rows), -1)

    def _relaxed_values(self, rows: torch.Tensor) -> torch.Tensor:
        relaxation, energy_of = self.relaxation(), self.energy_of(rows)
        ground = relaxation.solve(energy_of)
        self.converged = float(ground.converged.mean()) if len(rows) else 1.0
        if self.output == "energy":
            return ground_energies(rows, energy_of, ground)
        outputs = slice(self.n_terms + 1, None)
        return ground_values(rows, relaxation, energy_of, ground, outputs)

    def relaxation(self) -> Relaxation:
        """What minimizes and differentiates; made on first use."""
        assert self.starting_weights is not None
        if self._relaxation.value is None:
            self._relaxation.value = Relaxation(
                self.circuit,
                self._evaluators.get(self.circuit.program, training=True),
                np.zeros((0, self.circuit.n_weights)),
                steps=self._steps,
                tolerance=self._tolerance,
            )
        made: Relaxation = self._relaxation.value
        starts = self.starting_weights.detach().to("cpu", torch.float64).numpy()
        made.starts = starts.reshape(len(starts), -1)
        return made

    def energy_of(self, rows: torch.Tensor) -> NDArray[np.float64]:
        """How the energies of instances are made of the values read from a state, shape (B, T + 1 + O)."""
        made = np.zeros((len(rows), self.n_terms + 1 + len(self.observables)))
        made[:, : self.n_terms] = rows.detach().numpy()
        made[:, self.n_terms] = self.transverse_field
        return made

    def reset_parameters(self) -> None:
        """Give all parameters, and the weights where minimizations begin, the values of the start."""
        if self.starting_weights is not None:
            self._set("starting_weights", torch.tensor(self._starts(), device="cpu"))
        if self.weights is not None:
            self._set("weights", torch.tensor(self._start(), device="cpu"))
        if self.response is not None:
            with torch.no_grad():
                self.response.zero_()

    def draw(self) -> str:
        """The circuit as text, one line per wire."""
        return self.circuit.draw()

    def extra_repr(self) -> str:
        """Mode, outputs, circuit and how it is run."""
        return (
            f"{self.n_terms} terms, {self.circuit!r}, mode={self.mode!r}, output={self.output!r}, "
            f"transverse_field={self.transverse_field}, {self._describe_execution()}"
        )

    def _draw(self, number: int) -> NDArray[np.float64]:
        return start_weights(self.circuit, child_seed(self.seed, f"start {number}"))

    def _starts(self) -> NDArray[np.float64]:
        drawn = np.stack([self._draw(number) for number in range(self._n_starts)])
        # Numbers that float32 holds: a model that is saved or loaded in it begins where this one did.
        return drawn.astype(np.float32).astype(np.float64)

    def _start(self) -> NDArray[np.float64]:
        if self._initial_weights is None:
            return self._draw(0)
        return finite_array("initial_weights", self._initial_weights, self.circuit.weight_shape)
