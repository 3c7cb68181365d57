import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.planning.plan_options import check_plan_options

LEGAL = {
    "qubits": 14,
    "max_evaluations": 0,
    "mixer": "x",
    "tolerance": 0.01,
    "alternatives": 10,
    "draws": 0,
    "time_limit": 60.0,
}


def test_legal_options_pass():
    check_plan_options(**LEGAL)
    check_plan_options(**(LEGAL | {"mixer": "xy-exact", "qubits": 20, "tolerance": 0}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("qubits", 3),
        ("qubits", 21),
        ("qubits", True),
        ("max_evaluations", -1),
        ("mixer", "y"),
        ("tolerance", float("inf")),
        ("tolerance", True),
        ("alternatives", 0),
        ("draws", -1),
        ("draws", 1.5),
        ("time_limit", 0),
    ],
)
def test_each_illegal_option_is_named(name, value):
    with pytest.raises(OptionError, match=name):
        check_plan_options(**(LEGAL | {name: value}))
