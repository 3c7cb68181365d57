"""From coefficients to angles: the conversion of bits, the typical change, the table."""

from __future__ import annotations

from itertools import combinations

import dimod
import numpy as np
import pytest
import torch

from hybrid_opt.circuits.angle_tables import initial_angles
from hybrid_opt.circuits.ising import ising_from_bqm
from hybrid_opt.layers.qaoa_angles import angle_table, ising_coefficients, starting_angles, typical_change

PAIRS = torch.tensor([0, 0, 1]), torch.tensor([1, 3, 2])
NO_PAIRS = torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64)


def coefficients(rows: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(rows, 4))), torch.from_numpy(rng.normal(size=(rows, 3)))


def model(linear: torch.Tensor, quadratic: torch.Tensor) -> dimod.BinaryQuadraticModel:
    products = dict(zip(zip(PAIRS[0].tolist(), PAIRS[1].tolist()), quadratic.tolist()))
    return dimod.BinaryQuadraticModel(dict(enumerate(linear.tolist())), products, 0.0, "BINARY")


def test_fields_and_couplings_are_those_of_a_model():
    linear, quadratic = coefficients(3)
    fields, couplings = ising_coefficients(linear, quadratic, *PAIRS)
    for row in range(3):
        operator = ising_from_bqm(model(linear[row], quadratic[row]))
        places = {variable: wire for wire, variable in enumerate(operator.variables)}
        wires = [places[variable] for variable in range(4)]
        np.testing.assert_allclose(fields[row], operator.fields[wires], atol=1e-14)
        assert sorted(couplings[row].tolist()) == pytest.approx(sorted(operator.couplings.tolist()))


def test_the_first_angles_are_those_of_the_angle_table():
    linear, quadratic = coefficients(3)
    fields, couplings = ising_coefficients(linear, quadratic, *PAIRS)
    sigma = typical_change(fields, couplings, *PAIRS)
    gammas, betas = starting_angles(2, 4, "x")
    for row in range(3):
        expected = initial_angles(model(linear[row], quadratic[row]), 2, rule="spin_glass")
        np.testing.assert_allclose(gammas / sigma[row].item(), expected[0], rtol=1e-12)
        np.testing.assert_allclose(betas, expected[1])


@pytest.mark.parametrize("weight", [1, 2])
def test_the_typical_change_of_one_weight_does_not_see_constants(weight):
    """A penalty lambda (sum x - k)**2 is constant there."""
    pairs = tuple(torch.tensor(part) for part in zip(*combinations(range(4), 2)))
    linear = coefficients(1)[0]
    quadratic = torch.from_numpy(np.random.default_rng(2).normal(size=(1, 6)))
    fields, couplings = ising_coefficients(linear, quadratic, *pairs)
    plain = typical_change(fields, couplings, *pairs, weight)
    shifted = typical_change(fields + 0.7, couplings, *pairs, weight)
    torch.testing.assert_close(shifted, plain)
    only_fields = typical_change(fields, 0 * couplings, *pairs, weight)
    spread = fields.std(unbiased=False)
    torch.testing.assert_close(only_fields.squeeze(), spread)


def test_a_constant_objective_has_a_typical_change_of_one_and_a_derivative():
    zero = torch.zeros(2, 4, dtype=torch.float64, requires_grad=True)
    none = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    assert typical_change(zero, none, *PAIRS).tolist() == [[1.0], [1.0]]
    gammas, betas = (torch.from_numpy(row) for row in starting_angles(2, 4, "x"))
    table = angle_table(zero, none, gammas, betas, PAIRS, mixer="x", weight=None, rescale=True)
    table.sum().backward()
    assert torch.isfinite(zero.grad).all()
    equal = torch.full((1, 4), 0.1, dtype=torch.float64)  # differences are rounding errors
    assert typical_change(equal, torch.zeros(1, 0, dtype=torch.float64), *NO_PAIRS, 2).item() == 1


@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1.0, 1e200])
def test_scales_are_divided_out(scale):
    linear, quadratic = coefficients(2)
    gammas, betas = (torch.from_numpy(row) for row in starting_angles(2, 4, "x"))
    tables = [
        angle_table(a, b, gammas, betas, PAIRS, mixer="x", weight=None, rescale=True)
        for a, b in ((linear, quadratic), (scale * linear, scale * quadratic))
    ]
    torch.testing.assert_close(tables[1], tables[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("mixer", "weight"), [("x", None), ("xy", 2)])
@pytest.mark.parametrize("rescale", [True, False])
def test_gradients(mixer, weight, rescale):
    inputs = [part.requires_grad_() for part in coefficients(2)]
    inputs += [torch.from_numpy(row).requires_grad_() for row in starting_angles(2, 4, mixer)]
    assert torch.autograd.gradcheck(
        lambda *given: angle_table(*given, PAIRS, mixer=mixer, weight=weight, rescale=rescale), inputs
    )


def test_columns_of_the_mixers():
    linear, quadratic = coefficients(1)
    for mixer, factor in (("x", 2), ("xy", 1)):
        betas = torch.tensor([0.3, 0.4], dtype=torch.float64)
        table = angle_table(
            linear, quadratic, betas, betas, PAIRS, mixer=mixer, weight=2 if mixer == "xy" else None,
            rescale=False,
        )  # fmt: skip
        assert table.shape == (1, 2 * 8)
        assert table[0, [7, 15]].tolist() == pytest.approx([factor * 0.3, factor * 0.4])
