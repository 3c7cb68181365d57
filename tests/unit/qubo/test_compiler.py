"""``to_qubo``: its options and what its certificate says."""

from __future__ import annotations

import copy
from itertools import product

import dimod
import numpy as np
import pytest

from hybrid_opt.errors import EncodingError, OptionError, UnsupportedModelError
from hybrid_opt.qubo import LevelModel, Qubo, read_model, to_qubo
from hybrid_opt.qubo.enumeration import count_and_minimize


def knapsack(values, costs, budget, label="budget") -> dimod.ConstrainedQuadraticModel:
    x = [dimod.Binary(f"x{i}") for i in range(len(values))]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-dimod.quicksum(v * b for v, b in zip(values, x)))
    cqm.add_constraint(dimod.quicksum(c * b for c, b in zip(costs, x)) <= budget, label=label)
    return cqm


def minimizers(qubo: Qubo) -> tuple[float, list[dict]]:
    """Lowest energy and the decoded minimizers, found without the certificate."""
    census = count_and_minimize(read_model(qubo.bqm))
    labels = list(qubo.bqm.variables)
    return census.minimum, [qubo.decode(dict(zip(labels, bits.tolist()))) for bits in census.minimizers]


# --- what comes out ---


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_a_bqm_keeps_its_labels_and_energies(vartype):
    bqm = dimod.BinaryQuadraticModel({"b": 1.0, "a": -2.0, "c": 0.5}, {"ab": 3.0, "bc": -1.0}, 0.25, vartype)
    qubo = to_qubo(bqm)
    assert list(qubo.bqm.variables) == list(bqm.variables)
    assert qubo.bqm.vartype is dimod.BINARY
    for bits in product((0, 1), repeat=3):
        sample = dict(zip(qubo.bqm.variables, bits))
        assert qubo.bqm.energy(sample) == pytest.approx(bqm.energy(qubo.decode(sample)))


def test_models_are_left_as_they_were():
    cqm = knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14)
    before = copy.deepcopy(cqm)
    to_qubo(cqm)
    assert cqm.is_equal(before)


def test_the_same_call_gives_the_same_qubo():
    cqm = knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14)
    assert to_qubo(cqm).bqm == to_qubo(cqm).bqm


def test_the_answer_of_a_knapsack_with_its_certificate():
    qubo = to_qubo(knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14))
    assert minimizers(qubo) == (pytest.approx(-21.0), [{"x0": 0, "x1": 1, "x2": 1, "x3": 1}])
    certificate = qubo.certificate
    assert (certificate.proven, certificate.confirmed) == (True, True)
    proof = certificate.constraints["budget"]
    assert proof.weight == qubo.penalties["budget"] > proof.bound == 11
    assert proof.rule == "removal"
    assert "slack" in proof.form


def test_rows_that_cannot_bind_cost_nothing():
    qubo = to_qubo(knapsack([8, 11], [5, 7], 12))
    assert qubo.n_bits == 2
    assert qubo.penalties == {}
    assert "always holds" in qubo.certificate.dropped["budget"]


def test_above_twenty_bits_the_proof_stands_alone():
    rng = np.random.default_rng(0)
    qubo = to_qubo(knapsack(rng.integers(1, 9, 25).tolist(), rng.integers(1, 9, 25).tolist(), 40))
    assert (qubo.certificate.proven, qubo.certificate.confirmed) == (True, None)
    assert "more than 20" in qubo.certificate.note


# --- penalties ---


def test_a_number_sets_every_weight():
    model = LevelModel()
    model.add_variable("u", [0, -1, -7, -8, -20])
    model.add_variable("v", [0, -1, -7, -8, -20])
    model.add_constraint({"u": 1, "v": 1}, "==", 4, label="budget")
    qubo = to_qubo(model, penalty=500)
    proofs = [*qubo.certificate.constraints.values(), *qubo.certificate.validity.values()]
    assert {proof.weight for proof in proofs} == {500.0}
    assert qubo.penalties == {"budget": 500.0}
    assert (qubo.certificate.proven, qubo.certificate.confirmed) == (True, True)
    assert "given" in proofs[0].rule
    assert "certified by: unit step" in proofs[0].rule


