"""Which solver a name stands for."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.solvers import Anneal
from hybrid_opt.tuning.routing_problem import RoutingProblem
from hybrid_opt.tuning.routing_solvers import chosen_method, legal_methods, routing_solver

LOOSE = RoutingProblem(np.zeros((4, 2)), capacity=3)
TIGHT = RoutingProblem(np.zeros((4, 2)), capacity=2)


def test_qaoa_takes_penalties_only_where_rows_are_equations():
    assert routing_solver("qaoa", LOOSE).penalty == {"capacity of expert 0": 0.0, "capacity of expert 1": 0.0}
    assert routing_solver("qaoa", TIGHT).penalty == "adaptive"
    assert routing_solver("qaoa", TIGHT).mixer == "xy-exact"


def test_a_circuit_holds_groups_of_up_to_ten():
    assert routing_solver("qaoa", LOOSE).circuit_qubits == 20
    assert routing_solver("qaoa", RoutingProblem(np.zeros((2, 11)), capacity=1)).circuit_qubits == 0


def test_names():
    assert routing_solver("exact", LOOSE).limit == 2**24
    own = Anneal(reads=3)
    assert routing_solver(own, LOOSE) is own
    assert chosen_method(own, LOOSE) is own
    assert legal_methods().count("auto") == 1
    with pytest.raises(OptionError, match="compare is 'nothing'"):
        chosen_method("nothing", LOOSE, "compare")
