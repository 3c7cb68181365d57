"""Wires of a polynomial's variables do not depend on the order of sets."""

import os
import subprocess
import sys

import dimod
import pytest

from hybrid_opt.circuits import DiagonalQAOA, MultiAngleQAOA, SubspaceQAOA
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.wire_order import wire_order

LABELS = [("c", "b", "a"), (3, 1, 2), ("b", 1, ("x", 2)), ((1, "t"), (0, "t"), (2, "t"))]


@pytest.mark.parametrize("labels", LABELS)
def test_engines_agree(labels):
    model = dimod.BinaryPolynomial({labels: 1.0, labels[:1]: -2.0}, "BINARY")
    expected = tuple(sorted(labels)) if labels != LABELS[2] else (1, "b", ("x", 2))
    assert wire_order(model) == expected
    for engine in (DiagonalQAOA, SubspaceQAOA, MultiAngleQAOA):
        assert engine(model).variables == expected


def test_quadratic_models_keep_their_order():
    assert wire_order(dimod.BinaryQuadraticModel({"b": 1.0, "a": 2.0}, {}, 0.0, "SPIN")) == ("b", "a")


def test_the_same_in_every_process():
    program = (
        "import dimod; from hybrid_opt.circuits.wire_order import wire_order; "
        "print(wire_order(dimod.BinaryPolynomial({('one', 'two', 3, 'four', (5, 6)): 1.0}, 'SPIN')))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert found == {"(3, 'four', 'one', 'two', (5, 6))\n"}


@pytest.mark.parametrize("kind", [dimod.BinaryPolynomial, dimod.BinaryQuadraticModel])
def test_no_variables(kind):
    model = kind({}, "SPIN") if kind is dimod.BinaryPolynomial else kind("SPIN")
    with pytest.raises(CircuitError, match="no variables"):
        wire_order(model)
