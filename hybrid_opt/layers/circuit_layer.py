"""What torch layers made of a circuit have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from ..circuits.errors import CircuitError
from .inputs import refuse_transforms

if TYPE_CHECKING:
    from .execution import Execution

__all__ = ["CircuitLayer", "Local", "plain_torch"]


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

    def _set(self, name: str, values: torch.Tensor) -> None:
        """Give a parameter values; through its parametrization where it has one."""
        with torch.no_grad():
            if torch.nn.utils.parametrize.is_parametrized(self, name):
                current = getattr(self, name)
                setattr(self, name, values.to(current.device, current.dtype))
            else:
                getattr(self, name).copy_(values)

    def _describe_execution(self) -> str:
        execution = self._execution
        parts = [f"simulator={self.label!r}", f"shots={execution.shots}", f"gradient={self.gradient!r}"]
        if execution.noisy():
            parts.append(f"exact_evaluation={execution.exact_evaluation}")
        return ", ".join(parts)

    def _check_parameters(self) -> None:
        """Refuse parameters that are not finite."""
        for name, parameter in self.named_parameters():
            if not parameter.is_meta and not torch.isfinite(parameter).all():
                raise CircuitError(
                    f"parameter {name!r} holds a NaN or infinite value: training diverged, or it was never "
                    "loaded; lower the learning rate, clip gradients, or call reset_parameters()"
                )

    def _on_host(self, parameter: torch.Tensor, name: str) -> torch.Tensor:
        """A parameter as float64 on the host, differentiable."""
        if parameter.is_meta:
            raise CircuitError(
                f"parameter {name!r} is on the meta device and has no values; load a state_dict with "
                "assign=True, or call to_empty() and reset_parameters()"
            )
        refuse_transforms(parameter, type(self).__name__)
        return parameter.to("cpu", torch.float64)
