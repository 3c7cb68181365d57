import itertools

import dimod
import numpy as np
import pytest

from hybrid_opt.errors import ModelTooLargeError
from hybrid_opt.qubo.enumeration import Tally, blocks, count_and_minimize, decode_index
from hybrid_opt.qubo.problem import Pair, Problem, Row, Variable
from hybrid_opt.qubo.reading import read_model


@pytest.fixture
def mixed():
    """Every kind of variable, pair terms with and without table, two rows: 2 * 2 * 4 * 3 * 1 = 48 states."""
    rng = np.random.default_rng(3)
    variables = [
        Variable("b", "binary", 2, linear=1.5),
        Variable("s", "spin", 2, lower=-1, step=2, linear=-2.0),
        Variable("i", "integer", 4, lower=-1, linear=0.5, square=-1.0),
        Variable("l", "level", 3, table=rng.normal(size=3)),
        Variable("fixed", "integer", 1, lower=5, linear=2.0),
    ]
    tables = rng.normal(size=(2, 3)), rng.normal(size=(4, 3))
    pairs = [Pair(0, 2, 3.0), Pair(1, 3, table=tables[0]), Pair(2, 3, -1.0, tables[1])]
    rows = [
        Row("most", "<=", 3.0, {0: 1.0, 2: 2.0, 3: np.array([0.0, 1.0, 4.0])}),
        Row("least", ">=", -2.0, {1: 1.0, 2: 1.0, 4: 0.1}),
    ]
    return Problem(variables, pairs, rows, offset=10.0)


def every_state(problem):
    return np.array(list(itertools.product(*(range(v.size) for v in problem.variables))), dtype=np.int64)


def collect(problem, **options):
    parts = list(blocks(problem, **options))
    starts = np.cumsum([0] + [len(part.energies) for part in parts])
    assert [part.start for part in parts] == starts[:-1].tolist()
    energies = np.concatenate([part.energies for part in parts])
    return energies, np.concatenate([part.feasible for part in parts]), len(parts)


def test_binary_model_equals_dimod_in_order_of_the_integer_index():
    rng = np.random.default_rng(1)
    bqm = dimod.BinaryQuadraticModel(rng.normal(size=(8, 8)), "BINARY")
    energies, feasible, _ = collect(read_model(bqm))
    bits = (np.arange(256)[:, None] >> np.arange(7, -1, -1)) & 1  # variable 0 is the most significant bit
    np.testing.assert_allclose(energies, bqm.energies((bits, range(8))), rtol=0, atol=1e-12)
    assert feasible.all()


