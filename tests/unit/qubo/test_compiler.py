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


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf"), True, None, [1.0]])
def test_weights_are_positive_numbers(bad):
    cqm = knapsack([8, 11], [5, 7], 8)
    with pytest.raises(OptionError, match="penalty weight"):
        to_qubo(cqm, penalty=bad)
    with pytest.raises(OptionError, match="penalty weight"):
        to_qubo(cqm, penalty={"budget": bad})


def test_penalty_names_and_labels_are_checked():
    cqm = knapsack([8, 11], [5, 7], 8)
    with pytest.raises(OptionError, match="penalty is 'certain'; legal are 'certified', 'adaptive'"):
        to_qubo(cqm, penalty="certain")
    with pytest.raises(OptionError, match=r"penalty names the constraint 'cap'; the model has \['budget'\]"):
        to_qubo(cqm, penalty={"cap": 5})


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
