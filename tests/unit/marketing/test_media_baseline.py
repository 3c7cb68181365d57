"""The baseline: its columns, and projections over some of the weeks."""

import numpy as np

from hybrid_opt.marketing.history_table import read_history
from hybrid_opt.marketing.media_baseline import Baseline
from hybrid_opt.marketing.synthetic_history import make_history

WEEKLY = read_history(make_history(), outcome="revenue", date="week", spend=["tv"], controls=["price"])


def test_columns_and_their_parts():
    baseline = Baseline.of(WEEKLY, 2)
    assert baseline.parts == ["level", "trend", *["season"] * 4, "price"]
    assert (baseline.design[:, 0] == 1).all()
    np.testing.assert_allclose(baseline.design[:, 1:].mean(axis=0), 0, atol=1e-12)
    days = WEEKLY.dates.astype(float)
    wave = np.cos(2 * np.pi * 2 * days / 365.25)
    np.testing.assert_allclose(baseline.design[:, 4], wave - wave.mean())
    assert Baseline.of(WEEKLY, 0).parts == ["level", "trend", "price"]


def test_the_basis_projects_a_baseline_out_of_some_weeks():
    baseline, weeks = Baseline.of(WEEKLY, 1), slice(10, 90)
    own = baseline.design @ np.array([3.0, -1.0, 2.0, 0.5, 7.0])
    basis = baseline.basis(weeks)
    assert basis.shape == (80, 5)
    np.testing.assert_allclose(own[weeks] - basis @ (basis.T @ own[weeks]), 0, atol=1e-9)
    np.testing.assert_allclose(baseline.design @ baseline.coefficients(own[weeks], weeks), own, atol=1e-8)


def test_a_control_that_never_moved_in_some_weeks_does_no_harm():
    frame = make_history().assign(late=np.where(np.arange(182) > 170, 1.0, 0.0))
    weekly = read_history(frame, outcome="revenue", date="week", spend=["tv"], controls=["late"])
    baseline = Baseline.of(weekly, 1)
    assert baseline.basis(slice(0, 150)).shape[1] == baseline.design.shape[1] - 1
    found = baseline.coefficients(weekly.outcome[:150], slice(0, 150))
    assert np.isfinite(found).all()
