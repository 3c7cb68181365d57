"""Decomposition: right answers, honest labels and bounds, repeatable, interruptible, bad input."""

import dimod
import numpy as np
import pytest

import hybrid_opt as ho
from hybrid_opt.errors import ModelTooLargeError, OptionError, SolverError
from hybrid_opt.qubo import read_model
from hybrid_opt.solvers import MILP, QAOA, Anneal, Decomposed, Exact, Outcome, Request, Tabu, Uniform


def random_bqm(
    n: int, seed: int, density: float = 1.0, vartype: str = "BINARY"
) -> dimod.BinaryQuadraticModel:
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.integers(-9, 10, (n, n))) * (rng.random((n, n)) < density)
    return dimod.BinaryQuadraticModel(weights.astype(float), vartype)


def islands(sizes: tuple[int, ...], seed: int) -> dimod.BinaryQuadraticModel:
    """Frustrated components of given sizes, in mixed order, in which roof duality fixes next to nothing."""
    rng = np.random.default_rng(seed)
    order, begin = rng.permutation(sum(sizes)).tolist(), 0
    bqm = dimod.BinaryQuadraticModel(dict.fromkeys(range(sum(sizes)), 0.0), {}, 0.5, "SPIN")
    for size in sizes:
        part = order[begin : begin + size]
        begin += size
        for k in range(size):
            bqm.add_linear(part[k], float(rng.integers(-1, 2)))
            for m in range(k):
                bqm.add_quadratic(part[k], part[m], float(rng.choice([-3, 2, 3])))
    return bqm


@pytest.mark.parametrize(
    "solver", ["exact", "anneal", "tabu", Uniform(draws=300), MILP(), QAOA(depth=1, shots=100)], ids=str
)
def test_every_solver_improves_a_start(solver):
    bqm = random_bqm(24, 2)
    start = dict.fromkeys(bqm.variables, 0)
    method = Decomposed(solver, max_bits=8, rounds=1, fix=False)
    solution = ho.solve(bqm, method, seed=1, start=start)
    assert solution.objective < bqm.energy(start)
    assert solution.objective == bqm.energy(solution.sample)
    assert solution.method == method.name == f"decomposed({ho.solvers.registry.find_solver(solver).name})"
    assert solution.bound is None
    assert solution.effort["largest_part"] == 8


@pytest.mark.parametrize("blocks", ["chain", "connected", "impact"])
@pytest.mark.parametrize("incumbent", ["descent", "anneal"])
def test_close_to_the_optimum_and_repeatable(blocks, incumbent):
    bqm = random_bqm(40, 3, 0.3)
    best = ho.solve(bqm, "anneal", seed=1).objective
    method = Decomposed(max_bits=10, blocks=blocks, incumbent=incumbent)
    solution = ho.solve(bqm, method, seed=5)
    assert best <= solution.objective <= 0.95 * best
    again = ho.solve(bqm, method, seed=5, time_limit=30.0)
    assert again.sample == solution.sample
    assert again.effort == solution.effort
    assert solution.deterministic


def test_components_are_solved_on_their_own_and_proven_together():
    bqm = islands((3, 5, 9, 11), 1)
    solution = ho.solve(bqm, Decomposed("exact", max_bits=12, exact_bits=6, fix=False), seed=1)
    parts = [ho.solve(bqm_part, "exact").objective for bqm_part in _split(bqm)]
    assert solution.objective == pytest.approx(sum(parts) + bqm.offset)
    assert (solution.status, solution.bound) == ("optimal", pytest.approx(solution.objective))
    assert solution.effort == {
        "bits": 28, "fixed": 0, "components": 4, "parts": 4, "largest_part": 11, "rounds": 0
    }  # fmt: skip
    text = " ".join(solution.notes)
    assert "2 of these components, of at most 6 bits, were enumerated" in text
    assert "2 parts ran with exact, by bits: 1 of 11, 1 of 9" in text


def _split(bqm):
    import networkx

    for part in networkx.connected_components(dimod.to_networkx_graph(bqm)):
        own = dimod.BinaryQuadraticModel({v: bqm.linear[v] for v in part}, {}, 0.0, "SPIN")
        own.add_quadratic_from((u, v, b) for u, v, b in bqm.iter_quadratic() if u in part)
        yield own


def test_a_heuristic_on_components_proves_nothing():
    solution = ho.solve(islands((9, 11), 1), Decomposed("anneal", max_bits=12, fix=False), seed=1)
    assert (solution.status, solution.bound) == ("feasible", None)


