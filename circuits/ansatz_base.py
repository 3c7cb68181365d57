"""What a circuit asks of an ansatz, and what the ansatz classes share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError

__all__ = ["Ansatz", "LayeredAnsatz", "identity_blocks"]


@runtime_checkable
class Ansatz(Protocol):
    """What a circuit asks of an ansatz.

    Attributes:
        name: for messages and tables.
    """

    name: ClassVar[str]

    def weight_shape(self, n_layers: int, n_qubits: int) -> tuple[int, ...]:
        """Shape of the weights; the first axis is the layer."""
        ...

    def layer(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        """PennyLane operations of layer ``number`` from 0, weights of shape ``(..., *weight_shape[1:])``."""
        ...

    def identity_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of the same shape with which all layers together are the identity.

        Raises:
            CircuitError: no such weights exist that depend on the given ones.
        """
        ...


class LayeredAnsatz:
    """What the ansatz classes share: mirror images of layers and their weights.

    With ``mirror=m`` the layers come in blocks of 2 m: m layers, then their mirror images, the same gates in
    reverse order with weights of their own. A block can then be the identity (`identity_weights`), which is
    what initial weights by identity blocks need; without it, fixed entangling gates cannot be undone.

    In the middle of a block a layer meets its image. Where layers end with fixed entangling gates (all but
    brick-wall), these two sets of gates cancel whatever the weights are: the price of a block, and the reason
    why m is at least 2. A block of one such layer and its image would not entangle at all.

    Attributes:
        name: for messages and tables.
        mirror: m, 0 for layers without mirror images.

    Raises:
        CircuitError: a mirror of 1 or below 0.
    """

    name: ClassVar[str]
    mirror: int

    def __post_init__(self) -> None:
        value = self.mirror
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0 or value == 1:
            raise CircuitError(
                f"mirror of {self.name} is {value!r}; it must be 0 (no mirror images) or an integer of at "
                "least 2"
            )

    def _gates(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        """Gates of layer ``number``, mirror images left out of the count."""
        raise NotImplementedError

    def _inverse(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights that undo every gate of a layer."""
        return -weights

    def layer(self, weights: Any, wires: Sequence[int], number: int) -> list[Any]:
        """PennyLane operations of one layer.

        Args:
            weights: of this layer, shape ``(..., *weight_shape[1:])``; leading axes are samples.
            wires: the wires in order.
            number: of the layer, from 0.

        Returns:
            The operations in the order they act.
        """
        if not self.mirror:
            return self._gates(weights, wires, number)
        block, place = divmod(number, 2 * self.mirror)
        forward = place < self.mirror
        original = place if forward else 2 * self.mirror - 1 - place
        gates = self._gates(weights, wires, block * self.mirror + original)
        return gates if forward else gates[::-1]

    def identity_weights(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights with which every block of layers is the identity.

        Args:
            weights: any, shape ``weight_shape``; those of the first half of every block are kept.

        Returns:
            The same shape; the second half of every block undoes the first.

        Raises:
            CircuitError: layers without mirror images, or a block that is not complete.
        """
        if not self.mirror:
            raise CircuitError(
                f"{self!r} cannot undo its layers, because their entangling gates are fixed; make it with "
                "mirror=2 (blocks of four layers, two of them mirror images) or more"
            )
        return identity_blocks(self, weights, self.mirror, self._inverse)


def identity_blocks(
    ansatz: Any,
    weights: NDArray[np.float64],
    half: int,
    inverse: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Weights with which the second half of every block undoes the first.

    Args:
        ansatz: for messages.
        weights: shape (layers, ...).
        half: number of layers in half a block.
        inverse: maps weights of layers to those that undo their gates.

    Returns:
        The same shape.

    Raises:
        CircuitError: a block that is not complete.
    """
    if len(weights) % (2 * half):
        raise CircuitError(
            f"{ansatz!r} is the identity in blocks of {2 * half} layers, but there are {len(weights)}; use a "
            f"multiple of {2 * half}"
        )
    blocks: NDArray[np.float64] = weights.reshape(-1, 2 * half, *weights.shape[1:]).copy()
    blocks[:, half:] = inverse(blocks[:, :half])[:, ::-1]
    return blocks.reshape(weights.shape)
