"""Which encoding is chosen, the reason given, and what is refused."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

from hybrid_opt.errors import EncodingError, OptionError
from hybrid_opt.qubo import LevelModel, Problem, read_model
from hybrid_opt.qubo.encoding_choice import choose_encodings
from hybrid_opt.qubo.integer_rows import integer_row

CONVEX = [0.0, -5.0, -8.0, -9.0, -9.5]
BENT = [0.0, -1.0, -7.0, -8.0, -20.0]
SQUARE = [0.0, -7.0, -12.0, -15.0, -16.0]


def choose(problem: Problem, *args, **options):
    return choose_encodings(problem, [integer_row(problem, row) for row in problem.rows], *args, **options)


def levels(**tables: list[float]) -> LevelModel:
    model = LevelModel()
    for label, costs in tables.items():
        model.add_variable(label, costs)
    return model


def names(model: LevelModel, *args, **options) -> list[str]:
    return [encoding.name for encoding in choose(model.to_problem(), *args, **options)]


def test_auto_takes_the_fewest_exact_bits():
    model = levels(convex=CONVEX, bent=BENT, square=SQUARE, two=[3, 1], one=[2], four=[0, 5, 1, 7])
    chosen = choose(model.to_problem())
    assert [e.name for e in chosen] == ["increments", "domain-wall", "binary", "binary", "binary", "binary"]
    assert [e.n_bits for e in chosen] == [4, 4, 3, 1, 0, 2]
    assert [e.first_bit for e in chosen] == [0, 4, 8, 11, 12, 12]


def test_auto_says_why():
    reasons = [
        e.reason for e in choose(levels(convex=CONVEX, bent=BENT, square=SQUARE, one=[2]).to_problem())
    ]
    assert "convex" in reasons[0]
    assert "not quadratic in the bits" in reasons[0]
    assert "one bit less than one-hot" in reasons[1]
    assert "fewest bits" in reasons[2]
    assert "needs no bit" in reasons[3]


def test_integers_of_a_cqm_are_binary_with_any_costs():
    i, j = dimod.Integer("i", lower_bound=-3, upper_bound=6), dimod.Integer("j", upper_bound=9)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-i * i + 2 * j * j - 3 * i * j)
    cqm.add_constraint(i + j <= 8, label="r")
    assert [(e.name, e.n_bits) for e in choose(read_model(cqm))] == [("binary", 4), ("binary", 4)]


def test_rows_that_count_unequal_steps_rule_out_adding_bits():
    model = levels(x=CONVEX, y=SQUARE, z=SQUARE)
    model.add_constraint({"x": [0, 1, 3, 4, 9], "y": 1, "z": [0, 2, 4, 6, 8]}, "<=", 10)
    chosen = choose(model.to_problem())
    assert [e.name for e in chosen] == ["domain-wall", "binary", "binary"]
    assert "unequal steps" in chosen[0].reason
    with pytest.raises(EncodingError, match=r"'x' cannot be encoded as 'binary': .*unequal steps"):
        choose(model.to_problem(), {"x": "binary"})


def test_pair_terms_that_bend_rule_out_adding_bits():
    model = levels(x=SQUARE, y=SQUARE, z=SQUARE)
    model.add_pair("x", "y", per_unit=2.0)
    bent_in_z = np.outer(np.arange(5), [0, 1, 0, 1, 0])
    model.add_pair("x", "z", table=bent_in_z)
    chosen = choose(model.to_problem())
    assert [e.name for e in chosen] == ["binary", "binary", "domain-wall"]
    with pytest.raises(
        EncodingError, match="'z' cannot be encoded as 'increments': a pair term is not linear"
    ):
        choose(model.to_problem(), "increments")


def test_subspace_keeps_choices_whole():
    model = levels(convex=CONVEX, square=SQUARE, two=[3, 1])
    chosen = choose(model.to_problem(), target="subspace")
    assert [e.name for e in chosen] == ["one-hot", "one-hot", "binary"]
    assert "whole group" in chosen[0].reason


def test_one_name_for_all_leaves_two_states_as_one_bit_except_for_one_hot():
    model = levels(x=CONVEX, two=[3, 1], one=[4])
    assert names(model, "domain-wall") == ["domain-wall", "binary", "binary"]
    assert names(model, "increments") == ["increments", "binary", "binary"]
    one_hot = choose(model.to_problem(), "one-hot")
    assert [e.n_bits for e in one_hot] == [5, 2, 0]


def test_a_mapping_sets_some_and_leaves_the_rest_automatic():
    model = levels(x=SQUARE, y=SQUARE, z=CONVEX)
    chosen = choose(model.to_problem(), {"y": "one-hot", "z": "auto"})
    assert [e.name for e in chosen] == ["binary", "one-hot", "increments"]
    assert chosen[1].reason == "requested"


@pytest.mark.parametrize(
    ("encoding", "costs", "why", "exact"),
    [
        ("binary", BENT, "not quadratic in the bits", "'domain-wall', 'one-hot'"),
        ("increments", BENT, "not convex", "'domain-wall', 'one-hot'"),
        ("increments", [-c for c in SQUARE], "not convex", "'binary', 'domain-wall', 'one-hot'"),
        ("binary", CONVEX, "not quadratic in the bits", "'increments', 'domain-wall', 'one-hot'"),
    ],
)
def test_inexact_encodings_are_refused_with_the_exact_ones(encoding, costs, why, exact):
    with pytest.raises(
        EncodingError, match=f"'x' cannot be encoded as '{encoding}'.*{why}.*Exact here are {exact}"
    ):
        names(levels(x=costs), encoding)


def test_concave_integers_are_refused_as_increments():
    i = dimod.Integer("i", upper_bound=5)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-i * i)
    with pytest.raises(EncodingError, match=r"'i' cannot be encoded as 'increments'.*not convex"):
        choose(read_model(cqm), "increments")


def test_unknown_names_are_refused_with_the_legal_ones():
    model = levels(x=CONVEX)
    with pytest.raises(
        OptionError, match=r"'domain_wall' is unknown; legal are 'auto', 'binary'.*mean 'domain-wall'"
    ):
        names(model, "domain_wall")
    with pytest.raises(OptionError, match="'unary' is unknown; legal are 'auto'"):
        names(model, {"x": "unary"})
    with pytest.raises(OptionError, match="names the variable 'y', which the model does not have"):
        names(model, {"y": "binary"})
    with pytest.raises(OptionError, match="target is 'annealer'; legal are 'penalty' and 'subspace'"):
        names(model, target="annealer")


@pytest.mark.parametrize("encoding", [None, 3, ["binary"]])
def test_an_encoding_of_the_wrong_type_is_refused(encoding):
    with pytest.raises(OptionError, match="encoding"):
        names(levels(x=CONVEX), encoding)
