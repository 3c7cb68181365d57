"""Which path computes attention, and why.

Shapes: B batch, H heads, T query tokens, S key tokens, D head width.
"""

from __future__ import annotations

from dataclasses import dataclass

from .attention_inputs import AttentionInputs
from .errors import AttentionError

__all__ = ["BACKENDS", "BackendChoice", "check_backend", "choose_backend"]

BACKENDS = ("auto", "sdpa", "tiled", "kernel", "dense")
"""Every name that ``backend`` takes."""


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

    Example:
        >>> check_backend("dense")
        'dense'
    """
    return BackendChoice("dense", f"{metric}: the only path yet")
