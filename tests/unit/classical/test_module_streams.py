"""Tensors found in any output, steps that open and close, and units that stay silent or wake up."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch

from hybrid_opt.classical.module_streams import ModuleStream, floating_outputs


def test_tensors_are_found_in_nested_outputs_and_integers_are_not():
    output = OrderedDict(
        loss=torch.ones(()), logits=torch.ones(2), ids=torch.tensor([1]), layers=(torch.ones(3), None), n=4
    )
    assert [path for path, _ in floating_outputs(output)] == ["loss", "logits", "layers.0"]
    assert [path for path, _ in floating_outputs(torch.ones(1))] == [""]
    assert list(floating_outputs(None)) == []


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
def test_nested_tensors_are_laid_flat():
    nested = torch.nested.nested_tensor([torch.ones(2, 3), torch.zeros(1, 3)])
    ((_, tensor),) = floating_outputs(nested)
    assert tensor.tolist() == [1.0] * 6 + [0.0] * 3


def test_sparse_and_meta_tensors_are_passed_over():
    assert list(floating_outputs((torch.eye(2).to_sparse(), torch.ones(2, device="meta")))) == []


def stream(quantity: str = "activation", axis: int = -1) -> ModuleStream:
    return ModuleStream("a", "Linear", "", quantity, axis)


def test_units_silent_for_some_steps():
    watched = stream()
    for step in range(4):
        values = torch.ones(5, 4)
        values[:, 0] = 0
        values[:, 1] = 0 if step != 1 else 1
        watched.add(values)
        watched.close_step()
    assert watched.silent_for is not None
    assert watched.silent_for.tolist() == [4, 2, 0, 0]
    assert (watched.silent_share(2), watched.silent_share(3), watched.silent_share(5)) == (0.5, 0.25, 0.0)
    assert (watched.steps, watched.total.count) == (4, 80)


def test_a_unit_that_works_in_one_of_two_calls_of_a_step_is_alive():
    watched = stream()
    watched.add(torch.tensor([[0.0, 3.0]]))
    watched.add(torch.tensor([[0.0, 0.0]]))
    assert watched.silent_share(1) == 0.5
    assert watched.so_far()[0].count == 4
    assert watched.so_far()[1] == 1
    assert watched.steps == 0


def test_units_of_images_lie_on_axis_one():
    images = torch.zeros(2, 2, 3, 3)
    images[:, 1] = 1
    watched = stream(axis=1)
    watched.add(images)
    assert watched.silence().tolist() == [1, 0]


def test_a_changed_number_of_units_begins_anew():
    watched = stream()
    watched.add(torch.zeros(2, 3))
    watched.close_step()
    watched.add(torch.zeros(2, 5))
    assert watched.silence().tolist() == [1] * 5


@pytest.mark.parametrize("values", [torch.zeros(4), torch.zeros(()), torch.zeros(0, 3)])
def test_no_units_in_vectors_and_empty_tensors(values: torch.Tensor):
    watched = stream()
    watched.add(values)
    assert watched.silent_share(1) == 0.0


def test_gradients_have_no_silent_units():
    watched = stream("gradient")
    watched.add(torch.zeros(2, 3))
    assert watched.silence() is None
