import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports import response_curves


def curve(**changes):
    start = {"label": "TV", "spend": [0, 40, 100], "response": [0, 60, 90], "today": 20, "plan": 70}
    return {**start, "grid_min": 10, "grid_max": 80, **changes}


def test_marks_lie_on_the_curve_and_the_range_is_where_it_should_be(read_chart):
    chart = read_chart(response_curves([curve(lo=[0, 50, 80], hi=[0, 70, 110])]))
    line = chart.points("curve:0")
    (x0, y0), (x1, y1) = line[0], line[-1]

    def place(spend, response):
        return x0 + (x1 - x0) * spend / 100, y0 + (y1 - y0) * response / 90

    assert tuple(line[1]) == pytest.approx(place(40, 60), abs=0.01)
    assert tuple(chart.points("today:0")[0]) == pytest.approx(place(20, 30), abs=0.01)
    assert tuple(chart.points("plan:0")[0]) == pytest.approx(place(70, 75), abs=0.01)
    assert chart.span("allowed:0") == pytest.approx((place(10, 0)[0], place(80, 0)[0]), abs=0.01)
    assert chart.area("band:0")[:, 1].min() == pytest.approx(place(0, 110)[1], abs=0.01)


def test_today_and_plan_have_different_symbols(read_chart):
    chart = read_chart(response_curves([curve(today=70)]))
    symbols = [next(chart.group(mark).iter(f"{chart.name}path")).get("d") for mark in ("today:0", "plan:0")]
    assert symbols[0] != symbols[1]


def test_what_is_not_given_is_not_drawn(read_chart):
    chart = read_chart(response_curves([{"label": "TV", "spend": [0, 1], "response": [0, 1]}]))
    assert not any(chart.has(f"{mark}:0") for mark in ("today", "plan", "allowed", "band"))
    assert not {"Today", "Plan", "Uncertainty", "Allowed range"} & set(chart.texts())


def test_words(read_chart):
    svg = response_curves(
        [curve(), curve(label="Radio", today=None)], x_title="Spend (EUR)", y_title="Revenue"
    )
    assert {"TV", "20 → 70", "Radio", "70", "Spend (EUR)", "Revenue"} <= set(read_chart(svg).texts())


def test_a_mark_at_the_end_of_the_curve_forgives_rounding(read_chart):
    chart = read_chart(response_curves([curve(plan=100 + 1e-12, grid_min=None, grid_max=None)]))
    assert tuple(chart.points("plan:0")[0]) == pytest.approx(tuple(chart.points("curve:0")[-1]), abs=0.01)


def test_flat_negative_and_shifted_curves(assert_tidy):
    spend = np.array([-5.0, 0, 5])
    assert_tidy(
        response_curves(
            [
                {"label": "flat", "spend": [10, 20], "response": [0, 0]},
                {"label": "loss", "spend": [10, 20], "response": [-5, -9]},
                {"label": "price", "spend": spend, "response": -(spend**2), "today": -5, "plan": 0},
            ]
        )
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"spend": [0, 40]}, "response has 3 numbers"),
        ({"spend": [0, 0, 1]}, "rise"),
        ({"spend": [1], "response": [1]}, "two rows"),
        ({"spend": [0, 40, float("nan")]}, "finite"),
        ({"today": 101}, "0 to 100"),
        ({"plan": -1}, "plan = -1"),
        ({"plan": float("nan")}, "finite"),
        ({"grid_min": 90}, "grid_min 90 above grid_max 80"),
        ({"grid_min": None}, "grid_min and grid_max"),
        ({"lo": [0, 0, 0]}, "lo and hi"),
        ({"lo": [0, 9, 0], "hi": [1, 1, 1]}, "lo above hi"),
        ({"lo": [0], "hi": [1, 1, 1]}, "lo has 1 numbers"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_curves(changes, said):
    with pytest.raises(OptionError, match=said):
        response_curves([curve(), curve(**changes)])


def test_no_curve_and_missing_keys():
    with pytest.raises(OptionError, match="empty"):
        response_curves([])
    with pytest.raises(OptionError, match="response"):
        response_curves([{"label": "TV", "spend": [0, 1]}])
