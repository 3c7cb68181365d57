"""Published and hand-checked numbers of bits: levels, choices, slack, and whole planning tasks.

A row such as "5 x 5" stands for five variables of five levels. Shares are of all bit strings.
"""

from __future__ import annotations

from itertools import combinations, product
from math import ceil, comb, factorial, log2

import dimod
import numpy as np
import pytest

from hybrid_opt.qubo import LevelModel, Qubo, read_model, to_qubo
from hybrid_opt.qubo.enumeration import count_and_minimize


def strings(n: int) -> np.ndarray:
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.int8)


def s_shaped(n: int, levels: int) -> LevelModel:
    """Values that no encoding but domain-wall and one-hot holds exactly (for more than four levels)."""
    rng = np.random.default_rng(n * levels)
    model = LevelModel()
    for i in range(n):
        model.add_variable(f"c{i}", -np.cumsum(np.r_[0, 1 + 10 * rng.random(levels - 1) ** 3]))
    return model


def saturating(n: int, levels: int) -> LevelModel:
    """Concave values, that is convex costs."""
    model = LevelModel()
    for i in range(n):
        model.add_variable(f"c{i}", -np.sqrt(np.arange(levels) * (i + 1.0)))
    return model


# --- levels ---

LEVELS = [  # n, levels, one-hot bits and share, domain-wall bits and share, binary bits
    (4, 4, 16, 3.9e-3, 12, 6.3e-2, 8),
    (5, 4, 20, 9.8e-4, 15, 3.1e-2, 10),
    (4, 5, 20, 6.0e-4, 16, 9.5e-3, 12),
    (5, 5, 25, 9.3e-5, 20, 3.0e-3, 15),
    (4, 6, 24, 7.7e-5, 20, 1.2e-3, 12),
    (6, 5, 30, 1.5e-5, 24, 9.3e-4, 18),
]


@pytest.mark.parametrize(("n", "levels", "one_hot", "one_hot_share", "wall", "wall_share", "binary"), LEVELS)
def test_bits_of_levels(n, levels, one_hot, one_hot_share, wall, wall_share, binary):
    model = s_shaped(n, levels)
    assert to_qubo(model, encoding="one-hot").n_bits == one_hot
    assert to_qubo(model, encoding="domain-wall").n_bits == wall
    assert to_qubo(model, target="subspace").n_bits == one_hot
    squares = dimod.ConstrainedQuadraticModel()
    integers = [dimod.Integer(f"i{k}", upper_bound=levels - 1) for k in range(n)]
    squares.set_objective(dimod.quicksum(i * i - 3 * i for i in integers))
    assert to_qubo(squares).n_bits == binary
    assert levels**n / 2**one_hot == pytest.approx(one_hot_share, rel=0.04)
    assert levels**n / 2**wall == pytest.approx(wall_share, rel=0.04)


@pytest.mark.parametrize(
    ("n", "levels", "encoding", "share"),
    [
        (4, 4, "one-hot", 3.9e-3),
        (4, 4, "domain-wall", 6.3e-2),
        (5, 4, "domain-wall", 3.1e-2),
        (4, 5, "domain-wall", 9.5e-3),
    ],
)
def test_shares_of_valid_strings_by_looking_at_all_of_them(n, levels, encoding, share):
    qubo = to_qubo(s_shaped(n, levels), encoding=encoding)
    _, valid = qubo.decode_bits(strings(qubo.n_bits))
    assert valid.sum() == levels**n
    assert valid.mean() == pytest.approx(share, rel=0.02)


@pytest.mark.parametrize(
    ("n", "levels", "bits"), [(3, 5, 12), (5, 5, 20), (6, 5, 24), (9, 8, 63), (19, 8, 133)]
)
def test_channels_that_saturate_are_increments(n, levels, bits):
    qubo = to_qubo(saturating(n, levels))
    assert {e.name for e in qubo.encodings} == {"increments"}
    assert qubo.n_bits == bits
    assert qubo.bqm.is_linear()
    assert qubo.certificate.validity == {}


