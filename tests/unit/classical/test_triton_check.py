"""Whether kernels of Triton serve a device: reasons, once per device, beside torch."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
import torch

from hybrid_opt.classical import tile_operations, triton_check
from hybrid_opt.classical.attention_function import explain_backend
from hybrid_opt.classical.triton_check import triton_hindrance


class CompilationError(Exception):
    """What Triton raises for code that it cannot compile."""


@pytest.fixture
def pretended(monkeypatch):
    """Torch in place of Triton, and the CPU in place of a CUDA device."""
    kernels = ModuleType("hybrid_opt.classical.triton_tiles")
    kernels.tile_distances = tile_operations.tile_distances
    kernels.tile_backward = tile_operations.tile_backward
    monkeypatch.setitem(sys.modules, kernels.__name__, kernels)
    monkeypatch.setattr("hybrid_opt.classical.triton_tiles", kernels, raising=False)
    for name in ("triton", "triton.compiler", "triton.compiler.errors"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["triton.compiler.errors"].CompilationError = CompilationError
    monkeypatch.setattr(triton_check, "find_spec", lambda name: name)
    monkeypatch.setattr(triton_check.torch, "device", lambda *place: torch.empty(0).device)
    triton_check._first_run.cache_clear()
    yield kernels
    triton_check._first_run.cache_clear()


def test_a_first_run_that_equals_torch(pretended):
    assert triton_check._first_run(0) == ""
    pretended.tile_distances = None  # found out once
    assert triton_check._first_run(0) == ""


@pytest.mark.parametrize("metric", ["l1", "lp"])
def test_a_first_run_that_differs(pretended, metric):
    def wrong(query, key, name, p):
        return tile_operations.tile_distances(query, key, name, p) + (0.01 if name == metric else 0.0)

    pretended.tile_distances = wrong
    assert triton_check._first_run(0).startswith("a first run differs from torch by ")


def test_not_a_number_is_no_agreement(pretended):
    pretended.tile_distances = lambda *given: tile_operations.tile_distances(*given) * float("nan")
    assert "differs from torch by nan" in triton_check._first_run(0)


@pytest.mark.parametrize("kind", [RuntimeError, OSError, CompilationError])
def test_a_first_run_that_fails(pretended, kind):
    def broken(*given):
        raise kind("Failed to find C compiler")

    pretended.tile_backward = broken
    assert triton_check._first_run(0) == "the first run of a kernel failed: Failed to find C compiler"


def test_without_triton(monkeypatch, pretended):
    monkeypatch.setattr(triton_check, "find_spec", lambda name: None)
    assert triton_check._first_run(0) == "Triton is not installed"


def test_triton_that_cannot_be_loaded(monkeypatch, pretended):
    monkeypatch.setitem(sys.modules, "triton.compiler.errors", None)
    assert triton_check._first_run(0).startswith("Triton cannot be loaded: ")


def test_other_devices():
    assert triton_hindrance(torch.device("cpu")) == "they are for CUDA devices"
    assert triton_hindrance(torch.device("meta")) == "they are for CUDA devices"


@pytest.mark.parametrize(
    ("hindrance", "name", "reason"),
    [
        ("", "kernel", "distances by Triton kernels"),
        ("no compiler", "tiled", "(no Triton kernels: no compiler)"),
    ],
)
def test_the_reason_is_told(monkeypatch, hindrance, name, reason):
    monkeypatch.setattr("hybrid_opt.classical.backend_choice.triton_hindrance", lambda device: hindrance)
    tokens = torch.zeros(1, 1, 300, 16, device="meta")
    choice = explain_backend(tokens, tokens, tokens, "l1")
    assert choice.name == name
    assert reason in choice.reason
