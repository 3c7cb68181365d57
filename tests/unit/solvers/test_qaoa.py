"""QAOA as a solver: figures exact, angles never random, nothing polished unless asked."""

import dimod
import numpy as np
import pennylane as qml
import pytest

import hybrid_opt as ho
from hybrid_opt.circuits import AerDevice, CircuitQAOA, DiagonalQAOA, initial_angles, noise
from hybrid_opt.circuits.objectives import EXPECTATION, CVaR
from hybrid_opt.errors import MissingDependencyError, ModelTooLargeError, OptionError
from hybrid_opt.progress import silent
from hybrid_opt.qubo import read_model, to_qubo
from hybrid_opt.seeds import child_seed
from hybrid_opt.solvers import QAOA, Request
from hybrid_opt.solvers.descent import descend
from hybrid_opt.solvers.training import OPTIMIZERS, train


def knapsack() -> dimod.ConstrainedQuadraticModel:
    cqm = dimod.ConstrainedQuadraticModel()
    items = list(dimod.Binaries(["a", "b", "c", "d"]))
    cqm.set_objective(sum(-value * item for value, item in zip((5, 4, 3, 2), items)))
    cqm.add_constraint(sum(weight * item for weight, item in zip((3, 2, 2, 1), items)) <= 4, label="weight")
    return cqm


def random_bqm(n: int, seed: int = 0) -> dimod.BinaryQuadraticModel:
    return dimod.BinaryQuadraticModel(
        np.triu(np.random.default_rng(seed).integers(-9, 10, (n, n))).astype(float), "BINARY"
    )


def test_record_is_exact_and_reproducible_from_its_angles():
    solution = ho.solve(knapsack(), QAOA(depth=2, shots=500), seed=3)
    record = solution.quantum
    qubo = to_qubo(knapsack())
    circuit = CircuitQAOA(qubo.bqm)
    gammas, betas = initial_angles(qubo.bqm, 2, rule="ramp")
    assert record.gammas == pytest.approx(gammas)
    assert record.betas == pytest.approx(betas)
    probabilities = circuit.probabilities(gammas, betas)
    optimal = feasible = value = 0.0
    for index, probability in enumerate(probabilities):
        bits = [(index >> (qubo.n_bits - 1 - k)) & 1 for k in range(qubo.n_bits)]
        sample = qubo.decode(dict(zip(qubo.bqm.variables, bits)))
        if knapsack().check_feasible(sample):
            energy = knapsack().objective.energy(sample)
            feasible, value = feasible + probability, value + probability * energy
            optimal += probability * (energy == -7)
    assert record.p_optimum == pytest.approx(optimal)
    assert record.feasible_share == pytest.approx(feasible)
    assert record.expected_value == pytest.approx(value / feasible)
    assert record.expected_energy == pytest.approx(circuit.value(gammas, betas))
    assert record.source == "exact probabilities"
    assert (record.qubits, record.depth, record.shots, record.evaluations) == (qubo.n_bits, 2, 500, 0)
    assert record.samples_counted == 500
    assert record.two_qubit_gates == circuit.resources(2)["two_qubit_gates"]
    assert record.two_qubit_depth == circuit.resources(2)["two_qubit_depth"]
    assert record.penalties == qubo.penalties
    assert record.qubo_optimum == -7.0
    # nothing, four single items, ad, bc, bd, cd; ad and bc are worth 7
    assert record.uniform.n_feasible == 9
    assert record.uniform.p_optimum == pytest.approx(2 / 9)
    assert record.simulator.startswith("Aer")


def test_draws_are_the_shots_of_the_circuit():
    solution = ho.solve(knapsack(), QAOA(depth=1, shots=300), seed=8)
    qubo = to_qubo(knapsack())
    gammas, betas = initial_angles(qubo.bqm, 1, rule="ramp")
    bits = CircuitQAOA(qubo.bqm).sample(gammas, betas, 300, seed=child_seed(8, "qaoa"))
    states, _ = qubo.decode_bits(bits)
    expected, counts = np.unique(states, axis=0, return_counts=True)
    found = {tuple(row.sample): row.num_occurrences for row in solution.sampleset.record}
    assert found == {tuple(row): count for row, count in zip(expected, counts)}
    assert solution.samples == 300
    again = ho.solve(knapsack(), QAOA(depth=1, shots=300), seed=8)
    assert again.sampleset == solution.sampleset
    other = ho.solve(knapsack(), QAOA(depth=1, shots=300), seed=9)
    assert other.sampleset != solution.sampleset


