"""What training QAOA angles gives, and how its effort is counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["GRADIENT_COST", "TrainedAngles"]

# An adjoint sweep over a state vector takes about as long as four expectations, however many the angles.
GRADIENT_COST = 4

Stop = Literal["converged", "evaluations", "shots", "noise", "callback", "interrupted", ""]


@dataclass
class TrainedAngles:
    """The best angles so far and the effort spent; complete when training returns it.

    Attributes:
        gammas: cost angles, shape (p,), or (p, K) of a multi-angle engine.
        betas: mixer angles, shape (p,), or (p, N).
        value: of the objective at them; with shots, an estimate.
        standard_error: of the value; 0 if it is exact.
        start_value: of the objective at the start, measured like ``value``.
        evaluations: effort in expectations: 1 for each value, `GRADIENT_COST` (4) for each value with all
            exact gradients. With an optimizer that takes gradients by differences, every value counts.
        gradients: how many of the calls gave gradients.
        shots: measurements used, 0 if exact.
        stopped: "converged", by the optimizer's own rule; "evaluations" or "shots", the budget ended;
            "noise", improvements fell below the standard error; "callback"; "interrupted", by ctrl-C.
        history: value of every call.
        costs: ``evaluations`` after every call.

    Example:
        >>> record = TrainedAngles(np.zeros(1), np.zeros(1))
        >>> record.note(2.0, 1, 0)
        >>> record.note(1.5, GRADIENT_COST, 0)
        >>> record.evaluations, record.history, record.costs
        (5, [2.0, 1.5], [1, 5])
    """

    gammas: NDArray[np.float64]
    betas: NDArray[np.float64]
    value: float = float("inf")
    standard_error: float = 0.0
    start_value: float = float("inf")
    evaluations: int = 0
    gradients: int = 0
    shots: int = 0
    stopped: Stop = ""
    history: list[float] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """Number of layers p."""
        return len(self.gammas)

    def plot(self, optimum: float | None = None) -> Figure:
        """Draw the objective of every call and the best so far over the effort.

        Args:
            optimum: a value to draw as a line, such as the lowest energy of all states.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.plot(self.costs, self.history, "o", color="#90a4ae", markersize=4, label="each call")
        best = np.minimum.accumulate(np.array(self.history, dtype=np.float64))
        axes.step(self.costs, best, where="post", color="#00695c", label="best so far")
        if optimum is not None:
            axes.axhline(optimum, color="#ff7043", linewidth=1.2, linestyle="--", label="optimum")
        axes.set_xlabel(f"expectations (a value with gradients counts {GRADIENT_COST})")
        axes.set_ylabel("objective")
        axes.set_title(f"depth {self.depth}, stopped: {self.stopped or 'not run'}")
        axes.legend()
        return figure

    def note(self, value: float, cost: int, shots: int) -> None:
        """Count one call.

        Args:
            value: what it gave.
            cost: in expectations.
            shots: measurements used.
        """
        self.evaluations += cost
        self.gradients += cost == GRADIENT_COST
        self.shots += shots
        self.history.append(value)
        self.costs.append(self.evaluations)
