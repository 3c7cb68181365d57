"""Solvers for questions about heads: which one a name stands for, with settings that suit such models."""

from __future__ import annotations

from math import comb, prod
from typing import Any

import numpy as np

from ..errors import OptionError
from ..solvers.base import Solver
from ..solvers.exact import Exact
from ..solvers.registry import find_solver
from .head_question import HeadQuestion

__all__ = ["EXACT_HEADS", "MOST_AMPLITUDES", "count_states", "solver_of"]

EXACT_HEADS = 24
"""Free heads up to which "auto" enumerates; above it asks HiGHS."""

MOST_AMPLITUDES = 2**24
"""Amplitudes that a quantum row simulates at once; larger questions are asked in blocks."""

_FREE_QUBITS = 24


def count_states(question: HeadQuestion) -> int:
    """Amplitudes of the fixed-weight subspace of a question's free heads, or of all bits with a budget.

    Args:
        question: the question.

    Returns:
        The number of bit strings; those in which a layer keeps no head are counted.

    Example:
        >>> import numpy as np
        >>> from hybrid_opt.tuning.loss_statistics import HeadStatistics
        >>> zeros = np.zeros(8)
        >>> measured = HeadStatistics((4, 4), zeros + 1, 1.0, zeros, np.eye(8), zeros, None, 9, 9)
        >>> count_states(HeadQuestion(measured, keep=4)), count_states(HeadQuestion(measured, keep=(2, 2)))
        (70, 36)
    """
    free = int((question.fixed_bits < 0).sum())
    if question.keep is None:
        return int(2**free)
    if isinstance(question.keep, tuple):
        ends = np.cumsum(question.statistics.layers)[:-1]
        parts = zip(np.split(question.fixed_bits, ends), question.keep, strict=True)
        return prod(comb(int((bits < 0).sum()), kept - int((bits == 1).sum())) for bits, kept in parts)
    return comb(free, question.keep - int((question.fixed_bits == 1).sum()))


def solver_of(method: Any, question: HeadQuestion, argument: str = "method") -> Solver:
    """The solver of a name for this question.

    Args:
        method: a name of ``hybrid_opt.methods()`` or a solver object. "auto" enumerates up to 24 free heads
            and asks HiGHS above. "qaoa" stays in the subspace of bit strings that keep the number of heads,
            with angles trained for CVaR; rows "layer keeps a head" have no penalty there, draws are judged
            by them. "vqe" minimizes the QUBO with penalties.
        question: what it will be asked.
        argument: name of the user's argument, for messages.

    Returns:
        The solver.

    Raises:
        OptionError: no such method.
    """
    if method == "auto":
        method = "exact" if int((question.fixed_bits < 0).sum()) <= EXACT_HEADS else "milp"
    if method == "exact":
        return Exact(limit=2**EXACT_HEADS)
    if method == "qaoa":
        from ..circuits.objectives import CVaR
        from ..solvers.qaoa import QAOA

        if question.budget is not None:
            return QAOA(depth=4, optimizer="L-BFGS-B", max_evaluations=60, max_qubits=_FREE_QUBITS)
        left_out = dict.fromkeys(question.layer_rows, 0.0)
        penalty: Any = left_out or "certified"
        # A circuit holds the exact mixer of a group as a matrix, up to 10 bits; beyond, the engine is alone.
        # Trained for the best tenth of the draws: on such models the mean says little about the best draw. So
        # many draws, because as few as one in a hundred keeps a head in each layer; they cost little.
        return QAOA(
            depth=3, shots=30_000, optimizer="L-BFGS-B", max_evaluations=30, objective=CVaR(0.1),
            mixer="xy-exact", penalty=penalty, circuit_qubits=20 if _largest_group(question) <= 10 else 0,
        )  # fmt: skip
    if isinstance(method, str) and method not in _names():
        raise OptionError(f"{argument} is {method!r}; legal are {', '.join(_names())}, or a solver object")
    return find_solver(method, argument)


def _largest_group(question: HeadQuestion) -> int:
    """Bits of the largest "exactly k" row."""
    if isinstance(question.keep, tuple):
        return max(question.statistics.layers)
    return sum(question.statistics.layers) if question.fixed is None else int((question.fixed < 0).sum())


def _names() -> list[str]:
    from ..solvers.registry import methods

    return [str(name) for name in methods()["method"]]
