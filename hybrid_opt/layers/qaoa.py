"""QAOA as a torch layer: coefficients of binary problems in, probabilities of their bits out."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import pennylane as qml
import torch

from ..circuits.arguments import whole_number
from ..circuits.errors import CircuitError
from ..circuits.qaoa_structure import QAOAStructure
from ..seeds import child_seed, resolve_seed
from .arguments import finite_array, variable_pairs
from .binary_problem_layer import BinaryProblemLayer
from .bit_probabilities import bit_probabilities
from .circuit_function import circuit_values
from .circuit_layer import Local
from .execution import Evaluators, Execution, layer_seed
from .inputs import like_inputs
from .model_coefficients import structure_of
from .qaoa_angles import angle_table, starting_angles
from .straight_through import top_k_mask

__all__ = ["QAOALayer"]


class QAOALayer(BinaryProblemLayer):
    """Runs QAOA on a batch of binary problems and returns the probability of every bit to be 1.

    An instance minimizes sum_i a_i x_i + sum_k b_k x_i(k) x_j(k) over bits x. Coefficients a of shape
    (..., N) and b of shape (..., K) become marginals P(x_i = 1) of shape (..., N), in one run of the
    simulator for all instances, differentiable in a, b and the angles, which all instances share. Gradients
    are exact (adjoint method) unless shots or noise are asked for, and can be taken once, not twice. The
    circuit is computed in float64 on the host; outputs have the inputs' dtype and device.

    With ``rescale`` the gammas of an instance are divided by the typical change of its objective, see
    `qaoa_angles.typical_change`; derivatives include this factor. Marginals then depend on the ratios of the
    coefficients alone. Without it their scale counts, and the start suits coefficients whose typical change
    is 1.

    With ``shots`` or ``noise_model`` the layer samples in training mode; in evaluation mode it computes
    exact, noise-free values, unless ``exact_evaluation`` is False. A copy or a pickle keeps settings, angles
    and seed and begins its random stream anew; processes that train together with shots should each have a
    seed of their own. Worker processes must be spawned, not forked.

    Args:
        n_qubits: number of variables N, one qubit each.
        pairs: which pairs (i, j) have a quadratic coefficient, in the order of b; None for all pairs (0, 1),
            (0, 2), ..., (N - 2, N - 1).
        depth: number of QAOA layers p.
        mixer: "x" for all bit strings, "xy" for those with exactly ``weight`` ones; see
            ``circuits.qaoa_program``.
        weight: number of ones with mixer="xy"; the marginals then sum to it.
        top_k: None for marginals; k for a mask with exactly k ones, at the largest marginals (ties go to the
            lower index), whose gradient is that of the marginals (straight-through).
        correlations: whether to return also P(x_i = 1 and x_j = 1) of every pair, shape (..., K).
        rescale: whether gammas are in units of one over the typical change of each instance.
        trainable: whether the angles are parameters; else they are buffers.
        initial_angles: (gammas, betas) of shape (p,) each; None for `qaoa_angles.starting_angles`.
        compute: "auto", "cpu" or "gpu".
        shots: samples per instance in training; None for exact values.
        simulator: "aer", "native", or a simulator opened before, whose own noise always acts.
        gradient: "auto" (adjoint where values are exact, else parameter shift), "adjoint", "parameter_shift"
            or "spsa".
        noise_model: a ``qiskit_aer.noise.NoiseModel``; the start of the mixer "xy" is free of noise.
        precision: "double" or "single", of Aer.
        threads: most CPU threads of the simulator; None for all. Take 1 where several processes train.
        exact_evaluation: whether evaluation mode computes without shots and noise model.
        seed: of samples and random directions. None draws one from torch's generator.

    Attributes:
        circuit: the ``QAOAStructure``: n_qubits, pairs, depth, mixer, weight.
        variables: names of the variables, 0 ... N - 1 unless made by `from_model`.
        gammas: shape (p,), in torch's default dtype.
        betas: shape (p,).
        seed: the seed in use.

    Raises:
        CircuitError: an illegal argument or combination of arguments.
        CircuitTooLargeError: the start of the mixer "xy" does not fit into free memory.
        OptionError: an illegal seed.
        DeviceUnavailableError: compute="gpu" and no usable GPU, or Aer cannot be loaded.

    Example:
        >>> layer = QAOALayer(4, mixer="xy", weight=2, top_k=2, seed=1)
        >>> importance = torch.tensor([0.9, 0.8, 0.7, 0.1])
        >>> redundancy = torch.tensor([1.5, 0.0, 0.0, 0.0, 0.0, 0.0])  # of the pair (0, 1)
        >>> layer(-importance, redundancy).tolist()
        [1.0, 0.0, 1.0, 0.0]
    """

    gammas: torch.Tensor
    betas: torch.Tensor

    def __init__(
        self,
        n_qubits: int,
        pairs: Sequence[tuple[int, int]] | None = None,
        depth: int = 3,
        *,
        mixer: str = "x",
        weight: int | None = None,
        top_k: int | None = None,
        correlations: bool = False,
        rescale: bool = True,
        trainable: bool = True,
        initial_angles: tuple[Any, Any] | None = None,
        compute: str = "auto",
        shots: int | None = None,
        simulator: Any = "aer",
        gradient: str = "auto",
        noise_model: Any = None,
        precision: str = "double",
        threads: int | None = None,
        exact_evaluation: bool = True,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        n_qubits = whole_number("n_qubits", n_qubits, 1)
        depth = whole_number("depth", depth, 1)
        self.circuit = QAOAStructure(n_qubits, variable_pairs(pairs, n_qubits), depth, mixer, weight)
        self.top_k = None if top_k is None else whole_number("top_k", top_k, 1)
        if self.top_k is not None and self.top_k > self.n_qubits:
            raise CircuitError(
                f"top_k is {top_k}, but there are only {self.n_qubits} variables to choose from"
            )
        self.correlations = bool(correlations)
        self.rescale = bool(rescale)
        self.variables = tuple(range(self.n_qubits))
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
        observables = [qml.Z(wire) for wire in range(self.n_qubits)]
        if self.correlations:
            observables += [qml.Z(first) @ qml.Z(second) for first, second in self.pairs]
        self._evaluators = Evaluators(self._execution, [*map(qml.expval, observables)], self.n_qubits)
        self._evaluators.get(self.circuit.program, training=True)  # refuses what cannot be run
        self._sampling = Local()
        self._initial_angles = self._first_angles(initial_angles)
        for name, values in self._initial_angles.items():
            start = torch.tensor(values, dtype=torch.get_default_dtype())
            if trainable:
                self.register_parameter(name, torch.nn.Parameter(start))
            else:
                self.register_buffer(name, start)

    @classmethod
    def from_model(cls, model: Any, depth: int = 3, **options: Any) -> QAOALayer:
        """A layer for models with the variables and interactions of a given one.

        Args:
            model: a ``dimod.BinaryQuadraticModel``; variable i of ``model.variables`` is qubit i.
            depth: number of QAOA layers p.
            **options: as for the class.

        Returns:
            A layer; its `coefficients` turns this and other models into inputs.

        Raises:
            CircuitError: another kind of model, or an illegal option.

        Example:
            >>> import dimod
            >>> model = dimod.BinaryQuadraticModel({"a": -1.0, "b": -2.0}, {("a", "b"): 3.0}, 0.0, "BINARY")
            >>> layer = QAOALayer.from_model(model, depth=2, top_k=1, seed=1)
            >>> layer(*layer.coefficients(model)).tolist()
            [0.0, 1.0]
        """
        variables, pairs = structure_of(model)
        layer = cls(len(variables), pairs, depth, **options)
        layer.variables = variables
        return layer

    @property
    def gradient(self) -> str:
        """How gradients are computed in training: "adjoint", "parameter_shift" or "spsa"."""
        return self._evaluators.get(self.circuit.program, training=True).gradient

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(
        self, linear: torch.Tensor, quadratic: torch.Tensor | None = None
    ) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """Marginals, or a mask, of every instance.

        Args:
            linear: a, floating point, shape (..., N); no instance at all is legal.
            quadratic: b, shape (..., K), in the order of ``pairs``; may be left out where there are none.
                Leading axes are broadcast.

        Returns:
            P(x_i = 1), or with ``top_k`` the mask, shape (..., N). With ``correlations`` the pair of it and
            P(x_i = 1 and x_j = 1), shape (..., K).

        Raises:
            CircuitError: coefficients of another kind or shape, NaN or infinite ones, parameters without
                finite values; in a backward pass, a second derivative.
            CircuitTooLargeError: the states of the batch do not fit into free memory.
        """
        linear, quadratic = self._checked(linear, quadratic)
        if linear.is_meta:
            marginals, joint = torch.empty_like(linear), torch.empty_like(quadratic)
        else:
            marginals, joint = self._probabilities(linear, quadratic)
            marginals = like_inputs(marginals, linear)
            joint = like_inputs(joint, linear) if self.correlations else joint
        return (marginals, joint) if self.correlations else marginals

    def _probabilities(
        self, linear: torch.Tensor, quadratic: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Of bits and, if wanted, of pairs, as rows of float64."""
        table = self._table(linear, quadratic)
        evaluator = self._evaluators.get(self.circuit.program, training=self.training)
        start = self.circuit.start
        initial = None if start is None else torch.tensor(start, device="cpu")
        try:
            values = circuit_values(evaluator, table, initial, wanted=self._wanted(linear, quadratic))
        except CircuitError:
            self._check_parameters()  # where one of them is the reason, it is named
            raise
        fields, products = values[:, : self.n_qubits], values[:, self.n_qubits :]
        first, second = (wires[: products.shape[1]] for wires in self._pair_columns())
        ones, both = bit_probabilities(fields, products, first, second)
        return (ones if self.top_k is None else top_k_mask(ones, self.top_k)), both

    def _table(self, linear: torch.Tensor, quadratic: torch.Tensor) -> torch.Tensor:
        rows = prod(linear.shape[:-1])
        return angle_table(
            linear.reshape(rows, self.n_qubits).to("cpu", torch.float64),
            quadratic.reshape(rows, len(self.pairs)).to("cpu", torch.float64),
            self._on_host(self.gammas, "gammas"),
            self._on_host(self.betas, "betas"),
            self._pair_columns(),
            mixer=self.circuit.mixer,
            weight=self.circuit.weight,
            rescale=self.rescale,
        )

    def _wanted(self, linear: torch.Tensor, quadratic: torch.Tensor) -> Any:
        """Columns of the table whose derivative somebody asks for."""
        wanted = np.empty((self.circuit.depth, self.n_qubits + len(self.pairs) + 1), dtype=np.bool_)
        wanted[:, :-1] = linear.requires_grad or quadratic.requires_grad or self.gammas.requires_grad
        wanted[:, -1] = self.betas.requires_grad
        return wanted.ravel()

    @torch.no_grad()
    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def sample(
        self,
        linear: torch.Tensor,
        quadratic: torch.Tensor | None = None,
        shots: int = 1000,
        seed: int | None = None,
    ) -> torch.Tensor:
        """Bit strings measured on the circuits, in evaluation mode without the noise model.

        Args:
            linear: a, floating point, shape (..., N).
            quadratic: b, shape (..., K); may be left out where there are no pairs.
            shots: samples S of each instance.
            seed: the same seed gives the same samples; None continues a stream that began with the layer's.

        Returns:
            Zeros and ones, uint8, shape (..., S, N), on the device of the coefficients; not differentiable.

        Raises:
            CircuitError: coefficients as in `forward`, on the meta device, or shots below 1.
            OptionError: an illegal seed.

        Example:
            >>> QAOALayer(2, [], seed=1).sample(torch.tensor([-1.0, 1.0]), shots=500).shape
            torch.Size([500, 2])
        """
        linear, quadratic = self._checked(linear, quadratic)
        shots = whole_number("shots", shots, 1)
        if linear.is_meta:
            raise CircuitError("coefficients on the meta device have no values to sample from")
        if self._sampling.value is None:
            self._sampling.value = np.random.default_rng(child_seed(self.seed, "samples"))
        drawn = int(self._sampling.value.integers(2**31)) if seed is None else resolve_seed(seed)
        table = self._table(linear, quadratic).numpy()
        bits = np.empty((0, shots, self.n_qubits), dtype=np.uint8)
        if len(table):
            self.circuit.program.check_table(table)
            simulator = self._evaluators.get(self.circuit.program, training=self.training).simulator
            bits = simulator.samples(
                self.circuit.program, table, range(self.n_qubits), shots, drawn, self.circuit.start
            )
        rows = torch.from_numpy(np.ascontiguousarray(bits, dtype=np.uint8)).to(linear.device)
        return rows.reshape(*linear.shape[:-1], shots, self.n_qubits)

    def reset_parameters(self) -> None:
        """Give the angles the values of the start."""
        for name, values in self._initial_angles.items():
            self._set(name, torch.tensor(values, device="cpu"))

    def extra_repr(self) -> str:
        """Circuit, outputs and how it is run."""
        weight = self.circuit.weight
        mixer = "" if weight is None else f", mixer='xy', weight={weight}"
        top_k = f", top_k={self.top_k}" if self.top_k is not None else ""
        return (
            f"{self.n_qubits}, pairs={len(self.pairs)}, depth={self.circuit.depth}{mixer}{top_k}, "
            f"correlations={self.correlations}, rescale={self.rescale}, {self._describe_execution()}"
        )

    def _first_angles(self, given: Any) -> dict[str, Any]:
        names = ("gammas", "betas")
        if given is None:
            return dict(zip(names, starting_angles(self.circuit.depth, self.n_qubits, self.circuit.mixer)))
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            raise CircuitError(f"initial_angles are {given!r}; they must be a pair (gammas, betas), or None")
        return {name: finite_array(name, row, (self.circuit.depth,)) for name, row in zip(names, given)}
