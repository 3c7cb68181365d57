import itertools
from fractions import Fraction

import numpy as np

from hybrid_opt.planning.line_side import LineSide

PAY = LineSide("pay", "resource", (Fraction(5), Fraction(7, 2)), Fraction(20), Fraction(5))
FAIR = LineSide("fair", "fairness", (Fraction(1), Fraction(-1)), Fraction(1), Fraction(1), both=True)


def test_use_and_limit_in_amounts():
    assert PAY.used([2, 2]) == 17.0
    assert PAY.keeps([2, 2])
    assert PAY.problem([2, 2]) is None
    assert PAY.problem([4, 1]) == "pay: today 23.5, the limit is 20"
    assert PAY.moved().keeps([4, 1])


def test_both_ends_of_a_fair_pair():
    assert FAIR.keeps([1, 2])
    assert FAIR.keeps([2, 1])
    assert not FAIR.keeps([0, 2])
    assert FAIR.problem([0, 2]) == "fair: today 2, the limit is 1"


def test_the_limit_on_units_is_the_limit_on_amounts():
    unit, quarter = Fraction(1, 2), Fraction(1, 4)
    for side, rests in itertools.product((PAY, FAIR), ([quarter, 0 * unit], [0 * unit, quarter])):
        whole = side.in_units(unit, rests)
        for a in range(12):
            for b in range(12):
                amounts = [float(rests[0] + a * unit), float(rests[1] + b * unit)]
                assert bool(whole.keeps(np.array([a, b]))) == side.keeps(amounts)