def test_a_sixth_of_all_increment_strings_spends_nine_of_twenty_units():
    model = saturating(5, 5)
    model.add_constraint({f"c{i}": 1 for i in range(5)}, "==", 9, label="spend")
    qubo = to_qubo(model)
    assert (qubo.n_bits, qubo.n_slack_bits) == (20, 0)
    assert qubo.certificate.confirmed is True
    states, valid = qubo.decode_bits(strings(20))
    assert valid.all()
    assert (states.sum(axis=1) == 9).sum() == comb(20, 9)
    assert comb(20, 9) / 2**20 == pytest.approx(0.16, abs=0.001)


@pytest.mark.parametrize(("n", "bits", "share"), [(3, 9, 1.2e-2), (4, 16, 3.7e-4), (5, 25, 3.6e-6)])
def test_assignments_need_no_slack_and_are_two_sets_of_groups(n, bits, share):
    rng = np.random.default_rng(n)
    x = [[dimod.Binary((i, j)) for j in range(n)] for i in range(n)]
    costs = rng.integers(1, 20, (n, n))
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.quicksum(int(costs[i, j]) * x[i][j] for i in range(n) for j in range(n)))
    for i in range(n):
        cqm.add_constraint(dimod.quicksum(x[i]) == 1, label=f"row {i}")
        cqm.add_constraint(dimod.quicksum(row[i] for row in x) == 1, label=f"column {i}")
    qubo = to_qubo(cqm)
    assert (qubo.n_bits, qubo.n_slack_bits, len(qubo.groups)) == (bits, 0, n)
    assert factorial(n) / 2**bits == pytest.approx(share, rel=0.03)
    if bits <= 16:
        states, _ = qubo.decode_bits(strings(bits))
        assert qubo.problem.feasible(states).sum() == factorial(n)
        assert qubo.certificate.confirmed is True


# --- slack ---


def row(costs: list[float], rhs: float, sense: str = "<=", values: list[float] | None = None) -> Qubo:
    x = [dimod.Binary(f"x{i}") for i in range(len(costs))]
    left = dimod.quicksum(c * b for c, b in zip(costs, x))
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.quicksum(v * b for v, b in zip(values or [0.0] * len(costs), x)))
    cqm.add_constraint(
        left <= rhs if sense == "<=" else left >= rhs if sense == ">=" else left == rhs, label="r"
    )
    return to_qubo(cqm)


@pytest.mark.parametrize(
    ("slack_range", "coefficients"),
    [(30, [1, 2, 4, 8, 15]), (31, [1, 2, 4, 8, 16]), (32, [1, 2, 4, 8, 16, 1]), (33, [1, 2, 4, 8, 16, 2])],
)
def test_slack_of_31_and_32(slack_range, coefficients):
    qubo = row([slack_range - 1, 17, 5, 3], slack_range)
    assert [form.slack.tolist() for form in qubo.forms] == [coefficients]
    assert qubo.certificate.confirmed is True


def test_slack_is_counted_in_the_rows_own_unit():
    assert row([5000, 7000, 4000, 3000], 14_000).n_slack_bits == row([5, 7, 4, 3], 14).n_slack_bits == 4
    assert row([5000, 7000, 4000, 3000], 14_999).n_slack_bits == 4
    assert row([0.5, 0.7, 0.4, 0.3], 1.4).n_slack_bits == 4


@pytest.mark.parametrize(
    ("costs", "rhs", "sense", "bits"),
    [
        ([1, 1, 1], 1, "==", 3),  # exactly one
        ([1, 1, 1, 1], 1, "<=", 4),  # at most one
        ([1, 1, 1, 1], 2, "==", 4),  # exactly k
        ([1, -1], 0, "<=", 2),  # precedence
        ([1, 1], 1, "<=", 2),  # exclusive
        ([1, 1], 1, ">=", 2),  # at least one of two
        ([3, 5, 4, 2, 6], 9, "==", 5),  # spend exactly
    ],
)
def test_constraints_without_slack(costs, rhs, sense, bits):
    qubo = row(costs, rhs, sense, values=[-1.0, 2.0, -3.0, 0.5, -2.0][: len(costs)])
    assert (qubo.n_bits, qubo.n_slack_bits) == (bits, 0)
    assert qubo.certificate.confirmed is True


