"""The exact optimum under one or two limits by dynamic programming over what is used of each.

The budget, caps and side constraints of the form "at most" are treated alike: a table holds, for every pair
of amounts used so far, the best value of the lines so far. Limits that no plan can break are left out first.
O(lines * levels * cells) additions; no solver is trusted. R. Bellman, "Dynamic Programming" (1957), for one
resource; the table for two is the same recursion on pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd, prod

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasiblePlanError, UnsupportedModelError
from .lines import LevelQuestion

__all__ = ["MOST_LIMITS", "Tight", "resource_operations", "solve_resources", "tight_limits"]

MOST_LIMITS = 2
MOST_CELLS = 20_000_000  # of all tables together: a choice of level is kept for each


@dataclass(frozen=True, eq=False)
class Tight:
    """A limit that some plan could break, counted in steps above the least that any plan uses.

    Attributes:
        label: its name: "budget", "cap of <group>" or that of a side constraint.
        amounts: steps that each level uses, per line, shape (levels,).
        room: most steps; negative where even the least use is too much.
        exactly: whether the room must be used up.
        divides: whether whole steps can use it up.
    """

    label: str
    amounts: tuple[NDArray[np.int64], ...]
    room: int
    exactly: bool = False
    divides: bool = True


def _limits(question: LevelQuestion) -> Iterator[tuple[str, tuple[int, ...], int | None, int | None]]:
    """Every limit as label, weight per line, low, high."""
    n = len(question.lines)
    low = question.budget if question.spend == "exactly" else None
    yield "budget", (1,) * n, low, question.budget
    for group, cap in question.caps.items():
        members = set(question.members(group))
        yield f"cap of {group}", tuple(int(i in members) for i in range(n)), None, cap
    for side in question.sides:
        yield side.label, side.weights, side.low, side.high


def tight_limits(question: LevelQuestion) -> list[Tight] | None:
    """The limits that some plan could break.

    Args:
        question: any question; synergies are not looked at.

    Returns:
        The limits, or None where one of them is of another form than "at most" (fairness) or "exactly".

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(name, [0, 1, 2], [0.0, 3.0, 5.0]) for name in "ab"]
        >>> [tight.label for tight in tight_limits(LevelQuestion(lines, budget=9, spend="at_most"))]
        []
    """
    found = []
    for label, weights, low, high in _limits(question):
        used = [weight * line.spends for weight, line in zip(weights, question.lines)]
        least = sum(int(use.min()) for use in used)
        most = sum(int(use.max()) for use in used)
        above, below = high is not None and most > high, low is not None and least < low
        if not above and not below:
            continue
        exactly = low is not None and low == high
        if (below and not exactly) or high is None:
            return None
        amounts = [use - int(use.min()) for use in used]
        stride = gcd(*(int(np.gcd.reduce(use)) for use in amounts)) or 1
        room, rest = divmod(high - least, stride)
        found.append(Tight(label, tuple(use // stride for use in amounts), room, exactly, rest == 0))
    return found


def resource_operations(question: LevelQuestion) -> int | None:
    """Additions that ``solve_resources`` needs, to judge beforehand whether it is quick enough.

    Args:
        question: any question.

    Returns:
        Levels times cells, or None where dynamic programming over one or two limits cannot solve it.
    """
    limits = None if question.synergies else tight_limits(question)
    if limits is None or len(limits) > MOST_LIMITS:
        return None
    cells = prod(max(limit.room, 0) + 1 for limit in limits)
    if cells * len(question.lines) > MOST_CELLS:
        return None
    return cells * sum(len(line.spends) for line in question.lines)


def solve_resources(question: LevelQuestion) -> NDArray[np.int64]:
    """The best plan of a question with one or two limits that can bind.

    Args:
        question: lines without synergies.

    Returns:
        Level of each line, shape (N,); of several best plans the one with the lowest last line.

    Raises:
        UnsupportedModelError: there are synergies, other limits than "at most", or more than two that can
            bind.
        InfeasiblePlanError: no plan keeps the limits.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> from hybrid_opt.planning.side_constraint import SideConstraint
        >>> lines = [Line("a", [0, 1, 2], [0.0, 3.0, 5.0]), Line("b", [0, 1, 2], [0.0, 4.0, 7.0])]
        >>> pay = SideConstraint("pay", (2, 3), None, 7)
        >>> solve_resources(LevelQuestion(lines, budget=3, spend="at_most", sides=[pay]))
        array([2, 1])
    """
    if resource_operations(question) is None:
        raise UnsupportedModelError(
            "dynamic programming over resources needs a value that is a sum over lines, at most "
            f"{MOST_LIMITS} limits that can bind, each of the form 'at most', and {MOST_CELLS:,} cells at "
            "most; use prove, which takes a mixed-integer program else"
        )
    limits = tight_limits(question) or []
    for limit in limits:
        if limit.room < 0 or (limit.exactly and not limit.divides):
            raise InfeasiblePlanError(
                f"no plan keeps the limit {limit.label!r}; raise it, or lower its least use"
            )
    sizes = tuple(limit.room + 1 for limit in limits) or (1,)
    table = np.full(sizes, -np.inf)
    table[(0,) * len(sizes)] = 0.0
    choices = []
    for i, line in enumerate(question.lines):
        new, levels = np.full(sizes, -np.inf), np.zeros(sizes, dtype=np.int32)
        for k, value in enumerate(line.values.tolist()):
            shift = [int(limit.amounts[i][k]) for limit in limits] or [0]
            if any(step >= size for step, size in zip(shift, sizes)):
                continue
            source = tuple(slice(0, size - step) for step, size in zip(shift, sizes))
            target = tuple(slice(step, size) for step, size in zip(shift, sizes))
            moved = table[source] + value
            better = moved > new[target]
            new[target][better] = moved[better]
            levels[target][better] = k
        table = new
        choices.append(levels)
    final = tuple(slice(-1, None) if limit.exactly else slice(None) for limit in limits) or (slice(None),)
    best = table[final]
    if best.max() == -np.inf:
        names = ", ".join(repr(limit.label) for limit in limits)
        raise InfeasiblePlanError(f"no plan keeps the limits {names} together; relax one of them")
    place = [int(position) for position in np.unravel_index(int(np.argmax(best)), best.shape)]
    for axis, limit in enumerate(limits):
        place[axis] += limit.room if limit.exactly else 0
    found = np.zeros(len(question.lines), dtype=np.int64)
    for i in reversed(range(len(question.lines))):
        found[i] = choices[i][tuple(place)]
        for axis, limit in enumerate(limits):
            place[axis] -= int(limit.amounts[i][found[i]])
    return found
