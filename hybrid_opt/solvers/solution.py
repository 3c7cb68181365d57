"""What ``solve`` returns: the best feasible answer with its bound, its baselines and its circumstances."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .quantum import QuantumRecord

if TYPE_CHECKING:
    import dimod
    import pandas
    from matplotlib.figure import Figure

__all__ = ["Baseline", "Solution", "Status", "relative_gap"]

Status = Literal["optimal", "feasible", "infeasible", "none_found"]
SMALLEST_BOUND = 1e-9  # keeps the gap defined where the bound is zero


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """Distance of an objective from a proven lower bound, as a share of the bound.

    Args:
        objective: of a feasible assignment, or None.
        bound: proven lower bound, or None.

    Returns:
        (objective - bound) / max(|bound|, 1e-9), or None if one of the two is missing.

    Example:
        >>> relative_gap(-95.0, -100.0)
        0.05
    """
    if objective is None or bound is None:
        return None
    return (objective - bound) / max(abs(bound), SMALLEST_BOUND)


def text_labels(labels: Sequence[Hashable]) -> list[str]:
    """Labels as strings that are all different, for JSON.

    Example:
        >>> text_labels(["a", ("b", 1)]), text_labels([1, "1"])
        (['a', "('b', 1)"], ['1', "'1'"])
    """
    plain = [str(label) for label in labels]
    return plain if len(set(plain)) == len(plain) else [repr(label) for label in labels]


@dataclass(frozen=True)
class Baseline:
    """One row of the comparison: what one method reached on the same model.

    Attributes:
        method: name, with the effort where it was set for the comparison.
        objective: best feasible objective, else that of the least violated proposal, None without any.
        feasible: whether that proposal satisfies every constraint.
        status: "optimal", "feasible", "infeasible", "none_found", or "not run".
        bound: lower bound this method proved itself, or None.
        gap: distance of the objective from the best bound known.
        samples: draws, None where the word has no meaning.
        optimum_share: share of the draws at the proven optimum, None if it is not known.
        feasible_share: share of the draws that are feasible.
        seconds: wall time.
        deterministic: False if a time limit or ctrl-C ended it.
        note: why something is missing.
    """

    method: str
    objective: float | None = None
    feasible: bool = False
    status: str = "none_found"
    bound: float | None = None
    gap: float | None = None
    samples: int | None = None
    optimum_share: float | None = None
    feasible_share: float | None = None
    seconds: float = 0.0
    deterministic: bool = True
    note: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """The answer of ``solve``; objective and feasibility are recomputed on the model itself.

    Attributes:
        sample: label -> value: the best feasible assignment; if none was found, the least violated one;
            None only if nothing at all was proposed.
        objective: its objective (a dimod model is minimized), penalties play no part.
        feasible: whether it satisfies every constraint.
        violations: constraint label -> amount in the constraint's unit, violated ones only.
        status: "optimal" (proven), "feasible", "infeasible" (proven), "none_found".
        bound: proven lower bound on every feasible objective, None if no method proved one.
        gap: (objective - bound) / max(|bound|, 1e-9), None without a bound or a feasible answer.
        method: what found the answer.
        baselines: one row per method that was run for comparison.
        quantum: the quantum row, None unless a quantum method ran.
        sampleset: every distinct proposal in the user's variables, best feasible first; energy is the
            objective, the vector ``is_feasible`` tells the rest. (``sampleset.first`` of dimod goes by
            energy alone.)
        timings: seconds per phase, "total" for all.
        seed: what repeats the answer.
        deterministic: False if a time limit or ctrl-C ended the method.
        effort: counted effort of the method: reads, sweeps, evaluations.
        notes: sentences on what was left out and why.
        interrupted: ctrl-C ended the method; the answer is the best until then.
        samples: draws of the method, None where the word has no meaning.
        bound_source: the method that proved the bound, empty without one.
        own_row: the answer as a row of the table; None where no method could be run.
    """

    sample: dict[Hashable, int] | None
    objective: float | None
    feasible: bool
    violations: dict[Hashable, float]
    status: Status
    bound: float | None
    method: str
    seed: int
    sampleset: dimod.SampleSet
    baselines: list[Baseline] = field(default_factory=list)
    quantum: QuantumRecord | None = None
    timings: dict[str, float] = field(default_factory=dict)
    deterministic: bool = True
    effort: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    samples: int | None = None
    bound_source: str = ""
    own_row: Baseline | None = None

    def __repr__(self) -> str:
        return (
            f"Solution(status={self.status!r}, objective={self.objective!r}, bound={self.bound!r}, "
            f"method={self.method!r}, seed={self.seed})"
        )

    @property
    def gap(self) -> float | None:
        """Distance from the bound, see ``relative_gap``; None without a bound or a feasible answer."""
        return relative_gap(self.objective if self.feasible else None, self.bound)

    @property
    def rows(self) -> list[Baseline]:
        """The answer itself as a row, then the baselines."""
        return [*([self.own_row] if self.own_row else []), *self.baselines]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the sample set, as numbers, strings, lists and dictionaries.

        Returns:
            A dictionary that ``json.dumps`` takes; labels become strings, the keys are always the same.
        """
        return {
            "status": self.status,
            "objective": self.objective,
            "feasible": self.feasible,
            "bound": _plain(self.bound),
            "bound_source": self.bound_source,
            "gap": self.gap,
            "method": self.method,
            "sample": None if self.sample is None else _text_keys(self.sample),
            "violations": _text_keys(self.violations),
            "samples": _plain(self.samples),
            "rows": [_plain(vars(row)) for row in self.rows],
            "quantum": None if self.quantum is None else self.quantum.to_dict(),
            "seed": self.seed,
            "deterministic": bool(self.deterministic),
            "interrupted": self.interrupted,
            "effort": _plain(self.effort),
            "timings": _plain(self.timings),
            "notes": list(self.notes),
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """``to_dict`` as JSON text.

        Args:
            indent: spaces per level, None for one line.

        Returns:
            Strict JSON (no NaN, no infinity).
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def table(self) -> pandas.DataFrame:
        """The answer and its baselines, one row each.

        Returns:
            Columns method, objective, feasible, status, bound, gap, samples, optimum_share,
            feasible_share, seconds, deterministic, note.
        """
        import pandas

        columns = [
            "method", "objective", "feasible", "status", "bound", "gap", "samples", "optimum_share",
            "feasible_share", "seconds", "deterministic", "note",
        ]  # fmt: skip
        rows = [[getattr(row, column) for column in columns] for row in self.rows]
        return pandas.DataFrame(rows, columns=columns)

    def plot(self) -> Figure:
        """Draw the objectives of the rows, and the distribution of the proposals' objectives.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from .pictures import draw_solution

        return draw_solution(self)

    def __str__(self) -> str:
        from .summary import summarize

        return summarize(self)


def _text_keys(values: Mapping[Hashable, Any]) -> dict[str, Any]:
    return dict(zip(text_labels(list(values)), (_plain(value) for value in values.values())))


def _plain(value: Any) -> Any:
    """Numbers of NumPy as numbers of Python, infinity and NaN as None, anything unknown as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if value - value == 0 else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
