"""The chart stays drawable with zeros, without gradients, and with many long names."""

from __future__ import annotations

import io

import pandas
import pytest

from hybrid_opt.classical.activation_alarms import Alarm, AlarmThresholds
from hybrid_opt.classical.activation_chart import draw_statistics


def table(n: int, quantity: str = "activation") -> pandas.DataFrame:
    return pandas.DataFrame(
        {
            "module": [f"transformer.a_rather_long_name.that_goes_on.layers.{i}.attention" for i in range(n)],
            "output": ["0"] * n,
            "quantity": [quantity] * n,
            "mean": [0.0] * n,
            "std": [0.0, 1.0] * (n // 2),
            "max_absolute": [0.0, 2e4] * (n // 2),
            "zero_share": [1.0, 0.0] * (n // 2),
        }
    )


@pytest.mark.parametrize("n", [2, 400])
def test_any_number_of_rows(n: int):
    figure = draw_statistics(table(n), [], AlarmThresholds())
    assert figure.get_size_inches()[1] <= 60
    assert len(figure.axes) == 2
    assert all(len(label.get_text()) <= 50 for label in figure.axes[0].get_yticklabels())


def test_alarms_stand_in_their_row_and_the_limit_is_shown():
    rows = pandas.concat([table(2), table(2, "gradient")])
    alarm = Alarm(rows["module"].iloc[1], "exploding", 2e4, 1e4, 1, "activation", "0")
    figure = draw_statistics(rows, [alarm], AlarmThresholds())
    assert [axes.get_title() for axes in figure.axes] == ["activations", "gradients", "exact zeros"]
    assert [text.get_position()[1] for text in figure.axes[0].texts] == [1]
    labels = figure.axes[0].get_legend_handles_labels()[1]
    assert "limit of exploding" in labels
    figure.savefig(io.BytesIO())


def test_without_zeros_there_is_no_panel_for_them():
    rows = table(2).assign(zero_share=0.0)
    figure = draw_statistics(rows, [], AlarmThresholds())
    assert [axes.get_title() for axes in figure.axes] == ["activations"]
