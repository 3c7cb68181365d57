"""Random groups and models: the subspace engine against sums over bit strings."""

import itertools

import dimod
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.circuits.subspace_groups import FixedWeight, OneHot
from hybrid_opt.circuits.subspace_qaoa import SubspaceQAOA

angle = st.floats(-3, 3)


@st.composite
def questions(draw):
    """A model of up to eight bits in any order, with disjoint groups over some of them."""
    n = draw(st.integers(1, 8))
    places = draw(st.permutations(range(n)))
    groups, start = [], 0
    while start < n and draw(st.booleans()):
        stop = draw(st.integers(start + 1, n))
        members = tuple(places[start:stop])
        if draw(st.booleans()):
            groups.append(OneHot(members))
        else:
            groups.append(FixedWeight(members, draw(st.integers(0, len(members)))))
        start = stop
    number = st.integers(-4, 4) if draw(st.booleans()) else st.floats(-4, 4)
    model = dimod.BinaryQuadraticModel({i: draw(number) for i in range(n)}, {}, draw(number), "BINARY")
    for pair in itertools.combinations(range(n), 2):
        if draw(st.booleans()):
            model.add_quadratic(*pair, draw(number))
    return model, groups


def allowed(bits, groups):
    return all(sum(bits[i] for i in group.variables) == group.weight for group in groups)


@given(
    questions(),
    st.sampled_from(["xy-exact", "xy-trotter", "grover"]),
    st.sampled_from(["complete", "ring"]),
    angle,
    angle,
)
@settings(max_examples=60)
def test_a_layer_in_the_subspace(question, mixer, topology, gamma, beta):
    model, groups = question
    engine = SubspaceQAOA(model, groups, mixer=mixer, topology=topology)
    n = engine.n_qubits
    legal = {bits for bits in itertools.product((0, 1), repeat=n) if allowed(bits, groups)}
    listed = [tuple(row) for row in engine.space.bits(np.arange(engine.space.dimension)).tolist()]
    assert len(listed) == len(legal)
    assert set(listed) == legal
    energies = [model.energy(dict(enumerate(bits))) for bits in listed]
    np.testing.assert_allclose(engine.energies, energies, atol=1e-11)
    outcomes = engine.outcomes([gamma], [beta])
    assert outcomes.probabilities.sum() == pytest.approx(1, abs=1e-12)
    marginals = outcomes.marginals()
    for group in groups:
        assert marginals[list(group.variables)].sum() == pytest.approx(group.weight, abs=1e-10)
    # Of a regular graph the uniform superposition is an eigenvector, so that without a phase nothing moves.
    regular = topology == "complete" or all(group.weight == 1 for group in groups)
    if mixer == "grover" or (mixer == "xy-exact" and regular):
        np.testing.assert_allclose(engine.probabilities([0.0], [beta]), 1 / len(listed), atol=1e-12)
    # And a layer with the angles negated, on a real start, is the complex conjugate.
    if mixer != "xy-trotter":
        np.testing.assert_allclose(
            engine.probabilities([-gamma], [-beta]), outcomes.probabilities, atol=1e-11
        )