def test_a_weight_that_is_too_small_is_called_so():
    qubo = to_qubo(knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14), penalty=0.01)
    assert (qubo.certificate.proven, qubo.certificate.confirmed) == (False, False)
    assert "not an optimum" in qubo.certificate.note
    assert minimizers(qubo)[0] < -21


def test_a_mapping_sets_some_and_certifies_the_rest():
    cqm = knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14)
    x = [dimod.Binary(f"x{i}") for i in range(4)]
    cqm.add_constraint(x[0] + x[1] + 2 * x[2] <= 3, label="staff")
    certified = to_qubo(cqm)
    mixed = to_qubo(cqm, penalty={"staff": 100})
    assert mixed.penalties == {"budget": certified.penalties["budget"], "staff": 100.0}
    assert mixed.certificate.constraints["budget"].rule == "removal"
    assert mixed.certificate.proven


@pytest.mark.parametrize("bad", [0, -1, float("nan"), True, None, [1.0]])
def test_weights_are_positive_numbers(bad):
    cqm = knapsack([8, 11], [5, 7], 8)
    with pytest.raises(OptionError, match="penalty weight"):
        to_qubo(cqm, penalty=bad)
    if bad != 0:
        with pytest.raises(OptionError, match=r"penalty weight .* or 0 to leave the row out"):
            to_qubo(cqm, penalty={"budget": bad})


def test_weights_are_finite():
    for bad in (float("inf"), {"budget": float("inf")}):
        with pytest.raises(OptionError, match="penalty weight is infinite"):
            to_qubo(knapsack([8, 11], [5, 7], 8), penalty=bad)


def test_penalty_names_and_labels_are_checked():
    cqm = knapsack([8, 11], [5, 7], 8)
    with pytest.raises(OptionError, match="penalty is 'certain'; legal are 'certified', 'adaptive'"):
        to_qubo(cqm, penalty="certain")
    with pytest.raises(OptionError, match=r"penalty names the constraint 'cap'; the model has \['budget'\]"):
        to_qubo(cqm, penalty={"cap": 5})


# --- rows left out ---


def heads(label="kept") -> dimod.ConstrainedQuadraticModel:
    """Three of six heads in two layers of three; the three cheapest are one layer."""
    x = [dimod.Binary(f"x{i}") for i in range(6)]
    cqm = dimod.ConstrainedQuadraticModel()
    worth = dimod.quicksum(cost * bit for cost, bit in zip((5, 4, 3, 2, 1, 0), x))
    cqm.set_objective(x[0] * x[1] - worth)
    cqm.add_constraint(dimod.quicksum(x) == 3, label=label)
    cqm.add_constraint(dimod.quicksum(x[:3]) >= 1, label="layer 0")
    cqm.add_constraint(dimod.quicksum(x[3:]) >= 1, label="layer 1")
    return cqm


def test_a_weight_of_zero_leaves_a_row_out():
    out = to_qubo(heads(), penalty={"layer 0": 0, "layer 1": 0.0})
    assert (out.n_bits, out.n_slack_bits) == (6, 0)
    assert to_qubo(heads()).n_slack_bits > 0
    assert {label: weight for label, weight in out.penalties.items() if not weight} == {
        "layer 0": 0.0,
        "layer 1": 0.0,
    }
    assert [row.label for row in out.rows] == [form.label for form in out.forms] == ["kept"]
    assert out.weight_groups == ((tuple(f"x{i}" for i in range(6)), 3),)
    # The other weight is that of the model without these rows: a single row of unit steps.
    assert out.certificate.constraints["kept"].rule == "unit step"
    assert out.penalties["kept"] > out.certificate.constraints["kept"].bound


