"""The best placement where posts do not interact: a linear assignment, which needs no QUBO.

With one post per slot, or as many as a slot holds, and nothing between posts,

    maximize  sum_p v_(p, slot of p)

is solved exactly in polynomial time (D. F. Crouse, "On implementing 2D rectangular assignment algorithms",
IEEE Trans. Aerosp. Electron. Syst. 52, 2016, which ``scipy.optimize.linear_sum_assignment`` implements).

Shapes: G posts, N options, T slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ..errors import PlanError
from ..planning.choice_form import ChoiceForm
from ..planning.lines import LevelQuestion

__all__ = ["assign_posts", "slot_rooms"]


def slot_rooms(question: LevelQuestion, at: NDArray[np.int64]) -> dict[int, int] | None:
    """Room of each slot, where rooms of slots are the only limits and there are no pairs.

    Args:
        question: the question, one option per post.
        at: position of the slot of each option, shape (N,).

    Returns:
        Slot -> room; None where the question is no assignment.
    """
    if question.synergies:
        return None
    rooms: dict[int, int] = {}
    for side in question.sides:
        weights = np.array(side.weights)
        slots = np.unique(at[weights != 0])
        whole = len(slots) == 1 and bool((weights == (at == slots[0])).all())
        if not whole or side.low is not None or side.high is None:
            return None
        rooms[int(slots[0])] = min(side.high, rooms.get(int(slots[0]), side.high))
    return rooms


def assign_posts(question: LevelQuestion, at: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """The best placement of posts that do not interact.

    Args:
        question: one option per post.
        at: position of the slot of each option, shape (N,).

    Returns:
        The chosen option of each post, shape (G,); None where the question is no assignment.

    Raises:
        PlanError: the slots cannot hold the posts.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> from hybrid_opt.planning.side_constraint import SideConstraint
        >>> values = {"a": (9.0, 8.0), "b": (8.0, 2.0)}
        >>> lines = [Line(f"{p} at {t}", [0, 1], [0.0, v[t]], p) for p, v in values.items() for t in (0, 1)]
        >>> rooms = [SideConstraint("slot 0", (1, 0, 1, 0), None, 1)]
        >>> question = LevelQuestion(lines, 2, caps={"a": 1, "b": 1}, sides=rooms)
        >>> assign_posts(question, np.array([0, 1, 0, 1])).tolist()
        [1, 2]
    """
    rooms = slot_rooms(question, at)
    if rooms is None:
        return None
    form = ChoiceForm.of(question)
    posts = len(form.groups)
    columns = [t for t in np.unique(at).tolist() for _ in range(min(posts, rooms.get(t, posts)))]
    cost = np.full((posts, len(columns)), np.inf)
    option = np.zeros(cost.shape, dtype=np.int64)
    for g, (own, values) in enumerate(zip(form.options, form.values)):
        place = {int(at[line]): (line, value) for line, value in zip(own.tolist(), values.tolist())}
        for k, slot in enumerate(columns):
            if slot in place:
                option[g, k], cost[g, k] = place[slot][0], -place[slot][1]
    try:
        rows, chosen = linear_sum_assignment(cost)
    except ValueError:  # infeasible: some posts compete for too few slots
        chosen = np.array([], dtype=np.int64)
    if len(chosen) < posts:
        raise PlanError(
            f"the slots cannot hold the {posts} posts: too few slots are open to some of them; allow more "
            "days, more capacity, or fewer posts"
        )
    return np.asarray(option[rows, chosen], dtype=np.int64)
