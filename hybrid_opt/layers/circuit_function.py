"""A circuit's values as a differentiable torch function of its table of angles.

Forward is one evaluation, backward one vector-Jacobian product; PennyLane takes no part in either. What a
vector-Jacobian product needs, the states, is kept among torch's saved tensors and freed with them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..circuits.errors import CircuitError
from ..circuits.torch_states import refuse_batched_derivatives

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..circuits.evaluation import Evaluator

__all__ = ["circuit_values", "only_once"]


def circuit_values(
    evaluator: Evaluator,
    table: torch.Tensor,
    initial: torch.Tensor | None = None,
    *,
    wanted: NDArray[np.bool_] | None = None,
) -> torch.Tensor:
    """Evaluate a circuit for every row of a table.

    Args:
        evaluator: of the circuit.
        table: angles in radians, float64 on the host, shape (B, S).
        initial: where the program starts from given states: complex128, shape (B, 2**N).
        wanted: columns whose derivative matters, shape (S,); the others get 0. None for all.

    Returns:
        Float64, shape (B, O), differentiable once in the table and the initial states.

    Raises:
        CircuitError: a table that does not fit; in a backward pass, a second derivative.

    Example:
        >>> import pennylane as qml
        >>> from hybrid_opt.circuits.evaluation import Evaluator
        >>> from hybrid_opt.circuits.tape_reading import read_tape
        >>> from hybrid_opt.circuits.readout import PauliReadout
        >>> from hybrid_opt.circuits.simulators import open_simulator
        >>> program = read_tape(qml.tape.QuantumScript([qml.RX(0.0, 0)])).program
        >>> evaluator = Evaluator(program, PauliReadout([qml.Z(0)], 1), simulator=open_simulator("native"))
        >>> angle = torch.tensor([[0.5]], dtype=torch.float64, requires_grad=True)
        >>> circuit_values(evaluator, angle).sum().backward()
        >>> round(angle.grad.item(), 6)  # -sin(0.5)
        -0.479426
    """
    values: torch.Tensor = _Values.apply(table, initial, evaluator, wanted)  # type: ignore[no-untyped-call]
    return values


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    return np.ascontiguousarray(tensor.detach().resolve_conj().resolve_neg().numpy())


class _Values(torch.autograd.Function):
    # Forward takes ctx, the older of torch's two forms: the newer one looks up its signature at every call,
    # which takes as long as the adjoint sweep of a small circuit.

    @staticmethod
    def forward(
        ctx: Any,
        table: torch.Tensor,
        initial: torch.Tensor | None,
        evaluator: Evaluator,
        wanted: NDArray[np.bool_] | None,
    ) -> torch.Tensor:
        evaluation = evaluator.evaluate(_array(table), None if initial is None else _array(initial))
        if any(ctx.needs_input_grad):
            states = None if evaluation.states is None else torch.from_numpy(evaluation.states)
            ctx.save_for_backward(table, initial, states)
            ctx.evaluation = replace(evaluation, states=None)
            ctx.evaluator, ctx.wanted = evaluator, wanted
        return torch.from_numpy(evaluation.values)

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        refuse_batched_derivatives(cotangents[0])
        table, initial, states = ctx.saved_tensors
        evaluation = ctx.evaluation if states is None else replace(ctx.evaluation, states=_array(states))
        with_initial = initial is not None and ctx.needs_input_grad[1]
        result = ctx.evaluator.vjp(
            evaluation, _array(cotangents[0]), wanted=ctx.wanted, with_initial=with_initial
        )
        gradients = [torch.from_numpy(part) for part in (result if with_initial else (result,))]
        if torch.is_grad_enabled():
            # create_graph=True: first derivatives are right, but who differentiates them must hear of it.
            sources = [source for source in (table, initial, cotangents[0]) if source is not None]
            gradients = [only_once(gradient, *sources) for gradient in gradients]
        return gradients[0], gradients[1] if with_initial else None, None, None


def only_once(gradient: torch.Tensor, *sources: torch.Tensor) -> torch.Tensor:
    """A gradient that says so when somebody differentiates it again.

    Args:
        gradient: as computed outside of torch.
        sources: what it depends on.

    Returns:
        The same numbers.

    Example:
        >>> only_once(torch.ones(2), torch.zeros(2)).tolist()
        [1.0, 1.0]
    """
    marked: torch.Tensor = _Once.apply(gradient, *sources)  # type: ignore[no-untyped-call]
    return marked


class _Once(torch.autograd.Function):
    """The identity on its first argument, as a function of the others that cannot be differentiated."""

    @staticmethod
    def forward(ctx: Any, gradient: torch.Tensor, *sources: torch.Tensor) -> torch.Tensor:
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        raise CircuitError(
            "a circuit layer can be differentiated once, not twice; drop create_graph=True, or take second "
            "derivatives as finite differences of the gradient"
        )
