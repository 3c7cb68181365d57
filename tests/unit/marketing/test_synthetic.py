"""The synthetic example: shipped files are reproducible, plans are sound and realistic."""

from pathlib import Path

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing.synthetic import make_example, shipped_example, write_example
from hybrid_opt.planning.curves import ResponseCurves
from hybrid_opt.planning.line_table import PlanLine, read_plan
from hybrid_opt.planning.preflight import preflight


def test_the_shipped_files_are_made_again_byte_for_byte(tmp_path: Path) -> None:
    for made, shipped in zip(write_example(tmp_path / "new"), shipped_example(), strict=True):
        assert made.name == shipped.name
        assert made.read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize(("seed", "channels"), [(0, 5), (1, 5), (2, 5), (3, 3), (4, 8), (5, 20)])
def test_every_example_is_sound(seed: int, channels: int) -> None:
    tables = make_example(seed, channels)
    plan = read_plan(tables.plan, caps=tables.caps)
    curves = ResponseCurves.from_table(tables.curves)
    report = preflight(plan, curves, plan.current_total)
    assert report.findings == ()
    assert plan.is_current_feasible(plan.current_total)
    assert len(plan.lines) == channels
    assert all(100 <= len(line.spends) <= 400 for line in plan.lines)
    band = [curves.interval(label, np.array([1000.0])) for label in plan.labels]
    assert all(ends is not None for ends in band)


def test_the_shipped_plan_shows_every_feature() -> None:
    files = shipped_example()
    plan, curves = read_plan(files.plan, caps=files.caps), ResponseCurves.read(files.curves)
    shapes = {curves.is_concave(line.label, np.linspace(0, line.highest, 13)) for line in plan.lines}
    assert shapes == {True, False}
    assert any(line.grid.off for line in plan.lines)
    assert list(plan.caps) == ["digital"]
    assert plan.current_total == 200_000


def best(lines: list[PlanLine], curves: ResponseCurves) -> np.ndarray:
    """Highest response of some lines for each number of units."""
    value = np.zeros(1)
    for line in lines:
        response = curves.response(line.label, line.spends)
        longer = np.full(len(value) + int(line.units[-1]), -np.inf)
        for gain, units in zip(response, line.units, strict=True):
            window = longer[units : units + len(value)]
            np.maximum(window, value + gain, out=window)
        value = longer
    return value


@pytest.mark.parametrize("seed", range(4))
def test_the_gain_is_realistic(seed: int) -> None:
    tables = make_example(seed)
    plan, curves = read_plan(tables.plan, caps=tables.caps), ResponseCurves.from_table(tables.curves)
    today = sum(float(curves.response(line.label, line.current)) for line in plan.lines)
    free = best([line for line in plan.lines if not line.group], curves)
    digital = best(plan.groups["digital"], curves)[: plan.cap_units("digital") + 1]
    units = plan.budget_units(plan.current_total)
    top = max(free[units - u] + digital[u] for u in range(len(digital)) if 0 <= units - u < len(free))
    assert 0.02 < top / today - 1 < 0.2


def test_seeds_differ_and_repeat() -> None:
    assert make_example(3).curves.equals(make_example(3).curves)
    assert not make_example(3).curves.equals(make_example(4).curves)


@pytest.mark.parametrize("channels", [2, 21, 5.0, True])
def test_an_illegal_number_of_channels(channels: int) -> None:
    with pytest.raises(OptionError, match="legal are whole numbers from 3 to 20"):
        make_example(0, channels)


def test_an_illegal_seed() -> None:
    with pytest.raises(OptionError, match="seed is -1"):
        make_example(-1)
