"""Blocks of heads around an incumbent: legal, never worse, and told."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.errors import SolverError
from hybrid_opt.solvers import Exact, Greedy, solve
from hybrid_opt.tuning.head_blocks import answer_in_blocks
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.loss_statistics import HeadStatistics


def question(seed: int = 0, keep: int = 15) -> HeadQuestion:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(30, 30)) / 5
    values = -rng.uniform(0, 0.4, 30)
    measured = HeadStatistics((10,) * 3, np.ones(30), 1.0, values, root @ root.T, np.ones(30), None, 9, 9)
    return HeadQuestion(measured, keep=keep)


def test_blocks_are_legal_and_no_worse_than_where_they_began():
    asked = question()
    start = solve(asked.to_cqm(), Greedy(), seed=4)
    mask, solution, notes = answer_in_blocks(asked, Exact(), seed=4, time_limit=10, size=12)
    assert asked.feasible(mask)
    assert float(asked.objective(mask)) <= float(asked.objective(asked.mask(start.sample))) + 1e-12
    assert solution.method == "exact"
    assert "30 heads are more than one quantum row holds" in notes[0]
    assert "blocks of at most 12 heads" in notes[0]


def test_a_bad_start_is_improved(monkeypatch):
    asked = question(seed=5)

    class Worst(Greedy):
        """Begins at the first heads, whatever they cost."""

        name = "first"

        def solve(self, request):
            outcome = super().solve(request)
            states = np.zeros_like(outcome.states[:1])
            states[0, [*range(5), *range(10, 15), *range(20, 25)]] = 1
            outcome.states, outcome.counts = states, None
            return outcome

    monkeypatch.setattr("hybrid_opt.tuning.head_blocks.Greedy", Worst)
    mask, _, _ = answer_in_blocks(asked, Exact(), seed=4, time_limit=10, size=12)
    first = np.zeros(30, dtype=int)
    first[[*range(5), *range(10, 15), *range(20, 25)]] = 1
    assert float(asked.objective(mask)) < float(asked.objective(first)) - 1e-6


def test_ctrl_c_in_a_later_block_is_told():
    class Cut:
        name, blocks = "cut", 0

        def solve(self, request):
            self.blocks += 1
            if self.blocks == 3:
                raise KeyboardInterrupt  # as a signal does inside a solver
            return Exact().solve(request)

    asked = question()
    mask, solution, notes = answer_in_blocks(asked, Cut(), seed=4, time_limit=10, size=12)
    assert solution.interrupted
    assert asked.feasible(mask)
    assert "in 3 blocks" in notes[0]


def test_no_legal_start_is_told(monkeypatch):
    class Blind(Greedy):
        """Proposes no heads at all."""

        def solve(self, request):
            outcome = super().solve(request)
            outcome.states, outcome.counts = np.zeros_like(outcome.states[:1]), None
            return outcome

    monkeypatch.setattr("hybrid_opt.tuning.head_blocks.Greedy", Blind)
    with pytest.raises(SolverError, match="take numbers per layer"):
        answer_in_blocks(question(), Exact(), seed=0, time_limit=5)
