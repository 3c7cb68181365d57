"""What each step proposes, engines switched; one tiny run of everything, for real."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.errors import MissingDependencyError
from hybrid_opt.system.configuration import HybridConfig
from hybrid_opt.system.expert_steps import AssignmentStep, ExpertStep
from hybrid_opt.system.head_step import HeadStep
from hybrid_opt.system.layer_steps import gate_step, layer_steps
from hybrid_opt.system.level_steps import steps_of
from hybrid_opt.system.quantum_block import quantum_uses
from hybrid_opt.system.recipe import Recipe
from hybrid_opt.system.recipe_training import TrainingRecord
from hybrid_opt.system.step_results import StepResult
from hybrid_opt.system.steps import Proposal, StepContext
from hybrid_opt.system.training_steps import CallbackStep, MemoryStep, SparsityStep, training_steps

DATA = load_data("wine")
MODEL = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=2)
SETTINGS = TrainingSettings(max_steps=4, batch_size=16, learning_rate=0.01)
RECIPE = Recipe.of(MODEL, SETTINGS)


def context(model=MODEL, **settings):
    config = HybridConfig(model, DATA, settings=SETTINGS, **{"keep": 0.5, "experts": 2, **settings})
    return StepContext(config, 1, Path(), lambda share, text: None)


def test_levels_and_switches():
    def names(**settings):
        return [step.name for step in steps_of(HybridConfig(MODEL, DATA, **settings))]

    basic = ["learning rate", "dropout", "head sparsity", "memory"]
    assert names() == basic
    assert names(level="advanced") == [*basic, "attention tuning", "head masks"]
    full = names(level="full")
    assert full[6:] == ["experts", "token assignment", "controller", "bins of lambda", "head gate"]
    assert len(set(full)) == len(full)
    assert names(level="full", neural=False) == []


def test_a_missing_library_is_told_before_the_first_training(monkeypatch):
    monkeypatch.setitem(sys.modules, "qiskit_aer", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert steps_of(HybridConfig(MODEL, DATA))
    assert steps_of(HybridConfig(MODEL, DATA, level="advanced", quantum=False))
    for settings, extra in (({"level": "advanced"}, "aer"), ({"level": "full", "quantum": False}, "ml")):
        with pytest.raises(MissingDependencyError, match=rf"hybrid-opt\[{extra}\]"):
            steps_of(HybridConfig(MODEL, DATA, **settings))


@pytest.mark.parametrize("step", [HeadStep(), ExpertStep(), AssignmentStep(), *layer_steps()], ids=str)
def test_every_circuit_has_a_classical_control_and_can_be_switched_off(step):
    arms = step.propose(RECIPE, context()).arms
    quantum = [arm for arm in arms if arm.algorithm]
    assert len(quantum) == 1
    assert quantum[0].control in [arm.name for arm in arms if not arm.algorithm]
    assert arms[-1] is quantum[0]  # of equal losses a classical arm is taken
    assert len({arm.recipe.key for arm in arms}) == len(arms)
    plain = step.propose(RECIPE, context(quantum=False)).arms
    assert [arm.name for arm in plain] == [arm.name for arm in arms[:-1]]


def test_the_four_algorithms_are_there():
    steps = [HeadStep(), ExpertStep(), AssignmentStep(), *layer_steps()]
    found = {arm.algorithm for step in steps for arm in step.propose(RECIPE, context()).arms}
    assert found == {"", "QAOA", "VQE", "QNN", "quantum kernel"}


def test_a_callback_that_is_there_is_not_proposed_again():
    recipe = RECIPE
    for step in training_steps()[:3]:
        (arm,) = step.propose(recipe, context()).arms
        recipe = arm.recipe
        again = step.propose(recipe, context())
        assert not again.arms
        assert "already" in again.notes[0]
    assert set(recipe.training.callbacks) == {"progress_learning_rate", "entropy_dropout", "head_sparsity"}
    notes = HeadStep().propose(recipe, context()).notes
    assert notes == ("training closes heads already, each seed its own",)


def test_settings_that_do_not_fit_a_callback_are_refused():
    from hybrid_opt.errors import OptionError

    with pytest.raises(OptionError, match="the step 'x' does not fit the settings"):
        CallbackStep("x", "head_sparsity", {"target": 2.0}).propose(RECIPE, context())


def test_memory_has_two_ways_or_says_that_both_are_taken():
    names = [arm.name for arm in MemoryStep().propose(RECIPE, context()).arms]
    assert names == ["recomputed activations", "bfloat16"]
    saved = RECIPE.with_training(precision="bfloat16", gradient_checkpointing=True)
    assert "already" in MemoryStep().propose(saved, context()).notes[0]


def test_what_a_model_cannot_have_is_told():
    single = DATA.config(hidden_size=8, num_attention_heads=1, num_hidden_layers=1)
    recipe = Recipe.of(single, SETTINGS)
    assert "single head" in SparsityStep().propose(recipe, context(single)).notes[0]
    short = RECIPE.with_training(max_steps=1)
    assert "too short" in SparsityStep().propose(short, context()).notes[0]
    (arm,) = SparsityStep().propose(Recipe.of(DATA.config(
        hidden_size=8, num_attention_heads=2, num_hidden_layers=1), SETTINGS), context()).arms
    assert arm.recipe.training.callbacks["head_sparsity"]["target"] == 0.5  # one head at least
    assert "keeps all" in HeadStep().propose(recipe, context(single)).notes[0]
    assert "single head" in gate_step().propose(recipe, context(single)).notes[0]


def test_experts_that_are_there_stay():
    own = RECIPE.with_model(feed_forward=["dense", "moe"], moe={"num_experts": 3, "top_k": 2})
    arms = ExpertStep().propose(own, context()).arms
    assert [arm.name for arm in arms] == ["softmax router", "RBF router", "quantum kernel router"]
    assert arms[0].recipe.key == own.key
    assert {arm.recipe.model["moe"]["num_experts"] for arm in arms} == {3}
    assert arms[2].control == "RBF router"


@pytest.mark.parametrize("router", [None, {"name": "rbf"}, {"name": "quantum_kernel", "simulator": "native"}])
def test_a_router_that_is_there_stays_as_control_and_is_not_trained_twice(router):
    own = RECIPE.with_model(feed_forward="moe", moe={"num_experts": 2, "top_k": 1}, router=router)
    step = ExpertStep()
    proposal = step.propose(own, context())
    records = {arm.name: [TrainingRecord(1.0, 2.0), TrainingRecord(1.0, 2.0)] for arm in proposal.arms}
    result = StepResult.of(step, own, proposal, records["RBF router"], records, None, None)
    (use,) = quantum_uses([result])
    assert (use.control, use.control_loss_change) == ("RBF router", 0.0)
    assert [arm.trained for arm in result.arms].count(False) == 1
    assert (result.trainings, result.seconds) == (4, 8.0)


def test_proposals_survive_json():
    proposal = replace(HeadStep().propose(RECIPE, context()), notes=["told"], label="x", circuit_runs=3)
    again = Proposal.from_dict(proposal.to_dict())
    assert again.to_dict() == proposal.to_dict()
    assert [arm.recipe.key for arm in again.arms] == [arm.recipe.key for arm in proposal.arms]
