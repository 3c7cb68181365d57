import io

import pandas as pd
import pytest
from rich.console import Console

from hybrid_opt.errors import OptionError
from hybrid_opt.reports import Table, print_table, table_text


def test_plain_text():
    table = Table(
        ["Channel", "Today", "Binds"],
        [["TV", 1200, ""], ["Radio", 80.5, "upper"], ["Total", 1280.5, None]],
        title="Spend (EUR)",
        note="Bounds are 30 %.",
        strong=[-1],
    )
    assert table_text(table, 60).splitlines() == [
        "Spend (EUR)",
        "Channel   Today   Binds",
        "───────────────────────",
        "TV        1,200",
        "Radio      80.5   upper",
        "Total     1,280   n/a",
        "Bounds are 30 %.",
    ]


def test_brackets_and_emoji_codes_are_no_markup():
    text = table_text(Table(["[bold]a[/bold]"], [["[red]x[/red] :smile:"]], title="[b]t", note="[i]n"), 60)
    assert all(part in text for part in ("[bold]a[/bold]", "[red]x[/red] :smile:", "[b]t", "[i]n"))


def test_width_is_kept_and_nothing_is_lost():
    name = "Paid search, upper funnel prospecting of new customers"
    text = table_text(Table(["Channel", "Spend"], [[name, 123456]]), 30)
    assert max(map(len, text.splitlines())) <= 30
    assert "123,456" in text
    assert all(word.strip(",") in text for word in name.split())


def test_surroundings_change_nothing(monkeypatch):
    table = Table(["a"], [["b"]], strong=[0])
    expected = table_text(table, 40)
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "10"), ("TERM", "dumb"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
        assert table_text(table, 40) == expected


def test_printed_to_the_given_console():
    target = io.StringIO()
    print_table(Table(["a"], [["b"]], strong=[0]), Console(file=target, width=40, force_terminal=True))
    assert "\x1b[1m" in target.getvalue()


def test_alignment():
    rows = [["-5 %", "5 apples", "<0.1 %", "€5"], ["+12.5 %", "many", "n/a", ""]]
    assert Table(["a", "b", "c", "d"], rows).align == ("right", "left", "right", "right")
    assert Table(["a"], [[5]], align=["center"]).align == ("center",)
    assert Table(["a"], []).align == ("left",)


def test_frame():
    table = Table.from_frame(pd.DataFrame({"channel": ["TV", "Radio"], "spend": [1200.4, float("nan")]}))
    assert table.columns == ("channel", "spend")
    assert table.rows == (("TV", "1,200"), ("Radio", "n/a"))


@pytest.mark.parametrize(
    ("columns", "rows", "options", "said"),
    [
        ([], [], {}, "no column"),
        (["a", "b"], [["x", "y"], ["z"]], {}, "row 1"),
        (["a"], [["x"]], {"align": ["middle"]}, "align"),
        (["a"], [["x"]], {"align": ["left", "left"]}, "align"),
        (["a"], [["x"]], {"strong": [1]}, "strong"),
        (["a"], [["x"]], {"strong": [-2]}, "strong"),
    ],
)
def test_bad_tables(columns, rows, options, said):
    with pytest.raises(OptionError, match=said):
        Table(columns, rows, **options)


def test_bad_width():
    with pytest.raises(OptionError, match="at least 20"):
        table_text(Table(["a"], []), 5)


def test_no_figure_and_no_label_is_cut_on_a_narrow_terminal():
    columns = ["channel", *(f"plan {k}" for k in range(12))]
    rows = [[f"channel-{r}", *(f"{10_000 * k + r:,}" for k in range(12))] for r in range(3)]
    stream = io.StringIO()
    print_table(Table(columns, rows), Console(file=stream, width=40))
    for row in rows:
        assert any(all(cell in line for cell in row) for line in stream.getvalue().splitlines())


@pytest.mark.parametrize("width", range(20, 160, 7))
def test_no_figure_is_cut_beside_long_texts(width):
    columns = ["method", "heads that stay, by layer and more words", "a long text column here"]
    columns += ["calibration", "test loss", "accuracy", "losses", "change", "seconds"]
    texts = ["QUBO sampler, enumeration with words", "0 1 2 | 0 2 | 0", "measured on the way to here"]
    figures = ["0.26321", "0.37601", "88.82%", "123", "+0.251", "4.123"]
    table = Table(columns, [[*texts, *figures]] * 2, align=["left"] * 3 + ["right"] * 6)
    shown = table_text(table, width)
    for figure in [*columns[3:], *figures]:
        assert figure in shown
    assert max(map(len, shown.splitlines())) <= max(width, 100)
    flat = " ".join(shown.split())
    for word in " ".join(texts).split():
        assert word in flat
