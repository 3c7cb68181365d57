"""Any QNode on the device ``hybrid.aer`` as a torch layer."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Any

import numpy as np
import torch

from ..circuits.arguments import whole_number
from ..circuits.errors import CircuitError
from ..circuits.evaluation import GRADIENTS
from ..seeds import child_seed
from .arguments import finite_array
from .arguments import weight_shapes as shapes_of
from .circuit_layer import CircuitLayer, Local, plain_torch
from .execution import Execution, layer_seed
from .inputs import as_rows, check_inputs, like_inputs
from .qnode_plan import QNodePlan, make_plan
from .qnode_reading import QNodeSource

__all__ = ["QNodeLayer"]


class QNodeLayer(CircuitLayer):
    """A PennyLane QNode on the device ``hybrid.aer``, without PennyLane in the training loop.

    It is what ``qml.qnn.TorchLayer`` is, with the same output shapes: expectation values side by side, other
    results flattened; a QNode that returns one measurement by itself gives that measurement's shape. The
    QNode means what it means for one sample: it is called with inputs of shape (n_inputs,), or, if it can
    only take batches (``inputs[:, 0]``), of shape (samples, n_inputs).

    At the first forward pass the QNode is called a few times at random places. If its angles are affine
    functions of inputs and weights (sums of multiples, plus constants), its structure is fixed and no state
    or matrix depends on inputs or weights, that is all: later passes only fill a table of angles. Otherwise
    its tape is built at every forward pass, for the batch as a whole if the function allows it, else for
    every sample: as exact, but slow. ``direct`` says which. A function that deviates from an affine one, or
    changes its structure, at few places only is not noticed; give direct=False for it.

    With the QNode's shots, or a noise model of its device, the layer samples in training mode and computes
    exactly in evaluation mode, unless ``exact_evaluation`` is False. Channels of the circuit itself always
    act.

    A pickle holds the name of the QNode, which must therefore be a global name of an importable module.

    Args:
        qnode: on the device ``hybrid.aer``.
        weight_shapes: shape of every argument that is a weight: a tuple, or an integer.
        input_name: the argument that takes the inputs.
        n_inputs: features of one sample; None to find out at the first forward pass.
        initial_weights: weight name to array; weights without one start uniform between 0 and 2 pi.
        gradient: "auto" (adjoint where results are exact, else parameter shift), "adjoint", "parameter_shift"
            or "spsa". The QNode's ``diff_method`` is not used.
        exact_evaluation: whether evaluation mode computes without shots and noise model.
        direct: True to refuse a QNode that cannot be read once; False to build its tape at every pass; None
            to decide.
        seed: of initial weights, samples and random directions; None draws one from torch's generator.

    Attributes:
        qnode: the QNode.
        seed: the seed in use.

    Raises:
        CircuitError: no QNode, another device (use ``qml.qnn.TorchLayer``), arguments that do not fit.
        NotAffineError: direct=True for a QNode that cannot be read once.
        OptionError: an illegal seed.

    Example:
        >>> import pennylane as qml
        >>> @qml.qnode(qml.device("hybrid.aer", wires=1, compute="cpu"))
        ... def circuit(inputs, angle):
        ...     qml.RX(inputs[0], wires=0)
        ...     qml.RY(angle, wires=0)
        ...     return qml.expval(qml.Z(0))
        >>> layer = QNodeLayer(circuit, {"angle": ()}, initial_weights={"angle": 0.0})
        >>> layer(torch.tensor([[0.0], [torch.pi]])).round(decimals=4).tolist()
        [1.0, -1.0]
        >>> layer.direct
        True
    """

    def __init__(
        self,
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
    ) -> None:
        super().__init__()
        if direct not in (None, True, False):
            raise CircuitError(f"direct is {direct!r}; it must be True, False or None")
        if gradient not in GRADIENTS:
            legal = ", ".join(map(repr, GRADIENTS))
            raise CircuitError(f"gradient is {gradient!r}; it must be one of {legal}")
        if not isinstance(weight_shapes, Mapping):
            raise CircuitError(
                f"weight_shapes is {weight_shapes!r}; it must be a dict from names of weights to shapes"
            )
        self._shapes = shapes_of(weight_shapes)
        self._source = QNodeSource(qnode, input_name, tuple(self._shapes))
        self._wanted_direct = direct
        self.seed = layer_seed(seed)
        self._execution = Execution(
            simulator="aer",
            **self._source.settings,
            shots=self._source.shots,
            gradient=gradient,
            exact_evaluation=bool(exact_evaluation),
            seed=child_seed(self.seed, "layer"),
        )
        self._initial_weights = dict(initial_weights or {})
        self._plans = Local()
        for name, start in self._start().items():
            if hasattr(self, name) or "." in name or not name:
                raise CircuitError(
                    f"the weight {name!r} cannot become a parameter of that name, which a torch module "
                    "already uses or cannot have; rename the QNode's argument"
                )
            self.register_parameter(
                name, torch.nn.Parameter(torch.tensor(start, dtype=torch.get_default_dtype()))
            )
        self.n_inputs = None if n_inputs is None else whole_number("n_inputs", n_inputs, 1)
        if self.n_inputs is not None:
            self._plan(self.n_inputs)

    @property
    def qnode(self) -> Any:
        """The QNode."""
        return self._source.qnode

    @property
    def direct(self) -> bool | None:
        """Whether the QNode was read once and for all; None before it is known."""
        plans = self._plans.value
        return all(plan.traced is not None for plan in plans.values()) if plans else None

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Results of every sample.

        Args:
            inputs: floating point, shape (..., n_inputs); no sample at all is legal.

        Returns:
            Shape (..., number of values), or (...) followed by the shape of the one measurement that the
            QNode returns by itself; with the inputs' dtype and device.

        Raises:
            CircuitError: inputs of another kind, NaN or infinite values, a QNode that cannot be evaluated; in
                a backward pass, a second derivative.
            CircuitTooLargeError: the states of the batch do not fit into free memory.
        """
        check_inputs(inputs, self.n_inputs, "QNodeLayer")
        plan = self._plan(inputs.shape[-1])
        if inputs.is_meta:
            nothing = torch.zeros((inputs[..., 0].numel(), plan.n_outputs), device="meta")
            return like_inputs(plan.shaped(nothing), inputs)
        rows = as_rows(inputs)
        weights = {name: self._on_host(getattr(self, name), name) for name in self._shapes}
        try:
            values = plan.values(rows, weights, training=self.training)
        except CircuitError:
            _check_rows(rows)
            self._check_parameters()
            raise
        return like_inputs(plan.shaped(values), inputs)

    def reset_parameters(self) -> None:
        """Give all weights the values of the start."""
        for name, start in self._start().items():
            self._set(name, torch.tensor(start, device="cpu"))

    def draw(self, inputs: torch.Tensor, *, decimals: int = 2) -> str:
        """The circuit with the current weights as text.

        Args:
            inputs: features of one sample, shape (n_inputs,).
            decimals: of numbers.

        Returns:
            Lines, one per wire.
        """
        weights = {name: self._on_host(getattr(self, name), name).detach() for name in self._shapes}
        return str(self._source.tape(inputs.detach(), weights).draw(decimals=decimals))

    def extra_repr(self) -> str:
        """The QNode's arguments and how it is run."""
        name = getattr(self.qnode.func, "__name__", "qnode")
        shapes = ", ".join(f"{weight}={shape}" for weight, shape in self._shapes.items())
        arguments = ", ".join(part for part in (self._source.input_name, shapes) if part)
        return f"{name}({arguments}), direct={self.direct}, {self._describe_execution()}"

    def _plan(self, n_inputs: int) -> QNodePlan:
        if self._plans.value is None:
            self._plans.value = {}
        plans: dict[int, QNodePlan] = self._plans.value
        if n_inputs not in plans:
            with plain_torch():
                plans[n_inputs] = make_plan(
                    self._source, self._shapes, n_inputs, self._execution, self._wanted_direct
                )
        return plans[n_inputs]

    def _start(self) -> dict[str, Any]:
        unknown = sorted(set(self._initial_weights) - set(self._shapes))
        if unknown:
            raise CircuitError(f"initial_weights name {unknown}; the weights are {sorted(self._shapes)}")
        rng = np.random.default_rng(child_seed(self.seed, "initial weights"))
        start = {name: rng.uniform(0, 2 * pi, shape) for name, shape in self._shapes.items()}
        for name, given in self._initial_weights.items():
            start[name] = finite_array(f"initial_weights of {name!r}", given, self._shapes[name])
        return start


def _check_rows(rows: torch.Tensor) -> None:
    wrong = (~torch.isfinite(rows)).nonzero()
    if len(wrong):
        row, feature = wrong[0].tolist()
        raise CircuitError(
            f"feature {feature} of row {row} of the inputs is {rows[row, feature].item()}; inputs must be "
            "finite numbers"
        )
