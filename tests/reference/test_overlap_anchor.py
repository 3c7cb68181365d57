"""Public overlaps of seven campaigns: the plan for three reaches more than the three biggest."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.marketing import AudiencePlanner
from hybrid_opt.marketing.synthetic_audience import make_audience

FILE = Path(os.environ.get("HYBRID_OPT_DATA", "/nonexistent")) / "overlap_campaigns.csv"
KNOWN = {2: 119_398, 3: 138_276, 4: 146_427, 5: 148_648, 6: 148_378}


@pytest.mark.skipif(not FILE.is_file(), reason="HYBRID_OPT_DATA names no folder with overlap_campaigns.csv")
def test_the_campaigns():
    square = pd.read_csv(FILE).rename(columns={"campaign": "segment"})
    names = square["segment"].tolist()
    segments = pd.DataFrame({"segment": names, "size": [square.loc[i, name] for i, name in enumerate(names)]})
    plan = AudiencePlanner.from_tables(segments, overlaps=square, choose=3).solve(seed=0)
    assert plan.value == pytest.approx(138_276)
    assert plan.status == "optimal"
    assert set(plan.chosen()) == {"brand_always_on", "video_product_launch", "broad_prospecting"}
    counts = plan.by_count.set_index("chosen")["value"]
    assert {k: round(counts[k]) for k in KNOWN} == KNOWN
    biggest = np.zeros(7)
    biggest[np.argsort(-segments["size"].to_numpy())[:3]] = 1
    assert plan.worth_of(biggest) == pytest.approx(135_625)
    # Here both ends meet, so that the reach of the plan is known although only pairs are.
    assert plan.interval() == (138_276.0, 138_276.0)


@pytest.mark.parametrize("seed", range(3))
def test_the_twin_on_generated_people(seed):
    """The same question on people who are known one by one: pairs, program and enumeration agree."""
    tables = make_audience(seed=seed, segments=9)
    true = AudiencePlanner.from_tables(tables.segments, members=tables.members, choose=3).solve(seed=0)
    pairs = AudiencePlanner.from_tables(tables.segments, overlaps=tables.overlaps, choose=3).solve(seed=0)
    rows = {row.method: row for row in true.baselines}
    assert sum(row.proven for row in rows.values()) == 2
    low, high = pairs.interval()
    assert low <= true.worth_of(pairs.spends()) <= high
    assert pairs.value <= true.value
    for row in true.baselines:
        assert row.value <= true.value + 1e-6
    greedy = next(row.value for name, row in rows.items() if name.startswith("greedy"))
    assert greedy >= (1 - 1 / np.e) * true.value
