"""What a monitor holds for one output of one module: a running total, the open step, and silent units.

Shapes: U units (entries of the axis that holds the features).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from .running_statistics import RunningStatistics, silent_units

__all__ = ["ModuleStream", "floating_outputs"]


def floating_outputs(output: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """The floating-point tensors in what a module returned.

    Args:
        output: a tensor, or tensors in tuples, lists and mappings (such as the outputs of transformers),
            nested in any way. Everything else, integer tensors included, is passed over.
        path: where this output stands in a larger one.

    Yields:
        Path, such as ``""``, ``"0"``, ``"logits"`` or ``"hidden_states.2"``, and tensor.

    Example:
        >>> found = floating_outputs((torch.zeros(2), {"ids": torch.tensor([1]), "loss": torch.ones(())}))
        >>> [(path, tuple(tensor.shape)) for path, tensor in found]
        [('0', (2,)), ('1.loss', ())]
    """
    if isinstance(output, Tensor):
        if output.is_nested:
            output = torch.cat([part.reshape(-1) for part in output.unbind()])
        if output.is_floating_point() and output.layout == torch.strided and not output.is_meta:
            yield path, output
        return
    if isinstance(output, Mapping):
        parts: Any = output.items()
    elif isinstance(output, tuple | list):
        parts = enumerate(output)
    else:
        return
    for key, part in parts:
        yield from floating_outputs(part, f"{path}.{key}" if path else str(key))


@dataclass
class ModuleStream:
    """Statistics of one output of one module, or of its gradient.

    Attributes:
        module: name of the module.
        module_type: name of its class.
        output: path of the output in what the module returns.
        quantity: ``"activation"`` or ``"gradient"``.
        unit_axis: the axis of the units.
        total: over all closed steps.
        current: over the open step.
        steps: closed steps in which it was seen.
        silent_for: steps in a row in which a unit was silent, (U,); None before the first.
    """

    module: str
    module_type: str
    output: str
    quantity: str
    unit_axis: int
    total: RunningStatistics = field(default_factory=RunningStatistics)
    current: RunningStatistics = field(default_factory=RunningStatistics)
    steps: int = 0
    silent_for: Tensor | None = None
    _silent_now: Tensor | None = None

    def add(self, values: Tensor) -> None:
        """Add a tensor to the open step.

        Args:
            values: floating-point tensor of any shape.
        """
        before = self.current.zeros
        first = self.current.count == 0
        self.current.update(values)
        if self.quantity != "activation" or values.ndim < 2 or not values.numel():
            return
        axis = self.unit_axis if -values.ndim <= self.unit_axis < values.ndim else -1
        if self.current.zeros == before:  # no zero, so no unit can be silent, and nothing need be searched
            silent = torch.zeros(values.shape[axis], dtype=torch.bool, device=values.device)
        else:
            silent = silent_units(values, axis)
        known = None if first else self._silent_now
        fits = known is not None and known.shape == silent.shape
        self._silent_now = known & silent if fits and known is not None else silent

    def silence(self) -> Tensor | None:
        """Steps in a row in which each unit was silent, the open step included.

        Returns:
            Whole numbers (U,), or None where units are not known.
        """
        if self.current.count == 0 or self._silent_now is None:
            return self.silent_for
        before = self.silent_for
        if before is None or before.shape != self._silent_now.shape:
            before = torch.zeros_like(self._silent_now, dtype=torch.int64)
        return torch.where(self._silent_now, before + 1, 0)

    def silent_share(self, steps: int) -> float:
        """Share of the units that have been silent for some steps in a row.

        Args:
            steps: how many.

        Returns:
            The share; 0 where units are not known.
        """
        silence = self.silence()
        return 0.0 if silence is None else float((silence >= steps).float().mean())

    def so_far(self) -> tuple[RunningStatistics, int]:
        """The total with the open step.

        Returns:
            Statistics, and the number of steps in them.
        """
        merged = copy(self.total)
        merged.merge(self.current)
        return merged, self.steps + (self.current.count > 0)

    def close_step(self) -> None:
        """Put the open step into the total."""
        if self.current.count == 0:
            return
        self.silent_for = self.silence()
        self.total, self.steps = self.so_far()
        self.current, self._silent_now = RunningStatistics(), None
