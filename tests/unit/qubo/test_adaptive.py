"""Adaptive penalties: low first, doubled where the best sample breaks, never above the certified weight."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.qubo import LevelModel, read_model, to_qubo
from hybrid_opt.qubo.adaptive import START
from hybrid_opt.qubo.objective_bits import step_changes


def projects(n: int = 10, seed: int = 0) -> dimod.ConstrainedQuadraticModel:
    rng = np.random.default_rng(seed)
    x = [dimod.Binary(f"x{i}") for i in range(n)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-dimod.quicksum(int(v) * b for v, b in zip(rng.integers(5, 50, n), x)))
    cqm.add_constraint(dimod.quicksum(x) <= n // 3, label="count")
    cqm.add_constraint(x[0] + x[1] + x[2] <= 1, label="exclusive")
    cqm.add_constraint(
        dimod.quicksum(int(c) * b for c, b in zip(rng.integers(1, 6, n), x)) <= 2 * n, label="money"
    )
    return cqm


def test_weights_are_doublings_of_the_start_up_to_the_certified_weight():
    cqm = projects()
    certified = to_qubo(cqm).penalties
    adapted = to_qubo(cqm, penalty="adaptive", seed=3).penalties
    assert adapted.keys() == certified.keys()
    gain = max(step.max() for step in step_changes(read_model(cqm)))
    for label, weight in adapted.items():
        assert 0 < weight <= certified[label]
        if weight < certified[label]:
            halvings = [weight / 2**k for k in range(12)]
            assert min(halvings) < START * gain
    assert min(adapted[k] / certified[k] for k in adapted) < 1


def test_the_best_sample_of_the_last_round_breaks_nothing():
    cqm = projects()
    qubo = to_qubo(cqm, penalty="adaptive", seed=3)
    from dwave.samplers import SimulatedAnnealingSampler

    best = SimulatedAnnealingSampler().sample(qubo.bqm, num_reads=100, num_sweeps=500, seed=5).first
    assert cqm.check_feasible(qubo.decode(best.sample))


def test_the_certificate_does_not_claim_more_than_it_knows():
    certificate = to_qubo(projects(), penalty="adaptive", seed=3).certificate
    assert certificate.proven is False
    assert "adapted in" in certificate.note
    for proof in certificate.constraints.values():
        assert proof.rule.startswith("adaptive (certified by: ")


def test_small_models_are_still_confirmed_by_enumeration():
    x = [dimod.Binary(f"x{i}") for i in range(4)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-8 * x[0] - 11 * x[1] - 6 * x[2] - 4 * x[3])
    cqm.add_constraint(5 * x[0] + 7 * x[1] + 4 * x[2] + 3 * x[3] <= 14, label="money")
    certificate = to_qubo(cqm, penalty="adaptive", seed=0).certificate
    assert certificate.confirmed in (True, False)
    assert "enumerat" in certificate.note


def test_the_same_seed_gives_the_same_weights():
    first, second = (to_qubo(projects(), penalty="adaptive", seed=11) for _ in range(2))
    assert first.penalties == second.penalties
    assert first.bqm == second.bqm
    assert first.certificate.note == second.certificate.note


def test_weights_on_invalid_strings_stay_certified():
    model = LevelModel()
    for label in "uvw":
        model.add_variable(label, [0, -1, -7, -8, -20])
    model.add_constraint({"u": 1, "v": 2, "w": 2}, "<=", 8, label="budget")
    certified = to_qubo(model).certificate
    adapted = to_qubo(model, penalty="adaptive", seed=1).certificate
    assert adapted.validity == certified.validity
    assert len(adapted.validity) == 3


def test_models_without_rows_need_no_round():
    model = LevelModel()
    model.add_variable("u", [0, -1, -7, -8, -20])
    qubo = to_qubo(model, penalty="adaptive", seed=1)
    assert qubo.bqm == to_qubo(model).bqm
    assert qubo.certificate.proven
    assert "0 rounds" in qubo.certificate.note
    assert to_qubo(dimod.BinaryQuadraticModel("BINARY"), penalty="adaptive", seed=1).n_bits == 0


@pytest.mark.parametrize("seed", [-1, 1.5, "one"])
def test_seeds_are_checked(seed):
    with pytest.raises(OptionError, match="seed is"):
        to_qubo(projects(), penalty="adaptive", seed=seed)
