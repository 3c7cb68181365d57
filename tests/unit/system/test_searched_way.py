"""What a search by one way to minimize its surrogate found, read from its trials."""

from __future__ import annotations

import optuna
import pytest
from optuna.distributions import IntDistribution

from hybrid_opt.system.searched_way import SearchedWay
from hybrid_opt.tuning.trial_history import PROPOSAL

SPACE = {"heads": IntDistribution(1, 8)}
QAOA = {
    "source": "solver", "solver": "qaoa (xy-exact)", "seconds": 0.5, "samples": 1500,
    "circuit": "Aer: 3 qubits",
}  # fmt: skip


def study_of(*trials):
    """Of (heads, loss, proposal)."""
    study = optuna.create_study()
    for heads, loss, proposal in trials:
        attributes = {} if proposal is None else {PROPOSAL: proposal}
        study.add_trial(
            optuna.create_trial(
                params={"heads": heads}, distributions=SPACE, value=loss, system_attrs=attributes
            )
        )
    return study


START = {"source": "start", "solver": ""}


def test_the_circuits_own_trial_is_its_merit():
    study = study_of((4, 1.0, None), (2, 0.9, START), (8, 0.5, QAOA))
    way = SearchedWay.of("by circuit", study, {"heads": 4})
    assert (way.params, way.loss, way.by_circuit) == ({"heads": 8}, 0.5, True)
    assert (way.questions, way.samples, way.seconds) == (1, 1500, 0.5)
    assert way.label == "Aer: 3 qubits; the last of 1 questions, 1,500 samples counted in all"
    assert way.row()["best trial from"] == "the solver's proposal"


@pytest.mark.parametrize(
    ("proposal", "origin"),
    [
        (START, "the space-filling start"),
        (None, "the space-filling start"),
        ({**QAOA, "source": "next"}, "a point looked up, since the solver's was tried already"),
        ({**QAOA, "source": "random"}, "a random point"),
        ({**QAOA, "solver": "exact"}, "the solver's proposal"),
    ],
)
def test_what_others_proposed_is_not(proposal, origin):
    way = SearchedWay.of("by circuit", study_of((2, 0.1, proposal), (8, 0.5, QAOA)), {"heads": 4})
    assert (way.params, way.by_circuit, way.origin) == ({"heads": 2}, False, origin)


def test_the_recipe_as_given_is_nothing_new():
    way = SearchedWay.of("alone", study_of((4, 0.1, None), (4, 0.1, START)), {"heads": 4})
    assert (way.params, way.loss, way.origin) == ({}, None, "the recipe as given")
    assert SearchedWay.of("outside", study_of((4, 0.1, None)), None).params == {"heads": 4}


def test_effort_counts_every_question():
    study = study_of((4, 1.0, None), (1, 0.9, QAOA), (2, 0.8, {**QAOA, "source": "next", "samples": 1000}))
    way = SearchedWay.of("by circuit", study, None)
    assert (way.questions, way.samples, way.seconds) == (2, 2500, 1.0)
    classical = SearchedWay.of(
        "classical", study_of((1, 1.0, {"source": "solver", "solver": "exact", "seconds": 0.1})), None
    )
    assert (classical.samples, classical.label, classical.seconds) == (0, "", 0.1)
