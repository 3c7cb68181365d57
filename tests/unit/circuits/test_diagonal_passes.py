from __future__ import annotations

import pytest

from hybrid_opt.circuits.diagonal_passes import backward_passes, forward_passes
from hybrid_opt.circuits.mixer_steps import FRESH, MULTIPLY, PLAIN, SPAWN


@pytest.mark.parametrize("layers", [1, 2, 3, 6])
def test_every_layer_is_turned_once_in_each_kind_of_pass_after_its_phases(layers):
    passes = forward_passes(layers, 8)
    assert len(passes) == layers + 1
    done: list[tuple] = []
    for passing in passes:
        done += [("turn", passing.before, passing.high)] if passing.before >= 0 else []
        done += [("phase", passing.phase)] if passing.mode != PLAIN else []
        done += [("turn", passing.after, passing.high)] if passing.after >= 0 else []
    assert sorted(x for x in done if x[0] == "turn") == [
        ("turn", layer, high) for layer in range(layers) for high in (False, True)
    ]
    for layer in range(layers):
        own = done.index(("phase", layer))
        before = [("turn", layer - 1, high) for high in (False, True)] if layer else []
        assert all(done.index(turn) < own for turn in before)
        assert all(done.index(("turn", layer, high)) > own for high in (False, True))
    assert passes[0].mode == FRESH
    assert forward_passes(layers, 8, fresh=False)[0].mode == MULTIPLY


def test_one_block_needs_one_pass_per_layer():
    assert [(p.high, p.before, p.after) for p in forward_passes(2, 0)] == [(False, -1, 0), (False, -1, 1)]
    assert [(p.mode, p.phase, p.after) for p in backward_passes(2, 0)] == [
        (SPAWN, 1, 1),
        (MULTIPLY, 1, 0),
        (MULTIPLY, 0, -1),
    ]


@pytest.mark.parametrize("layers", [1, 4])
def test_backward_is_forward_reversed(layers):
    there, back = forward_passes(layers, 8), backward_passes(layers, 8)
    assert [(p.after, p.before) for p in reversed(there)] == [(p.before, p.after) for p in back]
    assert [p.high for p in back] == [number % 2 == 1 for number in range(layers + 1)]