def test_zero_range_slack_needs_no_bit():
    assert row([3, 5, 4], 0).n_bits == 0  # everything is fixed
    exactly = row(
        [1, 1, 1, 1], 2, values=[-4.0, -3.0, -2.0, -1.0]
    )  # gainful items of equal cost fill the budget
    assert (exactly.n_bits, exactly.forms[0].kind) == (4, "square, slack range 0")
    assert exactly.certificate.confirmed is True


def test_further_resources_cost_the_logarithm_of_their_range():
    for limit in (3, 6, 7, 8, 12):
        qubo = row([1, 2, 1, 2, 3, 4, 3, 4], limit)
        assert qubo.n_slack_bits == ceil(log2(limit + 1))


# --- whole tasks ---


def test_textbook_capital_budgeting():
    # 14 thousand; costs 5, 7, 4, 3; values 8, 11, 6, 4: projects 2, 3 and 4 for 21
    qubo = row([5, 7, 4, 3], 14, values=[-8, -11, -6, -4])
    assert (qubo.n_bits, qubo.n_slack_bits) == (7, 3)  # a slack of 0..6 is enough, 0..14 would take four bits
    assert qubo.certificate.confirmed is True
    assert count_and_minimize(qubo.problem).minimum == -21
    census = count_and_minimize(read_model(qubo.bqm))
    assert census.minimum == pytest.approx(-21)
    (best,) = qubo.decode_bits(census.minimizers)[0].tolist()
    assert best == [0, 1, 1, 1]


def test_spend_exactly_b_over_channels_needs_no_slack_and_little_weight():
    model = saturating(3, 5)
    model.add_pair("c0", "c1", per_unit=-0.25)
    model.add_constraint({f"c{i}": 1 for i in range(3)}, "==", 6, label="spend")
    qubo = to_qubo(model)
    assert (qubo.n_bits, qubo.n_slack_bits) == (12, 0)
    proof = qubo.certificate.constraints["spend"]
    # the largest gain of one unit: the first of the second channel beside a full first, or of the third alone
    assert proof.rule == "unit step"
    assert proof.bound == pytest.approx(max(np.sqrt(2) + 0.25 * 4, np.sqrt(3), 1 + 0.25 * 4))
    assert qubo.certificate.confirmed is True


def test_posting_slots_and_posts_to_slots():
    # three of 21 slots with fatigue between neighbours
    slots = [dimod.Binary(t) for t in range(21)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.quicksum(-(t % 5) * slots[t] for t in range(21)) + 3 * slots[3] * slots[4])
    cqm.add_constraint(dimod.quicksum(slots) == 3, label="three")
    assert to_qubo(cqm).n_bits == 21
    for posts, times, bits in ((4, 4, 16), (4, 6, 24), (5, 5, 25)):
        cqm = dimod.ConstrainedQuadraticModel()
        x = {(p, t): dimod.Binary((p, t)) for p, t in product(range(posts), range(times))}
        cqm.set_objective(dimod.quicksum(-((p + 1) * (t + 1) % 7) * b for (p, t), b in x.items()))
        for p in range(posts):
            cqm.add_constraint(dimod.quicksum(x[p, t] for t in range(times)) == 1, label=f"post {p}")
        for t in range(times):
            cqm.add_constraint(dimod.quicksum(x[p, t] for p in range(posts)) <= 1, label=f"slot {t}")
        qubo = to_qubo(cqm)
        assert (qubo.n_bits, qubo.n_slack_bits, len(qubo.groups)) == (bits, 0, posts)


