"""Which heads to keep, as a quadratic model of bits with constraints.

With bits m_n (1 keeps head n), c the center, g and F of `head_statistics`, S the similarity of heads:

    minimize   g . (m - c) + 1/2 (m - c)^T F (m - c) + rho * s * sum_{i<j, same layer} S_ij (1 - m_i)(1 - m_j)
    such that  sum m = k            ("exactly k"), or
               sum of the m of layer l = k_l ("exactly k per layer"), or
               sum cost_n m_n <= budget
    and        every layer keeps at least one head.

The redundancy term makes it dear to remove both of two heads that do the same; s, the mean absolute change
that the quadratic model predicts for taking one head away alone, puts rho on its scale. The objective is
divided by its largest coefficient, so that methods with absolute tolerances see numbers of order one.

Shapes: N heads of the model, L layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dimod
import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .head_limits import check_limits
from .head_numbers import read_numbers
from .loss_statistics import HeadStatistics

__all__ = ["HeadQuestion", "head_label", "layer_row"]


def head_label(layer: int, head: int) -> str:
    """Name of a head in models and tables.

    Example:
        >>> head_label(0, 3)
        'layer 0, head 3'
    """
    return f"layer {layer}, head {head}"


def layer_row(layer: int) -> str:
    """Name of the constraint that a layer keeps a head."""
    return f"layer {layer} keeps a head"


@dataclass(frozen=True, eq=False)
class HeadQuestion:
    """A choice of heads.

    Attributes:
        statistics: of the model.
        keep: how many heads in all; or how many of each layer; None with a budget.
        budget: most that the kept heads may cost, or None.
        costs: (N,), what a head costs, in the budget's unit; None without a budget.
        redundancy: rho, 0 for none.
        scale: factor on F, 1 as measured.
        fixed: (N,), -1 where a head may go either way, else 0 or 1.

    Raises:
        OptionError: no such choice exists (more heads than there are, fewer than layers, a budget that does
            not pay for one head of each layer, fixed heads that rule it out), or costs or fixed heads of
            another shape.

    Example:
        >>> from hybrid_opt.tuning.loss_statistics import HeadStatistics
        >>> fisher = np.diag([4.0, 1.0, 3.0, 2.0])
        >>> measured = HeadStatistics((2, 2), np.ones(4), 1.0, np.zeros(4), fisher, np.ones(4), None, 9, 9)
        >>> question = HeadQuestion(measured, keep=2)
        >>> model = question.to_cqm()
        >>> sorted(model.constraints)
        ['exactly 2 heads', 'layer 0 keeps a head', 'layer 1 keeps a head']
        >>> question.mask({"layer 0, head 0": 1, "layer 1, head 0": 1})
        array([1, 0, 1, 0])
    """

    statistics: HeadStatistics
    keep: int | tuple[int, ...] | None = None
    budget: float | None = None
    costs: NDArray[np.float64] | None = None
    redundancy: float = 0.0
    scale: float = 1.0
    fixed: NDArray[np.int64] | None = field(default=None)

    def __post_init__(self) -> None:
        total = sum(self.statistics.layers)
        if (self.keep is None) == (self.budget is None):
            raise OptionError("give either keep (how many heads) or budget (what they may cost), not both")
        for name, kind in (("costs", np.float64), ("fixed", np.int64)):
            if getattr(self, name) is not None:
                # The one way to set a field of a frozen object; callers may hand over lists or tensors.
                object.__setattr__(self, name, read_numbers(name, getattr(self, name), total, kind))
        if not np.isin(self.fixed_bits, (-1, 0, 1)).all():
            raise OptionError(f"fixed holds {np.unique(self.fixed_bits).tolist()}; legal are -1, 0 and 1")
        check_limits(self)
        if not (_is_number(self.redundancy) and self.redundancy >= 0):
            raise OptionError(f"redundancy is {self.redundancy!r}; it must be a finite number of at least 0")
        if not _is_number(self.scale):
            raise OptionError(f"scale is {self.scale!r}; it must be a finite number")
        if self.redundancy and self.statistics.similarity is None:
            raise OptionError("redundancy needs statistics with similarity=True")

    @property
    def fixed_bits(self) -> NDArray[np.int64]:
        """What heads are fixed at, -1 for those that are free, (N,)."""
        return np.full(sum(self.statistics.layers), -1) if self.fixed is None else self.fixed

    @property
    def labels(self) -> list[str]:
        """Names of the heads in order."""
        return [head_label(*place) for place in self.statistics.places]

    @property
    def layer_rows(self) -> list[str]:
        """Names of the constraints that a layer keeps a head, of those layers that could lose all."""
        if isinstance(self.keep, tuple):
            return []
        layers, total = self.statistics.layers, sum(self.statistics.layers)
        could = [self.keep is None or total - heads >= self.keep for heads in layers]
        return [layer_row(layer) for layer, empty in enumerate(could) if empty]

    def coefficients(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """The objective in nats as linear (N,), pairs (N, N) upper triangle and constant, in the bits m."""
        statistics = self.statistics
        matrix, center = self.scale * statistics.fisher, statistics.center
        linear = statistics.gradient - matrix @ center + 0.5 * np.diag(matrix)
        constant = float(-statistics.gradient @ center + 0.5 * center @ matrix @ center)
        pairs = np.triu(matrix, 1)
        if self.redundancy and statistics.similarity is not None:
            alone = statistics.change(1 - np.eye(len(linear)), self.scale)
            together = statistics.change(np.ones(len(linear)), self.scale)
            weight = self.redundancy * float(np.abs(alone - together).mean())
            alike = weight * np.triu(statistics.similarity, 1)
            linear = linear - alike.sum(0) - alike.sum(1)
            constant += float(alike.sum())
            pairs = pairs + alike
        return linear, pairs, constant

    @property
    def unit(self) -> float:
        """Nats per unit of the model's objective: its largest coefficient."""
        linear, pairs, _ = self.coefficients()
        return float(max(np.abs(linear).max(), np.abs(pairs).max())) or 1.0

    def objective(self, masks: Any) -> NDArray[np.float64]:
        """Predicted change of the loss, with the redundancy term, in nats; masks (..., N) to (...,).

        Raises:
            OptionError: masks with another last dimension.
        """
        linear, pairs, constant = self.coefficients()
        bits = np.asarray(masks, dtype=np.float64)
        if bits.shape[-1:] != linear.shape:
            raise OptionError(f"masks have the shape {bits.shape}; the last dimension must be {len(linear)}")
        return np.asarray(bits @ linear + np.einsum("...i,ij,...j->...", bits, pairs, bits) + constant)

    def to_cqm(self) -> dimod.ConstrainedQuadraticModel:
        """The model that solvers get; its energy times `unit` is the objective in nats."""
        linear, pairs, constant = self.coefficients()
        labels, unit = self.labels, self.unit
        objective = dimod.BinaryQuadraticModel(dimod.BINARY)
        for label, bias in zip(labels, linear / unit, strict=True):
            objective.add_variable(label, bias)
        for i, j in zip(*np.nonzero(pairs), strict=True):
            objective.add_quadratic(labels[i], labels[j], pairs[i, j] / unit)
        objective.offset = constant / unit
        model = dimod.ConstrainedQuadraticModel()
        model.set_objective(objective)
        for name, terms, sense, bound in self._rows():
            model.add_constraint([(labels[n], weight) for n, weight in terms], sense, bound, label=name)
        for label, value in zip(labels, self.fixed_bits, strict=True):
            if value >= 0:
                model.fix_variable(label, int(value))
        return model

    def _rows(self) -> list[tuple[str, list[tuple[int, float]], str, float]]:
        """Constraints as name, (head, weight), sense, bound."""
        ends = np.cumsum(self.statistics.layers)
        heads = [range(end - count, end) for end, count in zip(ends, self.statistics.layers, strict=True)]
        rows: list[tuple[str, list[tuple[int, float]], str, float]] = []
        if isinstance(self.keep, tuple):
            for layer, (kept, own) in enumerate(zip(self.keep, heads, strict=True)):
                rows.append((f"exactly {kept} heads of layer {layer}", [(n, 1.0) for n in own], "==", kept))
        elif self.keep is not None:
            everyone: Sequence[int] = range(int(ends[-1]))
            rows.append((f"exactly {self.keep} heads", [(n, 1.0) for n in everyone], "==", self.keep))
        elif self.costs is not None and self.budget is not None:
            terms = [(n, float(cost)) for n, cost in enumerate(self.costs)]
            rows.append(("budget", terms, "<=", self.budget))
        named = {layer_row(layer): own for layer, own in enumerate(heads)}
        rows.extend((name, [(n, 1.0) for n in named[name]], ">=", 1) for name in self.layer_rows)
        return rows

    def mask(self, sample: Any) -> NDArray[np.int64]:
        """Bits of an assignment, (N,).

        Args:
            sample: mapping of `labels` to 0 and 1. Heads that are fixed need not be in it; others that it
                does not name are not kept.

        Returns:
            The mask, fixed heads as they are fixed.
        """
        pairs = zip(self.labels, self.fixed_bits, strict=True)
        # Rounded, not cut off: a solver's 1 may be 0.9999999.
        return np.array([int(value) if value >= 0 else round(sample.get(label, 0)) for label, value in pairs])

    def feasible(self, mask: Any) -> bool:
        """Whether a mask keeps all constraints and the fixed heads.

        Args:
            mask: (N,) of 0 and 1.

        Returns:
            True if so; budgets may be exceeded by rounding, 1e-9 of them.

        Raises:
            OptionError: a mask of another shape or with other numbers.
        """
        bits = read_numbers("mask", mask, len(self.labels), np.int64)
        if not np.isin(bits, (0, 1)).all():
            raise OptionError(f"mask holds {np.unique(bits).tolist()}; legal are 0 and 1")
        if (bits != self.fixed_bits)[self.fixed_bits >= 0].any():
            return False
        for _, terms, sense, bound in self._rows():
            amount = sum(weight * bits[n] for n, weight in terms)
            slack = 1e-9 * max(1.0, abs(bound))
            above, below = amount > bound + slack, amount < bound - slack
            if (above and sense != ">=") or (below and sense != "<="):
                return False
        return True


def _is_number(given: Any) -> bool:
    """Whether something is a finite real number."""
    real = isinstance(given, int | float | np.number) and not isinstance(given, bool)
    return real and bool(np.isfinite(given))
