"""Rules of the literature against their definitions."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hybrid_opt.classical import DistanceGPT, DistanceTransformerConfig
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.head_baselines import HEAD_BASELINES, greedy_path, head_baseline, random_mask
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.labelled_batches import read_batches
from hybrid_opt.tuning.loss_statistics import HeadStatistics, head_statistics

IDS = torch.randint(0, 15, (8, 6), generator=torch.Generator().manual_seed(0))


def model():
    torch.manual_seed(1)
    sizes = {"vocab_size": 15, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
    made = DistanceGPT(DistanceTransformerConfig(**sizes)).eval()
    with torch.no_grad():
        for part in made.parameters():
            part.add_(0.3 * torch.randn_like(part))
    return made


MODEL = model()
BATCHES = read_batches([{"input_ids": IDS, "labels": IDS}], MODEL)
STATISTICS = head_statistics(MODEL, BATCHES)


def given(magnitudes=None, fisher=None, keep=4, layers=(4, 4)):
    total = sum(layers)
    ones = np.ones(total)
    measured = HeadStatistics(
        layers, ones, 1.0, np.zeros(total), np.eye(total) if fisher is None else fisher,
        ones if magnitudes is None else np.array(magnitudes, dtype=float), None, 9, 9,
    )  # fmt: skip
    return HeadQuestion(measured, keep=keep)


def chosen(name, question, **settings):
    return head_baseline(name, MODEL, BATCHES, question, **settings)


@pytest.mark.parametrize("name", HEAD_BASELINES)
@pytest.mark.parametrize("keep", [2, 5, (1, 3)])
def test_every_rule_keeps_the_number_and_every_layer(name, keep):
    question = HeadQuestion(STATISTICS, keep=keep)
    assert question.feasible(chosen(name, question).mask)


def test_michel_divides_by_the_norm_of_the_layer():
    magnitudes = [10.0, 20, 30, 40, 0.4, 0.3, 0.2, 0.1]
    assert chosen("michel", given(magnitudes)).mask.tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
    assert chosen("michel", given(magnitudes)).gradients == 1


def test_the_last_head_of_a_layer_stays():
    fisher = np.diag([9.0, 8, 7, 6, 1, 2, 3, 4])
    assert chosen("kwon diagonal", given(fisher=fisher)).mask.tolist() == [1, 1, 1, 0, 0, 0, 0, 1]


def test_kwon_rearranges_within_layers():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(8, 8))
    fisher = root @ root.T
    question = given(fisher=fisher)
    diagonal, mask = chosen("kwon diagonal", question).mask, chosen("kwon", question).mask
    for part in (slice(0, 4), slice(4, 8)):
        assert mask[part].sum() == diagonal[part].sum()
        block, away = fisher[part, part], 4 - int(mask[part].sum())
        least = min(block[np.ix_(pick, pick)].sum() for pick in combinations(range(4), away)) if away else 0.0
        z = 1 - mask[part]
        assert z @ block @ z == pytest.approx(least)


def test_kwon_by_swaps_where_there_are_too_many(monkeypatch):
    rng = np.random.default_rng(3)
    root = rng.normal(size=(8, 8))
    question = given(fisher=root @ root.T)
    exact = chosen("kwon", question).mask
    monkeypatch.setattr("hybrid_opt.tuning.mask_rearrangement.MOST_ARRANGEMENTS", 0)
    swapped = chosen("kwon", question).mask
    z, best = 1 - swapped, 1 - exact
    fisher = np.kron(np.eye(2), np.ones((4, 4))) * question.statistics.fisher
    diagonal = 1 - chosen("kwon diagonal", question).mask
    assert best @ fisher @ best - 1e-9 <= z @ fisher @ z <= diagonal @ fisher @ diagonal + 1e-9


def test_magnitude_reads_both_orientations_of_weights():
    torch.manual_seed(0)
    sizes = {"n_embd": 12, "n_layer": 1, "n_head": 3, "n_positions": 8, "vocab_size": 15}
    gpt2 = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0))
    ours = DistanceGPT(
        DistanceTransformerConfig(vocab_size=15, hidden_size=12, num_hidden_layers=1, num_attention_heads=3)
    )
    with torch.no_grad():
        gpt2.transformer.h[0].attn.c_proj.weight[4:8] = 0  # Conv1D: inputs first
        ours.attention_layers()[0].output_projection.weight[:, 4:8] = 0  # Linear: outputs first
    for each in (gpt2, ours):
        found = head_baseline("magnitude", each, BATCHES, given(keep=2, layers=(3,)))
        assert found.mask.tolist() == [1, 0, 1]


def test_greedy_takes_the_least_loss_each_time():
    masks, counts = greedy_path(MODEL, BATCHES, HeadQuestion(STATISTICS, keep=6))
    assert counts == {8: 0, 7: 8, 6: 15}
    singles = [BATCHES.mean_loss(MODEL, 1 - np.eye(8, dtype=int)[head]) for head in range(8)]
    assert masks[7].tolist() == (1 - np.eye(8, dtype=int)[int(np.argmin(singles))]).tolist()
    pairs = [masks[7] - np.eye(8, dtype=int)[head] for head in np.flatnonzero(masks[7])]
    losses = [BATCHES.mean_loss(MODEL, mask) for mask in pairs]
    assert (masks[6] == pairs[int(np.argmin(losses))]).all()
    found = chosen("greedy loss", HeadQuestion(STATISTICS, keep=6))
    assert (found.mask == masks[6]).all()
    assert found.losses == 15


def test_michel_iterative_measures_again():
    found = chosen("michel iterative", HeadQuestion(STATISTICS, keep=3))
    assert found.gradients == 5


def test_random_masks_are_uniform_and_seeded():
    question = given(keep=2, layers=(2, 2))
    rng = np.random.default_rng(0)
    drawn = np.array([random_mask(question, rng) for _ in range(800)])
    kinds, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(kinds) == 4
    assert counts.min() > 150
    assert (chosen("random", question, seed=5).mask == chosen("random", question, seed=5).mask).all()


@pytest.mark.parametrize("name", ["best", 3, ["michel"]])
def test_unknown_rules(name):
    with pytest.raises(OptionError, match=r"there is no rule .* for heads; legal are random, magnitude"):
        chosen(name, given())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"budget": 6.0, "costs": np.ones(8)}, "keeps a number of heads; it does not know budgets"),
        ({"keep": 4, "fixed": np.array([0, *[-1] * 7])}, "takes any head; it does not know fixed ones"),
    ],
)
def test_questions_that_rules_do_not_know(settings, message):
    question = HeadQuestion(STATISTICS, **settings)
    for name in HEAD_BASELINES:
        with pytest.raises(OptionError, match=message):
            chosen(name, question)
    with pytest.raises(OptionError, match=message):
        greedy_path(MODEL, BATCHES, question)


def test_statistics_that_were_measured_elsewhere():
    half = HeadQuestion(replace(STATISTICS, center=np.full(8, 0.5)), keep=4)
    with pytest.raises(OptionError, match="the statistics were measured at other gates"):
        chosen("kwon", half)
    with pytest.raises(OptionError, match="seed is -1"):
        chosen("random", given(), seed=-1)


def test_greedy_passes_over_losses_that_are_not_finite_and_says_so_where_none_is():
    class Losses:
        """Removing head 0 breaks the model; of the others, later ones cost less."""

        def __init__(self, broken):
            self.broken = broken

        def mean_loss(self, model, gates):
            return np.nan if self.broken or gates[0] == 0 else float(gates @ np.arange(8))

    masks, _ = greedy_path(None, Losses(False), given(keep=6))
    assert masks[6].tolist() == [1, 1, 1, 1, 1, 1, 0, 0]
    with pytest.raises(OptionError, match="no loss with one of 8 heads less is finite"):
        greedy_path(None, Losses(True), given(keep=6))


def test_magnitude_is_the_norm_over_everything_a_head_writes():
    norms = []
    for layer in MODEL.attention_layers():
        weight = layer.output_projection.weight.detach()
        norms += [float(weight[:, first : first + 4].norm()) for first in range(0, 16, 4)]
    last = np.argsort(norms)[-5:]
    assert set(np.flatnonzero(chosen("magnitude", HeadQuestion(STATISTICS, keep=5)).mask)) == set(last)
