"""Quadratic forms over bits, against the formulas they stand for."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hybrid_opt.qubo.quadratic_form import QuadraticForm


def value(form: QuadraticForm, bits: tuple[int, ...]) -> float:
    linear = sum(w * bits[k] for k, w in form.linear.items())
    return form.offset + linear + sum(w * bits[i] * bits[j] for (i, j), w in form.quadratic.items())


def test_a_new_form_is_zero():
    assert value(QuadraticForm(), (1, 1)) == 0


def test_linear_terms_add_up():
    form = QuadraticForm()
    form.add_linear([0, 2], [1.0, -2.0], constant=5.0)
    form.add_linear([2], [0.5])
    assert form.linear == {0: 1.0, 2: -1.5}
    assert form.offset == 5.0


def test_products_are_stored_once_whatever_the_order():
    form = QuadraticForm()
    form.add_product(3, 1, 2.0)
    form.add_product(1, 3, 0.5)
    assert form.quadratic == {(1, 3): 2.5}


def test_the_square_of_a_bit_is_the_bit():
    form = QuadraticForm()
    form.add_product(2, 2, 7.0)
    assert (form.linear, form.quadratic) == ({2: 7.0}, {})


def test_squares_on_every_string():
    form = QuadraticForm()
    form.add_square([2, 0, 1], [3.0, -1.0, 0.5], -2.0, factor=1.5)
    for bits in product((0, 1), repeat=3):
        assert value(form, bits) == pytest.approx(1.5 * (3 * bits[2] - bits[0] + 0.5 * bits[1] - 2) ** 2)


def test_the_square_of_a_constant_is_an_offset():
    form = QuadraticForm()
    form.add_square([], np.zeros(0), -3.0, factor=2.0)
    assert (form.offset, form.linear, form.quadratic) == (18.0, {}, {})


def test_adding_a_multiple_of_a_form():
    first, second = QuadraticForm(), QuadraticForm()
    first.add_square([0, 1], [1.0, 2.0], -1.0)
    second.add_square([1, 2], [1.0, -1.0], 0.5)
    total = QuadraticForm()
    total.add(first)
    total.add(second, factor=-3.0)
    for bits in product((0, 1), repeat=3):
        expected = (bits[0] + 2 * bits[1] - 1) ** 2 - 3 * (bits[1] - bits[2] + 0.5) ** 2
        assert value(total, bits) == pytest.approx(expected)
