import numpy as np
import pytest

from hybrid_opt.errors import PlanError
from hybrid_opt.marketing.posting_assignment import assign_posts, slot_rooms
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.side_constraint import SideConstraint

AT = np.array([0, 1, 0, 1])


def question(sides, synergies=(), values=(9.0, 8.0, 8.0, 2.0)):
    lines = [Line(f"{p}{t}", [0, 1], [0.0, values[2 * p + t]], f"p{p}") for p in (0, 1) for t in (0, 1)]
    return LevelQuestion(lines, 2, "exactly", {"p0": 1, "p1": 1}, synergies, sides=sides)


def room(slot, most):
    return SideConstraint(f"slot {slot}", tuple(int(t == slot) for t in AT), None, most)


def test_posts_make_room_for_each_other():
    assert assign_posts(question([room(0, 1)]), AT).tolist() == [1, 2]
    assert assign_posts(question([]), AT).tolist() == [0, 2]
    assert assign_posts(question([room(0, 2)]), AT).tolist() == [0, 2]


def test_rooms_are_read_from_the_limits():
    assert slot_rooms(question([room(0, 1), room(1, 1)]), AT) == {0: 1, 1: 1}


def test_other_limits_and_pairs_are_no_assignment():
    assert assign_posts(question([], [Synergy(0, 3, -1.0)]), AT) is None
    assert assign_posts(question([SideConstraint("day", (1, 1, 1, 1), None, 1)]), AT) is None
    assert assign_posts(question([SideConstraint("some", (1, 0, 0, 0), None, 0)]), AT) is None
    assert assign_posts(question([SideConstraint("least", (1, 0, 1, 0), 1, 1)]), AT) is None


def test_too_few_slots_are_said():
    with pytest.raises(PlanError, match="the slots cannot hold the 2 posts"):
        assign_posts(question([room(0, 1), room(1, 0)]), AT)
