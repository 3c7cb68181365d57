"""A mixer on a group of fixed Hamming weight with many levels, without its matrix.

The exact complete step is a phase per total spin. The exact ring step is a Chebyshev series (H. Tal-Ezer,
R. Kosloff, J. Chem. Phys. 81, 3967 (1984)). A Trotter step goes gate by gate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import jv

from .exchange_kernels import exchange_sum, exchange_turn, exchange_twist
from .johnson_graph import johnson_rotation, johnson_unrotation
from .level_graphs import gate_order
from .subspace_groups import GroupWires

__all__ = ["WeightAxis"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WeightAxis:
    """A mixer on the levels of one group. States have shape (outer, levels, inner, 2), float64.

    Attributes:
        group: the group.
        topology: "complete" or "ring".
        exact: exponential of the sum over pairs, or product of exponentials.
        threads: most threads; None or 0 for all.
    """

    group: GroupWires
    topology: str
    exact: bool
    threads: int | None = None

    @property
    def levels(self) -> int:
        """K."""
        return self.group.levels

    def forward(self, state: Floats, beta: float) -> Floats:
        """The step on a state, which may be overwritten.

        Args:
            state: shape (outer, K, inner, 2).
            beta: angle.

        Returns:
            The state after it.
        """
        n_bits, weight = len(self.group.wires), self.group.weight
        if not self.exact:
            for a, b in gate_order(n_bits, self.topology):
                exchange_turn(state, n_bits, weight, a, b, beta, self.threads)
            return state
        if self.topology == "complete":
            return johnson_rotation(state, n_bits, weight, beta, self.threads)
        return self._ring_rotation(state, beta)

    def backward(self, state: Floats, costate: Floats, beta: float) -> tuple[float, Floats, Floats]:
        """Measure the generator between two states and undo the step on both; they may be overwritten.

        Args:
            state: after the step, shape (outer, K, inner, 2).
            costate: likewise.
            beta: angle.

        Returns:
            Im <costate| i (dU / d beta) U^dagger |state>, and both states before the step.
        """
        n_bits, weight = len(self.group.wires), self.group.weight
        if not self.exact:
            form = 0.0
            for a, b in reversed(gate_order(n_bits, self.topology)):
                form += exchange_twist(costate, state, n_bits, weight, a, b, self.threads)
                for vector in (state, costate):
                    exchange_turn(vector, n_bits, weight, a, b, -beta, self.threads)
            return form, state, costate
        if self.topology == "complete":
            return johnson_unrotation(state, costate, n_bits, weight, beta, self.threads)
        image = self._product(state)
        form = float(np.vdot(costate.view(np.complex128), image.view(np.complex128)).imag)
        return form, self.forward(state, -beta), self.forward(costate, -beta)

    def _product(self, state: Floats) -> Floats:
        n_bits, weight = len(self.group.wires), self.group.weight
        return exchange_sum(state, n_bits, weight, gate_order(n_bits, "ring"), self.threads)

    def _ring_rotation(self, state: Floats, beta: float) -> Floats:
        # A string has at most as many neighbors as there are borders between ones and zeros on the ring.
        radius = 2.0 * min(self.group.weight, len(self.group.wires) - self.group.weight)
        x = beta * radius
        # Bessel functions of higher order than their argument fall off faster than any power.
        count = int(abs(x) + 12 * max(1.0, abs(x)) ** (1 / 3)) + 16
        weights = 2 * jv(np.arange(count), x) * (-1j) ** np.arange(count)
        before, now = state, self._product(state) / radius
        result = weights[0] / 2 * before.view(np.complex128) + weights[1] * now.view(np.complex128)
        for weight in weights[2:].tolist():
            before, now = now, 2 / radius * self._product(now) - before
            result += weight * now.view(np.complex128)
        turned: Floats = result.view(np.float64)
        return turned
