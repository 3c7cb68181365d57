"""What the fast QAOA engines share: every figure that follows from the distribution of the final state.

An engine simulates the state; the rest is `Outcomes`. Its interface is that of `CircuitQAOA`, which runs the
same layers as a PennyLane circuit, plus exact gradients.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import whole_number
from .objectives import EXPECTATION, Objective
from .outcomes import Outcomes
from .product_space import ProductSpace

__all__ = ["QAOAEngine"]


class QAOAEngine(ABC):
    """A simulator of QAOA layers with exact gradients.

    Args:
        variables: of the model, in wire order.
        space: basis states that the engine keeps.
        seed: of the samples where `sample` is given none; later calls continue the stream.

    Attributes:
        variables: as given.
        space: as given.
    """

    def __init__(self, variables: tuple[Hashable, ...], space: ProductSpace, seed: int | None) -> None:
        if seed is not None:
            whole_number("seed", seed, 0)
        self.variables = variables
        self.space = space
        self._stream = np.random.default_rng(seed)

    @property
    def n_qubits(self) -> int:
        """Number of qubits of the equivalent circuit, one per variable."""
        return self.space.n_bits

    @property
    @abstractmethod
    def simulator(self) -> str:
        """Name for tables."""

    @property
    @abstractmethod
    def energies(self) -> NDArray[np.float64]:
        """Energy of every state of the space, offset included, shape (D,)."""

    @abstractmethod
    def state(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.complexfloating]:
        """The final state, shape (D,)."""

    @abstractmethod
    def outcomes(self, gammas: ArrayLike, betas: ArrayLike) -> Outcomes:
        """Distribution of the final state, with its energies."""

    @abstractmethod
    def value_and_grad(
        self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """An objective and its exact derivatives, of the shapes of the angles."""

    def value(self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION) -> float:
        """An exact objective of the final distribution, the mean energy if none is named.

        Args:
            gammas: cost angles.
            betas: mixer angles.
            objective: see `objectives`.

        Returns:
            Its value; energies include the model's offset.

        Raises:
            CircuitError: illegal angles.
        """
        return self.outcomes(gammas, betas).value(objective)

    def probabilities(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.floating]:
        """Exact probability of every state of the space.

        Args:
            gammas: cost angles.
            betas: mixer angles.

        Returns:
            Shape (D,).

        Raises:
            CircuitError: illegal angles.
        """
        return self.outcomes(gammas, betas).probabilities

    def sample(
        self, gammas: ArrayLike, betas: ArrayLike, shots: int, seed: int | None = None
    ) -> NDArray[np.uint8]:
        """Bit strings drawn from the exact distribution.

        Args:
            gammas: cost angles.
            betas: mixer angles.
            shots: number of samples S, at least 1.
            seed: the same seed gives the same samples; None continues the stream of the constructor's seed.

        Returns:
            Shape (S, N); column i is wire i, that is variable i.

        Raises:
            CircuitError: illegal angles, shots or seed.
        """
        return self.outcomes(gammas, betas).sample(shots, self._stream if seed is None else seed)
