"""What every layer does with its inputs: checks, rows in double precision on the host, and the way back.

Circuits are computed in float64 on the host (Aer's GPU included, which takes its angles from there), whatever
the module's and the input's precision. Outputs have the input's dtype and device, as PennyLane's and most of
torch's own layers have; under autocast that is the dtype of the layer before.
"""

from __future__ import annotations

from math import prod

import torch
from torch._subclasses.fake_tensor import FakeTensor

from ..circuits.errors import CircuitError

__all__ = ["as_rows", "check_coefficients", "check_inputs", "like_inputs", "refuse_transforms"]


def refuse_transforms(tensor: torch.Tensor, layer: str) -> None:
    """Refuse a tensor inside a transform of ``torch.func``, which has no values to run a circuit with.

    Args:
        tensor: input or parameter.
        layer: its name, for messages.

    Raises:
        CircuitError: inside ``torch.func.grad``, ``vmap``, ``jacrev`` and the like.

    Example:
        >>> refuse_transforms(torch.zeros(1), "QNNLayer")
    """
    # Torch offers no public question for it; without this a run ends in "tensor without storage".
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        raise CircuitError(
            f"{layer} is used inside a transform of torch.func (grad, vmap, jacrev, ...), which it does not "
            "support; use torch.autograd.grad or torch.autograd.functional.jacobian, and batches for vmap"
        )


def check_inputs(inputs: torch.Tensor, n_inputs: int | None, layer: str, name: str = "inputs") -> None:
    """Refuse inputs that a layer cannot take.

    Args:
        inputs: what was handed to ``forward``.
        n_inputs: features of one sample, or None where any number will do.
        layer: its name, for messages.
        name: of the tensor, for messages, in the plural.

    Raises:
        CircuitError: no tensor; a sparse one, or one without values (``torch.export``); integers, booleans or
            complex numbers; a wrong last axis; a transform of ``torch.func``.

    Example:
        >>> check_inputs(torch.zeros(5, 3), 3, "QNNLayer")
        >>> check_inputs(torch.zeros(5, 3, dtype=torch.int64), 3, "QNNLayer")
        Traceback (most recent call last):
        ...
        hybrid_opt.circuits.errors.CircuitError: inputs of QNNLayer have dtype torch.int64; ...
    """
    if not isinstance(inputs, torch.Tensor):
        raise CircuitError(
            f"{name} of {layer} are {type(inputs).__name__}; they must be a torch tensor: use torch.as_tensor"
        )
    refuse_transforms(inputs, layer)
    if inputs.layout != torch.strided:
        raise CircuitError(
            f"{name} of {layer} have the layout {inputs.layout}; they must be dense: use to_dense()"
        )
    if isinstance(inputs, FakeTensor):
        raise CircuitError(
            f"{layer} cannot be exported or traced without values: its circuit runs outside of torch. Export "
            "the parts of the model before and behind it"
        )
    if not inputs.is_floating_point():
        raise CircuitError(
            f"{name} of {layer} have dtype {inputs.dtype}; they must be real floating point numbers, because "
            "outputs have the dtype of the inputs: use float()"
        )
    wanted = "number of features" if n_inputs is None else str(n_inputs)
    if inputs.ndim == 0 or (n_inputs is not None and inputs.shape[-1] != n_inputs):
        raise CircuitError(
            f"{name} of {layer} have shape {tuple(inputs.shape)}; it must be (..., {wanted}), with any "
            "number of leading axes"
        )


def check_coefficients(
    linear: torch.Tensor, quadratic: torch.Tensor | None, n_variables: int, n_pairs: int, layer: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Coefficients of binary problems, checked and of equal leading axes, dtype and device.

    Args:
        linear: shape (..., N).
        quadratic: shape (..., K), or None where K is 0.
        n_variables: N.
        n_pairs: K.
        layer: its name, for messages.

    Returns:
        Both, broadcast.

    Raises:
        CircuitError: as in `check_inputs`, leading axes or devices that do not go together, or values that
            are not finite.

    Example:
        >>> one, other = check_coefficients(torch.zeros(5, 3), torch.zeros(2), 3, 2, "QAOALayer")
        >>> other.shape
        torch.Size([5, 2])
    """
    check_inputs(linear, n_variables, layer, "linear coefficients")
    if quadratic is None and not n_pairs:
        quadratic = linear.new_zeros(0)
    if quadratic is None:
        raise CircuitError(f"quadratic coefficients of {layer} are missing; the layer has {n_pairs} pairs")
    check_inputs(quadratic, n_pairs, layer, "quadratic coefficients")
    if linear.device != quadratic.device:
        raise CircuitError(
            f"linear coefficients of {layer} are on {linear.device}, quadratic ones on {quadratic.device}; "
            "move them to one device"
        )
    try:
        leading = torch.broadcast_shapes(linear.shape[:-1], quadratic.shape[:-1])  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise CircuitError(
            f"linear coefficients of {layer} have shape {tuple(linear.shape)}, quadratic ones "
            f"{tuple(quadratic.shape)}; all axes but the last must be equal, or 1, or missing"
        ) from error
    for name, values in (("linear", linear), ("quadratic", quadratic)):
        if not values.is_meta and not torch.isfinite(values).all():
            place = (~torch.isfinite(values)).nonzero()[0].tolist()
            raise CircuitError(
                f"{name} coefficients of {layer}: the one at {place} is {values[tuple(place)].item()}; all "
                "must be finite"
            )
    dtype = torch.promote_types(linear.dtype, quadratic.dtype)
    return linear.to(dtype).expand(*leading, -1), quadratic.to(dtype).expand(*leading, -1)


def as_rows(inputs: torch.Tensor) -> torch.Tensor:
    """Checked inputs as rows of float64 on the host.

    Args:
        inputs: shape (..., F).

    Returns:
        Shape (B, F), differentiable.

    Example:
        >>> as_rows(torch.zeros(2, 3, 4)).shape
        torch.Size([6, 4])
    """
    return inputs.reshape(prod(inputs.shape[:-1]), inputs.shape[-1]).to("cpu", torch.float64)


def like_inputs(values: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
    """Values of rows in the inputs' leading shape, dtype and device.

    Args:
        values: float64, shape (B, ...).
        inputs: shape (..., F).

    Returns:
        Shape (leading axes of the inputs..., remaining axes of the values...).

    Example:
        >>> like_inputs(torch.zeros(6, 5, dtype=torch.float64), torch.zeros(2, 3, 4)).shape
        torch.Size([2, 3, 5])
    """
    return values.to(inputs.device, inputs.dtype).reshape((*inputs.shape[:-1], *values.shape[1:]))
