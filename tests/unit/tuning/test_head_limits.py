"""Questions without an answer are refused, those with one are not: against all masks."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.loss_statistics import HeadStatistics

COSTS = np.array([3.0, 1.0, 2.0, 5.0, 4.0])


def statistics() -> HeadStatistics:
    ones = np.ones(5)
    return HeadStatistics((2, 3), ones, 1.0, np.zeros(5), np.eye(5), ones, None, 9, 9)


def asked(**arguments: Any) -> HeadQuestion:
    return HeadQuestion(statistics(), **arguments)


def has_an_answer(keep: Any, budget: float | None, fixed: list[int]) -> bool:
    for bits in product((0, 1), repeat=5):
        mask, layers = np.array(bits), (sum(bits[:2]), sum(bits[2:]))
        legal = min(layers) > 0 and all(value in (-1, bit) for value, bit in zip(fixed, bits, strict=True))
        if budget is not None:
            legal = legal and bool(mask @ COSTS <= budget)
        elif isinstance(keep, tuple):
            legal = legal and layers == keep
        else:
            legal = legal and sum(layers) == keep
        if legal:
            return True
    return False


LIMITS = st.one_of(
    st.integers(0, 6).map(lambda keep: {"keep": keep}),
    st.tuples(st.integers(0, 3), st.integers(0, 4)).map(lambda keep: {"keep": keep}),
    st.integers(1, 16).map(lambda budget: {"budget": float(budget), "costs": COSTS}),
)


@settings(max_examples=300)
@given(LIMITS, st.lists(st.sampled_from([-1, -1, 0, 1]), min_size=5, max_size=5))
def test_refused_exactly_where_no_mask_is_legal(limits, fixed):
    answer = has_an_answer(limits.get("keep"), limits.get("budget"), fixed)
    try:
        question = asked(**limits, fixed=np.array(fixed))
    except OptionError:
        assert not answer
    else:
        assert answer
        assert any(question.feasible(mask) for mask in product((0, 1), repeat=5))


def test_lists_and_tensors_are_read_into_arrays_of_their_own():
    costs = COSTS.copy()
    question = asked(budget=8.0, costs=costs, fixed=torch.tensor([-1, -1, 0, -1, -1]))
    costs[:] = 100.0
    assert question.costs.tolist() == COSTS.tolist()
    assert question.fixed.tolist() == [-1, -1, 0, -1, -1]
    assert question.fixed.dtype == np.int64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keep": 2.5}, "keep is 2.5; it must be a whole number"),
        ({"keep": True}, "keep is True; it must be a whole number"),
        ({"keep": [1, 2]}, r"keep is \[1, 2\]; it must be a whole number"),
        ({"keep": (1, 1.5)}, "keep of layer 1 is 1.5; it must be a whole number"),
        ({"keep": (1, 4)}, "4 heads of layer 1, which has 3; legal are 1 to 3"),
        ({"keep": (1, 3), "fixed": [-1, -1, 0, -1, -1]}, "legal are 1 to 2 with these fixed heads"),
        ({"keep": 2, "fixed": [1, 1, -1, -1, -1]}, "legal are 3 to 5 with these fixed heads"),
        ({"keep": 3, "fixed": [0, 0, -1, -1, -1]}, "fixed takes all heads of layer 0 away"),
        ({"keep": 3, "fixed": [0, 0]}, r"fixed has the shape \(2,\).* it must be \(5,\) finite int64"),
        ({"keep": 3, "fixed": [2, -1, -1, -1, -1]}, r"fixed holds \[-1, 2\]; legal are -1, 0 and 1"),
        ({"keep": 3, "fixed": [0.5, -1, -1, -1, -1]}, "finite int64 numbers"),
        ({"keep": 3, "fixed": "all"}, "fixed is 'all', which gives no numbers"),
        ({"budget": np.nan, "costs": COSTS}, "budget is nan; it must be a finite number"),
        ({"budget": "10", "costs": COSTS}, "budget is '10'; it must be a finite number"),
        ({"budget": True, "costs": COSTS}, "budget is True"),
        ({"budget": 9.0, "costs": [1.0, 2.0]}, r"costs has the shape \(2,\)"),
        ({"budget": 9.0, "costs": [1.0, 1.0, 1.0, 1.0, np.inf]}, "it must be .* finite float64 numbers"),
        ({"budget": 9.0, "costs": -COSTS}, "needs costs: .* positive numbers"),
        ({"budget": 5.0, "costs": COSTS, "fixed": [1, -1, -1, 1, -1]}, "head of every layer, 8 with these"),
        ({"keep": 3, "redundancy": -1.0}, "redundancy is -1.0; it must be a finite number of at least 0"),
        ({"keep": 3, "redundancy": "much"}, "redundancy is 'much'"),
        ({"keep": 3, "scale": np.inf}, "scale is inf; it must be a finite number"),
        ({"keep": 3, "scale": None}, "scale is None"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(OptionError, match=message):
        asked(**arguments)
