"""From drawn bit strings to an ``Outcome``: decode, drop what does not decode, count what is equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..qubo import Qubo, to_qubo
from ..qubo.encoding_choice import Target
from ..seeds import child_seed
from .base import Outcome, Request

__all__ = ["Drawing", "compile_qubo", "distinct", "or_certified", "unpenalized_notes"]


def compile_qubo(
    request: Request,
    encoding: str | Mapping[Any, str],
    penalty: str | float | Mapping[Any, float],
    target: Target = "penalty",
) -> Qubo:
    """The QUBO of a request's problem; equal settings and seeds give equal QUBOs in every solver.

    Args:
        request: the problem, and the seed for "adaptive" penalties.
        encoding: see ``to_qubo``.
        penalty: see ``to_qubo``.
        target: see ``to_qubo``.

    Returns:
        The QUBO.

    Raises:
        InfeasibleModelError: a single constraint can never hold.
        EncodingError: the encoding cannot represent a variable.
    """
    weights: Any = penalty  # to_qubo checks the name
    seed = child_seed(request.seed, "penalty")
    return to_qubo(request.problem, encoding=encoding, penalty=weights, target=target, seed=seed)


def distinct(states: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count equal assignments.

    Args:
        states: assignments, shape (S, N).

    Returns:
        The distinct ones in lexicographic order, shape (K, N), and how often each occurs, shape (K,).

    Example:
        >>> states, counts = distinct(np.array([[1, 0], [0, 0], [1, 0]]))
        >>> states.tolist(), counts.tolist()
        ([[0, 0], [1, 0]], [1, 2])
    """
    if states.shape[1] == 0:
        return states[:1], np.full(min(1, len(states)), len(states), dtype=np.int64)
    unique, counts = np.unique(states, axis=0, return_counts=True)
    return unique.astype(np.int64), counts.astype(np.int64)


def unpenalized_notes(qubo: Qubo) -> list[str]:
    """What the user is told of rows that the QUBO leaves out.

    Args:
        qubo: the QUBO that was sampled.

    Returns:
        A sentence, or nothing.
    """
    count = sum(weight == 0 for weight in qubo.penalties.values())
    if not count:
        return []
    rows, them = ("1 row has", "it") if count == 1 else (f"{count} rows have", "one")
    return [f"{rows} no penalty, as asked; draws that break {them} are infeasible"]


@dataclass
class Drawing:
    """Bit strings collected batch by batch, so that a limit or ctrl-C loses at most the current batch.

    Attributes:
        qubo: the QUBO they are drawn from.
        batches: bit strings, each of shape (batch, n).
        wanted: bit strings asked for; None where time decides.
        began: clock at the start of sampling.
        interrupted: ctrl-C ended it.
    """

    qubo: Qubo
    wanted: int | None
    began: float = field(default_factory=perf_counter)
    batches: list[NDArray[np.uint8]] = field(default_factory=list)
    interrupted: bool = False

    @property
    def count(self) -> int:
        """Bit strings so far."""
        return sum(len(batch) for batch in self.batches)

    @property
    def seconds(self) -> float:
        """Seconds since sampling began."""
        return perf_counter() - self.began

    def next_batch(self, size: int, allowed: float) -> int:
        """How many to draw next; 0 means stop. The first batch is drawn whatever the time allowed.

        Args:
            size: most bit strings per batch.
            allowed: seconds that sampling may take.
        """
        if self.batches and self.seconds >= allowed:
            return 0
        return size if self.wanted is None else min(size, self.wanted - self.count)

    def outcome(self, *, effort: dict[str, Any], compile_seconds: float, limited: bool = False) -> Outcome:
        """What was found.

        Args:
            effort: counted effort.
            compile_seconds: seconds spent on making the QUBO.
            limited: a single draw was cut short by the time limit.

        Returns:
            Distinct decoded assignments with counts; draws that do not decode are counted in a note.
        """
        n_bits = len(self.qubo.bqm.variables)
        bits = np.concatenate([*self.batches, np.zeros((0, n_bits), dtype=np.uint8)])
        states, valid = self.qubo.decode_bits(bits)
        unique, counts = distinct(states[valid])
        notes = unpenalized_notes(self.qubo)
        lost = int((~valid).sum())
        if lost:
            notes.append(f"{lost} of {len(bits)} draws stand for no assignment and were left out")
        short = self.wanted is None or len(bits) < self.wanted or limited
        if self.wanted is not None and short:
            reason = "ctrl-C" if self.interrupted else "the time limit"
            notes.append(f"{reason} ended the method after {len(bits)} of {self.wanted} draws")
        return Outcome(
            unique,
            counts,
            draws=len(bits),
            effort=effort,
            timings={"compile": compile_seconds, "sample": self.seconds},
            deterministic=not (short or self.interrupted),
            interrupted=self.interrupted,
            notes=notes,
        )


def or_certified(solver: Any, request: Request, outcome: Outcome) -> Outcome:
    """Search again with certified weights where adaptive ones led to nothing feasible.

    Args:
        solver: a frozen dataclass with a setting ``penalty`` and a method ``solve``.
        request: what it was asked.
        outcome: what it found.

    Returns:
        The outcome, or that of the second search with a note.
    """
    if solver.penalty != "adaptive" or not request.problem.rows or outcome.interrupted:
        return outcome
    if request.problem.feasible(outcome.states).any():
        return outcome
    left = request.time_limit - sum(outcome.timings.values())
    request = replace(request, time_limit=max(left, 0.1 * request.time_limit))
    again: Outcome = replace(solver, penalty="certified").solve(request)
    again.notes.append("adaptive penalties led to nothing feasible; certified ones were used")
    return again
