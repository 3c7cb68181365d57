"""Which path computes attention, and why.

Shapes: B batch, H heads, T query tokens, S key tokens, D head width.
"""

from __future__ import annotations

from dataclasses import dataclass

from .attention_inputs import AttentionInputs
from .errors import AttentionError
from .metrics import INNER_PRODUCT_METRICS
from .triton_check import triton_hindrance

__all__ = ["BACKENDS", "BackendChoice", "check_backend", "choose_backend"]

BACKENDS = ("auto", "sdpa", "tiled", "kernel", "dense")
"""Every name that ``backend`` takes."""

KERNEL_METRICS = ("l1", "lp", "chebyshev")
"""Metrics that compiled kernels compute: by numba on the CPU, by Triton on CUDA."""

SMALL = 2**15
"""Numbers of a dense computation below which it is faster than anything with a plan."""


@dataclass(frozen=True)
class BackendChoice:
    """The path that a call takes.

    Attributes:
        name: ``"sdpa"``, ``"tiled"``, ``"kernel"``, ``"dense"``, or several joined by ``"+"`` where heads
            differ.
        reason: why, in one sentence per metric.
    """

    name: str
    reason: str


def check_backend(backend: object) -> str:
    """The name of a backend, checked.

    Args:
        backend: what a user gave.

    Returns:
        The same.

    Raises:
        AttentionError: if it is none of ``BACKENDS``.

    Example:
        >>> check_backend("auto")
        'auto'
    """
    if not isinstance(backend, str) or backend not in BACKENDS:
        raise AttentionError(f"backend {backend!r} is unknown; choose one of {', '.join(BACKENDS)}")
    return backend


def choose_backend(metric: str, inputs: AttentionInputs, backend: str) -> BackendChoice:
    """The path of the heads of one metric.

    Args:
        metric: their metric.
        inputs: the checked arguments of the call.
        backend: what the user asked for.

    Returns:
        The choice.

    Raises:
        AttentionError: the asked-for path cannot compute this.

    Example:
        >>> check_backend("dense")
        'dense'
    """
    hindrance = _sdpa_hindrance(metric, inputs)
    device = inputs.query.device
    on_cpu = device.type == "cpu"
    if backend == "sdpa" and hindrance:
        raise AttentionError(f'backend "sdpa" cannot serve {metric} here: {hindrance}; take "auto"')
    if backend == "kernel":
        if metric not in KERNEL_METRICS:
            raise AttentionError(
                f'backend "kernel" computes {", ".join(KERNEL_METRICS)}, not {metric}; take "auto"'
            )
        if not on_cpu and (lacking := triton_hindrance(device)):
            raise AttentionError(f'backend "kernel" cannot serve {device}: {lacking}; take "auto"')
    if backend != "auto":
        return BackendChoice(backend, f"{metric}: asked for")
    sight = inputs.visibility
    width = inputs.query.shape[-1] if metric not in ("dot", "cosine") else 1
    if inputs.query.shape[0] * inputs.query.shape[1] * sight.queries * sight.keys * width <= SMALL:
        return BackendChoice("dense", f"{metric}: so few pairs that tiles cost more than they save")
    if not hindrance:
        reason = f"{metric}: reduces to an inner product, which torch fuses in linear memory"
        return BackendChoice("sdpa", reason)
    why = f" ({hindrance})" if metric in INNER_PRODUCT_METRICS else ""
    if metric in KERNEL_METRICS:
        if on_cpu:
            return BackendChoice("kernel", f"{metric}: tiles in linear memory, distances by compiled loops")
        lacking = triton_hindrance(device)
        if not lacking:
            return BackendChoice("kernel", f"{metric}: tiles in linear memory, distances by Triton kernels")
        why = f" (no Triton kernels: {lacking})"
    return BackendChoice("tiled", f"{metric}: tiles in linear memory, distances by torch{why}")


def _sdpa_hindrance(metric: str, inputs: AttentionInputs) -> str:
    """Why torch's fused function would be wrong, or would make a T x S array; empty if it would not."""
    sight = inputs.visibility
    if metric not in INNER_PRODUCT_METRICS:
        return "it is no inner product"
    if inputs.dropout and inputs.query.device.type == "cpu":
        return "with dropout it makes a T x S array on the CPU"
    if inputs.dropout and inputs.seed is not None:
        return "its dropout takes no seed"
    if sight.window_matters:
        return "a window needs a T x S mask there"
    if sight.mask is not None:
        return "with a mask, rows that see nothing and memory are in question"
    if sight.order_matters and sight.queries != sight.keys:
        return "its causal order aligns queries and keys at the first token"
    return ""
