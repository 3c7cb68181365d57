"""Every block of a report at level full, as tables, JSON and a page; trainings are invented."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from unittest import mock

import pytest

from hybrid_opt.system import recipe_trials
from hybrid_opt.system.quantum_block import ALGORITHMS, quantum_uses
from hybrid_opt.system.shipped_plans import shipped_planners
from hybrid_opt.system.table_figures import figure, to_the_right
from hybrid_opt.tuning.attention_objective import AttentionObjective

SELECTION = {
    "kept": [[0]], "source": "the method's answer", "loss_before": 1.0, "loss_after": 1.1, "evaluations": 8,
    "seconds": 0.1, "label": "Aer: 2 qubits", "samples": 1000,
    "rows": [{"method": "qaoa", "quantum": True, "objective": 0.5, "feasible": True, "seconds": 0.1}],
}  # fmt: skip
ASSIGNED = {
    "step": 2, "layer": 0, "method": "qaoa", "status": "feasible", "gap": None, "max_violation": 0.1,
    "satisfied": 1.0, "quantum": "subspace: 8 qubits", "samples": 500,
}  # fmt: skip
CIRCUITS = {"calls": 2, "runs": 30, "seconds": 0.1, "label": "native: 3 qubits"}


def richer(formula, recipe, data, seed, progress):
    """The formula, with circuits and assignments where a real training has them."""
    model, record = formula(recipe, data, seed, progress)
    parts = [recipe.model[name] for name in ("controller", "router", "head_gate")]
    names = {part["name"] for part in parts if part}
    if names & {"qnn", "vqe_bins", "quantum_kernel", "qaoa"}:
        record = replace(record, circuits=CIRCUITS, entropy=0.6)
    if recipe.reassignment is not None:
        classical = {} if recipe.reassignment["method"] == "qaoa" else {"quantum": "", "samples": 0}
        record = replace(record, reassigned=[{**ASSIGNED, **classical}])
    return model, record


def searched(self, params, seed, on_validation=None):
    """Of the search over settings: a loss of its own, lowest at a small learning rate."""
    self.progress(1.0, "step 6 of 6")
    loss = 1.0 + params.get("learning_rate", 0.01)
    return loss, loss


@pytest.fixture(scope="module")
def report(invention, tmp_path_factory):
    with (
        invention.invented(partial(richer, invention.formula)),
        mock.patch.object(recipe_trials, "choose_recipe_heads", return_value=SELECTION),
        mock.patch.object(AttentionObjective, "train", searched),
        mock.patch.object(AttentionObjective, "held_out", lambda self, model: 2.0 * model),
    ):
        folder = tmp_path_factory.mktemp("full")
        return invention.ran(folder, level="full", trials=8, keep=0.5, experts=2, plans=shipped_planners())


def test_every_block_is_there(report):
    titles = [table.title for table in report.tables()]
    assert titles == [
        "Steps", "Levels compared", "Learning rate, dropout, entropy, memory: without -> with",
        "The four quantum algorithms", "Circuits that ran", "Solvers on the same question",
        "Every way that was trained", "What each step changes", "Marketing plans", "Business plans",
        "Parameters and memory", "Attention by layer",
    ]  # fmt: skip
    assert list(report.recipes) == ["as given", "basic", "advanced", "full"]
    assert len(report.table()) == 11
    assert report.table()["circuit_runs"].sum() > 0


def test_the_four_algorithms_stand_beside_their_controls(report):
    uses = quantum_uses(report.steps)
    assert {use.algorithm for use in uses} == set(ALGORITHMS)
    kernel = next(use for use in uses if use.algorithm == "quantum kernel")
    assert (kernel.control, kernel.circuit_runs, kernel.label) == ("RBF router", 90, "native: 3 qubits")
    assert kernel.entropy_change == pytest.approx(0.1)
    assert kernel.control_entropy_change == pytest.approx(0.0)
    assert kernel.words() == "quantum kernel in experts: the same loss as RBF router; not kept."
    heads = next(use for use in uses if use.step == "head masks")
    assert (heads.circuit_runs, heads.label) == (3000, "Aer: 2 qubits")
    assert heads.entropy_change == pytest.approx(-0.1)
    assigned = next(use for use in uses if use.step == "token assignment")
    assert (assigned.circuit_runs, assigned.label) == (1500, "subspace: 8 qubits")


def test_the_search_tells_what_it_took(report):
    step = next(step for step in report.steps if step.name == "attention tuning")
    assert step.trainings == 16 + 3 * len({tuple(arm.changes) for arm in step.arms})  # equal ones share
    assert len(step.arms) == 2
    quantum = [arm for arm in step.arms if arm.algorithm]
    if quantum:
        assert "questions" in step.proposal.label
    else:
        assert "not from a circuit" in " ".join(report.sentences())


def test_negative_results_are_told(report):
    sentences = " ".join(report.sentences())
    assert "head sparsity: undone: lost 0.2000" in sentences
    assert "quantum advantage is claimed" in str(report).replace("\n", " ")
    assert json.loads(report.to_json())["verdict"] == report.verdict


def test_json_is_strict_and_complete(report):
    found = json.loads(report.to_json())
    assert [step["name"] for step in found["steps"]][-1] == "head gate"
    assert found["gain"]["mean"] == pytest.approx(0.6)
    assert [plan["room"] for plan in found["plans"]] == ["marketing"] * 4 + ["business"] * 4
    assert "progress_learning_rate: on" in found["changes"]


def test_the_page_is_whole_and_offline(report, tmp_path):
    page = report.report(tmp_path / "page.html").read_text()
    for words in ("The four quantum algorithms", "Levels compared", "Business plans", "Attention by layer",
                  "Gain on test", "No quantum advantage is claimed"):  # fmt: skip
        assert words in page
    assert page.count("<svg") >= 4
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page


def test_a_page_of_a_run_without_training(invention, tmp_path):
    report = invention.ran(tmp_path / "run", neural=False, level="full", plans=shipped_planners()[:1])
    page = report.report(tmp_path / "page.html").read_text()
    assert "Marketing plans" in page
    assert "without neural" in page
    assert [table.title for table in report.tables()] == ["Levels compared", "Marketing plans"]


def test_a_folder_goes_on_at_a_higher_level(invention, tmp_path):
    with (
        invention.invented(partial(richer, invention.formula)),
        mock.patch.object(recipe_trials, "choose_recipe_heads", return_value=SELECTION),
        mock.patch.object(AttentionObjective, "train", searched),
        mock.patch.object(AttentionObjective, "held_out", lambda self, model: 2.0 * model),
    ):
        settings = {"trials": 2, "keep": 0.5, "quantum": False}
        basic = invention.ran(tmp_path / "run", **settings)
        both = invention.ran(tmp_path / "run", level="advanced", **settings)
        whole = invention.ran(tmp_path / "whole", level="advanced", **settings)
    assert invention.told(both) == invention.told(whole)
    assert [step.name for step in both.steps][:4] == [step.name for step in basic.steps]
    assert all(not arm.algorithm for step in both.steps for arm in step.arms)


def test_figures_that_are_missing():
    assert figure(float("inf")) == figure(None) == "-"
    assert to_the_right(3) == ["right"] * 3


