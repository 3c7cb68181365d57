"""What every selection does, on synthetic audiences and processes."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing import AudiencePlanner
from hybrid_opt.marketing.synthetic_audience import make_audience
from hybrid_opt.planning import compare
from hybrid_opt.planning.true_score import MOST_ENUMERATED

RNG = np.random.default_rng(3)
MANY = [f"s{i:02d}" for i in range(MOST_ENUMERATED + 2)]
PATTERNS = pd.DataFrame((RNG.random((40, len(MANY))) < 0.12).astype(int), columns=MANY)
PATTERNS.insert(0, "people", RNG.integers(1, 20, 40))
SEGMENTS = pd.DataFrame({"segment": MANY, "cost": RNG.integers(1, 9, len(MANY))})


def test_many_items_are_proven_by_the_program_of_the_true_value():
    plan = AudiencePlanner.from_tables(SEGMENTS, members=PATTERNS, choose=3).solve(seed=0)
    inside, people = PATTERNS[MANY].to_numpy(), PATTERNS["people"].to_numpy()
    best = 0.0
    for i in range(len(MANY)):
        for j in range(i):
            rest = inside[:, :j] | (inside[:, i] | inside[:, j])[:, None]
            if j:
                best = max(best, float((people @ rest).max()))
    assert plan.value == best
    assert plan.status == "optimal"
    assert "maximum coverage" in plan.method
    assert not plan.near.exact
    assert plan.near.count >= 1
    assert "left out" in plan.baselines[0].note


def test_a_method_other_than_auto_improves_blocks_and_says_what_is_better():
    tables = make_audience(segments=8)
    planner = AudiencePlanner.from_tables(tables.segments, members=tables.members, choose=3)
    found = planner.solve("exact", qubits=4, seed=1, alternatives=1)
    proven = planner.solve(seed=1, alternatives=1)
    assert found.method == "improving blocks of items"
    assert found.value <= proven.value + 1e-9
    assert found.bound == pytest.approx(proven.value)
    better = any("a better plan is known" in note for note in found.notes)
    assert better == (proven.value - found.value > 1e-9 * proven.value)


def test_the_quantum_block_holds_chosen_items_and_others():
    tables = make_audience(segments=16)
    today = tables.segments.assign(current=["yes"] * 4 + ["no"] * 12)
    plan = AudiencePlanner.from_tables(today, overlaps=tables.overlaps, choose=4).solve(
        seed=0, quantum=True, qubits=8, shots=50, alternatives=1
    )
    kept = [len(levels) > 1 for levels in plan.check.window.kept]
    assert 2 <= sum(kept) <= 8
    assert not plan.check.whole
    anchor = np.array([1] * 4 + [0] * 12)
    assert 0 < anchor[kept].sum() < sum(kept)
    assert any(row["part"] == "block of segments" for row in plan.gaps().to_dict("records"))


def test_plans_of_one_question_are_compared():
    tables = make_audience(segments=6)
    plans = {
        f"{k}": AudiencePlanner.from_tables(tables.segments, members=tables.members, choose=k).solve(seed=0)
        for k in (1, 2)
    }
    table = compare(plans)
    assert table.loc["chosen"].tolist() == [1.0, 2.0]
    assert table.loc["reach", "2"] > table.loc["reach", "1"]


def test_unknown_options():
    tables = make_audience(segments=4)
    planner = AudiencePlanner.from_tables(tables.segments, members=tables.members, choose=1)
    with pytest.raises(OptionError, match="there is no option 'money'"):
        planner.changed(money=3)
    with pytest.raises(OptionError, match="no segment 'runner'"):
        planner.solve(what_if=["runner"])
    with pytest.raises(OptionError, match="qubits is 21"):
        planner.solve(qubits=21)
