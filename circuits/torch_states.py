"""Final states of a circuit as a differentiable torch function of its angles, and matrices made of states.

One simulator run gives the states of all rows; the backward pass is one adjoint sweep over them. Every
quantity that torch can compute from states, such as a kernel matrix, is differentiable this way in inputs and
weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .adjoint import adjoint_gradient
from .errors import CircuitError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .program import Program
    from .simulators import Simulator

__all__ = [
    "bloch_vectors",
    "differentiable_states",
    "fidelity_matrix",
    "projected_matrix",
    "refuse_batched_derivatives",
]


def refuse_batched_derivatives(cotangent: torch.Tensor) -> None:
    """Refuse several cotangents at once, which torch hands over as one tensor without values.

    Args:
        cotangent: what torch's backward pass brings.

    Raises:
        CircuitError: inside ``is_grads_batched=True`` or ``vectorize=True``.

    Example:
        >>> refuse_batched_derivatives(torch.zeros(1))
    """
    if torch._C._functorch.is_legacy_batchedtensor(cotangent):
        raise CircuitError(
            "a circuit layer takes one cotangent at a time; use vectorize=False or is_grads_batched=False"
        )


def differentiable_states(
    program: Program,
    table: torch.Tensor,
    simulator: Simulator,
    initial: torch.Tensor | None = None,
    *,
    wanted: NDArray[np.bool_] | None = None,
    threads: int | None = None,
) -> torch.Tensor:
    """Final states of every row of a table, differentiable once in the table and in the initial states.

    Gradients are exact: T. Jones, J. Gacon, "Efficient calculation of gradients in classical simulations of
    variational quantum algorithms", arXiv 2009.02823, applied to any cotangent of the states.

    Args:
        program: without channels.
        table: real angles in radians, shape (B, S).
        simulator: see ``simulators``; without noise.
        initial: where the program starts from given states: complex, shape (B, 2**N), or (2**N,) for all
            rows.
        wanted: columns whose derivative matters, shape (S,); the others get 0. None for all.
        threads: most CPU threads of the backward pass; None for all.

    Returns:
        Complex128, shape (B, 2**N), on the table's device, phases right.

    Raises:
        CircuitError: a table or states that do not fit, a noisy simulator, or, in a backward pass, a second
            derivative.
        CircuitTooLargeError: the states do not fit into free memory.

    Example:
        >>> import pennylane as qml
        >>> from .tape_reading import read_tape
        >>> from .simulators import open_simulator
        >>> bound = read_tape(qml.tape.QuantumScript([qml.RY(0.3, 0)]))
        >>> angle = torch.tensor([[0.3]], dtype=torch.float64, requires_grad=True)
        >>> state = differentiable_states(bound.program, angle, open_simulator("aer", compute="cpu"))
        >>> (state[0, 1].abs() ** 2).backward()
        >>> round(angle.grad.item(), 6)  # sin(0.3) / 2
        0.14776
    """
    if not isinstance(table, torch.Tensor) or table.is_complex():
        raise CircuitError("the table of angles must be a real torch tensor of shape (B, S)")
    if program.noisy or getattr(simulator, "noise_model", None) is not None:
        raise CircuitError(
            "with noise there is no state vector to differentiate; open the simulator without noise"
        )
    states: torch.Tensor = _States.apply(
        table.to(torch.float64), initial, (program, simulator, wanted, threads)
    )  # type: ignore[no-untyped-call]
    return states


def _array(tensor: torch.Tensor) -> Any:
    return np.ascontiguousarray(tensor.detach().resolve_conj().resolve_neg().cpu().numpy())


class _States(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table: torch.Tensor, initial: torch.Tensor | None, settings: Any) -> torch.Tensor:
        program, simulator, _, _ = settings
        angles = _array(table)
        start = None if initial is None else _array(initial.to(torch.complex128))
        program.check_table(angles)
        final = (
            simulator.states(program, angles, start)
            if len(angles)
            else np.empty((0, 2**program.n_qubits), dtype=np.complex128)
        )
        states = torch.from_numpy(np.ascontiguousarray(final, dtype=np.complex128)).to(table.device)
        ctx.settings = settings
        ctx.save_for_backward(table, initial, states)
        return states

    @staticmethod
    def backward(
        ctx: Any, *cotangents: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor | None, None]:
        refuse_batched_derivatives(cotangents[0])
        table, initial, states = ctx.saved_tensors
        program, simulator, wanted, threads = ctx.settings
        with_table, with_initial, _ = ctx.needs_input_grad
        if not len(table):
            zeros = torch.zeros_like(initial) if with_initial else None
            return (torch.zeros_like(table) if with_table else None), zeros, None
        if not with_table:
            wanted = np.zeros(program.n_slots, dtype=np.bool_)
        result = adjoint_gradient(
            program,
            _array(table),
            _array(states),
            _array(cotangents[0]),
            wanted=wanted,
            with_initial=with_initial,
            threads=threads,
            compute="cpu" if simulator.compute == "cpu" else "auto",
        )
        gradient, start = result if with_initial else (result, None)
        of_table = torch.from_numpy(gradient).to(table.device) if with_table else None
        of_initial = None
        if start is not None:
            start = start if initial.ndim == 2 else start.sum(axis=0)
            of_initial = torch.from_numpy(start).to(initial.device, initial.dtype)
        if torch.is_grad_enabled():
            # create_graph=True: first derivatives are fine, but whoever differentiates them must hear of it.
            of_table = None if of_table is None else _Once.apply(of_table, table, cotangents[0])  # type: ignore[no-untyped-call]
            of_initial = None if of_initial is None else _Once.apply(of_initial, table, cotangents[0])  # type: ignore[no-untyped-call]
        return of_table, of_initial, None


class _Once(torch.autograd.Function):
    """The identity on its first argument, which refuses to be differentiated."""

    @staticmethod
    def forward(ctx: Any, gradient: torch.Tensor, *sources: torch.Tensor) -> torch.Tensor:
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        raise CircuitError(
            "the states of a circuit can be differentiated once, not twice; drop create_graph=True, or take "
            "second derivatives by finite differences of the gradient"
        )


def fidelity_matrix(states_a: torch.Tensor, states_b: torch.Tensor) -> torch.Tensor:
    """Squared overlaps |<a|b>|**2 of pure states.

    Args:
        states_a: complex, shape (n, D).
        states_b: complex, shape (m, D).

    Returns:
        Real, shape (n, m).

    Raises:
        CircuitError: states of unequal length.

    Example:
        >>> plus = torch.tensor([[1.0, 1.0]], dtype=torch.complex128) / 2**0.5
        >>> fidelity_matrix(plus, torch.eye(2, dtype=torch.complex128)).round(decimals=6).tolist()
        [[0.5, 0.5]]
    """
    _check_lengths(states_a, states_b)
    overlaps = states_a.conj() @ states_b.T
    return overlaps.real**2 + overlaps.imag**2


def bloch_vectors(states: torch.Tensor) -> torch.Tensor:
    """Expectation values of X, Y and Z of every qubit: all one-qubit reduced density matrices.

    Args:
        states: complex, shape (n, 2**N).

    Returns:
        Real, shape (n, N, 3).

    Raises:
        CircuitError: the length is no power of two.

    Example:
        >>> bloch_vectors(torch.tensor([[1.0, 0.0]], dtype=torch.complex128)).tolist()
        [[[0.0, 0.0, 1.0]]]
    """
    size = states.shape[-1]
    n_qubits = size.bit_length() - 1
    if states.ndim != 2 or size != 1 << n_qubits:
        raise CircuitError(f"states have shape {tuple(states.shape)}; it must be (n, 2**N)")
    vectors = []
    for wire in range(n_qubits):
        halves = states.reshape(len(states), 1 << wire, 2, -1)
        zero, one = halves[:, :, 0].reshape(len(states), -1), halves[:, :, 1].reshape(len(states), -1)
        cross = (zero.conj() * one).sum(dim=1)
        difference = (zero.real**2 + zero.imag**2 - one.real**2 - one.imag**2).sum(dim=1)
        vectors.append(torch.stack([2 * cross.real, 2 * cross.imag, difference], dim=1))
    return torch.stack(vectors, dim=1)


def projected_matrix(
    states_a: torch.Tensor, states_b: torch.Tensor, gamma: float | torch.Tensor = 1.0
) -> torch.Tensor:
    """Projected kernel exp(-gamma sum_k ||rho_k - rho'_k||_F**2) of one-qubit reduced density matrices.

    H.-Y. Huang et al., "Power of data in quantum machine learning", arXiv 2011.01938. In Bloch vectors the
    norm is ||rho - rho'||_F**2 = |r - r'|**2 / 2.

    Args:
        states_a: complex, shape (n, 2**N).
        states_b: complex, shape (m, 2**N).
        gamma: a positive number, or a tensor that is to be trained.

    Returns:
        Real, shape (n, m).

    Raises:
        CircuitError: states of unequal length.

    Example:
        >>> basis = torch.eye(2, dtype=torch.complex128)
        >>> projected_matrix(basis, basis, 0.5).round(decimals=6).tolist()  # exp(-0.5 * 2)
        [[1.0, 0.367879], [0.367879, 1.0]]
    """
    _check_lengths(states_a, states_b)
    a, b = bloch_vectors(states_a).flatten(1), bloch_vectors(states_b).flatten(1)
    squares = (a**2).sum(dim=1)[:, None] + (b**2).sum(dim=1)[None, :] - 2 * a @ b.T
    return torch.exp(-gamma * squares.clamp(min=0) / 2)


def _check_lengths(states_a: torch.Tensor, states_b: torch.Tensor) -> None:
    if states_a.ndim != 2 or states_b.ndim != 2 or states_a.shape[1] != states_b.shape[1]:
        raise CircuitError(
            f"states of shapes {tuple(states_a.shape)} and {tuple(states_b.shape)} have no overlaps; both "
            "must be (number of states, 2**N) with the same N"
        )
