"""How often circuits inside a model run while it trains, how long, and on what.

Shapes: B rows of a layer's input.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch
from torch import nn

from ..layers.circuit_layer import CircuitLayer

__all__ = ["CircuitUse", "circuit_label", "watch_circuits"]


@dataclass
class CircuitUse:
    """What circuits did.

    Attributes:
        calls: forward passes of circuit layers.
        runs: circuits in them: one for each row, and one for each landmark of a kernel. Backward sweeps, and
            the minimization inside each forward pass of a VQE layer, come on top and are not counted.
        seconds: of the forward passes.
        label: simulator, qubits, depth and shots of the first layer; empty where there is none.
    """

    calls: int = 0
    runs: int = 0
    seconds: float = 0.0
    label: str = ""


@contextmanager
def watch_circuits(model: nn.Module) -> Iterator[CircuitUse]:
    """Count what the circuit layers of a model do inside the block.

    Args:
        model: any torch model.

    Yields:
        The counts so far.

    Example:
        >>> from hybrid_opt.layers import QNNLayer
        >>> layer = QNNLayer(2, 1, simulator="native", seed=1)
        >>> with watch_circuits(layer) as use:
        ...     _ = layer(torch.zeros(5, 2))
        >>> use.calls, use.runs
        (1, 5)
    """
    use = CircuitUse()
    begun: dict[int, float] = {}
    layers = [part for part in model.modules() if isinstance(part, CircuitLayer)]

    def before(layer: nn.Module, inputs: Any) -> None:
        begun[id(layer)] = perf_counter()

    def after(layer: Any, inputs: Any, output: Any) -> None:
        use.seconds += perf_counter() - begun.pop(id(layer), perf_counter())
        use.calls += 1
        first = inputs[0] if inputs else None
        rows = first.reshape(-1, first.shape[-1]).shape[0] if isinstance(first, torch.Tensor) else 1
        landmarks = getattr(layer, "landmarks", None)
        use.runs += rows + (len(landmarks) if isinstance(landmarks, torch.Tensor) else 0)

    handles: list[Any] = []
    for layer in layers:
        handles += [layer.register_forward_pre_hook(before), layer.register_forward_hook(after)]
    if layers:
        use.label = circuit_label(layers[0])
    try:
        yield use
    finally:
        for handle in handles:
            handle.remove()


def circuit_label(layer: Any) -> str:
    """Simulator, qubits, depth and shots of a circuit layer.

    Args:
        layer: of ``hybrid_opt.layers``.

    Returns:
        The words; a depth that the layer does not know is left out.
    """
    facts = layer.resources() if hasattr(layer, "resources") else {}
    qubits = facts.get("qubits", getattr(layer, "n_qubits", None))
    words = [f"{layer.label}: {qubits} qubits" if qubits is not None else str(layer.label)]
    if "depth" in facts:
        words.append(f"depth {facts['depth']}")
    words.append("exact values" if layer.shots is None else f"{layer.shots:,} shots")
    return ", ".join(words)
