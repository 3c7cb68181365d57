import numpy as np

from hybrid_opt.planning.dynamic_program import DynamicProgram
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.near_optimal import near_optimal_plans
from hybrid_opt.planning.side_near import near_plans_by_search

LINES = [Line(name, np.arange(8), np.sqrt(np.arange(8.0)) * k) for k, name in enumerate("abcd", start=2)]
QUESTION = LevelQuestion(LINES, 12, "at_most")


def test_it_counts_what_the_dynamic_program_counts():
    program = DynamicProgram(QUESTION)
    known = near_optimal_plans(program, tolerance=0.05, seed=0)
    found = near_plans_by_search(QUESTION, program.choice, tolerance=0.05)
    assert (found.count, found.exact, found.ranges_exact) == (known.count, True, True)
    assert found.ranges.tolist() == known.ranges.tolist()
    assert found.plans[0].tolist() == program.choice.tolist()
    assert (found.values >= found.threshold - 1e-9).all()


def test_a_search_cut_short_says_that_ranges_are_not_whole():
    shares = []
    near = near_plans_by_search(
        QUESTION,
        DynamicProgram(QUESTION).choice,
        tolerance=0.5,
        work_limit=50,
        progress=lambda share, _: shares.append(share),
    )
    assert not near.exact
    assert not near.ranges_exact
    assert near.count >= 1
    assert shares[-1] == 1.0
