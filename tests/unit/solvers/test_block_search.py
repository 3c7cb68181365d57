"""The search of parts: only what is not worse is accepted, parts get their limits, rounds end."""

from time import perf_counter

import dimod
import numpy as np
import pytest

from hybrid_opt.progress import silent
from hybrid_opt.solvers import Exact, Outcome
from hybrid_opt.solvers.block_search import BlockSearch, StoppedError
from hybrid_opt.solvers.quadratic_bits import QuadraticBits


class Proposes:
    """Proposes given strings and keeps what it was asked."""

    name = "proposes"

    def __init__(self, *strings: list[int], **outcome) -> None:
        self.strings, self.outcome, self.asked = strings, outcome, []

    def solve(self, request):
        self.asked.append(request)
        n = len(request.problem.variables)
        return Outcome(np.array(self.strings, dtype=np.int64).reshape(-1, n), **self.outcome)


def search_with(
    solver, linear=(1.0, -2.0, 0.0, 3.0), pairs=(), bits=(1, 0, 0, 1), seconds=60.0
) -> BlockSearch:
    bqm = dimod.BinaryQuadraticModel(dict(enumerate(linear)), {}, 0.0, "BINARY")
    bqm.add_quadratic_from(pairs)
    model = QuadraticBits.from_bqm(bqm)
    return BlockSearch(model, np.array(bits, dtype=np.uint8), solver, 1, perf_counter() + seconds)


def test_what_is_worse_is_not_taken():
    search = search_with(Proposes([1, 1]), bits=(0, 1, 0, 0))
    assert search.search_part(np.array([0, 3]), search.solver) == (0.0, None)
    assert search.bits.tolist() == [0, 1, 0, 0]
    assert not search.trace


def test_the_best_proposal_is_taken_and_the_gain_told():
    search = search_with(Proposes([1, 1], [0, 1], [1, 0], [0, 0]))
    assert search.search_part(np.array([0, 3]), search.solver)[0] == 4.0
    assert search.bits.tolist() == [0, 0, 0, 0]
    assert [bits.tolist() for bits in search.trace] == [[0, 0, 0, 0]]
    assert search.sizes == [2]


def test_moves_to_equal_energy_are_taken_but_are_no_gain():
    search = search_with(Proposes([1]))
    assert search.search_part(np.array([2]), search.solver)[0] == 0.0
    assert search.bits.tolist() == [1, 0, 1, 1]
    assert not search.trace


def test_a_part_sees_the_others_at_the_incumbent():
    solver = Proposes([0])
    search = search_with(solver, pairs=[(0, 1, 10.0), (1, 2, 5.0)])
    search.search_part(np.array([1]), solver)
    (request,) = solver.asked
    assert request.problem.objective(np.array([[0], [1]])).tolist() == [0.0, 8.0]
    assert request.start.tolist() == [0]
    assert 0 < request.time_limit <= 60.0


def test_the_bound_of_a_part_is_handed_on():
    search = search_with(Exact())
    gain, bound = search.search_part(np.array([0, 1]), search.solver)
    assert (gain, bound) == (3.0, -2.0)


def test_another_solver_than_that_of_the_parts_is_not_counted_among_them():
    search = search_with(Proposes([0]))
    search.search_part(np.array([1]), Exact())
    assert (search.sizes, search.parts) == ([], 1)


def test_no_part_begins_after_the_deadline():
    solver = Proposes([0])
    search = search_with(solver, seconds=-1.0)
    with pytest.raises(StoppedError, match="time limit"):
        search.search_part(np.array([1]), solver)
    assert not solver.asked


def test_what_an_interrupted_solver_found_is_used():
    search = search_with(Proposes([0, 0], interrupted=True, deterministic=False))
    with pytest.raises(StoppedError, match="ctrl-C"):
        search.search_part(np.array([0, 3]), search.solver)
    assert search.bits.tolist() == [0, 0, 0, 0]
    assert not search.deterministic


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_it_ends_after_rounds_without_a_gain(rounds):
    solver = Exact()
    search = search_with(solver, bits=(0, 1, 0, 0))
    search.search_blocks(np.arange(4), size=2, method="impact", rounds=rounds, progress=silent)
    assert (search.rounds, len(search.sizes)) == (rounds, 2 * rounds)
    search = search_with(solver)
    search.search_blocks(np.arange(4), size=2, method="impact", rounds=rounds, progress=silent)
    assert search.rounds == rounds + 1
    assert search.model.energy(search.bits) == -2.0


def test_later_rounds_have_other_blocks():
    rng = np.random.default_rng(1)
    pairs = [(i, j, float(rng.integers(1, 9))) for i in range(20) for j in range(i)]
    solver = Proposes()
    search = search_with(solver, linear=(1.0,) * 20, pairs=pairs, bits=(0,) * 20)
    search.search_blocks(np.arange(20), size=5, method="connected", rounds=2, progress=silent)
    first, second = solver.asked[:4], solver.asked[4:]
    assert len(second) == 4
    assert [_numbers(r) for r in first] != [_numbers(r) for r in second]


def _numbers(request):
    return sorted(pair.coefficient for pair in request.problem.pairs)
