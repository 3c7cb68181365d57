"""Training angles: the start is never lost, effort is counted, shots are spent with care."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.angle_tables import initial_angles
from hybrid_opt.circuits.closed_form import ClosedFormQAOA
from hybrid_opt.circuits.cost_scales import cost_scale
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.objectives import CVaR, Gibbs
from hybrid_opt.circuits.qaoa_training import OPTIMIZERS, train_angles, train_ramp


def weighted_model(n=7, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    linear = {i: scale * rng.normal() for i in range(n)}
    pairs = {(i, j): 3 * scale * rng.normal() for i in range(n) for j in range(i) if rng.random() < 0.6}
    return dimod.BinaryQuadraticModel(linear, pairs, 0.3 * scale, "BINARY")


@pytest.fixture
def problem(small_qaoa):
    model = weighted_model()
    return small_qaoa(model), *initial_angles(model, 3)


@pytest.mark.parametrize("optimizer", [None, *OPTIMIZERS])
def test_every_optimizer_improves_and_counts(problem, optimizer):
    engine, gammas, betas = problem
    start = engine.value(gammas, betas)
    engine.calls = 0
    found = train_angles(engine, gammas, betas, optimizer=optimizer, max_evaluations=150, seed=1)
    assert found.value < start - 0.1
    assert found.value == engine.value(found.gammas, found.betas)
    assert found.start_value == pytest.approx(start)
    assert found.evaluations <= 150
    assert found.evaluations == engine.calls - 1 + 4 * engine.gradient_calls
    assert found.gradients == engine.gradient_calls
    assert len(found.history) == len(found.costs) == engine.calls - 1 + engine.gradient_calls
    assert found.costs[-1] == found.evaluations
    assert min(found.history) == found.value
    assert found.shots == 0
    assert found.stopped in ("converged", "evaluations")


def test_gradients_reach_a_stationary_point(problem):
    engine, gammas, betas = problem
    found = train_angles(engine, gammas, betas, max_evaluations=3000)
    assert found.stopped == "converged"
    assert found.evaluations < 600
    _, by_gamma, by_beta = engine.value_and_grad(found.gammas, found.betas)
    size = np.abs(engine.value_and_grad(gammas, betas)[1:]).max()
    assert max(np.abs(by_gamma).max(), np.abs(by_beta).max()) < 1e-3 * size


def test_default_without_gradients_is_cobyla(small_qaoa):
    model = weighted_model()
    start = initial_angles(model, 2)
    chosen = train_angles(small_qaoa(model, gradients=False), *start, max_evaluations=60)
    named = train_angles(small_qaoa(model), *start, optimizer="COBYLA", max_evaluations=60)
    assert chosen.history == named.history
    differences = train_angles(
        small_qaoa(model, gradients=False), *start, optimizer="L-BFGS-B", max_evaluations=200
    )
    assert differences.value < differences.start_value
    assert differences.gradients == 0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_of_the_model_do_not_matter(small_qaoa, optimizer, scale):
    plain, scaled = weighted_model(5), weighted_model(5, scale=scale)
    results = [
        train_angles(small_qaoa(m), *initial_angles(m, 2), optimizer=optimizer, max_evaluations=90, seed=3)
        for m in (plain, scaled)
    ]
    assert results[0].value < results[0].start_value
    assert results[1].value / scale == pytest.approx(results[0].value, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimum_as_start_is_kept(small_qaoa, optimizer):
    edge = dimod.BinaryQuadraticModel({}, {(0, 1): 1.0}, 0.0, "SPIN")
    found = train_angles(small_qaoa(edge), [np.pi / 4], [-np.pi / 8], optimizer=optimizer, max_evaluations=40)
    assert found.value == pytest.approx(-1, abs=1e-9)


@pytest.mark.parametrize("budget", [1, 2, 4, 7])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("shots", [None, 50])
def test_small_budgets_are_kept(problem, budget, optimizer, shots):
    engine, gammas, betas = problem
    if shots and optimizer == "L-BFGS-B":
        return
    found = train_angles(
        engine, gammas, betas, optimizer=optimizer, max_evaluations=budget, shots=shots, seed=0
    )
    assert 1 <= found.evaluations <= budget
    assert engine.calls + 4 * engine.gradient_calls <= budget
    assert found.shots == engine.shots <= budget * (shots or 0)
    assert np.isfinite(found.value)
    if budget == 1:
        np.testing.assert_allclose(found.gammas, gammas, rtol=1e-15)
        np.testing.assert_allclose(found.betas, betas, rtol=1e-15)


@pytest.mark.parametrize("objective", [CVaR(0.6), Gibbs(0.3)])
def test_objectives(problem, objective):
    engine, gammas, betas = problem
    found = train_angles(engine, gammas, betas, objective=objective, max_evaluations=300)
    assert found.value == pytest.approx(engine.value(found.gammas, found.betas, objective))
    mean = train_angles(engine, gammas, betas, max_evaluations=300)
    assert found.value < engine.value(mean.gammas, mean.betas, objective)
    assert found.value < found.start_value


def test_callback_sees_the_record_and_stops(problem):
    seen = []

    def callback(record):
        seen.append(record.evaluations)
        return len(seen) == 4

    found = train_angles(*problem, optimizer="COBYLA", callback=callback)
    assert (found.stopped, found.evaluations, seen) == ("callback", 4, [1, 2, 3, 4])
    seen.clear()
    found = train_angles(*problem, shots=20, callback=callback, seed=0)
    # The first of the four values was the best: the start, which is measured once more.
    assert (found.stopped, found.evaluations, seen) == ("callback", 5, [1, 2, 3, 4])


@pytest.mark.parametrize("shots", [None, 100])
def test_interruption_keeps_what_was_found(problem, shots):
    def callback(record):
        if record.evaluations > 8:
            raise KeyboardInterrupt

    found = train_angles(*problem, optimizer="COBYLA", shots=shots, callback=callback, seed=0)
    assert found.stopped == "interrupted"
    assert np.isfinite(found.value)
    assert found.value <= found.start_value


def test_an_engine_with_a_broken_value_is_named(problem):
    engine, gammas, betas = problem
    engine.energies = np.full(len(engine.energies), np.nan)
    with pytest.raises(CircuitError, match="value is nan"):
        train_angles(engine, gammas, betas, optimizer="COBYLA")


def test_ramps_have_two_parameters(small_qaoa):
    model = weighted_model()
    engine, depth = small_qaoa(model), 5
    found = train_ramp(engine, depth, 0.6 / cost_scale(model), 0.6)
    assert found.value < found.start_value
    assert found.depth == depth
    np.testing.assert_allclose(found.gammas / found.gammas[-1], np.arange(1, 6) / 5)
    np.testing.assert_allclose(found.betas / found.betas[0], np.arange(5, 0, -1) / 5)
    assert found.value == pytest.approx(engine.value(found.gammas, found.betas))
    assert found.evaluations <= 60


@pytest.mark.parametrize("optimizer", ["COBYLA", "SPSA", "Nelder-Mead"])
def test_shots_find_better_angles(problem, optimizer):
    engine, gammas, betas = problem
    found = train_angles(engine, gammas, betas, optimizer=optimizer, shots=400, max_evaluations=120, seed=5)
    start, end = engine.value(gammas, betas), engine.value(found.gammas, found.betas)
    assert end < start
    assert abs(found.value - end) < 5 * found.standard_error
    assert found.shots == engine.shots
    assert found.shots <= 400 * 120
    assert found.evaluations <= 120
    assert found.stopped in ("noise", "shots", "evaluations")


def test_the_same_seed_repeats(problem):
    runs = [train_angles(*problem, optimizer="SPSA", shots=50, max_evaluations=40, seed=s) for s in (4, 4, 5)]
    assert runs[0].history == runs[1].history
    assert runs[0].history != runs[2].history


def test_noise_ends_a_hopeless_training(small_qaoa):
    # With gamma = 0 as start, steps are one radian long, and this cost turns by a billionth of it.
    model = dimod.BinaryQuadraticModel(dict.fromkeys(range(4), 1e-9), {}, 0.0, "BINARY")
    found = train_angles(small_qaoa(model), [0.0], [-0.3], shots=30, max_evaluations=10_000, seed=2)
    assert found.stopped == "noise"
    assert found.evaluations < 200


def test_budget_of_shots(problem):
    found = train_angles(*problem, shots=100, max_shots=1500, shot_growth=1, seed=1)
    assert found.stopped == "shots"
    assert 1200 <= found.shots <= 1500


def test_engines_without_a_table_take_a_function_of_bits(problem):
    engine, gammas, betas = problem
    table = engine.energies

    class NoTable:
        value, sample = engine.value, engine.sample

    same = train_angles(engine, gammas, betas, shots=50, max_evaluations=30, seed=2)

    def energies(bits):
        return table[bits @ (1 << np.arange(6, -1, -1))]

    options = {"shots": 50, "max_evaluations": 30, "seed": 2}
    found = train_angles(NoTable(), gammas, betas, energies=energies, **options)
    assert found.history == same.history
    with pytest.raises(CircuitError, match="energies="):
        train_angles(NoTable(), gammas, betas, **options)


def test_the_closed_form_is_an_engine():
    model = weighted_model(30, seed=2)
    gammas, betas = initial_angles(model, 1)
    found = train_angles(ClosedFormQAOA(model), gammas, betas)
    assert found.value < found.start_value
    assert found.stopped == "converged"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "Adam"}, "optimizer"),
        ({"max_evaluations": 0}, "max_evaluations"),
        ({"first_step": 0}, "first_step"),
        ({"first_step": "a"}, "first_step is 'a'"),
        ({"shots": 10, "shot_growth": "a"}, "shot_growth is 'a'"),
        ({"callback": 5}, "callback is 5"),
        ({"objective": "mean"}, "objective is 'mean'"),
        ({"shots": 10, "energies": lambda bits: "x"}, "energies have dtype"),
        ({"shots": 1}, "shots"),
        ({"shots": 2.5}, "shots"),
        ({"shots": 10, "max_shots": 9}, "max_shots"),
        ({"shots": 10, "shot_growth": 0.5}, "shot_growth"),
        ({"shots": 10, "optimizer": "L-BFGS-B"}, "COBYLA"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_options(problem, options, message):
    with pytest.raises(CircuitError, match=message):
        train_angles(*problem, **options)


def test_bad_angles(problem):
    with pytest.raises(CircuitError, match="one of each"):
        train_angles(problem[0], [0.1, 0.2], [0.1])
    with pytest.raises(CircuitError, match="delta"):
        train_ramp(problem[0], 2, 0.0, 0.5)
    with pytest.raises(CircuitError, match="depth"):
        train_ramp(problem[0], 0, 0.5, 0.5)


def test_what_is_no_engine():
    with pytest.raises(CircuitError, match="engine is 5; it must be a QAOA engine"):
        train_angles(5, [0.1], [0.1])
    edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
    with pytest.raises(CircuitError, match="ClosedFormQAOA draws no samples"):
        train_angles(ClosedFormQAOA(edge), [0.1], [0.1], shots=10)
