"""Selections on small models of three kinds, with every way to say how many heads stay; what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel

from hybrid_opt import solvers
from hybrid_opt.classical import DistanceGPT, DistanceTransformerConfig, masked_heads
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.errors import OptionError, SolverError
from hybrid_opt.tuning import HeadSelection, LabelledBatches, head_selection, read_batches, select_heads

IDS = torch.randint(0, 20, (12, 8), generator=torch.Generator().manual_seed(0))
BATCHES = [{"input_ids": part, "labels": part} for part in IDS.split(4)]


def gpt(**settings: Any) -> DistanceGPT:
    torch.manual_seed(1)
    usual = {"vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
    model = DistanceGPT(DistanceTransformerConfig(**{**usual, **settings})).eval()
    with torch.no_grad():  # heads that matter, each in its own way
        for part in model.parameters():
            part.add_(0.3 * torch.randn_like(part))
    return model


def select(model: Any = None, data: Any = BATCHES, keep: Any = None, **settings: Any) -> HeadSelection:
    usual: dict[str, Any] = {"evaluations": 0, "seed": 3}
    return select_heads(gpt() if model is None else model, data, keep, **{**usual, **settings})


def test_one_round_is_the_exact_optimum_of_the_quadratic_model():
    found = select(keep=4, rounds=1)
    masks = np.array([[n >> h & 1 for h in range(8)] for n in range(256)])
    legal = np.stack([mask for mask in masks if found.question.feasible(mask)])
    assert found.solution.status == "optimal"
    assert found.question.objective(found.answer) == pytest.approx(found.question.objective(legal).min())
    energy = found.solution.objective * found.question.unit
    assert energy == pytest.approx(found.question.objective(found.answer))
    assert found.source == "the method's answer"
    assert found.loss_after == pytest.approx(read_batches(BATCHES, gpt()).mean_loss(gpt(), found.mask))
    assert found.predicted_loss == pytest.approx(
        found.statistics.loss + found.statistics.change(found.mask), abs=1e-9
    )


def test_measured_masks_never_make_it_worse_and_are_told():
    found = select(keep=4, evaluations=30)
    assert found.evaluations == 31
    assert found.loss_after <= found.answer_loss
    again = read_batches(BATCHES, gpt()).mean_loss(gpt(), found.mask)
    assert found.loss_after == pytest.approx(again, abs=1e-6)
    assert (found.mask == found.answer).all() == (found.source == "the method's answer")
    every = [np.array([n >> h & 1 for h in range(8)]) for n in range(256)]
    batches, model = read_batches(BATCHES, gpt()), gpt()
    losses = [batches.mean_loss(model, mask) for mask in every if found.question.feasible(mask)]
    # 22 masks of 68 are measured; the best of them is among the best few of all
    assert sum(loss < found.loss_after - 1e-9 for loss in losses) <= 3


@pytest.mark.parametrize(
    ("keep", "heads"), [(None, 4), (0.75, 6), (0.01, 2), (3, 3), ([1, 3], 4), (np.int64(5), 5), ((4, 4), 8)]
)
def test_ways_to_say_how_many(keep, heads):
    found = select(keep=keep)
    assert int(found.mask.sum()) == heads
    assert all(found.kept)
    if isinstance(keep, list):
        assert [len(layer) for layer in found.kept] == keep


def test_a_budget_of_parameters_operations_and_numbers():
    model = gpt()
    found = select(model, budget=5.0, costs=[1, 1, 1, 1, 2, 2, 2, 2])
    assert np.array([1, 1, 1, 1, 2, 2, 2, 2]) @ found.mask <= 5
    for costs in ("parameters", "flops"):
        from hybrid_opt.classical import head_costs

        each = head_costs(model, costs, 8 if costs == "flops" else None).numpy()
        budget = 0.5 * each.sum()
        assert each @ select(model, budget=budget, costs=costs).mask <= budget


def test_methods_agree_where_all_are_exact_or_lucky():
    found = select(keep=4, method="milp", compare=("exact", "greedy", "anneal"), rounds=1)
    assert found.solution.status == "optimal"
    assert found.solution.baselines[0].method == "exact"
    assert select(keep=4, method="greedy", rounds=1).solution.objective >= found.solution.objective - 1e-9


def test_qaoa_stays_among_the_legal_numbers_and_its_row_is_told():
    found = select(keep=4, method="qaoa", compare=("exact",), rounds=1)
    assert int(found.mask.sum()) == 4
    assert found.solution.quantum is not None
    assert found.solution.quantum.feasible_share > 0.8  # an empty layer is the one way to fail
    assert found.solution.gap == pytest.approx(0.0, abs=1e-9)
    assert found.solution.quantum.qubits == 8


def test_qaoa_on_more_heads_than_a_circuit_holds():
    found = select(gpt(hidden_size=24, num_attention_heads=6), keep=6, method="qaoa", rounds=1)
    assert int(found.mask.sum()) == 6
    assert "engine" in found.solution.quantum.simulator


def test_beyond_the_simulator_in_blocks(monkeypatch):
    monkeypatch.setattr(head_selection, "MOST_AMPLITUDES", 60)
    found = select(keep=4, method="qaoa", compare=("exact",), rounds=1)
    assert int(found.mask.sum()) == 4
    assert any("blocks of at most" in note for note in found.notes)
    assert any("left out" in note for note in found.notes)


def test_steps_measure_again_where_heads_are_gone():
    once, often = select(keep=2, rounds=1), select(keep=2, rounds=3)
    assert once.question.statistics.center.all()
    assert 2 < often.question.statistics.center.sum() < 8
    assert (often.mask <= often.question.statistics.center).all()
    assert select(keep=2).question.statistics.center.sum() < 8  # three quarters go: six rounds by default


def test_without_the_linear_term_only_the_fisher_matrix_counts():
    found = select(keep=4, rounds=1, linear_term=False)
    assert not found.question.statistics.gradient.any()
    assert found.statistics.gradient.any()


def test_redundancy_keeps_heads_apart():
    model = gpt()
    with torch.no_grad():  # heads 0 and 1 of the first layer do the same
        for part in ("query_projection", "key_projection", "value_projection"):
            weight = getattr(model.attention_layers()[0], part).weight
            weight[4:8] = weight[:4]
            bias = getattr(model.attention_layers()[0], part).bias
            bias[4:8] = bias[:4]
        model.attention_layers()[0].log_scale_ratio[1] = model.attention_layers()[0].log_scale_ratio[0]
    for evaluations in (0, 20):  # whether the loss is measured or not
        found = select(model, keep=4, redundancy=1e6, rounds=1, evaluations=evaluations)
        assert found.mask[:2].sum() >= 1
        assert found.statistics.similarity[0, 1] == pytest.approx(1.0, abs=1e-5)
        bare = replace(found.question, redundancy=0.0)
        none, both = np.ones(8), np.array([0, 0, 1, 1, 1, 1, 1, 1])
        extra = [float(found.question.objective(m) - bare.objective(m)) for m in (none, both)]
        assert extra[0] == pytest.approx(0.0, abs=1e-3)
        assert extra[1] > 1e3
        assert found.source == "the method's answer"


def test_gpt2_and_bert_of_transformers():
    torch.manual_seed(2)
    small = {"n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 16, "vocab_size": 20}
    model = GPT2LMHeadModel(GPT2Config(**small, bos_token_id=0, eos_token_id=0)).eval()
    found = select(model, keep=4, evaluations=12)
    with torch.no_grad(), masked_heads(model, found.mask):
        masked = model(input_ids=IDS).logits
    pruned = found.prune(model)
    with torch.no_grad():
        torch.testing.assert_close(pruned(input_ids=IDS).logits, masked, atol=1e-5, rtol=1e-5)
    with pytest.raises(OptionError, match="holds no head mask"):
        select(GPT2LMHeadModel(GPT2Config(**small, bos_token_id=0, eos_token_id=0)), keep=4).apply(
            GPT2LMHeadModel(GPT2Config(**small, bos_token_id=0, eos_token_id=0))
        )
    bert = BertForSequenceClassification(
        BertConfig(
            vocab_size=20, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=16
        )
    )
    labels = torch.arange(12) % 2
    assert int(select(bert, [{"input_ids": IDS, "labels": labels}], 5).mask.sum()) == 5


def test_applied_and_pruned_models_agree(tmp_path):
    model = gpt()
    found = select(model, keep=4)
    found.apply(model)
    with torch.no_grad():
        masked = model(input_ids=IDS).logits
    found.apply(model)  # again, with the same effect
    with torch.no_grad():
        torch.testing.assert_close(model(input_ids=IDS).logits, masked)
    pruned = found.prune(gpt())
    assert pruned.num_parameters() < model.num_parameters()
    with torch.no_grad():
        torch.testing.assert_close(pruned(input_ids=IDS).logits, masked, atol=1e-5, rtol=1e-5)
    with pytest.raises(OptionError, match="the model has"):
        found.apply(gpt(num_hidden_layers=3))


def test_the_model_is_left_as_it_was():
    model = gpt().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    select(model, keep=4, evaluations=10)
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(part.requires_grad and part.grad is None for part in model.parameters())


def test_same_seed_same_answer():
    first, second = (select(keep=4, evaluations=14, seed=9) for _ in range(2))
    assert first.to_dict()["mask"] == second.to_dict()["mask"]
    assert first.loss_after == second.loss_after
    assert first.seed == 9


def test_json_table_text_and_picture():
    found = select(keep=3, evaluations=12)
    told = json.loads(found.to_json())
    assert told["mask"] == found.mask.tolist()
    assert told["kept"] == found.kept
    assert told["solution"]["status"] == "optimal"
    table = found.table()
    assert table["kept"].sum() == 3
    assert list(table.columns) == ["layer", "head", "kept", "gradient", "fisher", "magnitude"]
    assert "3 of 8 heads stay" in str(found)
    assert "3 of 8" in repr(found)
    axes = found.plot().axes[0]
    assert len(axes.patches) == 8
    assert "3 of 8 heads stay" in axes.get_title()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"keep": 9}, "has 8 heads in 2 layers"),
        ({"keep": 1}, "each layer keeps"),
        ({"keep": 1.5}, "a share lies between 0 and 1"),
        ({"keep": [5, 1]}, "5 heads of layer 0, which has 4"),
        ({"keep": [4]}, "names 1 layers"),
        ({"keep": "half"}, "legal are a share"),
        ({"keep": True}, "legal are a share"),
        ({"keep": 4, "budget": 3.0}, "both given"),
        ({"budget": 1.0, "costs": [1.0] * 8}, "cheapest head of every layer"),
        ({"budget": 4.0, "costs": [1.0] * 7}, "one per head"),
        ({"keep": 4, "method": "quantum"}, "method is 'quantum'"),
        ({"keep": 4, "compare": ("best",)}, "compare is 'best'"),
        ({"keep": 4, "evaluations": 8}, "more than the 8 heads"),
        ({"keep": 4, "evaluations": -1}, "whole number of at least 0"),
        ({"keep": 4, "rounds": 0}, "rounds is 0"),
        ({"keep": 4, "redundancy": -1.0}, "redundancy is -1.0"),
        ({"keep": 4, "examples": 0}, "examples is 0"),
        ({"keep": 4, "seed": -1}, "seed is -1"),
        ({"keep": 4, "data": 7}, "data is int"),
        ({"keep": 4, "data": []}, "have no batch"),
    ],
)
def test_what_cannot_be_chosen(settings, message):
    with pytest.raises(OptionError, match=message):
        select(**settings)


def test_a_model_without_attention():
    with pytest.raises(ConfigurationError, match="no attention whose heads are known"):
        select(torch.nn.Linear(2, 2), keep=1)


def test_a_method_that_finds_no_legal_mask():
    class Blind:
        """Keeps every head, whatever was asked."""

        name = "blind"

        def solve(self, request):
            return solvers.Outcome(np.ones((1, len(request.problem.variables)), dtype=np.int64))

    with pytest.raises(SolverError, match=r"blind found no mask.*take numbers per layer"):
        select(keep=2, method=Blind(), rounds=1)


def test_ctrl_c_before_there_is_a_mask_leaves(monkeypatch):
    class Cut:
        name = "cut"

        def solve(self, request):
            raise KeyboardInterrupt  # as a signal does inside a solver

    with pytest.raises(KeyboardInterrupt):
        select(method=Cut(), evaluations=0)


def test_ctrl_c_while_measuring_leaves_an_answer_that_says_so(monkeypatch):
    whole, calls = LabelledBatches.mean_loss, []

    def stopped(self, model, gates=None):
        calls.append(1)
        if len(calls) == 13:
            raise KeyboardInterrupt
        return whole(self, model, gates)

    monkeypatch.setattr(LabelledBatches, "mean_loss", stopped)
    found = select(keep=4, evaluations=30)
    assert int(found.mask.sum()) == 4
    assert found.notes[0] == "ctrl-C ended the measuring after 11 losses"
