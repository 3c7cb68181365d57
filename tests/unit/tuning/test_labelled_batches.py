"""Batches with labels from every form of data, and the loss of a model on them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder_heads import (
    DistanceEncoderForSequenceClassification,
    DistanceEncoderForTokenClassification,
)
from hybrid_opt.classical.errors import ConfigurationError, DataError
from hybrid_opt.classical.example_dataset import ExampleDataset
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq
from hybrid_opt.classical.task_data import TaskData
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.labelled_batches import LabelledBatches, evaluating, read_batches, summed_loss

SIZES: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "vocab_size": 11,
}
TOKENS = torch.arange(35).view(7, 5) % 11
CLASSES = ExampleDataset({"input_ids": TOKENS, "labels": torch.arange(7) % 2})


def built(kind: Any, **settings: Any) -> Any:
    torch.manual_seed(0)
    return kind(DistanceTransformerConfig(**{**SIZES, **settings}))


CLASSIFIER = built(DistanceEncoderForSequenceClassification)


def ordered(batches: LabelledBatches) -> list[list[int]]:
    return [batch["input_ids"][:, 0].tolist() for batch in batches.batches]


def test_examples_of_a_data_set_are_drawn_without_replacement():
    read = read_batches(CLASSES, CLASSIFIER, examples=5, batch_size=2, seed=3)
    assert read.items == (2, 2, 1)
    assert read.total_items == read.examples == 5
    drawn = [row for rows in ordered(read) for row in rows]
    assert len(set(drawn)) == 5
    assert drawn != TOKENS[:5, 0].tolist()
    assert ordered(read_batches(CLASSES, CLASSIFIER, examples=5, batch_size=2, seed=3)) == ordered(read)
    others = [ordered(read_batches(CLASSES, CLASSIFIER, examples=5, seed=seed)) for seed in range(3)]
    assert others[0] != others[1] or others[1] != others[2]


def test_all_examples():
    read = read_batches(CLASSES, CLASSIFIER, examples=None, batch_size=4)
    assert sorted(row for rows in ordered(read) for row in rows) == sorted(TOKENS[:, 0].tolist())
    assert read_batches(CLASSES, CLASSIFIER, examples=100).examples == 7


def test_parts_of_task_data_with_their_collate():
    def doubled(examples: list[dict[str, Any]]) -> dict[str, Any]:
        return {name: torch.stack([one[name] for one in examples] * 2) for name in examples[0]}

    small = ExampleDataset({"input_ids": TOKENS[:2], "labels": torch.tensor([0, 1])})
    data = TaskData(
        "toy", "sequence_classification", CLASSES, small, small, 5, "0", vocab_size=11, labels=("a", "b"),
        collate=doubled,
    )  # fmt: skip
    assert read_batches(data, CLASSIFIER).examples == 14
    assert read_batches(data, CLASSIFIER, split="test").examples == 4
    with pytest.raises(DataError, match="unknown split 'held out'"):
        read_batches(data, CLASSIFIER, split="held out")


def test_batches_as_they_come_until_there_are_enough():
    loader = DataLoader(CLASSES, batch_size=3)
    read = read_batches(loader, CLASSIFIER, examples=4)
    assert ordered(read) == [TOKENS[:3, 0].tolist(), TOKENS[3:6, 0].tolist()]
    assert ordered(read_batches(list(loader), CLASSIFIER, examples=None))[2] == TOKENS[6:, 0].tolist()
    assert read_batches(iter(loader), CLASSIFIER, examples=3).items == (3,)


LANGUAGE = torch.tensor([[1, 2, 3, 4, -100], [5, 6, -100, -100, -100]])


@pytest.mark.parametrize(
    ("build", "labels", "task", "items"),
    [
        (lambda: built(DistanceGPT), LANGUAGE, "causal_lm", 4),
        (lambda: built(DistanceSeq2Seq, is_encoder_decoder=True), LANGUAGE, "seq2seq", 6),
        (lambda: built(DistanceEncoderForTokenClassification), LANGUAGE, "token_classification", 6),
        (lambda: CLASSIFIER, torch.tensor([1, 0]), "sequence_classification", 2),
        (lambda: CLASSIFIER, torch.tensor([[0.5, 1.0], [2.0, 3.0]]), "regression", 2),
        (
            lambda: GPT2LMHeadModel(GPT2Config(n_embd=8, n_head=2, n_layer=1, vocab_size=11, n_positions=8)),
            LANGUAGE, "causal_lm", 4,
        ),
        (
            lambda: BertForMaskedLM(
                BertConfig(hidden_size=8, num_attention_heads=2, num_hidden_layers=1, vocab_size=11)
            ),
            LANGUAGE, "token_classification", 6,
        ),
    ],
)  # fmt: skip
def test_the_task_and_what_its_loss_is_a_mean_over(build, labels, task, items):
    batch = {"input_ids": TOKENS[:2], "labels": labels}
    read = read_batches([batch], build())
    assert (read.task, read.items) == (task, (items,))
    assert read_batches([batch], build(), task=task).items == (items,)


@pytest.mark.parametrize("gated", [False, True])
def test_mean_loss_over_items_not_over_batches(gated):
    model = built(DistanceGPT, initializer_range=0.3, hidden_dropout=0.5)
    batches = read_batches(
        [
            {"input_ids": TOKENS[:2], "labels": LANGUAGE},
            {"input_ids": TOKENS[2:3], "labels": TOKENS[2:3]},
            {"input_ids": TOKENS[:1], "labels": torch.full((1, 5), -100)},
        ],
        model,
    )
    assert batches.items == (4, 4)
    gates = torch.tensor([0.0, 1.0, 1.0, 0.0])
    found = batches.mean_loss(model, gates if gated else None)
    model.eval()
    if gated:
        model.set_head_mask(gates.view(2, 2))
    with torch.no_grad():
        logits = model(input_ids=TOKENS[:3]).logits
    labels = torch.cat([LANGUAGE, TOKENS[2:3]])
    expected = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
    assert found == pytest.approx(float(expected), rel=1e-5)


def test_modes_of_parts_and_gradients_are_left_alone():
    model = built(DistanceEncoderForSequenceClassification).train()
    model.dropout.eval()
    batches = read_batches(CLASSES, model)
    batches.mean_loss(model)
    assert model.training
    assert not model.dropout.training
    assert all(weight.grad is None for weight in model.parameters())
    with pytest.raises(ConfigurationError, match="gates"):
        batches.mean_loss(model, torch.ones(3))
    assert model.training
    with pytest.raises(RuntimeError, match="on purpose"), evaluating(model):
        raise RuntimeError("on purpose")
    assert model.training


def test_balancing_of_experts_is_no_part_of_the_loss():
    class Output(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.tensor(1.0))

        def forward(self, labels: torch.Tensor) -> Any:
            return SimpleNamespace(loss=self.weight * 3.0, aux_loss=self.weight * 0.5)

    model = Output()
    batch = {"labels": torch.tensor([0, 1])}
    assert summed_loss(model, batch, 2).item() == 5.0
    assert read_batches([batch], model).mean_loss(model) == 2.5


def test_a_model_without_a_loss():
    model = built(DistanceEncoderForSequenceClassification).model
    batches = LabelledBatches(({"input_ids": TOKENS},), (7,), "sequence_classification")
    with pytest.raises(OptionError, match=r"DistanceEncoder returns no loss .* input_ids; give a model"):
        batches.mean_loss(model)


class Rows(Dataset[Any]):
    def __init__(self, *rows: Any) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Any:
        return self.rows[index]


ONE = {"input_ids": TOKENS[0], "labels": torch.tensor(1)}
LONG = {"input_ids": TOKENS[:2].flatten(), "labels": torch.tensor(0)}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, "data is int; give TaskData"),
        ("wine", "data is str; give TaskData"),
        (ONE, "data is dict; give TaskData"),
        (Rows((TOKENS[0], 1)), "data is Rows; give TaskData"),
        (Rows({"input_ids": TOKENS[0]}), "data is Rows; give TaskData"),
        (Rows(), "have no example"),
        ([], "have no batch"),
        (iter(()), "have no batch"),
        ([ONE], "labels of a batch have no dimension, as in a list of examples"),
        ([(TOKENS, 1)], "a batch is tuple without a tensor of labels"),
        ([{"input_ids": TOKENS}], "a batch is dict without a tensor of labels"),
        ([{"input_ids": TOKENS, "labels": [1]}], "a batch is dict without a tensor of labels"),
        (pd.DataFrame({"labels": [1]}), "a batch is str without a tensor of labels"),
        (Rows(ONE, LONG), "cannot be stacked"),
        ([{"input_ids": TOKENS, "labels": torch.full((7, 5), -100)}], "no label of the data counts"),
    ],
)
def test_data_that_cannot_be_used(data, message):
    with pytest.raises(OptionError, match=message):
        read_batches(data, CLASSIFIER)


def test_task_data_without_labels():
    bare = ExampleDataset({"input_ids": TOKENS})
    data = TaskData("toy", "causal_lm", bare, bare, bare, 5, "0", vocab_size=11)
    with pytest.raises(OptionError, match="examples hold input_ids; labels are needed"):
        read_batches(data, CLASSIFIER)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"examples": 0}, "examples is 0; it must be a whole number of at least 1"),
        ({"examples": True}, "examples is True"),
        ({"batch_size": 1.5}, "batch_size is 1.5"),
        ({"batch_size": None}, "batch_size is None"),
        ({"task": "chess"}, "task is 'chess'; legal are 'causal_lm'"),
        ({"seed": -1}, "seed is -1"),
        ({"model": nn.ReLU()}, "model is ReLU; it must be a torch.nn.Module with parameters"),
        ({"model": None}, "model is NoneType"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(OptionError, match=message):
        read_batches(CLASSES, **{"model": CLASSIFIER, **arguments})
