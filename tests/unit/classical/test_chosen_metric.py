"""Reading what a choice of metrics answers, and what it is asked to choose among."""

import pytest
import torch

from hybrid_opt.classical.chosen_metric import chosen_metrics, read_candidates, read_start
from hybrid_opt.classical.errors import ComponentError


def test_the_most_likely_metric_of_each_layer_the_first_of_equals():
    probabilities = torch.tensor([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]], requires_grad=True)
    choices = chosen_metrics(probabilities, 2, 3, learning=True)
    assert [choice.number for choice in choices] == [1, 0]
    torch.stack([choice.probabilities for choice in choices])[1].sum().backward()
    assert probabilities.grad.tolist() == [[0.0] * 3, [1.0] * 3]


@pytest.mark.parametrize(("learning", "gradient"), [(False, True), (True, False)])
def test_probabilities_are_told_only_where_they_are_learned(learning, gradient):
    probabilities = torch.eye(2).requires_grad_(gradient)
    choices = chosen_metrics(probabilities, 2, 2, learning=learning)
    assert all(choice.probabilities is None for choice in choices)


def test_without_numbers_the_first_is_taken():
    choices = chosen_metrics(torch.empty(3, 2, device="meta"), 3, 2, learning=True)
    assert [choice.number for choice in choices] == [0, 0, 0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "NoneType"),
        (torch.ones(2, 3), r"shape \(2, 3\)"),
        (torch.ones(4), r"shape \(4,\)"),
        (torch.ones(2, 2, dtype=torch.long), "int64"),
        (torch.tensor([[0.5, 0.5], [float("nan"), 0.5]]), "must be finite"),
    ],
)
def test_illegal_answers(answer, said):
    with pytest.raises(ComponentError, match=said):
        chosen_metrics(answer, 2, 2, learning=True)


@pytest.mark.parametrize(
    "metrics", [None, "l1", [], ["l1"], ["l1", "l1"], ["l1", "manhattan"], ["l1", 2], [["l1", "l2"]]]
)
def test_illegal_candidates(metrics):
    with pytest.raises(ComponentError, match="metrics of the part is a list of at least two"):
        read_candidates("the part", {"metrics": metrics})


def test_candidates_keep_their_order():
    assert read_candidates("the part", {"metrics": ("dot", "l1", "lp")}) == ("dot", "l1", "lp")


@pytest.mark.parametrize("start", [None, "l1", ["l1"], ["l1", "dot"], ["l1", ["l2", "l2"]]])
def test_illegal_starts(start):
    with pytest.raises(ComponentError, match="the part chooses for 2 layers among l1, l2"):
        read_start("the part", ("l1", "l2"), 2, start)
