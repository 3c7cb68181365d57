"""What torch layers made of a circuit have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from ..circuits.errors import CircuitError
from .circuit_function import circuit_values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..circuits.evaluation import Evaluator
    from .execution import Execution

__all__ = ["CircuitLayer", "Local", "on_host", "plain_torch"]


class Local:
    """Holds what belongs to this object in this process: copies and pickles of it are empty.

    Example:
        >>> from copy import deepcopy
        >>> held = Local()
        >>> held.value = 3
        >>> held.value, deepcopy(held).value
        (3, None)
    """

    def __init__(self) -> None:
        self.value: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Local, ()


@contextmanager
def plain_torch() -> Iterator[None]:
    """Torch as it is outside of every context: on the host, recording derivatives.

    Circuits are read by automatic differentiation, and the first forward pass may come under
    ``torch.no_grad()``, ``torch.inference_mode()`` or ``torch.device("meta")``.

    Example:
        >>> with torch.no_grad(), plain_torch():
        ...     torch.zeros(1, requires_grad=True).sin().requires_grad
        True
    """
    with torch.inference_mode(False), torch.enable_grad(), torch.device("cpu"):
        yield


class CircuitLayer(torch.nn.Module):
    """Base of the layers; `QNNLayer` and `QNodeLayer` are made by users, this is not.

    Attributes:
        seed: of initial weights, samples and random directions.
    """

    _execution: Execution
    seed: int

    @property
    def label(self) -> str:
        """Name of the simulator for tables, such as ``Aer statevector (CPU)``."""
        return str(self._execution.open(exact=False).label)

    @property
    def shots(self) -> int | None:
        """Samples per execution and measurement basis in training; None for exact values."""
        return self._execution.shots

    @property
    def gradient(self) -> str:
        """How gradients are computed in training: "auto", "adjoint", "parameter_shift" or "spsa"."""
        return self._execution.gradient

    def _describe_execution(self) -> str:
        execution = self._execution
        parts = [f"simulator={self.label!r}", f"shots={execution.shots}", f"gradient={execution.gradient!r}"]
        if execution.noisy():
            parts.append(f"exact_evaluation={execution.exact_evaluation}")
        return ", ".join(parts)

    def _run(
        self,
        evaluator: Evaluator,
        table: torch.Tensor,
        initial: torch.Tensor | None,
        rows: torch.Tensor,
        wanted: NDArray[np.bool_] | None = None,
    ) -> torch.Tensor:
        """Values of every row, shape (B, O); one run of the simulator."""
        try:
            return circuit_values(evaluator, table, initial, wanted=wanted)
        except CircuitError:
            self._explain(rows)
            raise

    def _explain(self, rows: torch.Tensor) -> None:
        """Say so if the reason for an error is a number that diverged or was never loaded."""
        wrong = (~torch.isfinite(rows)).nonzero()
        if len(wrong):
            row, feature = wrong[0].tolist()
            raise CircuitError(
                f"feature {feature} of row {row} of the inputs is {rows[row, feature].item()}; inputs must "
                "be finite numbers"
            )
        for name, parameter in self.named_parameters():
            if not torch.isfinite(parameter).all():
                raise CircuitError(
                    f"parameter {name!r} holds a NaN or infinite value: training diverged, or it was never "
                    "loaded; lower the learning rate, clip gradients, or call reset_parameters()"
                )


def on_host(parameter: torch.Tensor, name: str) -> torch.Tensor:
    """A parameter as float64 on the host.

    Args:
        parameter: on any device.
        name: for messages.

    Returns:
        Differentiable, the same shape.

    Raises:
        CircuitError: a parameter on the meta device, which has no values.

    Example:
        >>> on_host(torch.ones(2), "weights").dtype
        torch.float64
    """
    if parameter.is_meta:
        raise CircuitError(
            f"parameter {name!r} is on the meta device and has no values; load a state_dict with "
            "assign=True, or call to_empty() and reset_parameters()"
        )
    return parameter.to("cpu", torch.float64)
