"""The way from bits to the user's variables and back; nothing is repaired on the way."""

from __future__ import annotations

from itertools import product

import dimod
import numpy as np
import pytest

from hybrid_opt.errors import DecodingError, ModelError
from hybrid_opt.qubo import LevelModel, Qubo, to_qubo


def strings(n: int) -> np.ndarray:
    return np.array(list(product((0, 1), repeat=n)), dtype=np.int64).reshape(2**n, n)


def mixed() -> dimod.ConstrainedQuadraticModel:
    b, s, i = dimod.Binary("b"), dimod.Spin("s"), dimod.Integer("i", lower_bound=-3, upper_bound=4)
    j = dimod.Integer("j", upper_bound=2)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(0 * b + 0 * s + b * i - 2 * s * j + i * i + 1.5)
    cqm.add_constraint(i >= -1, label="low")
    cqm.add_constraint(i + j + 2 * b - s <= 3, label="cap")
    return cqm


def choices(encoding: str) -> Qubo:
    model = LevelModel()
    model.add_variable("u", [0, -5, 3, -1, 2])
    model.add_variable("v", [0, 1])
    return to_qubo(model, encoding=encoding)


@pytest.mark.parametrize("encoding", ["auto", "domain-wall", "one-hot"])
def test_every_assignment_goes_there_and_back(encoding):
    qubo = to_qubo(mixed(), encoding=encoding)
    sizes = [v.size for v in qubo.problem.variables]
    states = np.array(list(product(*(range(s) for s in sizes))))
    feasible = qubo.problem.feasible(states)
    objective = qubo.problem.objective(states)
    for state, good, cost in zip(states, feasible, objective):
        if state[2] < 2:  # i < -1 was cut off by presolve
            with pytest.raises(ModelError, match="'i' has a value that no feasible assignment has"):
                qubo.encode_states(state)
            continue
        bits = qubo.encode_states(state)
        assert bits.dtype == np.uint8
        decoded, valid = qubo.decode_bits(bits[None])
        assert valid.tolist() == [True]
        assert decoded[0].tolist() == state.tolist()
        sample = dict(zip(qubo.bqm.variables, bits.tolist()))
        assert qubo.decode(sample) == qubo.problem.to_sample(state)
        energy = qubo.bqm.energy(sample)
        if good:
            assert energy == pytest.approx(cost)
        else:
            assert energy >= cost + qubo.penalties["cap"] - 1e-9


def test_decoding_gives_the_users_values():
    qubo = to_qubo(mixed())
    sample = qubo.decode(dict.fromkeys(qubo.bqm.variables, 0))
    assert sample == {"b": 0, "s": -1, "i": -1, "j": 0}
    assert all(type(value) is int for value in sample.values())


def test_bits_are_wires_in_the_order_of_the_variables():
    qubo = to_qubo(mixed(), encoding={"i": "one-hot", "j": "domain-wall"})
    assert [list(e.bits) for e in qubo.encodings] == [[0], [1], [2, 3, 4, 5, 6, 7], [8, 9]]
    assert list(qubo.bqm.variables)[:10] == ["b", "s", *(f"i[{k}]" for k in range(6)), "j[0]", "j[1]"]
    assert list(qubo.bqm.variables)[10:] == [f"slack cap[{k}]" for k in range(qubo.n_slack_bits)]
    assert qubo.n_bits == 10 + qubo.n_slack_bits == qubo.bqm.num_variables
    assert qubo.n_slack_bits > 0


def test_slack_bits_do_not_change_the_answer():
    qubo = to_qubo(mixed())
    bits = qubo.encode_states(np.array([0, 0, 2, 0]))
    before = qubo.decode_bits(bits[None])[0]
    bits[-qubo.n_slack_bits :] ^= 1
    after, valid = qubo.decode_bits(bits[None])
    assert valid.all()
    assert (before == after).all()


def test_invalid_one_hot_strings_are_reported_not_repaired():
    qubo = choices("one-hot")
    group = [f"u[{k}]" for k in range(5)]
    for ones in ([], [0, 3], [0, 1, 2, 3, 4]):
        sample = dict.fromkeys(qubo.bqm.variables, 0) | {f"u[{k}]": 1 for k in ones} | {"v[0]": 1}
        shown = "".join("1" if k in ones else "0" for k in range(5))
        with pytest.raises(
            DecodingError, match=f"the bits {shown} of variable 'u' are no one-hot.*exactly one 1"
        ):
            qubo.decode(sample)
    assert qubo.groups == (tuple(group), ("v[0]", "v[1]"))


def test_invalid_domain_walls_are_reported_not_repaired():
    qubo = choices("domain-wall")
    sample = {"u[0]": 1, "u[1]": 0, "u[2]": 1, "u[3]": 0, "v": 1}
    with pytest.raises(DecodingError, match=r"the bits 1010 of variable 'u' are no domain-wall.*ones first"):
        qubo.decode(sample)
    assert qubo.decode({**sample, "u[1]": 1}) == {"u": 3, "v": 1}
    assert qubo.decode({**sample, "u[2]": 0}) == {"u": 1, "v": 1}


@pytest.mark.parametrize("encoding", ["domain-wall", "one-hot"])
def test_decoding_many_marks_exactly_the_invalid(encoding):
    qubo = choices(encoding)
    bits = strings(qubo.n_bits)
    states, valid = qubo.decode_bits(bits)
    assert valid.sum() == 5 * 2
    for row, state, good in zip(bits, states, valid):
        sample = dict(zip(qubo.bqm.variables, row.tolist()))
        if good:
            assert qubo.decode(sample) == qubo.problem.to_sample(state)
        else:
            with pytest.raises(DecodingError, match="raise its penalty"):
                qubo.decode(sample)


def test_bad_samples():
    qubo = choices("domain-wall")
    with pytest.raises(ModelError, match=r"no value for bit 'u\[0\]'"):
        qubo.decode({})
    good = dict.fromkeys(qubo.bqm.variables, 0)
    for bad in (2, -1, 0.5, float("nan")):
        with pytest.raises(ModelError, match=r"bit 'v' is .* in the sample; legal are 0 and 1"):
            qubo.decode({**good, "v": bad})


def test_bad_arrays_of_bits():
    qubo = choices("domain-wall")
    for shape in ((5,), (2, 4), (2, 6), (1, 1, 5)):
        with pytest.raises(ModelError, match=r"the bits have shape .*; it must be \(samples, 5\)"):
            qubo.decode_bits(np.zeros(shape))
    assert qubo.decode_bits(np.zeros((0, 5)))[0].shape == (0, 2)


def test_bits_are_zeros_and_ones():
    qubo = choices("domain-wall")
    for bad in (-1, 2):
        with pytest.raises(ModelError, match="0"):
            qubo.decode_bits(np.array([[bad, 0, 0, 0, 0]]))


def test_states_have_one_entry_per_variable():
    qubo = choices("domain-wall")
    for states in ([0], [0, 0, 0], [[0, 0]]):
        with pytest.raises(ModelError, match="2"):
            qubo.encode_states(np.array(states))
    with pytest.raises(ModelError, match="'u' has a value"):
        qubo.encode_states(np.array([5, 0]))
    with pytest.raises(ModelError, match="'v' has a value"):
        qubo.encode_states(np.array([0, -1]))


def test_a_qubo_says_what_it_is():
    text = repr(to_qubo(mixed()))
    assert "bits for 4 variables" in text
    assert "1 penalties" in text
    assert "confirmed" in text