def test_the_certificate_does_not_hold_for_a_row_left_out():
    certificate = to_qubo(heads(), penalty={"layer 0": 0, "layer 1": 0}).certificate
    assert (certificate.proven, certificate.confirmed) == (False, False)
    assert "2 rows have no penalty, as asked" in certificate.note
    assert "constraint 'layer 1' left out: no penalty, no slack; not certified" in str(certificate)
    proof = certificate.constraints["layer 1"]
    assert (proof.rule, proof.bound, proof.weight, proof.preconditions) == ("left out", np.inf, 0.0, ())


def test_enumeration_may_confirm_that_a_row_left_out_did_not_matter():
    certificate = to_qubo(heads(), penalty={"layer 0": 0}).certificate
    assert (certificate.proven, certificate.confirmed) == (False, True)
    assert "1 row has no penalty" in certificate.note


def test_what_is_left_has_the_optimum_of_the_model_without_the_row():
    qubo = to_qubo(heads(), penalty={"layer 1": 0})
    energy, samples = minimizers(qubo)
    assert energy == pytest.approx(-11.0)
    assert samples == [{f"x{i}": int(i < 3) for i in range(6)}]
    assert not qubo.problem.feasible(qubo.problem.to_states(samples[0])[None]).any()


def test_a_row_that_only_one_left_out_implies_keeps_its_penalty():
    x, y, z = dimod.Binaries("xyz")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-3 * x - 2 * y - z)
    cqm.add_constraint(x + y + z <= 1, label="tight")
    cqm.add_constraint(x + y + z <= 2, label="loose")
    assert "'tight' implies it" in to_qubo(cqm).certificate.dropped["loose"]
    qubo = to_qubo(cqm, penalty={"tight": 0})
    assert qubo.certificate.dropped == {}
    assert minimizers(qubo)[0] == pytest.approx(-5.0)
    other = to_qubo(cqm, penalty={"loose": 0})
    assert "implies it" in other.certificate.dropped["loose"]
    assert other.certificate.proven


def test_a_slack_that_only_a_single_row_allows_is_not_cut():
    cqm = knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14)
    alone = to_qubo(cqm).forms[0].slack.sum()
    cqm.add_constraint(dimod.Binary("x0") + dimod.Binary("x1") + dimod.Binary("x2") <= 1, label="staff")
    assert to_qubo(cqm, penalty={"staff": 0}).forms[0].slack.sum() == 14 > alone


def test_rows_without_a_unit_can_be_left_out():
    cqm = knapsack([8, 11, 6], [5, 7, 4], 14)
    x = [dimod.Binary(f"x{i}") for i in range(3)]
    cqm.add_constraint(np.pi * x[0] + np.e * x[1] + x[2] <= 4.1, label="seconds")
    with pytest.raises(UnsupportedModelError, match="'seconds'"):
        to_qubo(cqm)
    assert to_qubo(cqm, penalty={"seconds": 0}).penalties["seconds"] == 0.0


def test_groups_are_found_in_rows_left_out():
    labels = tuple(f"x{i}" for i in range(6))
    out = {"layer 0": 0, "layer 1": 0, "kept": 0}
    qubo = to_qubo(heads(), penalty=out)
    assert qubo.weight_groups == ((labels, 3),)
    assert not qubo.rows
    assert qubo.bqm.linear["x0"] == -5.0
    cqm = heads(label="whole")
    x = [dimod.Binary(label) for label in labels]
    cqm.add_constraint(np.pi * dimod.quicksum(x) == 3 * np.pi, label="kept")
    cqm.remove_constraint("whole")
    assert to_qubo(cqm, penalty=out).weight_groups == ((labels, 3),)
    cqm.add_constraint(x[0] + 2 * x[1] + x[2] == 2, label="kept too")
    assert to_qubo(cqm, penalty={**out, "kept too": 0}).weight_groups == ((labels, 3),)