def test_a_block_is_no_bound_and_prove_asks_the_whole_model():
    bqm = random_bqm(22, 7)
    solution = ho.solve(bqm, Decomposed("exact", max_bits=10, fix=False), seed=1, prove=True)
    assert solution.bound_source == "milp (bound)"
    assert solution.bound <= solution.objective
    alone = Decomposed("exact", max_bits=10, fix=False).solve(Request(read_model(bqm), seed=1))
    assert (alone.bound, alone.proof) == (None, None)
    assert "prove nothing about the model" in " ".join(alone.notes)


def test_everything_fixed_is_proven():
    bqm = dimod.BinaryQuadraticModel({i: float(i - 7.5) for i in range(16)}, {(0, 1): 0.5}, 2.0, "BINARY")
    solution = ho.solve(bqm, "decomposed", seed=1)
    assert solution.status == "optimal"
    assert solution.effort["fixed"] == 16
    assert solution.effort["parts"] == 0
    assert "fixed 16 of 16 bits with proof; none is left" in " ".join(solution.notes)


def test_quantum_row_says_blocks():
    bqm = random_bqm(14, 1)
    method = Decomposed(QAOA(depth=2, shots=50), max_bits=7, exact_bits=0, rounds=1, fix=False)
    solution = ho.solve(bqm, method, seed=1, compare=["uniform"])
    record = solution.quantum
    assert record.blocks == solution.effort["parts"] > 1
    assert (record.qubits, record.depth, record.shots) == (7, 2, 50 * record.blocks)
    assert record.samples_counted == 50 * record.blocks
    assert record.p_optimum is None
    assert solution.rows[0].optimum_share is None
    assert f"{record.blocks} blocks of up to 7 qubits" in str(solution)
    assert "no P(optimum)" in str(solution)
    assert "parts ran with qaoa, by qubits" in " ".join(solution.notes)
    assert "of 7" in " ".join(solution.notes)
    assert [row.method for row in solution.baselines] == ["uniform (equal samples)", "uniform (equal time)"]
    assert solution.baselines[0].samples == record.samples_counted
    assert '"blocks": ' in solution.to_json()


def test_samplers_beside_blocks_may_begin_at_the_start_too(monkeypatch):
    seen = []
    draw = Anneal.draw

    def spy(self, request, **effort):
        seen.append(request.start)
        return draw(self, request, **effort)

    monkeypatch.setattr(Anneal, "draw", spy)
    bqm = random_bqm(12, 1)
    inner = Decomposed(QAOA(depth=1, shots=20), max_bits=9, rounds=1, fix=False)
    ho.solve(bqm, inner, seed=1, start=dict.fromkeys(bqm.variables, 0), compare=[Anneal(reads=2, sweeps=10)])
    assert all(start is not None for start in seen)
    assert len(seen) == 2


def knapsack(n: int = 12):
    rng = np.random.default_rng(3)
    cqm = dimod.ConstrainedQuadraticModel()
    items = list(dimod.Binaries(range(n)))
    cqm.set_objective(dimod.quicksum(-int(v) * x for v, x in zip(rng.integers(1, 30, n), items)))
    cqm.add_constraint(
        dimod.quicksum(int(w) * x for w, x in zip(rng.integers(1, 9, n), items)) <= 20, label="cap"
    )
    return cqm


@pytest.mark.parametrize("penalty", ["certified", "adaptive", 0.01])
def test_constraints_are_judged_on_the_model(penalty):
    cqm = knapsack()
    solution = ho.solve(cqm, Decomposed(max_bits=9, penalty=penalty), seed=1, compare=["exact"])
    assert solution.feasible == cqm.check_feasible(solution.sample)
    assert solution.baselines[0].objective <= solution.objective if solution.feasible else solution.violations
    if penalty != "certified":
        assert "for the QUBO with these penalties, not for the model" in " ".join(solution.notes)
    if penalty == 0.01:
        assert solution.effort["fixed"] > 0


def test_bound_of_a_penalized_qubo_is_one_of_the_model():
    """Penalties far too low: the minimum of the QUBO breaks the row, and bounds the model from below."""
    solution = ho.solve(knapsack(8), Decomposed(penalty=0.01), seed=1, compare=["exact"])
    assert solution.own_row.bound is not None
    assert solution.own_row.bound < solution.baselines[0].objective


def test_never_worse_than_the_start():
    bqm = random_bqm(30, 9)
    best = ho.solve(bqm, "tabu", seed=1)
    solution = ho.solve(bqm, Decomposed("uniform", max_bits=6, rounds=1), seed=2, start=best.sample)
    assert solution.objective == best.objective