@pytest.mark.parametrize(
    ("n", "levels", "one_hot", "wall"), [(4, 4, 16, 12), (5, 5, 25, 20), (4, 6, 24, 20), (6, 5, 30, 24)]
)
def test_content_and_prices_with_pair_effects(n, levels, one_hot, wall):
    rng = np.random.default_rng(0)
    model = s_shaped(n, levels)
    for i, j in combinations(range(n), 2):
        model.add_pair(f"c{i}", f"c{j}", table=rng.normal(size=(levels, levels)))
    assert to_qubo(model).n_bits == to_qubo(model, encoding="domain-wall").n_bits == wall
    assert to_qubo(model, encoding="one-hot").n_bits == to_qubo(model, target="subspace").n_bits == one_hot


def test_variants_with_a_production_cost():
    # six segments choose one of three variants; a variant that is used must be produced: y >= x
    x = {(s, v): dimod.Binary(f"x{s}{v}") for s, v in product(range(6), range(3))}
    y = [dimod.Binary(f"y{v}") for v in range(3)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(
        dimod.quicksum(-((s + v) % 4) * b for (s, v), b in x.items()) + dimod.quicksum(2 * b for b in y)
    )
    for s in range(6):
        cqm.add_constraint(dimod.quicksum(x[s, v] for v in range(3)) == 1, label=f"segment {s}")
        for v in range(3):
            cqm.add_constraint(x[s, v] - y[v] <= 0, label=f"{s} needs {v}")
    qubo = to_qubo(cqm)
    assert (qubo.n_bits, qubo.n_slack_bits, len(qubo.groups)) == (21, 0, 6)


def test_departments_with_resources():
    spend = saturating(5, 5)
    spend.add_constraint({f"c{i}": 1 for i in range(5)}, "==", 11)
    assert to_qubo(spend).n_bits == 20
    two = saturating(4, 5)
    two.add_constraint({"c0": 1, "c1": 2, "c2": 1, "c3": 2}, "<=", 7, label="staff")
    two.add_constraint({"c0": 2, "c1": 1, "c2": 1, "c3": 1}, "<=", 7, label="rooms")
    # of the limits of 7 follow at most 3 steps of a double weight, so some domains shrink; 3 slack bits each
    qubo = to_qubo(two)
    assert [len(form.slack) for form in qubo.forms] == [3, 3]
    wide = saturating(4, 5)
    for label, members in (("staff", ("c0", "c1")), ("rooms", ("c2", "c3"))):
        wide.add_constraint(dict.fromkeys(members, 1), "<=", 7, label=label)
    assert to_qubo(wide).n_bits == 4 * 4 + 2 * 3


@pytest.mark.parametrize(("n", "bits"), [(16, 20), (20, 24)])
def test_process_improvements_with_overlaps(n, bits):
    x = [dimod.Binary(f"x{i}") for i in range(n)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(
        dimod.quicksum(-(3 + i % 4) * b for i, b in enumerate(x)) + 2 * x[0] * x[1] + x[2] * x[3]
    )
    cqm.add_constraint(dimod.quicksum((1 + i % 3) * b for i, b in enumerate(x)) <= 15, label="budget")
    qubo = to_qubo(cqm)
    assert (qubo.n_bits, qubo.n_slack_bits) == (bits, 4)


def test_project_starts_with_precedence_over_periods():
    # start of six projects in one of three periods, at most once; project 1 not before project 0 ends
    x = {(i, t): dimod.Binary(f"x{i}{t}") for i, t in product(range(6), range(3))}
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.quicksum(-(5 + i) * 0.5**t * b for (i, t), b in x.items()))
    for i in range(6):
        cqm.add_constraint(dimod.quicksum(x[i, t] for t in range(3)) <= 1, label=f"once {i}")
    for s, t in product(range(3), range(3)):
        if t <= s:
            cqm.add_constraint(x[0, s] + x[1, t] <= 1, label=f"order {s}{t}")
    qubo = to_qubo(cqm)
    assert (qubo.n_bits, qubo.n_slack_bits) == (18, 0)
    assert {proof.rule for proof in qubo.certificate.constraints.values()} == {"removal"}
    assert qubo.certificate.confirmed is True
