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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..circuits.evaluation import Evaluation, Evaluator

__all__ = ["circuit_values"]


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
        >>> from hybrid_opt.circuits.program import read_tape
        >>> from hybrid_opt.circuits.readout import PauliReadout
        >>> from hybrid_opt.circuits.simulators import open_simulator
        >>> program = read_tape(qml.tape.QuantumScript([qml.RX(0.0, 0)])).program
        >>> evaluator = Evaluator(program, PauliReadout([qml.Z(0)], 1), simulator=open_simulator("native"))
        >>> angle = torch.tensor([[0.5]], dtype=torch.float64, requires_grad=True)
        >>> circuit_values(evaluator, angle).sum().backward()
        >>> round(angle.grad.item(), 6)  # -sin(0.5)
        -0.479426
    """
    values: torch.Tensor = _Values.apply(table, initial, _Call(evaluator, wanted))  # type: ignore[no-untyped-call]
    return values


class _Call:
    """One forward pass: what torch does not track, handed from its forward to its backward."""

    def __init__(self, evaluator: Evaluator, wanted: NDArray[np.bool_] | None) -> None:
        self.evaluator = evaluator
        self.wanted = wanted
        self.evaluation: Evaluation | None = None

    def evaluate(self, table: torch.Tensor, initial: torch.Tensor | None) -> torch.Tensor:
        self.evaluation = self.evaluator.evaluate(_array(table), None if initial is None else _array(initial))
        return torch.from_numpy(self.evaluation.values)

    def release_states(self) -> torch.Tensor | None:
        """The states, for torch to keep and to free."""
        assert self.evaluation is not None
        states = self.evaluation.states
        self.evaluation = replace(self.evaluation, states=None)
        return None if states is None else torch.from_numpy(states)

    def vjp(
        self, states: torch.Tensor | None, cotangents: torch.Tensor, with_initial: bool
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        assert self.evaluation is not None
        evaluation = self.evaluation if states is None else replace(self.evaluation, states=_array(states))
        weights = _array(cotangents.to(torch.float64))
        result = self.evaluator.vjp(evaluation, weights, wanted=self.wanted, with_initial=with_initial)
        gradient, start = result if with_initial else (result, None)
        return torch.from_numpy(gradient), None if start is None else torch.from_numpy(start)


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    return np.ascontiguousarray(tensor.detach().resolve_conj().resolve_neg().numpy())


class _Values(torch.autograd.Function):
    @staticmethod
    def forward(table: torch.Tensor, initial: torch.Tensor | None, call: _Call) -> torch.Tensor:
        return call.evaluate(table, initial)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: torch.Tensor) -> None:
        table, initial, call = inputs
        ctx.call = call
        ctx.save_for_backward(table, initial, call.release_states())

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        table, initial, states = ctx.saved_tensors
        with_initial = initial is not None and ctx.needs_input_grad[1]
        gradients = _Gradient.apply(cotangents[0], table, initial, states, ctx.call, with_initial)  # type: ignore[no-untyped-call]
        return *(gradients if with_initial else (gradients, None)), None


class _Gradient(torch.autograd.Function):
    """The backward pass as a function of its own, so that differentiating it can be answered in words."""

    @staticmethod
    def forward(
        cotangents: torch.Tensor,
        table: torch.Tensor,
        initial: torch.Tensor | None,
        states: torch.Tensor | None,
        call: _Call,
        with_initial: bool,
    ) -> Any:
        gradient, start = call.vjp(states, cotangents, with_initial)
        return (gradient, start) if with_initial else gradient

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        raise CircuitError(
            "a circuit layer can be differentiated once, not twice; drop create_graph=True, or take second "
            "derivatives as finite differences of the gradient"
        )