def test_spin_model_equals_dimod():
    rng = np.random.default_rng(2)
    couplings = {(i, j): rng.normal() for i in range(6) for j in range(i)}
    bqm = dimod.BinaryQuadraticModel({i: rng.normal() for i in range(6)}, couplings, -3.0, "SPIN")
    order = list(bqm.variables)
    energies, _, _ = collect(read_model(bqm))
    spins = 2 * ((np.arange(64)[:, None] >> np.arange(5, -1, -1)) & 1) - 1
    np.testing.assert_allclose(energies, bqm.energies((spins, order)), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("block_size", "n_blocks"), [(1, 48), (2, 48), (3, 16), (12, 4), (24, 2), (48, 1), (10**6, 1)]
)
def test_any_block_size_gives_the_same_in_mixed_radix_order(mixed, block_size, n_blocks):
    energies, feasible, count = collect(mixed, block_size=block_size)
    states = every_state(mixed)
    np.testing.assert_allclose(energies, mixed.objective(states), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(feasible, mixed.feasible(states))
    assert 0 < feasible.sum() < len(states)
    # The last variable has one state, so even a block of one takes it.
    assert count == n_blocks


def test_decode_index_is_the_mixed_radix_number(mixed):
    decoded = [decode_index(mixed, number) for number in range(mixed.n_states)]
    np.testing.assert_array_equal(decoded, every_state(mixed))


@pytest.mark.parametrize("sense", ["<=", ">=", "=="])
def test_rows_split_between_head_and_tail(sense):
    variables = [Variable(i, "integer", 3, lower=-1) for i in range(4)]
    terms = {0: 1.0, 1: np.array([3.0, 0.0, 1.0]), 2: -2.0, 3: 0.5}
    problem = Problem(variables, rows=[Row("r", sense, 0.5, terms)])
    _, feasible, _ = collect(problem, block_size=9)
    np.testing.assert_array_equal(feasible, problem.feasible(every_state(problem)))
    assert 0 < feasible.sum() < 81


def test_census_counts_and_averages_over_feasible_assignments(mixed):
    census = count_and_minimize(mixed)
    states = every_state(mixed)
    states = states[mixed.feasible(states)]
    objectives = mixed.objective(states)
    assert census.n_states == 48
    assert census.n_feasible == len(states)
    assert census.minimum == pytest.approx(objectives.min(), abs=1e-12)
    assert census.mean == pytest.approx(objectives.mean(), abs=1e-12)
    np.testing.assert_array_equal(census.minimizers, states[[objectives.argmin()]])
    assert census.n_minimum == 1


def test_every_minimizer_is_listed_up_to_a_thousand():
    variables = [Variable(i, "binary", 2) for i in range(11)]
    two = Row("two", "==", 2.0, dict.fromkeys(range(11), 1.0))
    census = count_and_minimize(Problem(variables, rows=[two]))
    assert census.n_minimum == census.n_feasible == len(census.minimizers) == 55
    census = count_and_minimize(Problem(variables))
    assert (census.n_minimum, len(census.minimizers)) == (2048, 1000)


def test_minimizers_of_later_blocks_replace_worse_ones():
    n = 20  # four blocks; the minimum lies in the last
    variables = [Variable(i, "binary", 2, linear=-1.0) for i in range(n)]
    done = []
    census = count_and_minimize(Problem(variables), on_block=done.append)
    assert census.minimizers.tolist() == [[1] * n]
    assert census.minimum == -n
    assert census.mean == pytest.approx(-n / 2)
    assert done == [2**18, 2**19, 3 * 2**18, 2**20]


@pytest.mark.parametrize(("offset", "scale"), [(1e9, 0.1), (0.0, 1e-12), (-1e6, 1.0)])
def test_neither_a_large_offset_nor_small_costs_make_ties(offset, scale):
    variables = [Variable(i, "binary", 2, linear=-scale * (i + 1)) for i in range(3)]
    census = count_and_minimize(Problem(variables, offset=offset))
    assert census.minimizers.tolist() == [[1, 1, 1]]


def test_rounding_noise_does_not_hide_ties():
    variables = [Variable(i, "binary", 2, linear=cost) for i, cost in enumerate([-0.1, -0.2, -0.3])]
    row = Row("r", "<=", 3.0, {0: 1.0, 1: 2.0, 2: 3.0})
    assert count_and_minimize(Problem(variables, rows=[row])).n_minimum == 2  # 0.1 + 0.2 and 0.3


def test_nothing_feasible():
    problem = Problem([Variable(0, "binary", 2)], rows=[Row("r", ">=", 2.0, {0: 1.0})])
    census = count_and_minimize(problem)
    assert (census.n_states, census.n_feasible, census.minimum, census.mean) == (2, 0, None, None)
    assert census.minimizers.shape == (0, 1)


def test_model_without_variables():
    census = count_and_minimize(Problem([], offset=2.5))
    assert (census.n_states, census.n_feasible, census.minimum, census.mean) == (1, 1, 2.5, 2.5)
    assert census.minimizers.shape == (1, 0)
    impossible = count_and_minimize(Problem([], rows=[Row("r", ">=", 1.0, {})]))
    assert impossible.minimum is None


def test_too_many_assignments():
    problem = Problem([Variable(i, "binary", 2) for i in range(25)])
    with pytest.raises(ModelTooLargeError, match=r"33,554,432 .* limited to 16,777,216"):
        count_and_minimize(problem)
    with pytest.raises(ModelTooLargeError, match="limited to 7"):
        next(blocks(Problem([Variable(i, "binary", 2) for i in range(3)]), limit=7))


def test_on_block_may_stop_by_raising():
    def stop(done):
        raise TimeoutError

    with pytest.raises(TimeoutError):
        count_and_minimize(Problem([Variable(0, "binary", 2)]), on_block=stop)


def test_a_tally_can_be_read_at_any_time(mixed):
    tally = Tally(mixed)
    assert tally.census().minimum is None
    best = np.inf
    states = every_state(mixed)
    for block in blocks(mixed, block_size=12):
        tally.add(block)
        census = tally.census()
        part = states[: census.n_states]
        part = part[mixed.feasible(part)]
        best = mixed.objective(part).min()
        assert census.minimum == pytest.approx(best, abs=1e-12)
        assert census.n_feasible == len(part)
    assert best == pytest.approx(count_and_minimize(mixed).minimum)
