import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports import optimum_probability_bars


def row(probability, label="QAOA", **more):
    return {"label": label, "probability": probability, **more}


def test_linear_bars(read_chart):
    chart = read_chart(
        optimum_probability_bars([row(0.02, low=0.01, high=0.04), row(0.03, "Anneal"), row(0)])
    )
    left, right = chart.span("probability:0")
    unit = (right - left) / 0.02
    assert chart.span("probability:1") == pytest.approx((left, left + 0.03 * unit), abs=0.01)
    assert chart.span("interval:0") == pytest.approx((left + 0.01 * unit, left + 0.04 * unit), abs=0.01)
    assert chart.span("probability:2") == pytest.approx((left, left), abs=0.01)
    assert {"2 %", "3 %", "1 % to 4 %", "QAOA", "Anneal"} <= set(chart.texts())


def test_wide_differences_go_on_a_logarithmic_axis(read_chart):
    chart = read_chart(optimum_probability_bars([row(0.5), row(0.05), row(0.005), row(0, low=0, high=0.003)]))
    places = [chart.points(f"probability:{i}")[0, 0] for i in range(4)]
    assert places[0] - places[1] == pytest.approx(places[1] - places[2], abs=0.01)
    assert places[3] == min(places)
    assert chart.span("interval:3")[0] == pytest.approx(places[3], abs=0.01)
    assert {"100 %", "10 %", "1 %", "0.1 %"} <= set(chart.texts())


def test_scale_can_be_chosen(read_chart):
    def gaps(scale):
        chart = read_chart(optimum_probability_bars([row(0.4), row(0.2), row(0.1)], scale=scale))
        ends = [chart.span(f"probability:{i}")[1] for i in range(3)]
        return ends[0] - ends[1], ends[1] - ends[2]

    first, second = gaps("log")
    assert first == pytest.approx(second, abs=0.01)
    first, second = gaps("linear")
    assert first == pytest.approx(2 * second, abs=0.01)
    assert gaps("auto") == gaps("linear")


@pytest.mark.parametrize("scale", ["log", "linear", "auto"])
@pytest.mark.parametrize("values", [[0, 0], [1, 1], [1e-300, 1], [1]])
def test_ends_of_the_scale(scale, values, assert_tidy):
    assert_tidy(optimum_probability_bars([row(value) for value in values], scale=scale))


def test_rounding_errors_are_forgiven(read_chart):
    chart = read_chart(optimum_probability_bars([row(1 + 1e-12, low=1.0, high=1.0), row(-1e-15)]))
    assert {"100 %", "0 %"} <= set(chart.texts())


def test_controls_are_grey(read_chart):
    chart = read_chart(optimum_probability_bars([row(0.2), row(0.1, "Uniform", control=True)]))
    assert "#8a94a0" in next(chart.group("probability:1").iter(f"{chart.name}path")).get("style")
    assert "Control" in chart.texts()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "empty"),
        ([{"label": "QAOA"}], "keys"),
        ([row(0.1, colour="red")], "colour"),
        ([row(1.1)], "between 0 and 1"),
        ([row(-0.1)], "between 0 and 1"),
        ([row(0.1, low=0.2, high=0.3)], "in this order"),
        ([row(0.1, low=0.05)], "both low and high"),
        ([row(float("nan"))], "finite"),
        ([row(None)], "finite"),
    ],
)
def test_bad_rows(rows, said):
    with pytest.raises(OptionError, match=said):
        optimum_probability_bars(rows)


def test_bad_scale():
    with pytest.raises(OptionError, match="'auto', 'log' or 'linear'"):
        optimum_probability_bars([row(0.1)], scale="sqrt")
