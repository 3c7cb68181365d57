"""A quantum kernel as a torch layer: every output is the kernel of the input with one landmark."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..circuits.arguments import whole_number
from ..circuits.errors import CircuitError
from ..circuits.memory import require_memory
from ..circuits.simulators import open_simulator
from ..circuits.torch_states import differentiable_states, fidelity_matrix, projected_matrix
from ..circuits.variational import VariationalCircuit
from ..seeds import child_seed
from .circuit_layer import CircuitLayer, Local, plain_torch
from .execution import layer_seed
from .feature_ranges import FEATURE_RANGES
from .inputs import as_rows, check_inputs, like_inputs

__all__ = ["QuantumKernelLayer"]


class QuantumKernelLayer(CircuitLayer):
    """Kernel values between inputs and landmarks, differentiable in inputs, landmarks and circuit weights.

    Inputs of shape (..., n_inputs) become outputs of shape (..., n_landmarks), from one run of the simulator
    over the samples and the landmarks. With a linear layer behind it this is a kernel machine whose support
    vectors are learned. Values are exact; the circuit is computed in float64 on the host, outputs have the
    inputs' dtype and device. Gradients can be taken once, not twice.

    The fidelity kernel does not see weights behind the last encoding. A circuit with trainable weights
    therefore needs ``reupload=True`` and at least two layers there; the last of them stays without gradient.

    Args:
        circuit: the feature map, a ``VariationalCircuit``; a number of qubits stands for ``encoding`` alone.
        landmarks: their number, or the landmarks to start from, shape (n_landmarks, n_inputs). Drawn ones are
            uniform in the range that suits the encoding (`FEATURE_RANGES`); for amplitudes standard normal,
            for basis encoding bits.
        kernel: "fidelity", |<phi(x)|phi(l)>|**2, or "projected", exp(-gamma sum_k ||rho_k(x) -
            rho_k(l)||_F**2) with the one-qubit density matrices rho_k.
        encoding: of the circuit where a number of qubits was given.
        trainable_landmarks: whether landmarks are parameters; else they are a buffer.
        trainable_weights: whether the circuit's weights are parameters; else they are a buffer.
        gamma: of the projected kernel, positive.
        simulator: "aer", "native", or a simulator opened before; without noise.
        compute: "auto", "cpu" or "gpu".
        precision: "double" or "single", of Aer.
        threads: most CPU threads; None for all.
        initial_weights: name of a strategy of ``circuits.initial_weights``.
        seed: of landmarks and initial weights; None draws one from torch's generator.

    Attributes:
        circuit: the ``VariationalCircuit``.
        n_inputs: features of one sample.
        n_landmarks: values of one sample.
        landmarks: shape (n_landmarks, n_inputs).
        weights: shape ``circuit.weight_shape``; None for a circuit without weights.
        kernel: as given.
        gamma: as given.
        seed: the seed in use.

    Raises:
        CircuitError: an illegal argument, weights that would never get a gradient, or landmarks that cannot
            be encoded.
        OptionError: an illegal seed.
        DeviceUnavailableError: compute="gpu" and no usable GPU, or Aer cannot be loaded.

    Example:
        >>> layer = QuantumKernelLayer(3, 8, seed=1)
        >>> model = torch.nn.Sequential(torch.nn.Linear(10, 3), layer, torch.nn.Linear(8, 2))
        >>> model(torch.zeros(32, 10)).shape
        torch.Size([32, 2])
    """

    landmarks: torch.Tensor
    weights: torch.Tensor | None

    def __init__(
        self,
        circuit: VariationalCircuit | int,
        landmarks: Any,
        *,
        kernel: str = "fidelity",
        encoding: Any = "iqp",
        trainable_landmarks: bool = True,
        trainable_weights: bool = True,
        gamma: float = 1.0,
        simulator: Any = "aer",
        compute: str = "auto",
        precision: str = "double",
        threads: int | None = None,
        initial_weights: str = "gaussian",
        seed: int | None = None,
    ) -> None:
        super().__init__()
        if kernel not in ("fidelity", "projected"):
            raise CircuitError(f'kernel is {kernel!r}; it must be "fidelity" or "projected"')
        number = isinstance(gamma, (int, float, np.integer, np.floating)) and not isinstance(gamma, bool)
        if not number or not 0 < gamma < np.inf:
            raise CircuitError(f"gamma is {gamma!r}; it must be a positive number")
        self.kernel = kernel
        self.gamma = float(gamma)
        self.circuit = _circuit(circuit, encoding)
        self.n_inputs = self.circuit.n_inputs
        if trainable_weights:
            _refuse_idle_weights(self.circuit, kernel)
        if trainable_landmarks and getattr(self.circuit.encoding, "name", "") == "basis":
            raise CircuitError(
                "basis encoding takes bits, which cannot be trained; use trainable_landmarks=False or"
                " another encoding"
            )
        require_memory(self.circuit.n_qubits, 48)
        self.seed = layer_seed(seed)
        self._settings = {
            "simulator": simulator,
            "compute": compute,
            "precision": precision,
            "threads": threads,
        }
        self._opened = Local()
        self._traced = Local()
        if getattr(self._simulator, "noise_model", None) is not None:
            raise CircuitError(
                "the simulator has a noise model; this layer needs pure states, so open one without"
            )
        self._initial_weights = initial_weights
        self._initial_landmarks = self._first_landmarks(landmarks)
        self.n_landmarks = len(self._initial_landmarks)
        with plain_torch():
            self._encoded(self._initial_landmarks, self._first_weights(), "landmarks")
        dtype = torch.get_default_dtype()
        self._register("landmarks", self._initial_landmarks.to(dtype, copy=True), trainable_landmarks)
        start = self._first_weights()
        self._register("weights", None if start is None else start.to(dtype), trainable_weights)

    def _register(self, name: str, value: torch.Tensor | None, trainable: bool) -> None:
        if trainable:
            self.register_parameter(name, None if value is None else torch.nn.Parameter(value))
        else:
            self.register_buffer(name, value)

    def _first_landmarks(self, landmarks: Any) -> torch.Tensor:
        if isinstance(landmarks, torch.Tensor):
            landmarks = landmarks.detach().cpu().numpy()
        if np.ndim(landmarks) == 0:
            count = whole_number("landmarks", landmarks, 1)
            return torch.from_numpy(_drawn(self.circuit, count, child_seed(self.seed, "landmarks")))
        try:
            given = np.array(landmarks, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise CircuitError(
                f"landmarks are {landmarks!r}; they must be a number of landmarks or numbers of shape "
                f"(landmarks, {self.n_inputs})"
            ) from error
        if given.ndim != 2 or not len(given) or given.shape[1] != self.n_inputs:
            raise CircuitError(
                f"landmarks have shape {given.shape}; it must be (landmarks, {self.n_inputs}), at least one"
            )
        return torch.from_numpy(given)

    def _first_weights(self) -> torch.Tensor | None:
        if not self.circuit.n_weights:
            return None
        seed = child_seed(self.seed, "initial weights")
        return torch.from_numpy(self.circuit.initial_weights(self._initial_weights, seed))

    @property
    def _simulator(self) -> Any:
        if self._opened.value is None:
            self._opened.value = open_simulator(**self._settings)
        return self._opened.value

    @property
    def label(self) -> str:
        """Name of the simulator for tables, such as ``Aer statevector (CPU)``."""
        return str(self._simulator.label)

    @property
    def shots(self) -> None:
        """None: values are exact."""
        return

    @property
    def gradient(self) -> str:
        """How gradients are computed: "adjoint"."""
        return "adjoint"

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Kernel values of every sample with every landmark.

        Args:
            inputs: floating point, shape (..., n_inputs); no sample at all is legal.

        Returns:
            Shape (..., n_landmarks), with the inputs' dtype and device.

        Raises:
            CircuitError: inputs of another kind or shape, NaN or infinite or otherwise not to be encoded
                values, landmarks that training has moved to where they cannot be encoded; in a backward pass,
                a second derivative.
            CircuitTooLargeError: the states of the batch do not fit into free memory.
        """
        check_inputs(inputs, self.n_inputs, "QuantumKernelLayer")
        if inputs.is_meta:
            return inputs.new_empty((*inputs.shape[:-1], self.n_landmarks))
        rows = as_rows(inputs)
        landmarks = self._on_host(self.landmarks, "landmarks")
        weights = None if self.weights is None else self._on_host(self.weights, "weights")
        try:
            states = self._states(rows, landmarks, weights)
        except CircuitError:
            self._check_parameters()
            raise
        samples, others = states[: len(rows)], states[len(rows) :]
        if self.kernel == "fidelity":
            values = fidelity_matrix(samples, others)
        else:
            values = projected_matrix(samples, others, self.gamma)
        return like_inputs(values, inputs)

    def _states(
        self, rows: torch.Tensor, landmarks: torch.Tensor, weights: torch.Tensor | None
    ) -> torch.Tensor:
        """States of samples, then of landmarks, in one run."""
        table, initial = self._encoded(rows, weights, "")
        other_table, other_initial = self._encoded(landmarks, weights, "landmarks")
        table = torch.cat([table, other_table])
        if initial is not None and other_initial is not None:
            initial = torch.cat([initial, other_initial])
        program, slots = self._read()
        wanted = np.zeros(program.n_slots, dtype=np.bool_)
        if rows.requires_grad or landmarks.requires_grad:
            wanted |= slots.input_slots
        if weights is not None and weights.requires_grad:
            wanted |= slots.weight_slots
        threads = self._settings["threads"]
        return differentiable_states(program, table, self._simulator, initial, wanted=wanted, threads=threads)

    def _encoded(
        self, features: torch.Tensor, weights: torch.Tensor | None, name: str
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        self._read()
        try:
            return self.circuit.table(features, weights), self.circuit.initial_states(features)
        except CircuitError as error:
            if name:
                raise CircuitError(
                    f"{name}: {error}. Landmarks must be such as the encoding takes: give others, keep them "
                    "fixed with trainable_landmarks=False, or clamp them after every step of the optimizer"
                ) from error
            raise

    def reset_parameters(self) -> None:
        """Give landmarks and weights the values of the start."""
        with torch.no_grad():
            self.landmarks.copy_(self._initial_landmarks)
            start = self._first_weights()
            if self.weights is not None and start is not None:
                self.weights.copy_(start)

    def extra_repr(self) -> str:
        """Circuit, kernel and simulator."""
        gamma = f", gamma={self.gamma}" if self.kernel == "projected" else ""
        return (
            f"{self.circuit!r}, n_landmarks={self.n_landmarks}, kernel={self.kernel!r}{gamma}, "
            f"simulator={self.label!r}"
        )

    def _read(self) -> tuple[Any, Any]:
        """Program and map of angles; after a copy or a pickle the circuit is read again."""
        if self._traced.value is None:
            with plain_torch():
                self._traced.value = self.circuit.program, self.circuit.slots
        program, slots = self._traced.value
        return program, slots


def _circuit(circuit: Any, encoding: Any) -> VariationalCircuit:
    if not isinstance(circuit, VariationalCircuit):
        if isinstance(circuit, bool) or not isinstance(circuit, (int, np.integer)):
            raise CircuitError(
                f"circuit is {circuit!r}; it must be a VariationalCircuit or a number of qubits"
            )
        circuit = VariationalCircuit(int(circuit), 0, encoding=encoding)
    if circuit.encoding is None:
        raise CircuitError("the circuit has no encoding, so all samples have one state; choose an encoding")
    chosen: VariationalCircuit = circuit
    return chosen


def _refuse_idle_weights(circuit: VariationalCircuit, kernel: str) -> None:
    if kernel == "fidelity" and circuit.n_weights and not (circuit.reupload and circuit.n_layers > 1):
        raise CircuitError(
            "no encoding follows the weights of the circuit, so they cancel in every fidelity and would "
            'never learn; use reupload=True with n_layers of at least 2, kernel="projected", or '
            "trainable_weights=False"
        )


def _drawn(circuit: VariationalCircuit, count: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    shape = (count, circuit.n_inputs)
    name = getattr(circuit.encoding, "name", "")
    if name == "amplitude":
        return rng.normal(size=shape)
    if name == "basis":
        return rng.integers(2, size=shape).astype(np.float64)
    low, high = FEATURE_RANGES.get(name) or (-np.pi / 2, np.pi / 2)
    return rng.uniform(low, high, shape)
