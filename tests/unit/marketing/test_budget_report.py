import re

import pandas as pd
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.planning.quantum_tables import _verdict
from hybrid_opt.reports import table_text

PLAN = pd.DataFrame(
    {"channel": ["tv <b>", "search"], "current": [60, 40], "min": [0, 0], "max": [100, 80], "step": [10, 10]}
)
CURVES = pd.DataFrame(
    {
        "channel": ["tv <b>"] * 3 + ["search"] * 3,
        "spend": [0, 60, 100, 0, 40, 80],
        "response": [0, 90, 110, 0, 70, 120],
        "lo": [0, 80, 95, 0, 60, 100],
        "hi": [0, 100, 130, 0, 75, 150],
    }
)


@pytest.fixture(scope="module")
def plan():
    return BudgetPlanner.from_tables(PLAN, CURVES).solve(seed=2, quantum=True, qubits=6, depth=1, shots=50)


def test_the_page_stands_alone_and_escapes_names(plan, tmp_path):
    html = plan.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "tv &lt;b&gt;" in html
    assert "tv <b>" not in html
    assert not re.search(r'(src|href)="(?!#|data:)', html)
    assert html.count("<svg") == 5
    for words in ("The plan", "Why not more", "almost as good", "Quantum check on a coarse version"):
        assert words in html


def test_the_report_says_no_quantum_advantage(plan, tmp_path):
    html = plan.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "no claim of any quantum advantage" in html


def test_figures_of_the_tables_are_those_of_the_plan(plan):
    text = str(plan)
    assert f"{plan.value:,.0f}" in text
    assert "gap 0.0000%" in text
    for table in plan.tables():
        assert table.title in table_text(table, 400)


def test_an_interval_is_shown_where_the_curves_have_one(plan):
    channels = plan.channels()
    assert (channels["response_lo"] <= channels["response_plan"]).all()
    assert (channels["response_plan"] <= channels["response_hi"]).all()


def test_a_folder_that_does_not_exist(plan, tmp_path):
    with pytest.raises(OptionError):
        plan.report(tmp_path / "missing" / "report.html")


@pytest.mark.parametrize(
    ("quantum", "uniform", "words"),
    [(0.1, 0.2, "loses here"), (0.2, 0.1, "more often"), (0.1, 0.1, "as often as")],
)
def test_a_loss_of_the_circuit_is_said_as_plainly_as_a_win(quantum, uniform, words):
    assert words in _verdict(quantum, uniform)


def test_the_quantum_table_carries_the_verdict(plan):
    record = plan.check.solution.quantum
    note = next(table.note for table in plan.tables() if table.title.startswith("Quantum check"))
    assert _verdict(record.p_optimum, record.uniform.p_optimum) in note
