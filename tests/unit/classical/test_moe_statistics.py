"""Statistics of routing against closed forms, over several passes, as a table and for JSON."""

import json
import math

import pytest

from hybrid_opt.classical.moe_statistics import RoutingCounts


def counted(*loads, kept=None):
    counts = RoutingCounts(len(loads[0]))
    for load in loads:
        counts.add(
            tokens=sum(load) // 2,
            load=load,
            kept=kept or load,
            probability_sums=[float(part) / 2 for part in load],
            entropy=math.log(2),
            without=1,
        )
    return counts


def test_an_even_load():
    figures = counted([4, 4, 4, 4]).statistics()
    assert (figures.max_violation, figures.coefficient_of_variation, figures.load_entropy) == (0.0, 0.0, 1.0)
    assert figures.entropy == pytest.approx(0.5)  # log 2 / log 4
    assert figures.mean_active == 2.0
    assert figures.mean_probability == (0.25,) * 4


def test_one_expert_gets_everything():
    figures = counted([8, 0, 0, 0]).statistics()
    assert figures.max_violation == 3.0
    assert figures.coefficient_of_variation == pytest.approx(math.sqrt(3))
    assert figures.load_entropy == 0.0


def test_passes_add_up_and_the_violation_of_passes_is_kept_apart():
    figures = counted([8, 0], [0, 8]).statistics()
    assert (figures.passes, figures.tokens, figures.load) == (2, 8, (8, 8))
    assert (figures.max_violation, figures.mean_pass_violation) == (0.0, 1.0)
    assert figures.tokens_without_expert == 2


def test_dropped_assignments():
    figures = counted([6, 2], kept=[4, 2]).statistics()
    assert (figures.dropped, figures.dropped_share) == (2, 0.25)


def test_before_the_first_token_means_are_nan_and_a_pass_without_tokens_is_none():
    counts = RoutingCounts(2)
    counts.add(tokens=0, load=[0, 0], kept=[0, 0], probability_sums=[0.0, 0.0], entropy=0.0, without=0)
    figures = counts.statistics()
    assert figures.passes == 0
    for name in ("max_violation", "coefficient_of_variation", "load_entropy", "mean_active", "entropy"):
        assert math.isnan(getattr(figures, name)), name


def test_a_single_expert():
    figures = counted([4]).statistics()
    assert (figures.max_violation, figures.load_entropy) == (0.0, 1.0)


def test_table_and_dictionary():
    figures = counted([6, 2]).statistics(probability_mass=0.4, bias=(-0.1, 0.1))
    table = figures.table()
    assert list(table.columns) == ["load", "load share", "mean probability", "bias"]
    assert table.loc[0].tolist() == [6, 0.75, 0.75, -0.1]
    again = json.loads(json.dumps(figures.to_dict()))
    assert again["load"] == [6, 2]
    assert again["probability_mass"] == 0.4
    assert again["max_violation"] == 0.5
    assert list(counted([6, 2]).statistics().table().columns) == ["load", "load share", "mean probability"]
