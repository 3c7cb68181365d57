"""A trainable circuit as a torch layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pennylane as qml
import torch

from ..circuits.errors import CircuitError
from ..circuits.variational import VariationalCircuit
from ..seeds import child_seed
from .arguments import finite_array, is_trainable, output_observables
from .circuit_function import circuit_values
from .circuit_layer import CircuitLayer
from .execution import Evaluators, Execution, layer_seed
from .inputs import as_rows, check_inputs, like_inputs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .qnode_layer import QNodeLayer

__all__ = ["QNNLayer"]


class QNNLayer(CircuitLayer):
    """Encodes inputs into a circuit with trainable weights and returns expectation values.

    Inputs of shape (..., n_inputs) become outputs of shape (..., n_outputs), in one run of the simulator for
    all samples. The circuit is computed in float64 on the host; outputs have the inputs' dtype and device.
    Gradients with respect to weights and inputs are exact (adjoint method) unless shots or noise are asked
    for. They can be taken once, not twice.

    With ``shots`` or ``noise_model`` the layer samples in training mode. In evaluation mode (``eval()``) it
    computes exact, noise-free values, unless ``exact_evaluation`` is False.

    A copy or a pickle keeps settings, weights and seed and begins its random stream anew. Worker processes
    must be spawned, not forked: Aer's threads do not survive a fork.

    Args:
        n_qubits: number of qubits N.
        n_layers: number of trainable layers.
        ansatz: name or object of the trainable layers, see ``circuits.ansatz``.
        encoding: name or object of the encoding, see ``circuits.encodings``; it decides n_inputs.
        reupload: whether the encoding stands before every layer instead of once at the start.
        n_outputs: the outputs are <Z> of the first n_outputs qubits; None for all. With ``observables`` it
            may be left out.
        observables: PennyLane operators on the wires 0 ... N - 1, sums of Pauli words, one per output.
        compute: "auto", "cpu" or "gpu".
        shots: samples per sample of the batch and measurement basis in training; None for exact values.
        simulator: "aer", "native", or a simulator opened before, whose own noise always acts.
        gradient: "auto" (adjoint where values are exact, else parameter shift), "adjoint", "parameter_shift"
            or "spsa".
        noise_model: a ``qiskit_aer.noise.NoiseModel``, such as those of ``circuits.noise``.
        precision: "double" or "single", of Aer.
        threads: most CPU threads of the simulator; None for all. Take 1 where several processes train.
        initial_weights: "gaussian", "identity", "uniform" or "zeros" (see ``circuits.initial_weights``),
            or an array of shape ``circuit.weight_shape``.
        input_scaling: "trainable" for one trainable factor per input, 1 at the start; None for none.
        output_scaling: "trainable" for a trainable factor and shift per output, 1 and 0 at the start.
        exact_evaluation: whether evaluation mode computes without shots and noise model.
        seed: of initial weights, samples and random directions. None draws one from torch's generator, so
            that ``torch.manual_seed`` decides.

    Attributes:
        circuit: the ``VariationalCircuit``.
        n_inputs: features of one sample.
        n_outputs: values of one sample.
        weights: the circuit's parameter, shape ``circuit.weight_shape``, in torch's default dtype.
        input_scale: shape (n_inputs,), or None.
        output_scale: shape (n_outputs,), or None.
        output_shift: shape (n_outputs,), or None.
        seed: the seed in use.

    Raises:
        CircuitError: an illegal argument or combination of arguments.
        OptionError: an illegal seed.
        DeviceUnavailableError: compute="gpu" and no usable GPU, or Aer cannot be loaded.

    Example:
        >>> layer = QNNLayer(4, 2, seed=1)
        >>> model = torch.nn.Sequential(torch.nn.Linear(10, 4), layer, torch.nn.Linear(4, 1))
        >>> model(torch.zeros(32, 10)).shape
        torch.Size([32, 1])
    """

    n_inputs: int
    n_outputs: int

    def __init__(
        self,
        n_qubits: int,
        n_layers: int,
        *,
        ansatz: Any = "strongly_entangling",
        encoding: Any = "angle",
        reupload: bool = False,
        n_outputs: int | None = None,
        observables: Sequence[Any] | None = None,
        compute: str = "auto",
        shots: int | None = None,
        simulator: Any = "aer",
        gradient: str = "auto",
        noise_model: Any = None,
        precision: str = "double",
        threads: int | None = None,
        initial_weights: Any = "gaussian",
        input_scaling: str | None = None,
        output_scaling: str | None = None,
        exact_evaluation: bool = True,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        if encoding is None:
            raise CircuitError(
                'encoding is None, but a layer needs inputs; name one, such as encoding="angle", or use '
                "circuits.VariationalCircuit for a circuit without inputs"
            )
        self.circuit = VariationalCircuit(
            n_qubits, n_layers, encoding=encoding, ansatz=ansatz, reupload=reupload
        )
        self.observables = output_observables(observables, n_outputs, self.circuit.n_qubits)
        self.n_inputs = self.circuit.n_inputs
        self.n_outputs = len(self.observables)
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
        measurements = [qml.expval(observable) for observable in self.observables]
        self._evaluators = Evaluators(self._execution, measurements, self.circuit.n_qubits)
        # Now rather than at the first forward pass: what cannot be run is refused where it is asked for.
        self._evaluators.get(self.circuit.program, training=True)
        self._initial_weights = initial_weights
        start = self._start()
        dtype = torch.get_default_dtype()
        self.weights = torch.nn.Parameter(torch.tensor(start, dtype=dtype))
        self.input_scale: torch.nn.Parameter | None
        self.output_scale: torch.nn.Parameter | None
        self.output_shift: torch.nn.Parameter | None
        scaled_in = is_trainable("input_scaling", input_scaling)
        scaled_out = is_trainable("output_scaling", output_scaling)
        ones = torch.nn.Parameter(torch.ones(self.n_inputs)) if scaled_in else None
        self.register_parameter("input_scale", ones)
        ones = torch.nn.Parameter(torch.ones(self.n_outputs)) if scaled_out else None
        self.register_parameter("output_scale", ones)
        zeros = torch.nn.Parameter(torch.zeros(self.n_outputs)) if scaled_out else None
        self.register_parameter("output_shift", zeros)

    @staticmethod
    def from_qnode(
        qnode: Any,
        weight_shapes: Mapping[str, Any],
        *,
        input_name: str = "inputs",
        n_inputs: int | None = None,
        initial_weights: Mapping[str, Any] | None = None,
        gradient: str = "auto",
        exact_evaluation: bool = True,
        direct: bool | None = None,
        seed: int | None = None,
    ) -> QNodeLayer:
        """A layer from any PennyLane QNode on the device ``hybrid.aer``; see `QNodeLayer`.

        Args:
            qnode: the QNode.
            weight_shapes: shape of every argument that is a weight.
            input_name: the argument that takes the inputs.
            n_inputs: features of one sample; None to find out at the first forward pass.
            initial_weights: weight name to array.
            gradient: as for this class.
            exact_evaluation: as for this class.
            direct: True to refuse a QNode whose angles are no affine functions of inputs and weights; False
                to build its tape at every pass; None to decide.
            seed: as for this class.

        Returns:
            A `QNodeLayer`.

        Raises:
            CircuitError: see `QNodeLayer`.

        Example:
            >>> @qml.qnode(qml.device("hybrid.aer", wires=2, compute="cpu"))
            ... def circuit(inputs, weights):
            ...     qml.AngleEmbedding(inputs, wires=[0, 1])
            ...     qml.BasicEntanglerLayers(weights, wires=[0, 1])
            ...     return [qml.expval(qml.Z(0)), qml.expval(qml.Z(1))]
            >>> layer = QNNLayer.from_qnode(circuit, {"weights": (3, 2)}, seed=1)
            >>> layer(torch.zeros(5, 2)).shape
            torch.Size([5, 2])
        """
        from .qnode_layer import QNodeLayer

        return QNodeLayer(
            qnode,
            weight_shapes,
            input_name=input_name,
            n_inputs=n_inputs,
            initial_weights=initial_weights,
            gradient=gradient,
            exact_evaluation=exact_evaluation,
            direct=direct,
            seed=seed,
        )

    @property
    def gradient(self) -> str:
        """How gradients are computed in training: "adjoint", "parameter_shift" or "spsa"."""
        return self._evaluators.get(self.circuit.program, training=True).gradient

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Outputs of every sample.

        Args:
            inputs: floating point, shape (..., n_inputs); no sample at all is legal.

        Returns:
            Shape (..., n_outputs), with the inputs' dtype and device.

        Raises:
            CircuitError: inputs of another kind or shape, NaN or infinite or otherwise not to be encoded
                values, parameters without finite values; in a backward pass, a second derivative.
            CircuitTooLargeError: the states of the batch do not fit into free memory.
        """
        check_inputs(inputs, self.n_inputs, "QNNLayer")
        if inputs.is_meta:
            return inputs.new_empty((*inputs.shape[:-1], self.n_outputs))
        try:
            values = self._circuit_values(as_rows(inputs))
        except CircuitError:
            self._check_parameters()  # where one of them is the reason, it is named
            raise
        if self.output_scale is not None and self.output_shift is not None:
            values = values * self._on_host(self.output_scale, "output_scale")
            values = values + self._on_host(self.output_shift, "output_shift")
        return like_inputs(values, inputs)

    def _circuit_values(self, rows: torch.Tensor) -> torch.Tensor:
        if self.input_scale is not None:
            rows = rows * self._on_host(self.input_scale, "input_scale")
        weights = self._on_host(self.weights, "weights")
        program, slots = self.circuit.program, self.circuit.slots
        table = self.circuit.table(rows, weights)
        initial = self.circuit.initial_states(rows)
        wanted = None
        if not rows.requires_grad:
            wanted = slots.weight_slots
        elif not weights.requires_grad:
            wanted = slots.input_slots
        evaluator = self._evaluators.get(program, training=self.training)
        return circuit_values(evaluator, table, initial, wanted=wanted)

    def reset_parameters(self) -> None:
        """Give all parameters the values of the start: the same weights, scales of 1, shifts of 0."""
        with torch.no_grad():
            self._set("weights", torch.tensor(self._start(), device="cpu"))
            if self.input_scale is not None:
                self.input_scale.fill_(1.0)
            if self.output_scale is not None and self.output_shift is not None:
                self.output_scale.fill_(1.0)
                self.output_shift.fill_(0.0)

    def draw(self, inputs: Any = None, *, weights: bool = False, decimals: int = 2) -> str:
        """The circuit as text.

        Args:
            inputs: features of one sample, shape (n_inputs,); None shows their names.
            weights: whether the current weights are shown as numbers instead of their names.
            decimals: of numbers.

        Returns:
            Lines, one per wire.

        Raises:
            CircuitError: inputs of a wrong shape, or that cannot be encoded.

        Example:
            >>> print(QNNLayer(2, 1, ansatz="basic_entangler").draw())
            0: ──RX(x0)──RX(w[0,0])─╭●─┤
            1: ──RX(x1)──RX(w[0,1])─╰X─┤
        """
        numbers = self._on_host(self.weights, "weights").detach().numpy() if weights else None
        sample = inputs.detach().cpu().numpy() if isinstance(inputs, torch.Tensor) else inputs
        return self.circuit.draw(sample, numbers, decimals=decimals)

    def resources(self) -> dict[str, Any]:
        """What the circuit costs; see ``VariationalCircuit.resources``.

        Returns:
            qubits, inputs, weights, gates (name to number), one_qubit_gates, two_qubit_gates, depth.
        """
        return self.circuit.resources()

    def extra_repr(self) -> str:
        """Circuit, outputs and how it is run."""
        return f"{self.circuit!r}, n_outputs={self.n_outputs}, {self._describe_execution()}"

    def _start(self) -> NDArray[np.float64]:
        given = self._initial_weights
        if isinstance(given, str):
            return self.circuit.initial_weights(given, child_seed(self.seed, "initial weights"))
        return finite_array("initial_weights", given, self.circuit.weight_shape)
