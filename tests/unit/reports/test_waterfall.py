import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports import gain_waterfall


def test_bars_stand_end_to_end(read_chart):
    chart = read_chart(gain_waterfall(["a", "b", "c"], [30, -50, 0], 100, 80))
    zero, at_100 = chart.span("today")
    unit = (at_100 - zero) / 100
    for mark, low, high in [("gain:0", 100, 130), ("gain:1", 80, 130), ("gain:2", 80, 80), ("plan", 0, 80)]:
        assert chart.span(mark) == pytest.approx((zero + low * unit, zero + high * unit), abs=0.01)
    assert {"+30", "-50", "0", "100", "80"} <= set(chart.texts())
    assert not any("not at zero" in text for text in chart.texts())


def test_gains_and_losses_have_their_colours(read_chart):
    chart = read_chart(gain_waterfall(["a", "b"], [30, -10], 100, 120))
    looks = [next(chart.group(f"gain:{i}").iter(f"{chart.name}path")).get("style") for i in (0, 1)]
    assert "#009e73" in looks[0]
    assert "#d55e00" in looks[1]


def test_total_may_cross_zero(read_chart):
    chart = read_chart(gain_waterfall(["a", "b"], [-120, 50], 100, 30))
    assert chart.span("gain:0")[0] < chart.span("today")[0]


def test_cut_axis_says_so_and_keeps_proportions(read_chart):
    chart = read_chart(gain_waterfall(["a", "b"], [3000, 1000], 350_000, 354_000))
    assert "The axis starts at 349,000, not at zero." in chart.texts()
    left, right = chart.span("gain:0")
    unit = (right - left) / 3000
    assert chart.span("plan") == pytest.approx((left - 1000 * unit, left + 4000 * unit), abs=0.01)


def test_no_gain_at_all_is_drawn_from_zero(read_chart):
    texts = read_chart(gain_waterfall(["a"], [0], 100, 100)).texts()
    assert not any("not at zero" in text for text in texts)


def test_gains_must_add_up():
    with pytest.raises(OptionError, match="remaining 5"):
        gain_waterfall(["a"], [10], 100, 115)
    gain_waterfall(["a"], [0.1 + 0.2], 100, 100.3)


@pytest.mark.parametrize("total", [float("nan"), None, "100"])
def test_bad_totals(total):
    with pytest.raises(OptionError, match="today_total"):
        gain_waterfall(["a"], [10], total, 110)
    with pytest.raises(OptionError, match="plan_total"):
        gain_waterfall(["a"], [10], 100, total)
