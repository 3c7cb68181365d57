"""The cubic schedule and the choice of heads."""

import pytest

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.sparsity_rule import SparsityRule, least_important


def test_the_schedule_is_the_published_one():
    rule = SparsityRule(target=0.8)
    for step in range(10, 31):
        expected = 0.8 + (0.2 - 0.8) * (1 - (step - 10) / 20) ** 3
        assert rule.share(step, 10, 30, first_share=0.2) == pytest.approx(expected, abs=1e-15)
    assert rule.share(5, 10, 30, first_share=0.2) == pytest.approx(0.2)
    assert rule.share(40, 10, 30) == pytest.approx(0.8)


def test_whole_heads_never_fewer_than_before_and_the_target_at_the_end():
    rule = SparsityRule(target=0.4)
    counts = [rule.heads_out(step, 2, 12, 7) for step in range(16)]
    assert counts == sorted(counts)
    assert counts[:3] == [0, 0, 0]
    assert counts[12:] == [3] * 4  # 2.8 to the nearest


def test_a_share_that_rounds_up_at_the_end_does_not_pass_the_target_before():
    rule = SparsityRule(target=0.3)
    assert max(rule.heads_out(step, 0, 10, 4) for step in range(11)) == 1


def test_heads_that_are_out_before_stay_counted():
    rule = SparsityRule(target=0.5)
    assert rule.heads_out(0, 0, 4, 8, out_at_first=2) == 2
    assert rule.heads_out(4, 0, 4, 8, out_at_first=2) == 4


def test_choices_lie_on_a_grid_that_ends_with_the_last():
    rule = SparsityRule(interval=4)
    found = sorted({rule.next_choice(step, 3, 13) for step in range(14)})
    assert found == [3, 7, 11, 13]
    assert rule.next_choice(14, 3, 13) is None


def test_a_run_too_short_for_a_schedule():
    assert SparsityRule(begin=0.0, end=1.0).span(2) == (1, 2)
    with pytest.raises(ConfigurationError, match="run of 3 steps, which are the same step"):
        SparsityRule(begin=0.3, end=0.4).span(3)


def test_the_least_important_go_and_every_layer_keeps_one():
    assert least_important([[1.0, 2.0], [3.0, 4.0]], 2) == [[False, True], [False, True]]
    assert least_important([[4.0, 3.0], [1.0, 1.0]], 1) == [[True, True], [False, True]]
    assert least_important([[1.0], [2.0, 3.0]], 0) == [[True], [True, True]]
    with pytest.raises(ConfigurationError, match=r"at most 1 can go; give a target of at most 0\.333"):
        least_important([[1.0], [2.0, 3.0]], 2)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target": 0.0}, "target of"),
        ({"target": 1.0}, "target of"),
        ({"begin": -0.1}, "begin of"),
        ({"end": 1.1}, "end of"),
        ({"begin": 0.5, "end": 0.5}, "begin must be below end"),
        ({"memory": 1.0}, "memory of"),
        ({"interval": 0}, "interval of"),
        ({"measured_steps": 0}, "measured_steps of"),
        ({"normalize": 1}, "normalize of"),
    ],
)
def test_an_illegal_value_is_named(settings, words):
    with pytest.raises(ConfigurationError, match=words):
        SparsityRule(**settings)
