import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.planning.dynamic_program import DynamicProgram
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.zoom import zoom


def concave(n, levels, budget, seed=0):
    rng = np.random.default_rng(seed)
    lines = []
    for k in range(n):
        gains = np.sort(rng.random(levels - 1))[::-1]
        lines.append(Line(f"line {k}", np.arange(levels), np.concatenate([[0.0], np.cumsum(gains)])))
    return LevelQuestion(lines, budget)


def test_zoom_reaches_the_optimum_of_a_concave_plan_by_exact_rounds():
    whole = concave(4, 33, 60)
    start = np.array([15, 15, 15, 15])
    found = zoom(whole, start, "exact", max_bits=16, seed=1)
    assert found.value == pytest.approx(DynamicProgram(whole).value)
    assert found.deterministic
    values = [row["value"] for row in found.rounds]
    assert values == sorted(values)
    assert found.rounds[0]["step"] > found.rounds[-1]["step"] == 1


def test_blocks_of_lines_are_used_where_not_all_fit():
    whole = concave(12, 9, 48, seed=4)
    found = zoom(whole, np.full(12, 4), "exact", max_bits=8, seed=2)
    assert all(sum(levels > 1 for levels in row["levels"]) <= 4 for row in found.rounds)
    assert whole.value(np.full(12, 4)) < found.value <= DynamicProgram(whole).value + 1e-9


def test_same_seed_same_plan_and_annealing_never_loses_the_start():
    whole = concave(5, 17, 40, seed=7)
    start = DynamicProgram(whole).choice
    found = [zoom(whole, start, "anneal", max_bits=20, seed=5, max_rounds=3) for _ in range(2)]
    assert found[0].choice.tolist() == found[1].choice.tolist() == start.tolist()


def test_time_limit_ends_the_zoom_with_a_plan():
    whole = concave(4, 33, 60)
    found = zoom(whole, np.array([15, 15, 15, 15]), "exact", seed=1, time_limit=1e-9)
    assert not found.deterministic
    assert whole.feasible(found.choice)


@pytest.mark.parametrize(
    ("options", "start", "words"),
    [({}, [0, 0, 0, 0], "feasible plan"), ({"max_bits": 3}, [15, 15, 15, 15], "at least 4")],
)
def test_bad_input(options, start, words):
    with pytest.raises(OptionError, match=words):
        zoom(concave(4, 33, 60), np.array(start), "exact", **options)
