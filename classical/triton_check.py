"""Whether the Triton kernels of tiles can be used on a device: a first small run beside torch decides.

Triton comes with CUDA builds of torch; it needs a C compiler on the machine when a kernel runs for the first
time.
"""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.util import find_spec

import torch

from . import tile_operations

__all__ = ["triton_hindrance"]

TOLERANCE = 1e-4


def triton_hindrance(device: torch.device) -> str:
    """Why kernels of Triton do not serve a device; found out once per device.

    Args:
        device: where the tensors are.

    Returns:
        The reason, empty if they serve.

    Example:
        >>> triton_hindrance(torch.device("cpu"))
        'they are for CUDA devices'
    """
    if device.type != "cuda":
        return "they are for CUDA devices"
    return _first_run(torch.cuda.current_device() if device.index is None else device.index)


@cache
def _first_run(number: int) -> str:
    if find_spec("triton") is None:
        return "Triton is not installed"
    if torch.version.hip is not None:
        return "they are written and tested for CUDA alone"
    try:
        from triton.compiler.errors import CompilationError
    except ImportError as error:
        return f"Triton cannot be loaded: {error}"
    try:
        difference = max(_difference(number, metric, p) for metric, p in (("l1", None), ("lp", 3.0)))
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError, CompilationError) as error:
        return f"the first run of a kernel failed: {error}"
    if not difference < TOLERANCE:
        return f"a first run differs from torch by {difference:.1e}, more than {TOLERANCE:.0e}"
    return ""


def _difference(number: int, metric: str, p: float | None) -> float:
    """Largest difference of distances and gradients of some fixed vectors."""
    from . import triton_tiles

    device = torch.device("cuda", number)
    query, key = (
        torch.linspace(-2.0, last, 35 * 5, device=device).sin().view(1, 35, 5) for last in (3.0, 5.0)
    )
    grad = torch.linspace(-1.0, 1.0, 35 * 35, device=device).view(1, 35, 35)
    found = []
    for room in (tile_operations, triton_tiles):
        distances = room.tile_distances(query, key, metric, p)
        grads = torch.zeros_like(query), torch.zeros_like(key)
        room.tile_backward(grad, distances, query, key, metric, p, *grads)
        found.append(torch.cat([part.flatten() for part in (distances, *grads)]))
    return float((found[0] - found[1]).abs().max())
