"""The state of a QAOA in a subspace, layer by layer, and its exact gradients by an adjoint sweep.

A state is a float64 array of 2 D numbers, real and imaginary parts in turn. Axes next to each other are
treated in one pass (`panel_sweep`) while their panel fits into the cache; an axis with a sparse graph has a
pass of its own. The phase of the cost is turned in the first pass of a layer.

Gradients: T. Jones, J. Gacon, "Efficient calculation of gradients in classical simulations of variational
quantum algorithms", arXiv 2009.02823. With |costate> = W |state> for an observable W diagonal in energies,
both are taken back layer by layer; d <W> / d beta = 2 Im <costate| G |state> with the step's generator G, and
d <W> / d gamma likewise with the cost. Three vectors of the space are held besides the energies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .panel_sweep import NO_PHASE, PHASE_BY_CODE, PHASE_BY_ENERGY, backward_pass, forward_pass
from .row_threads import run_in_parts
from .state_figures import weighted
from .subspace_mixers import AxisMixer
from .subspace_passes import Encoded, Pass, encode_axes, plan_passes
from .weight_axis import WeightAxis

__all__ = ["Evolution"]

Floats: TypeAlias = NDArray[np.float64]
Angles: TypeAlias = Sequence[float] | Floats

# Parts of a pass, each with sums of its own: the result does not depend on the number of threads.
_PARTS = 64
_NO_CODES = np.zeros(0, dtype=np.uint16)
_NO_NUMBERS = np.zeros(0)


class Evolution:
    """Layers of cost and mixer on a product space.

    Args:
        mixers: one per axis, the first axis most significant; None for Grover's mixer.
        dimension: D.
        levels: energies: of each state, or with ``codes`` a list of possible ones.
        codes: number of each state's energy in ``levels``, shape (D,), or None.
        threads: most threads; None or 0 for all.

    Example:
        >>> from .subspace_mixers import RankOneAxis
        >>> one_bit = Evolution([RankOneAxis(2)], 2, np.array([0.0, 1.0]))
        >>> state = one_bit.state([0.0], [0.3])
        >>> bool(np.allclose(np.abs(state), np.sqrt(0.5)))
        True
    """

    def __init__(
        self,
        mixers: Sequence[AxisMixer] | None,
        dimension: int,
        levels: Floats,
        codes: NDArray[np.uint16] | None = None,
        threads: int | None = None,
    ) -> None:
        self._mixers = None if mixers is None else list(mixers)
        self._dimension = dimension
        self._energies = levels if codes is None else _NO_NUMBERS
        self._codes = _NO_CODES if codes is None else codes
        self._levels = _NO_NUMBERS if codes is None else levels
        self._kind = PHASE_BY_ENERGY if codes is None else PHASE_BY_CODE
        self._threads = threads
        axes = self._mixers or []
        alone = [isinstance(axis, WeightAxis) for axis in axes]
        self._passes = plan_passes([axis.levels for axis in axes], alone, dimension)

    def state(self, gammas: Angles, betas: Angles) -> NDArray[np.complex128]:
        """The state after all layers, from the uniform superposition.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            Shape (D,), right up to a global phase.
        """
        state = np.zeros(2 * self._dimension)
        state[::2] = self._dimension**-0.5
        for gamma, beta in zip(gammas, betas):
            state = self.layer(state, gamma, beta)
        return state.view(np.complex128)

    def gradients(
        self,
        state: NDArray[np.complex128],
        weights: Floats,
        gammas: Angles,
        betas: Angles,
    ) -> tuple[Floats, Floats]:
        """Derivatives of sum_i w_i |state_i|**2 by all angles.

        Args:
            state: what `state` returned for the angles; it is overwritten.
            weights: w, one per state, or per level where there are codes.
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            By the cost angles and by the mixer angles, shape (p,) each.
        """
        codes = None if self._kind == PHASE_BY_ENERGY else self._codes
        costate = weighted(state, np.ascontiguousarray(weights), codes, self._threads)
        vector = state.view(np.float64)
        by_gamma, by_beta = np.zeros(len(gammas)), np.zeros(len(betas))
        for layer in range(len(gammas) - 1, -1, -1):
            vector, costate, cost, mixer = self._backward(vector, costate, gammas[layer], betas[layer])
            by_gamma[layer], by_beta[layer] = 2 * cost, 2 * mixer
        return by_gamma, by_beta

    def layer(self, state: Floats, gamma: float, beta: float) -> Floats:
        """One layer on a state.

        Args:
            state: real and imaginary parts in turn, shape (2 D,); it may be overwritten.
            gamma: cost angle.
            beta: mixer angle.

        Returns:
            The state after it.
        """
        for number, step in enumerate(self._passes):
            mixers = self._members(step)
            if mixers and isinstance(mixers[0], WeightAxis):
                state = mixers[0].forward(_tensor(state, step), beta).reshape(-1)
            else:
                phase = self._kind if number == 0 else NO_PHASE
                self._pass_forward(state, step, encode_axes(step, mixers, beta, undo=False), phase, gamma)
        if self._mixers is None:
            self._grover(state, beta)
        return state

    def _pass_forward(self, state: Floats, step: Pass, encoded: Encoded, phase: int, gamma: float) -> None:
        table = self._table(gamma)

        def work(panels: slice) -> None:
            forward_pass(
                state, step.geometry, *encoded, panels.start, panels.stop,
                phase, self._codes, table, self._energies, gamma,
            )  # fmt: skip

        run_in_parts(work, step.n_panels, step.cost, self._threads)

    def _backward(
        self, state: Floats, costate: Floats, gamma: float, beta: float
    ) -> tuple[Floats, Floats, float, float]:
        """Both states before a layer, and the forms of its cost and of its mixer."""
        mixer_form = cost_form = 0.0
        if self._mixers is None:
            sums = [vector.view(np.complex128).sum() for vector in (costate, state)]
            mixer_form = float((np.conj(sums[0]) * sums[1]).imag) / self._dimension
            self._grover(state, -beta)
            self._grover(costate, -beta)
        for number in range(len(self._passes) - 1, -1, -1):
            step = self._passes[number]
            mixers = self._members(step)
            if mixers and isinstance(mixers[0], WeightAxis):
                form, first, second = mixers[0].backward(_tensor(state, step), _tensor(costate, step), beta)
                state, costate = first.reshape(-1), second.reshape(-1)
                mixer_form += form
            else:
                phase = self._kind if number == 0 else NO_PHASE
                encoded = encode_axes(step, mixers, beta, undo=True)
                forms = self._pass_backward(state, costate, step, encoded, phase, gamma)
                mixer_form += float(forms[:-1].sum())
                cost_form += float(forms[-1])
        return state, costate, cost_form, mixer_form

    def _pass_backward(
        self, state: Floats, costate: Floats, step: Pass, encoded: Encoded, phase: int, gamma: float
    ) -> Floats:
        """The forms of every axis and of the cost."""
        table = self._table(-gamma)
        parts = min(_PARTS, step.n_panels)
        forms = np.zeros((parts, len(step.members) + 1))

        def work(chosen: slice) -> None:
            for part in range(chosen.start, chosen.stop):
                backward_pass(
                    state, costate, step.geometry, *encoded, forms[part],
                    step.n_panels * part // parts, step.n_panels * (part + 1) // parts,
                    phase, self._codes, table, self._levels, self._energies, -gamma,
                )  # fmt: skip

        run_in_parts(work, parts, 2 * step.cost * step.n_panels // parts, self._threads)
        total: Floats = forms.sum(axis=0)
        return total

    def _table(self, gamma: float) -> Floats:
        table: Floats = np.exp(-1j * gamma * self._levels).view(np.float64)
        return table

    def _members(self, step: Pass) -> list[Any]:
        return [] if self._mixers is None else [self._mixers[number] for number in step.members]

    def _grover(self, state: Floats, beta: float) -> None:
        """1 + (exp(-i beta) - 1) |s><s|, in place."""
        vector = state.view(np.complex128)
        vector += np.expm1(-1j * beta) / self._dimension * vector.sum()


def _tensor(state: Floats, step: Pass) -> Floats:
    rows, inner = step.geometry[:2]
    return state.reshape(-1, rows, inner, 2)
