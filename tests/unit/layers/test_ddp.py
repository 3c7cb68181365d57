"""Layers in other processes: distributed training on two CPU processes, and workers of a DataLoader.

Processes are spawned: Aer's threads do not survive a fork. Each takes one Aer thread.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
import torch.distributed
import torch.multiprocessing
from torch.utils.data import DataLoader, Dataset

from hybrid_opt.layers import QNNLayer

ROWS = torch.linspace(-1, 1, 16).reshape(8, 2)


def make_model() -> torch.nn.Module:
    torch.manual_seed(0)
    layer = QNNLayer(2, 2, threads=1, seed=1)
    return torch.nn.Sequential(torch.nn.Linear(2, 2), layer, torch.nn.Linear(2, 1)).double()


def loss_of(model: torch.nn.Module, rows: torch.Tensor) -> torch.Tensor:
    return model(rows.double()).square().mean()


def train_on_half(rank: int, folder: str) -> None:
    """One of two processes: its half of the batch, gradients averaged with the other's."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=Path(folder, "meeting").as_uri(), rank=rank, world_size=2
    )
    model = torch.nn.parallel.DistributedDataParallel(make_model())
    loss_of(model, ROWS[rank::2]).backward()
    torch.save([parameter.grad for parameter in model.parameters()], Path(folder, f"gradients{rank}"))
    # At its end torch's reducer holds the interpreter's lock while it waits for a thread of gloo, which may
    # be waiting for that lock (seen with torch 2.13): the process ends without it.
    os._exit(0)


@pytest.mark.skipif(
    not torch.distributed.is_available(), reason="this build of torch has no distributed part"
)
def test_gradients_of_two_processes_are_those_of_one(tmp_path, monkeypatch, root):
    # The children import this file by its name, and hybrid_opt from the checkout.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]))
    torch.multiprocessing.start_processes(
        train_on_half, args=(str(tmp_path),), nprocs=2, daemon=True, start_method="spawn"
    )
    model = make_model()
    loss_of(model, ROWS).backward()
    expected = [parameter.grad for parameter in model.parameters()]
    for rank in range(2):
        for ours, one in zip(torch.load(tmp_path / f"gradients{rank}"), expected, strict=True):
            torch.testing.assert_close(ours, one, rtol=0, atol=1e-12)


class Encoded(Dataset):
    """Samples sent through a layer in the process that loads them."""

    def __init__(self, layer: QNNLayer) -> None:
        self.layer = layer.eval()

    def __len__(self) -> int:
        return len(ROWS)

    def __getitem__(self, number: int) -> torch.Tensor:
        with torch.no_grad():
            return self.layer(ROWS[number])


def test_a_layer_in_spawned_workers_of_a_data_loader(monkeypatch, root):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]))
    layer = QNNLayer(2, 2, threads=1, seed=1)
    layer(ROWS)  # a layer that has been used is sent, too
    loader = DataLoader(Encoded(layer), batch_size=4, num_workers=1, multiprocessing_context="spawn")
    batches = list(loader)
    torch.testing.assert_close(torch.cat(batches), layer(ROWS).detach())
