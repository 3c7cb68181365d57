"""Solvers for routing problems: which one a name stands for, with settings that suit such models."""

from __future__ import annotations

from typing import Any

from ..errors import OptionError
from ..solvers.base import Solver
from ..solvers.exact import Exact
from ..solvers.registry import find_solver, methods
from .head_methods import MOST_AMPLITUDES
from .routing_direct import DIRECT_METHODS, assignment_reason
from .routing_problem import RoutingProblem, capacity_row

__all__ = ["check_method", "chosen_method", "legal_methods", "routing_solver"]


def legal_methods() -> list[str]:
    """Names that ``assign_experts`` takes.

    Example:
        >>> legal_methods()[:4]
        ['auto', 'assignment', 'sinkhorn', 'argmax']
    """
    known = [str(name) for name in methods()["method"]]
    return ["auto", *DIRECT_METHODS, *(name for name in known if name != "auto")]


def chosen_method(method: Any, problem: RoutingProblem, argument: str = "method") -> Any:
    """What "auto" stands for; anything else that is legal as it is.

    Args:
        method: a name of `legal_methods` or a solver object.
        problem: what it will be asked.
        argument: name of the user's argument, for messages.

    Returns:
        "assignment" for linear problems with clusters of equal size, else "milp"; or what was given.

    Raises:
        OptionError: no such method.

    Example:
        >>> chosen_method("auto", RoutingProblem([[1.0, 0.0], [0.0, 1.0]]))
        'assignment'
    """
    check_method(method, argument)
    if isinstance(method, str):
        return method if method != "auto" else "milp" if assignment_reason(problem) else "assignment"
    return find_solver(method, argument)


def check_method(method: Any, argument: str = "method") -> None:
    """Refuse what no problem could be asked by.

    Args:
        method: a name of `legal_methods` or a solver object.
        argument: name of the user's argument, for messages.

    Raises:
        OptionError: no such method.

    Example:
        >>> check_method("milp")
    """
    if not isinstance(method, str):
        find_solver(method, argument)
    elif method not in legal_methods():
        legal = ", ".join(legal_methods())
        raise OptionError(f"{argument} is {method!r}; legal are {legal}, or a solver object")


def routing_solver(method: Any, problem: RoutingProblem, argument: str = "method") -> Solver:
    """The solver of a name for this problem.

    Args:
        method: a name of ``hybrid_opt.methods()`` or a solver object. "exact" enumerates up to 2^24
            assignments. "qaoa" stays in the subspace in which every cluster has one expert, with angles
            trained for CVaR. Capacity rows have a penalty there where they are equations (the experts hold
            just what there is); where they are inequalities they have none, for slack bits would outgrow the
            subspace: `routing_guide` pulls towards even loads, and draws are judged by the rows.
        problem: what it will be asked.
        argument: name of the user's argument, for messages.

    Returns:
        The solver.

    Raises:
        OptionError: no such method.

    Example:
        >>> routing_solver("qaoa", RoutingProblem([[1.0, 0.0], [0.0, 1.0]], capacity=1)).name
        'qaoa (xy-exact)'
    """
    if method == "exact":
        return Exact(limit=MOST_AMPLITUDES)
    if method == "qaoa":
        from ..circuits.objectives import CVaR
        from ..solvers.qaoa import QAOA

        experts = problem.shape[1]
        exactly = problem.capacity_rows()[2] == "=="
        penalty: Any = "adaptive" if exactly else {capacity_row(e): 0.0 for e in range(experts)}
        # A circuit holds the exact mixer of a group as a matrix, up to 10 bits; beyond, the engine is alone.
        # Trained for the best tenth of the draws: the mean is that of draws that break capacities as well.
        return QAOA(
            depth=3, shots=10_000, optimizer="L-BFGS-B", max_evaluations=30, objective=CVaR(0.1),
            mixer="xy-exact", penalty=penalty, circuit_qubits=20 if experts <= 10 else 0,
        )  # fmt: skip
    return find_solver(method, argument)
