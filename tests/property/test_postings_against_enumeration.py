"""Random weeks, posts and rules: the proven plan is the best of all plans, by plain enumeration."""

import itertools

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.errors import PlanError, TableError
from hybrid_opt.marketing import PostingPlanner
from hybrid_opt.marketing.posting_program import place_posts
from hybrid_opt.marketing.posting_search import search_slot_sets

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@st.composite
def weeks_of_slots(draw):
    times = [(day, hour) for day in (0, 1, 5, 6) for hour in (8, 13)]
    chosen = sorted(draw(st.lists(st.sampled_from(times), min_size=3, max_size=6, unique=True)))
    numbers = st.integers(0, 20)
    engagement = draw(st.lists(numbers, min_size=len(chosen), max_size=len(chosen)))
    return chosen, engagement


@st.composite
def rules(draw):
    found = {
        "fatigue": draw(st.sampled_from([0.0, 0.25, 0.8])),
        "fatigue_hours": draw(st.sampled_from([6, 30, 100, 200])),
        "min_gap": draw(st.sampled_from([0, 0, 6, 20])),
        "max_per_day": draw(st.none() | st.integers(1, 2)),
        "every_week": draw(st.booleans()),
    }
    if draw(st.booleans()):
        found["weekend"] = draw(st.sampled_from([(1, None), (None, 1), (1, 1), (2, None)]))
    return found


def table(chosen, engagement):
    rows = [{"day": DAYS[d], "hour": h, "engagement": e} for (d, h), e in zip(chosen, engagement)]
    return pd.DataFrame(rows)


def apart(first, second, given):
    hours = abs(24 * (first[0] - second[0]) + first[1] - second[1])
    return min(hours, 168 - hours) if given["every_week"] else hours


def worth(times, values, given):
    total = sum(values)
    copies = range(-3, 4) if given["every_week"] else [0]  # 200 hours reach over less than three weeks
    for i, j, k in itertools.product(range(len(times)), range(len(times)), copies):
        d = abs(24 * (times[i][0] - times[j][0]) + times[i][1] - times[j][1] + 168 * k)
        if i != j or k:
            total -= max(0.0, given["fatigue"] * (1 - d / given["fatigue_hours"])) * values[i]
    return total


def kept(times, given):
    gaps = all(apart(a, b, given) >= given["min_gap"] for a, b in itertools.combinations(times, 2))
    days = [day for day, _ in times]
    most = given["max_per_day"]
    gaps &= most is None or all(days.count(day) <= most for day in set(days))
    low, high = given.get("weekend", (None, None))
    count = sum(day >= 5 for day in days)
    return gaps and (low is None or count >= low) and (high is None or count <= high)


@settings(max_examples=25)
@given(weeks_of_slots(), rules(), st.integers(1, 3), st.booleans())
def test_the_chosen_slots_are_the_best(week, given_rules, k, at_most):
    chosen, engagement = week
    sizes = range(k + 1) if at_most else [k]
    ways = [
        s
        for n in sizes
        for s in itertools.combinations(range(len(chosen)), n)
        if kept([chosen[i] for i in s], given_rules)
    ]
    try:
        planner = PostingPlanner(table(*week), choose=k, at_most=at_most, **given_rules)
    except PlanError:
        assert not ways
        return
    plan = planner.solve(seed=0)
    best = max(worth([chosen[i] for i in s], [engagement[i] for i in s], given_rules) for s in ways)
    assert plan.status == "optimal"
    assert abs(plan.value - best) <= 1e-7 * max(1.0, abs(best))
    names = planner.slots.names
    assert tuple(names.index(name) for name in plan.chosen()) in ways
    assert abs(plan.schedule()["engagement"].sum() - plan.value) <= 1e-9 * max(1.0, abs(best))


@settings(max_examples=25)
@given(
    weeks_of_slots(),
    rules(),
    st.lists(
        st.tuples(
            st.sampled_from(["", "x", "y"]),
            st.sampled_from([0.5, 1.0, 2.0]),
            st.sampled_from(["", "Mon Sat"]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([0, 12, 60]),
    st.integers(1, 2),
)
def test_the_posts_stand_in_their_best_slots(week, given_rules, posts, topic_gap, capacity):
    chosen, engagement = week
    frame = pd.DataFrame(posts, columns=["topic", "multiplier", "days"])
    frame.insert(0, "post", [f"p{i}" for i in range(len(posts))])

    def allowed(way):
        times = [chosen[i] for i in way]
        fits = all(not days or DAYS[time[0]] in days for time, (_, _, days) in zip(times, posts))
        fits &= all(way.count(i) <= capacity for i in way) and kept(times, given_rules)
        for i, j in itertools.combinations(range(len(posts)), 2):
            if posts[i][0] and posts[i][0] == posts[j][0] and topic_gap:
                fits &= apart(times[i], times[j], given_rules) >= topic_gap
        return fits

    def value(way):
        values = [engagement[i] * posts[p][1] for p, i in enumerate(way)]
        return worth([chosen[i] for i in way], values, given_rules)

    ways = [way for way in itertools.product(range(len(chosen)), repeat=len(posts)) if allowed(way)]
    options = {"posts": frame, "topic_gap": topic_gap, "capacity": capacity, **given_rules}
    try:
        planner = PostingPlanner(table(*week), **options)
    except (PlanError, TableError):
        assert not ways
        return
    levels = planner.question.levels()
    best = max(value(way) for way in ways)
    proven = planner._prove(levels)
    assert proven.proven
    assert abs(proven.value - best) <= 1e-7 * max(1.0, abs(best))
    units = levels.spends(proven.choice)
    assert levels.feasible(proven.choice)
    taken = np.flatnonzero(units)
    order = np.argsort(planner.options.owner[taken])
    assert allowed(tuple(planner.options.at[taken][order].tolist()))
    given_arrays = planner.options
    asked = (levels, given_arrays.at, given_arrays.owner, given_arrays.values, given_arrays.shares)
    by_program, bound = place_posts(*asked)
    assert abs(levels.value(by_program) - best) <= 1e-6 * max(1.0, abs(best))
    assert bound is not None
    assert bound >= best - 1e-6 * max(1.0, abs(best))
    by_search = search_slot_sets(*asked)
    if by_search is not None:
        assert abs(levels.value(by_search) - best) <= 1e-7 * max(1.0, abs(best))
        assert levels.feasible(by_search)
    else:
        assert capacity > 1
