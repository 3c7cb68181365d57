import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports import allocation_bars, ranges_chart


def test_bars_are_as_long_as_their_amounts(read_chart):
    chart = read_chart(allocation_bars(["TV", "Radio"], [100, 40], [80, 60], [50, 20], [120, 70]))
    zero = chart.span("today:0")[0]
    unit = (chart.span("today:0")[1] - zero) / 100
    for mark, start, end in [
        ("today:1", 0, 40),
        ("plan:0", 0, 80),
        ("plan:1", 0, 60),
        ("range:0", 50, 120),
        ("range:1", 20, 70),
    ]:
        assert chart.span(mark) == pytest.approx((zero + start * unit, zero + end * unit), abs=0.01)


def test_figures_and_titles_are_written(read_chart):
    svg = allocation_bars(["TV"], [1000], [1250], x_title="Spend (EUR)", names=("Now", "Then"))
    texts = read_chart(svg).texts()
    assert {"TV", "1,000", "1,250", "+25.0 %", "Spend (EUR)", "Now", "Then"} <= set(texts)
    assert "Allowed range" not in texts


def test_negative_and_zero_amounts(read_chart):
    chart = read_chart(allocation_bars(["A", "B"], [-5, 0], [3, 0.5]))
    assert chart.span("today:0")[1] == pytest.approx(chart.span("plan:0")[0], abs=0.01)
    assert chart.span("today:1")[0] == pytest.approx(chart.span("today:1")[1], abs=0.01)
    assert "n/a" in chart.texts()
    allocation_bars(["A"], [0], [0], [0], [0])


def test_rows_run_from_the_top_down(read_chart):
    chart = read_chart(allocation_bars(["A", "B"], [1, 1], [1, 1]))
    heights = [chart.points(mark)[:, 1].mean() for mark in ("today:0", "plan:0", "today:1", "plan:1")]
    assert heights == sorted(heights)


@pytest.mark.parametrize(("lower", "upper"), [([0], None), (None, [1]), ([2], [1]), ([0, 0], [1, 1])])
def test_bad_ranges(lower, upper):
    with pytest.raises(OptionError, match="lower"):
        allocation_bars(["A"], [1], [1], lower, upper)
    with pytest.raises(OptionError, match="lower"):
        ranges_chart(["A"], [1], [1], [1], lower, upper)


def test_range_holds_the_best(read_chart):
    chart = read_chart(ranges_chart(["A", "B"], [5, 8], [4, 8], [10, 8], [0, 0], [20, 20]))
    left, right = chart.span("allowed:0")
    unit = (right - left) / 20
    assert chart.span("range:0") == pytest.approx((left + 4 * unit, left + 10 * unit), abs=0.01)
    assert chart.points("best:0")[0, 0] == pytest.approx(left + 5 * unit, abs=0.01)
    assert chart.points("best:1")[0, 0] == pytest.approx(left + 8 * unit, abs=0.01)
    assert "4 to 10" in chart.texts()
    assert chart.texts().count("8") == 2


@pytest.mark.parametrize("best", [3, 11])
def test_best_outside_its_range(best):
    with pytest.raises(OptionError, match=r"best\[0\]"):
        ranges_chart(["A"], [best], [4], [10])
