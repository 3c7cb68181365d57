"""Slices of rows, and calls with and without workers."""

from __future__ import annotations

import sys

import cloudpickle
import pytest

from hybrid_opt.distributed.chunks import call_each, chunks_of
from hybrid_opt.distributed.shipping import pack

cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.mark.parametrize(("count", "size"), [(0, 3), (1, 3), (6, 3), (7, 3)])
def test_slices_hold_every_row_once(count, size):
    rows = list(range(count))
    assert [one for part in chunks_of(count, size) for one in rows[part]] == rows
    assert all(part.stop - part.start <= size for part in chunks_of(count, size))


class Counter:
    """Remembers its calls."""

    def __init__(self):
        self.calls = 0

    def __call__(self, step):
        self.calls += step
        return self.calls


def test_each_call_gets_a_fresh_copy_here_and_there(cluster):
    calls = [(pack(step, "step"),) for step in (1, 2, 3)]
    assert dict(call_each(Counter(), calls, None)) == {0: 1, 1: 2, 2: 3}
    assert dict(call_each(Counter(), calls, cluster)) == {0: 1, 1: 2, 2: 3}