def test_exact_probabilities_propose_the_most_probable_feasible_assignment_only():
    model = random_bqm(6, seed=2)
    solution = ho.solve(model, QAOA(depth=1, shots=None), seed=1)
    qubo = to_qubo(model)
    probabilities = CircuitQAOA(qubo.bqm).probabilities(*initial_angles(qubo.bqm, 1))
    index = int(probabilities.argmax())
    assert list(solution.sample.values()) == [(index >> (5 - k)) & 1 for k in range(6)]
    assert len(solution.sampleset) == 1
    assert solution.samples is None
    assert solution.quantum.samples_counted == 1000
    assert "most probable feasible" in " ".join(solution.notes)
    row = solution.rows[0]
    assert row.feasible_share == pytest.approx(1.0)
    assert row.optimum_share == pytest.approx(solution.quantum.p_optimum)


def test_estimates_from_shots_above_the_exact_limit(monkeypatch):
    exact = ho.solve(knapsack(), QAOA(depth=1, shots=None), seed=3).quantum
    monkeypatch.setattr("hybrid_opt.solvers.qaoa.EXACT_STATES", 8)
    solution = ho.solve(knapsack(), QAOA(depth=1, shots=4000), seed=3)
    record = solution.quantum
    drawn = solution.sampleset.record
    assert record.source == "shots"
    assert record.feasible_share == drawn.num_occurrences[drawn.is_feasible].sum() / 4000
    assert record.p_optimum == drawn.num_occurrences[drawn.is_feasible & (drawn.energy == -7)].sum() / 4000
    # five standard deviations of a share
    assert abs(record.p_optimum - exact.p_optimum) < 5 * 0.5 / np.sqrt(4000)
    assert record.expected_energy == pytest.approx(exact.expected_energy, abs=3.0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_never_loses_the_table_and_counts_every_evaluation(optimizer):
    model = random_bqm(6, seed=4)
    table = ho.solve(model, QAOA(depth=2, shots=None), seed=1).quantum
    solver = QAOA(depth=2, shots=None, optimizer=optimizer, max_evaluations=40)
    trained = ho.solve(model, solver, seed=1).quantum
    assert trained.expected_energy < table.expected_energy
    assert 2 <= trained.evaluations + 3 * trained.gradients <= 40
    assert (trained.gradients > 0) == (optimizer == "L-BFGS-B")
    assert trained.samples_counted == 1000 * (trained.evaluations + 3 * trained.gradients) + 1000


def test_one_evaluation_is_the_table_itself():
    model = random_bqm(5, seed=4)
    table = ho.solve(model, QAOA(depth=1, shots=None), seed=1).quantum
    solver = QAOA(depth=1, shots=None, optimizer="COBYLA", max_evaluations=1)
    trained = ho.solve(model, solver, seed=1).quantum
    assert trained.gammas == pytest.approx(table.gammas)
    assert trained.evaluations == 1


@pytest.mark.parametrize(("optimizer", "rounding"), [("L-BFGS-B", 1e-6), ("COBYLA", 1e-3)])
def test_training_does_not_depend_on_the_unit_of_the_objective(optimizer, rounding):
    # COBYLA's path, cut off by the budget, magnifies rounding.
    model = random_bqm(5, seed=4)
    large = model.copy()
    large.scale(1e6)
    solver = QAOA(depth=1, shots=None, optimizer=optimizer, max_evaluations=25)
    small, big = ho.solve(model, solver, seed=1).quantum, ho.solve(large, solver, seed=1).quantum
    assert big.expected_energy == pytest.approx(1e6 * small.expected_energy, rel=rounding)


class Bowl:
    """An engine whose objective is a bowl; ctrl-C at a call of choice."""

    def __init__(self, press=None):
        self.calls, self.press = [], press

    def value(self, gammas, betas):
        if len(self.calls) + 1 == self.press:
            raise KeyboardInterrupt
        self.calls.append(float(((gammas - 1.2) ** 2).sum() + ((betas + 0.5) ** 2).sum()))
        return self.calls[-1]


def train_bowl(engine, **changes):
    options = {
        "optimizer": "COBYLA", "objective": EXPECTATION, "max_evaluations": 99, "shots": None, "seed": 1,
        "allowed": 9.0, "progress": silent,
    } | changes  # fmt: skip
    return train(engine, np.array([1.0]), np.array([-0.4]), **options)


def test_ctrl_c_keeps_the_best_angles():
    engine = Bowl(press=6)
    found = train_bowl(engine)
    assert found.interrupted
    assert found.angles.evaluations == 5
    assert found.angles.value == min(engine.calls) == Bowl().value(found.angles.gammas, found.angles.betas)


def test_ctrl_c_during_training_still_samples(monkeypatch):
    def press(self, *angles):
        raise KeyboardInterrupt

    monkeypatch.setattr(DiagonalQAOA, "value", press)
    solution = ho.solve(random_bqm(4), QAOA(depth=1, optimizer="COBYLA"), seed=1)
    assert solution.interrupted
    assert solution.feasible
    assert solution.samples == 1000
    assert "ctrl-C ended the training after 0 evaluations" in solution.notes


def test_time_ends_the_training_and_is_said():
    found = train_bowl(Bowl(), allowed=1e-9)
    assert found.limited
    assert found.angles.evaluations == 1
    solution = ho.solve(random_bqm(4), QAOA(depth=1, optimizer="COBYLA"), seed=1, time_limit=1e-6)
    assert not solution.deterministic
    assert "the time limit ended the training" in " ".join(solution.notes)


def test_descent_ends_in_local_minima_and_keeps_feasibility():
    qubo = to_qubo(knapsack())
    count = 2**qubo.n_bits
    bits = np.array([[(i >> k) & 1 for k in range(qubo.n_bits)] for i in range(count)], dtype=np.uint8)
    before = bits.copy()
    after = descend(qubo, bits)
    assert np.array_equal(bits, before)
    labels = list(qubo.bqm.variables)
    energies = qubo.bqm.energies((bits.astype(np.int8), labels))
    lower = qubo.bqm.energies((after.astype(np.int8), labels))
    assert (lower <= energies + 1e-9).all()

    def feasible(strings):
        states, valid = qubo.decode_bits(strings)
        return valid & qubo.problem.feasible(states)

    assert (feasible(after) | ~feasible(bits)).all()
    for k in range(qubo.n_bits):
        flipped = after.copy()
        flipped[:, k] ^= 1
        falls = qubo.bqm.energies((flipped.astype(np.int8), labels)) < lower - 1e-9
        assert (~falls | (feasible(after) & ~feasible(flipped))).all()


def test_postprocessing_only_if_asked_and_labelled():
    plain = ho.solve(random_bqm(8, 3), QAOA(depth=1, shots=50), seed=2)
    polished = ho.solve(random_bqm(8, 3), QAOA(depth=1, shots=50, postprocess="descent"), seed=2)
    assert (plain.method, polished.method) == ("qaoa", "qaoa+descent")
    assert "post-processed" in " ".join(polished.notes)
    assert "post-processed" not in " ".join(plain.notes)
    assert polished.quantum.p_optimum == plain.quantum.p_optimum
    before, after = (solution.sampleset.record for solution in (plain, polished))
    assert np.average(after.energy, weights=after.num_occurrences) < np.average(
        before.energy, weights=before.num_occurrences
    )


def test_too_many_qubits_names_the_number_and_a_way_out():
    with pytest.raises(ModelTooLargeError, match=r"needs 27 qubits.*at most 26.*method='anneal'"):
        ho.solve(random_bqm(27), "qaoa")
    with pytest.raises(ModelTooLargeError, match="needs 6 qubits"):
        ho.solve(random_bqm(6), QAOA(max_qubits=5))


def test_exact_figures_of_too_many_states(monkeypatch):
    monkeypatch.setattr("hybrid_opt.solvers.qaoa.EXACT_STATES", 32)
    with pytest.raises(ModelTooLargeError, match="all 64 probabilities"):
        ho.solve(random_bqm(6), QAOA(shots=None), seed=1)


def test_the_circuit_agrees_with_the_engine_and_the_row_says_so():
    solution = ho.solve(random_bqm(7), QAOA(depth=3, shots=None, optimizer="L-BFGS-B"), seed=1)
    assert 0 <= solution.quantum.engine_difference < 1e-10
    assert "largest difference of a probability to the engine" in str(solution)
    assert solution.quantum.simulator.startswith("Aer")


def test_beyond_the_circuit_the_row_is_the_engines():
    small = ho.solve(random_bqm(7), QAOA(depth=2), seed=1).quantum
    solution = ho.solve(random_bqm(7), QAOA(depth=2, circuit_qubits=6), seed=1)
    record = solution.quantum
    assert record.simulator == "diagonal engine (CPU)"
    assert record.engine_difference is None
    assert "Aer" not in str(solution)
    assert record.p_optimum == pytest.approx(small.p_optimum, abs=1e-10)
    assert (record.depth, record.two_qubit_depth) == (small.depth, small.two_qubit_depth)
    assert (record.two_qubit_gates, record.qubits) == (small.two_qubit_gates, small.qubits)


def assignment():
    """One of three, one of three, two of four."""
    cqm = dimod.ConstrainedQuadraticModel()
    x = {k: dimod.Binary(k) for k in "abcdefghij"}
    rng = np.random.default_rng(3)
    objective = sum(float(rng.integers(-4, 5)) * x[k] for k in x)
    cqm.set_objective(objective + 3 * x["a"] * x["d"] - 2 * x["b"] * x["h"])
    cqm.add_constraint(x["a"] + x["b"] + x["c"] == 1, label="one")
    cqm.add_constraint(x["d"] + x["e"] + x["f"] == 1, label="another")
    cqm.add_constraint(x["g"] + x["h"] + x["i"] + x["j"] == 2, label="two")
    return cqm


@pytest.mark.parametrize("mixer", ["xy-exact", "xy-trotter", "grover"])
def test_mixers_that_keep_the_groups(mixer):
    solution = ho.solve(assignment(), QAOA(depth=2, mixer=mixer, shots=300), compare=["exact"], seed=4)
    record = solution.quantum
    assert record.feasible_share == pytest.approx(1.0)
    assert record.mixer == mixer
    assert record.simulator.startswith("Aer")
    assert record.engine_difference < 1e-10
    inside = ho.solve(assignment(), QAOA(depth=2, mixer=mixer, circuit_qubits=0), seed=4).quantum
    assert inside.simulator.startswith(("subspace engine, xy", "subspace engine, grover"))
    assert inside.p_optimum == pytest.approx(record.p_optimum, abs=1e-10)
    assert inside.expected_energy == pytest.approx(record.expected_energy, abs=1e-9)
    assert solution.status == "optimal"


@pytest.mark.parametrize(
    ("model", "mixer", "rule"),
    [(random_bqm(4), "x", "regular"), (knapsack(), "x", "ramp"), (assignment(), "x", "ramp"),
     (assignment(), "xy-exact", "regular")],
)  # fmt: skip
def test_a_ramp_where_constraints_can_be_broken(model, mixer, rule):
    automatic, named = (
        ho.solve(model, QAOA(depth=2, mixer=mixer, angle_rule=name), seed=1).quantum
        for name in ("auto", rule)
    )
    assert automatic.gammas == named.gammas
    assert automatic.betas == named.betas


@pytest.mark.parametrize("variant", ["multi-angle", "warm-start"])
def test_variants(variant):
    model = random_bqm(6, seed=4)
    plain = ho.solve(model, QAOA(depth=2, shots=None, optimizer="L-BFGS-B"), seed=1).quantum
    solver = QAOA(depth=2, shots=None, optimizer="L-BFGS-B", variant=variant)
    record = ho.solve(model, solver, seed=1).quantum
    assert record.ansatz == f"qaoa, {variant}"
    assert record.engine_difference < 1e-10
    assert record.simulator.startswith("Aer")
    angles_of_a_layer = len(CircuitQAOA(to_qubo(model).bqm).terms) + 6
    assert len(record.weights) == (2 * angles_of_a_layer if variant == "multi-angle" else 0)
    assert record.expected_energy < plain.expected_energy
    far = ho.solve(model, QAOA(depth=2, variant=variant, circuit_qubits=0), seed=1).quantum
    assert variant.replace("-", " ") in far.simulator.replace("-", " ")
    assert far.two_qubit_gates == record.two_qubit_gates


def test_rows_of_one_table_are_told_apart():
    methods = [QAOA(depth=1, mixer="xy-exact"), QAOA(depth=1, variant="warm-start", postprocess="descent")]
    solution = ho.solve(assignment(), QAOA(depth=1), compare=methods, seed=1)
    assert solution.method == "qaoa"
    assert [row.method for row in solution.baselines] == ["qaoa (xy-exact)", "qaoa (warm-start)+descent"]


def test_a_mixer_with_nothing_to_keep_is_told():
    solution = ho.solve(random_bqm(4), QAOA(depth=1, mixer="xy-exact"), seed=1)
    assert any("no groups" in note for note in solution.notes)
    rule = {"depth": 1, "angle_rule": "spin_glass"}  # costs alone do not tell a degree
    inside, plain = (
        ho.solve(random_bqm(4), QAOA(mixer=mixer, **rule), seed=1).quantum for mixer in ("xy-exact", "x")
    )
    assert inside.p_optimum == pytest.approx(plain.p_optimum)


def selection() -> dimod.ConstrainedQuadraticModel:
    """Three of six heads in two layers of three; the cheapest three stand in one layer."""
    costs = {i: float(i) for i in range(6)}
    bqm = dimod.BinaryQuadraticModel(costs, {(0, 1): 0.5, (2, 4): -0.25}, 0.0, "BINARY")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(bqm)
    cqm.add_constraint([(i, 1) for i in range(6)], "==", 3, label="kept")
    for layer in range(2):
        cqm.add_constraint([(3 * layer + i, 1) for i in range(3)], ">=", 1, label=f"layer {layer}")
    return cqm


@pytest.mark.parametrize("circuit_qubits", [20, 0])
def test_rows_left_out_keep_the_state_in_the_subspace(circuit_qubits):
    out = {"layer 0": 0, "layer 1": 0}
    method = QAOA(depth=2, shots=400, mixer="xy-exact", penalty=out, circuit_qubits=circuit_qubits)
    solution = ho.solve(selection(), method, seed=1, compare=["exact", "anneal", "uniform"])
    record = solution.quantum
    assert record.qubits == 6
    assert record.penalties["layer 0"] == record.penalties["layer 1"] == 0.0
    assert record.penalties["kept"] > 0
    # Inside the subspace the other penalty is 0, and of its 20 states two break a row.
    states, counts = solution.sampleset.record.sample, solution.sampleset.record.num_occurrences
    assert (states.sum(axis=1) == 3).all()
    broken = (states[:, :3].sum(axis=1) == 3) | (states[:, 3:].sum(axis=1) == 3)
    assert broken.any()
    assert (solution.sampleset.record.is_feasible == ~broken).all()
    assert solution.own_row.feasible_share == pytest.approx(counts[~broken].sum() / 400)
    assert 0 < record.feasible_share < 1
    assert record.uniform.n_feasible == 18
    assert "2 rows have no penalty, as asked; draws that break one are infeasible" in solution.notes
    assert solution.objective == pytest.approx(solution.baselines[0].objective)
    rows = {row.method: row for row in solution.baselines}
    assert rows["anneal (equal samples)"].note.startswith("2 rows have no penalty")
    assert rows["uniform (equal samples)"].note == ""


def test_objectives_and_shots_in_training():
    model = random_bqm(6, seed=4)
    plain, tail = (
        ho.solve(model, QAOA(depth=2, shots=None, optimizer="L-BFGS-B", objective=objective), seed=1).quantum
        for objective in (EXPECTATION, CVaR(0.2))
    )
    assert tail.expected_energy >= plain.expected_energy - 1e-9
    assert tail.gammas != plain.gammas
    solver = QAOA(depth=1, optimizer="SPSA", max_evaluations=30, training_shots=50)
    first, again = (ho.solve(model, solver, seed=1).quantum for _ in range(2))
    assert first.gammas == again.gammas
    assert first.samples_counted > 1000
    assert first.samples_counted % 1000 != 0 or first.samples_counted < 1000 * first.evaluations


@pytest.mark.parametrize("n", [0, 1])
def test_models_without_pairs(n):
    model = dimod.BinaryQuadraticModel(dict.fromkeys(range(n), -1.0), {}, 0.5, "BINARY")
    solution = ho.solve(model, QAOA(depth=1), seed=1)
    assert solution.objective == 0.5 - n
    assert (solution.quantum is None) == (n == 0)


def test_nothing_left_to_choose_runs_no_circuit():
    cqm = dimod.ConstrainedQuadraticModel()
    a, b = dimod.Binaries("ab")
    cqm.set_objective(a + 2 * b)
    cqm.add_constraint(a + b >= 2, label="both")
    solution = ho.solve(cqm, QAOA(), compare=["anneal"], seed=1)
    assert (solution.objective, solution.quantum) == (3.0, None)
    assert "single assignment" in " ".join(solution.notes)
    assert [row.method for row in solution.baselines] == ["anneal"]


def test_infeasible_model():
    cqm = dimod.ConstrainedQuadraticModel()
    x, y, z = dimod.Binaries("xyz")
    for label, pair in {"one": x + y, "two": y + z, "odd": x + z}.items():
        cqm.add_constraint(pair == 1, label=label)
    shots = ho.solve(cqm, QAOA(depth=1), seed=1)
    assert shots.status == "none_found"
    record = shots.quantum
    assert (record.qubo_optimum, record.p_optimum, record.feasible_share) == (None, None, 0.0)
    assert record.qubo_optimum_reason == record.uniform_reason == "no assignment is feasible"
    exact = ho.solve(cqm, QAOA(depth=1, shots=None), seed=1)
    assert (exact.status, exact.sample) == ("none_found", None)


def test_another_device_keeps_its_own_seed():
    device = qml.device("default.qubit", wires=4, seed=5)
    solution = ho.solve(random_bqm(4), QAOA(depth=1, shots=40, device=device), seed=1)
    reference = ho.solve(random_bqm(4), QAOA(depth=1, shots=40), seed=1)
    assert solution.quantum.simulator == "default.qubit"
    assert solution.quantum.p_optimum == pytest.approx(reference.quantum.p_optimum)
    assert not solution.deterministic
    assert "follow the seed of default.qubit" in " ".join(solution.notes)
    exact = ho.solve(random_bqm(4), QAOA(depth=1, shots=None, device=device), seed=1)
    assert exact.deterministic


def test_a_device_with_noise():
    device = AerDevice(wires=4, compute="cpu", noise_model=noise.depolarizing_noise(0.01, 0.05))
    noisy = ho.solve(random_bqm(4), QAOA(depth=2, shots=None, device=device), seed=1).quantum
    clean = ho.solve(random_bqm(4), QAOA(depth=2, shots=None), seed=1).quantum
    assert noisy.p_optimum < clean.p_optimum
    assert noisy.engine_difference is None


def test_noise_on_many_qubits_is_measured_by_shots(monkeypatch):
    monkeypatch.setattr("hybrid_opt.solvers.qaoa.NOISY_STATES", 8)
    device = AerDevice(wires=4, compute="cpu", noise_model=noise.depolarizing_noise(0.01, 0.05))
    record = ho.solve(random_bqm(4), QAOA(depth=2, shots=200, device=device), seed=1).quantum
    assert record.source == "shots"
    with pytest.raises(ModelTooLargeError, match="up to 8 with a noise model"):
        ho.solve(random_bqm(4), QAOA(depth=2, shots=None, device=device), seed=1)


def test_device_errors_are_ours(monkeypatch):
    from hybrid_opt.circuits import errors

    with pytest.raises(OptionError, match="wires"):
        ho.solve(random_bqm(4), QAOA(device=qml.device("default.qubit", wires=3)))
    for raised, expected in [
        (errors.MissingAerError("install hybrid-opt[aer]"), MissingDependencyError),
        (errors.ConflictingAerError("two builds"), MissingDependencyError),
        (errors.DeviceUnavailableError("no GPU"), OptionError),
        (errors.CircuitTooLargeError("64 GB"), ModelTooLargeError),
    ]:
        monkeypatch.setattr(QAOA, "_run", lambda *_, error=raised: (_ for _ in ()).throw(error))
        with pytest.raises(expected, match=str(raised)[:6]):
            ho.solve(random_bqm(4), "qaoa")


def test_missing_aer_is_a_row_in_a_comparison(monkeypatch):
    from hybrid_opt.circuits import errors

    error = errors.MissingAerError("install hybrid-opt[aer]")
    monkeypatch.setattr(QAOA, "_run", lambda *_: (_ for _ in ()).throw(error))
    row = ho.solve(random_bqm(4), "exact", compare=["qaoa"]).baselines[0]
    assert (row.status, row.note) == ("not run", "install hybrid-opt[aer]")


def test_timings_and_progress():
    heard = []
    solver = QAOA(depth=1, optimizer="COBYLA", max_evaluations=5)
    request = Request(read_model(random_bqm(4)), 1, progress=lambda share, text: heard.append(share))
    outcome = solver.solve(request)
    assert set(outcome.timings) == {"compile", "build", "train", "sample", "figures"}
    assert outcome.quantum.seconds == pytest.approx(outcome.timings["train"] + outcome.timings["sample"])
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


@pytest.mark.parametrize(
    "settings",
    [
        {"depth": 0}, {"depth": 1.5}, {"shots": 0}, {"shots": -5}, {"shots": 10.0}, {"optimizer": "SGD"},
        {"optimizer": "cobyla"}, {"max_evaluations": 0}, {"compute": "tpu"}, {"postprocess": "magic"},
        {"max_qubits": 0}, {"encoding": None}, {"penalty": [1]}, {"mixer": "y"}, {"angle_rule": "random"},
        {"objective": "cvar"}, {"training_shots": 1}, {"training_shots": 10, "optimizer": "L-BFGS-B"},
        {"circuit_qubits": -1}, {"variant": "adapt"}, {"variant": "warm-start", "mixer": "grover"},
    ],
)  # fmt: skip
def test_illegal_settings(settings):
    with pytest.raises(OptionError, match=next(iter(settings))):
        QAOA(**settings)


def test_a_circuit_that_outlasts_the_time_limit_is_told():
    model = dimod.BinaryQuadraticModel({"a": -1.0, "b": 1.0}, {"ab": 1.0}, 0.0, "BINARY")
    solution = ho.solve(model, ho.solvers.QAOA(depth=1, shots=10), seed=1, time_limit=1e-6)
    assert any("time limit" in note for note in solution.notes)
    assert repr(solution).startswith("Solution(status=")
    assert len(repr(solution)) < 200


@pytest.mark.parametrize("mixer", ["xy-exact", "xy-trotter", "grover"])
@pytest.mark.parametrize("circuit_qubits", [0, 20])
def test_a_single_row_of_fixed_weight(mixer, circuit_qubits):
    cqm = dimod.ConstrainedQuadraticModel()
    items = list(dimod.Binaries(["a", "b", "c", "d", "e"]))
    cqm.set_objective(sum(k * item for k, item in enumerate(items)) - items[0] * items[4])
    cqm.add_constraint(sum(items) == 2, label="two")
    record = ho.solve(cqm, QAOA(depth=2, mixer=mixer, circuit_qubits=circuit_qubits), seed=1).quantum
    assert record.feasible_share == pytest.approx(1.0)
    assert record.p_optimum > record.uniform.p_optimum