def test_a_unit_of_a_row_left_out_is_refused():
    cqm = knapsack([8, 11, 6, 4], [5, 7, 4, 3], 14)
    with pytest.raises(OptionError, match="units names the constraint 'budget', which penalty leaves out"):
        to_qubo(cqm, penalty={"budget": 0}, units={"budget": 2})


# --- encodings, targets, labels, groups ---


def test_options_reach_the_choice_of_encodings():
    model = LevelModel()
    model.add_variable("u", [0, -1, -7, -8, -20])
    assert to_qubo(model, encoding="one-hot").encodings[0].name == "one-hot"
    assert to_qubo(model, target="subspace").groups == (("u[0]", "u[1]", "u[2]", "u[3]", "u[4]"),)
    with pytest.raises(EncodingError, match="'u' cannot be encoded as 'binary'"):
        to_qubo(model, encoding={"u": "binary"})
    with pytest.raises(OptionError, match="legal are 'auto'"):
        to_qubo(model, encoding="gray")
    with pytest.raises(OptionError, match="target is 'qubo'"):
        to_qubo(model, target="qubo")


def test_labels_of_bits_are_new():
    model = LevelModel()
    for label in (1, "1", "1[0]", "slack r[0]"):
        model.add_variable(label, [0, 3, 1, 5, 2, 7] if label in (1, "1") else [0, -1])
    model.add_constraint({1: 1, "1": 1, "1[0]": 2, "slack r[0]": 3}, "<=", 4, label="r")
    qubo = to_qubo(model)
    labels = list(qubo.bqm.variables)
    assert len(set(labels)) == len(labels) == qubo.n_bits
    assert "1[0]" in labels
    assert labels[qubo.encodings[2].first_bit] == "1[0]"
    assert labels[qubo.encodings[3].first_bit] == "slack r[0]"
    assert qubo.certificate.confirmed is True


def test_rows_that_choose_exactly_one_are_groups_unless_they_overlap():
    x = {k: dimod.Binary(k) for k in "abcdefg"}
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.quicksum(x.values()))
    cqm.add_constraint(x["a"] + x["b"] + x["c"] == 1, label="first")
    cqm.add_constraint(x["c"] + x["d"] + x["e"] == 1, label="overlaps")
    cqm.add_constraint(2 * x["d"] + 2 * x["e"] + 2 * x["f"] == 2, label="doubled")
    cqm.add_constraint(x["a"] + x["g"] <= 1, label="at most one")
    qubo = to_qubo(cqm)
    assert qubo.groups == (("a", "b", "c"), ("d", "e", "f"))
    assert qubo.certificate.confirmed is True


def test_rows_that_choose_several_are_groups_with_their_number():
    x = {k: dimod.Binary(k) for k in "abcdefgh"}
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.quicksum(x.values()))
    cqm.add_constraint(x["a"] + x["b"] + x["c"] + x["d"] == 2, label="two")
    cqm.add_constraint(x["d"] + x["e"] + x["f"] == 2, label="overlaps")
    cqm.add_constraint(x["f"] + x["g"] + 2 * x["h"] == 2, label="weighted")
    cqm.add_constraint(x["e"] + x["g"] == 1, label="one")
    qubo = to_qubo(cqm)
    assert qubo.weight_groups == ((("a", "b", "c", "d"), 2),)
    assert qubo.groups == (("e", "g"),)


def test_groups_after_variables_were_fixed():
    x = {k: dimod.Binary(k) for k in "abc"}
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-x["a"])
    cqm.add_constraint(x["a"] + x["b"] + x["c"] == 1, label="one")
    cqm.add_constraint(x["a"] <= 0, label="never a")
    qubo = to_qubo(cqm)
    assert qubo.groups == (("b", "c"),)
    assert list(qubo.bqm.variables) == ["b", "c"]
    assert qubo.decode({"b": 0, "c": 1}) == {"a": 0, "b": 0, "c": 1}


def test_other_models_are_refused():
    with pytest.raises(UnsupportedModelError, match="is a ndarray"):
        to_qubo(np.eye(2))