def test_time_limit_is_looked_at_between_parts():
    solution = ho.solve(random_bqm(60, 2), Decomposed(Tabu(), max_bits=12, rounds=50), seed=1, time_limit=0.4)
    assert not solution.deterministic
    assert solution.feasible
    assert "the time limit ended the search after" in " ".join(solution.notes)
    assert solution.timings["total"] < 5.0


class Pressed:
    """Presses ctrl-C inside a part, or says it was pressed."""

    name = "pressed"

    def __init__(self, after: int, raises: bool) -> None:
        self.calls, self.after, self.raises = 0, after, raises

    def solve(self, request: Request) -> Outcome:
        self.calls += 1
        outcome = Exact().solve(request)
        if self.calls == self.after:
            if self.raises:
                raise KeyboardInterrupt
            outcome.interrupted = True
        return outcome


@pytest.mark.parametrize("raises", [True, False])
def test_ctrl_c_keeps_the_incumbent(raises):
    bqm = random_bqm(40, 4)
    start = dict.fromkeys(bqm.variables, 0)
    solver = Pressed(3, raises)
    solution = ho.solve(bqm, Decomposed(solver, max_bits=10, fix=False), seed=1, start=start)
    assert solver.calls == 3
    assert solution.interrupted
    assert not solution.deterministic
    assert solution.objective < bqm.energy(start)
    assert "ctrl-C ended the search after" in " ".join(solution.notes)


def test_progress_rises_to_one():
    told = []
    ho.solve(
        random_bqm(30, 4),
        Decomposed(max_bits=8, fix=False),
        seed=1,
        progress=lambda s, t: told.append((s, t)),
    )
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any("block 2, energy" in text for _, text in told)


def test_parts_get_their_own_seeds():
    seeds = []

    class Spy(Exact):
        def solve(self, request):
            seeds.append(request.seed)
            return super().solve(request)

    ho.solve(random_bqm(30, 4), Decomposed(Spy(), max_bits=8, fix=False), seed=1)
    assert len(set(seeds)) == len(seeds) > 5


def test_a_malformed_part_names_the_solver():
    class Wrong:
        name = "wrong"

        def solve(self, request):
            return Outcome(np.full((1, len(request.problem.variables)), 7))

    with pytest.raises(SolverError, match="wrong"):
        ho.solve(random_bqm(20, 4), Decomposed(Wrong(), max_bits=8, fix=False), seed=1)


def test_a_part_that_is_refused_is_an_error_of_the_method():
    class Small:
        name = "small"

        def solve(self, request):
            raise ModelTooLargeError("at most 5")

    with pytest.raises(ModelTooLargeError, match="at most 5"):
        ho.solve(random_bqm(20, 4), Decomposed(Small(), max_bits=8, fix=False), seed=1)


def test_a_solver_without_proposals_leaves_the_incumbent():
    class Silent:
        name = "silent"

        def solve(self, request):
            return Outcome(np.zeros((0, len(request.problem.variables)), dtype=np.int64))

    bqm = random_bqm(20, 4)
    assert ho.solve(bqm, Decomposed(Silent(), max_bits=8, fix=False), seed=1).feasible


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"solver": "exakt"}, "solver 'exakt' is unknown; did you mean 'exact'"),
        ({"solver": Exact}, "solver is the class Exact"),
        ({"solver": 3}, "solver is 3"),
        ({"solver": Decomposed()}, "solver is a Decomposed itself"),
        ({"solver": QAOA(max_qubits=12)}, "qaoa is set to at most 12 bits"),
        ({"solver": Exact(limit=1000)}, "exact is set to at most 9 bits"),
        ({"max_bits": 21}, "exact is set to at most 20 bits"),
        ({"max_bits": 0}, "max_bits"),
        ({"max_bits": 2.5}, "max_bits"),
        ({"blocks": "large"}, "blocks is 'large'; legal are 'chain', 'connected', 'impact'"),
        ({"rounds": 0}, "rounds"),
        ({"incumbent": "best"}, "incumbent"),
        ({"exact_bits": -1}, "exact_bits"),
        ({"exact_bits": 21}, "exact_bits"),
        ({"fix": "yes"}, "fix"),
        ({"encoding": 3}, "encoding"),
        ({"penalty": None}, "penalty"),
    ],
)
def test_illegal_settings(settings, message):
    with pytest.raises(OptionError, match=message):
        Decomposed(**settings)
