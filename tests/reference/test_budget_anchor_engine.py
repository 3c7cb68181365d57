"""A five-channel marketing budget with known optima, solved exactly at steps of 100.

Hill curves of steady-state weekly spend (geometric adstock: effective spend is spend / (1 - theta)). The
counts of plans within 1 % were confirmed by enumeration: of every plan for the two narrower bounds, of a
window well beyond the ranges for the widest.
"""

import numpy as np
import pytest

from hybrid_opt.planning.breakpoints import solve_breakpoints
from hybrid_opt.planning.dynamic_program import DynamicProgram
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.near_optimal import near_optimal_plans

CHANNELS = ["tv", "ooh", "print", "facebook", "search"]
THETA = [0.06, 0.58, 0.10, 0.34, 0.38]
ALPHA = [0.73, 2.6, 2.9, 1.3, 2.8]
HALF = [90100, 258800, 13500, 13200, 17000]
BETA = [803767, 170005, 202334, 340050, 220458]
HISTORY = [15000, 43000, 4000, 2000, 6000]
BUDGET = 70_000
STEP = 100


def response(channel: int, spend: np.ndarray) -> np.ndarray:
    effective = spend / (1 - THETA[channel])
    power = ALPHA[channel]
    return BETA[channel] * effective**power / (HALF[channel] ** power + effective**power)


def question(low: float, high: float | None) -> LevelQuestion:
    lines = []
    for i, label in enumerate(CHANNELS):
        top = BUDGET if high is None else min(round(high * HISTORY[i]), BUDGET)
        spends = np.arange(round(low * HISTORY[i]), top + 1, STEP)
        lines.append(Line(label, spends, response(i, spends.astype(float))))
    return LevelQuestion(lines, BUDGET)


# low, high, optimum, plan, plans within 1 %, range of each channel over them
CASES = [
    (
        0.7, 1.3, 354_105, [19500, 34900, 5200, 2600, 7800], 37,
        [[18900, 19500], [34900, 35500], [4700, 5200], [2500, 2600], [7600, 7800]],
    ),
    (
        0.0, 2.0, 524_789, [30000, 16000, 8000, 4000, 12000], 102,
        [[28800, 30000], [16000, 17200], [7600, 8000], [3800, 4000], [11600, 12000]],
    ),
    (
        0.0, None, 763_977, [18700, 0, 18100, 16100, 17100], 1_628_411,
        [[12900, 24500], [0, 1200], [14400, 22400], [11800, 21100], [13600, 21300]],
    ),
]  # fmt: skip


def test_history() -> None:
    total = sum(float(response(i, np.array(float(spend)))) for i, spend in enumerate(HISTORY))
    assert round(total) == 280_339


@pytest.mark.parametrize(("low", "high", "optimum", "plan", "count", "ranges"), CASES)
def test_optimum_count_and_ranges(
    low: float, high: float | None, optimum: int, plan: list[int], count: int, ranges: list[list[int]]
) -> None:
    budget = question(low, high)
    program = DynamicProgram(budget)
    assert round(program.value) == optimum
    assert budget.spends(program.choice).tolist() == plan
    near = near_optimal_plans(program, seed=1)
    assert (near.count, near.exact) == (count, True)
    assert near.ranges.tolist() == ranges
    assert len(near.plans) == 10
    assert (near.values >= 0.99 * program.value).all()
    assert (budget.spends(near.plans).sum(axis=1) == BUDGET).all()


def test_every_plan_of_the_narrow_case() -> None:
    budget = question(0.7, 1.3)
    tv, prints, facebook, search = np.meshgrid(*(budget.lines[i].spends for i in (0, 2, 3, 4)), indexing="ij")
    ooh = BUDGET - tv - prints - facebook - search
    spends = np.stack([tv, ooh, prints, facebook, search], axis=-1)
    spends = spends[(ooh >= budget.lines[1].spends[0]) & (ooh <= budget.lines[1].spends[-1])]
    values = sum(response(i, spends[:, i].astype(float)) for i in range(5))
    near = spends[values >= 0.99 * values.max()]
    assert round(values.max()) == 354_105
    assert len(near) == 37
    assert np.column_stack([near.min(axis=0), near.max(axis=0)]).tolist() == CASES[0][5]


def test_a_mixed_integer_program_proves_the_same_optimum() -> None:
    answer = solve_breakpoints(question(0.7, 1.3))
    assert answer.status == "optimal"
    assert round(answer.value) == round(answer.bound) == 354_105
