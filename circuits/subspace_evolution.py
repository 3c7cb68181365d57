"""The state of a QAOA in a subspace, layer by layer, and its exact gradients by an adjoint sweep.

A state is a float64 array of 2 D numbers, real and imaginary parts in turn. Axes next to each other are treated
in one pass (`panel_sweep`) while their panel fits into the cache; an axis with a sparse graph has a pass of its
own. The phase of the cost is turned in the first pass of a layer.

Gradients: T. Jones, J. Gacon, "Efficient calculation of gradients in classical simulations of variational
quantum algorithms", arXiv 2009.02823. With |costate> = W |state> for an observable W diagonal in energies, both
are taken back layer by layer; d <W> / d beta = 2 Im <costate| G |state> with the step's generator G, and
d <W> / d gamma likewise with the cost. Three vectors of the space are held besides the energies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .panel_sweep import NO_PHASE, PHASE_BY_CODE, PHASE_BY_ENERGY, backward_pass, forward_pass
from .row_threads import run_in_parts
from .state_figures import weighted
from .subspace_mixers import AxisMixer, RankOneAxis
from .weight_axis import WeightAxis

__all__ = ["Evolution"]

Floats: TypeAlias = NDArray[np.float64]

# Rows of a panel: 128 bytes each, so that a panel stays in a core's second cache.
_MOST_ROWS = 4096
# Parts of a pass, each with sums of its own: the result does not depend on the number of threads.
_PARTS = 64
_NO_CODES = np.zeros(0, dtype=np.uint16)
_NO_NUMBERS = np.zeros(0)


@dataclass(frozen=True, eq=False)
class _Pass:
    """A pass: the numbers of its axes, their encoding for the kernels, how panels lie in the state."""

    members: tuple[int, ...]
    axes: NDArray[np.int64]
    geometry: tuple[int, int, int, int, int]
    n_panels: int


class Evolution:
    """Layers of cost and mixer on a product space.

    Args:
        mixers: one per axis, the first axis most significant; None for Grover's mixer.
        dimension: D.
        levels: energies: of each state, or with ``codes`` a list of possible ones.
        codes: number of each state's energy in ``levels``, shape (D,), or None.
        threads: most threads; None or 0 for all.

    Example:
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
        self._passes = _plan([axis.levels for axis in mixers or ()], dimension, self._is_large)

    def _is_large(self, number: int) -> bool:
        assert self._mixers is not None
        return isinstance(self._mixers[number], WeightAxis)

    def state(self, gammas: Sequence[float], betas: Sequence[float]) -> NDArray[np.complex128]:
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
            state = self._forward(state, gamma, beta)
        return state.view(np.complex128)

    def gradients(
        self,
        state: NDArray[np.complex128],
        weights: Floats,
        gammas: Sequence[float],
        betas: Sequence[float],
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

    def _table(self, gamma: float) -> Floats:
        return np.exp(-1j * gamma * self._levels).view(np.float64)

    def _forward(self, state: Floats, gamma: float, beta: float) -> Floats:
        table = self._table(gamma)
        for number, step in enumerate(self._passes):
            mixers = self._members(step)
            if mixers and isinstance(mixers[0], WeightAxis):
                state = mixers[0].forward(_tensor(state, step), beta).reshape(-1)
                continue
            axes, numbers = _encode(step, mixers, beta, undo=False)
            phase = self._kind if number == 0 else NO_PHASE

            def work(panels: slice, vector: Floats = state, step: _Pass = step, phase: int = phase) -> None:
                forward_pass(
                    vector, step.geometry, axes, numbers, panels.start, panels.stop,
                    phase, self._codes, table, self._energies, gamma,
                )  # fmt: skip

            self._run(work, step)
        if self._mixers is None:
            self._grover(state, beta)
        return state

    def _backward(
        self, state: Floats, costate: Floats, gamma: float, beta: float
    ) -> tuple[Floats, Floats, float, float]:
        """Both states before a layer, and the forms of its cost and of its mixer."""
        table = self._table(-gamma)
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
                continue
            axes, numbers = _encode(step, mixers, beta, undo=True)
            phase = self._kind if number == 0 else NO_PHASE
            parts = min(_PARTS, step.n_panels)
            forms = np.zeros((parts, len(mixers) + 1))

            def work(
                chosen: slice,
                pair: tuple[Floats, Floats] = (state, costate),
                step: _Pass = step,
                phase: int = phase,
                parts: int = parts,
                forms: Floats = forms,
            ) -> None:
                for part in range(chosen.start, chosen.stop):
                    backward_pass(
                        *pair, step.geometry, axes, numbers, forms[part],
                        step.n_panels * part // parts, step.n_panels * (part + 1) // parts,
                        phase, self._codes, table, self._levels, self._energies, -gamma,
                    )  # fmt: skip

            cost = 2 * step.geometry[0] * (len(mixers) + 2) * step.n_panels // parts
            run_in_parts(work, parts, cost, self._threads)
            mixer_form += float(forms[:, :-1].sum())
            cost_form += float(forms[:, -1].sum())
        return state, costate, cost_form, mixer_form

    def _members(self, step: _Pass) -> list[Any]:
        return [] if self._mixers is None else [self._mixers[number] for number in step.members]

    def _run(self, work: Any, step: _Pass) -> None:
        run_in_parts(work, step.n_panels, step.geometry[0] * (len(step.members) + 2), self._threads)

    def _grover(self, state: Floats, beta: float) -> None:
        """1 + (exp(-i beta) - 1) |s><s|, in place."""
        vector = state.view(np.complex128)
        vector += np.expm1(-1j * beta) / self._dimension * vector.sum()


def _tensor(state: Floats, step: _Pass) -> Floats:
    rows, _, _, _, _ = step.geometry
    inner = step.geometry[1]
    return state.reshape(-1, rows, inner, 2)


def _encode(
    step: _Pass, mixers: Sequence[Any], beta: float, *, undo: bool
) -> tuple[NDArray[np.int64], Floats]:
    """Axes with offsets into their numbers, and these, for one angle."""
    axes = step.axes.copy()
    numbers: list[Any] = []
    offset = 0
    for row, mixer in zip(axes, mixers):
        if isinstance(mixer, RankOneAxis):
            coefficient = mixer.coefficient(-beta if undo else beta)
            entries = np.array([coefficient])
            row[3] = 0
        else:
            turn, generator = mixer.matrices(beta)
            entries = np.concatenate([(turn.conj().T if undo else turn).ravel(), generator.ravel()])
            row[3] = 1
        row[2] = offset
        numbers.append(entries)
        offset += 2 * len(entries)
    return axes, np.concatenate(numbers).view(np.float64) if numbers else _NO_NUMBERS


def _plan(levels: Sequence[int], dimension: int, is_large: Any) -> list[_Pass]:
    """Passes in the order of a layer, from the last axis to the first."""
    # Small states: fewer rows, so that all eight lanes have columns.
    most = min(_MOST_ROWS, max(8, dimension // 16))
    passes: list[_Pass] = []
    stop = len(levels)
    while stop > 0:
        start = stop - 1
        if not is_large(start):
            while start > 0 and not is_large(start - 1) and prod(levels[start - 1 : stop]) <= most:
                start -= 1
        elif not passes:
            passes.append(_pass(levels, stop, stop, dimension))
        passes.append(_pass(levels, start, stop, dimension))
        stop = start
    return passes or [_pass(levels, 0, 0, dimension)]


def _pass(levels: Sequence[int], start: int, stop: int, dimension: int) -> _Pass:
    rows, inner = prod(levels[start:stop]), prod(levels[stop:])
    outer = dimension // (rows * inner)
    axes = [(levels[axis], prod(levels[axis + 1 : stop]), 0, 0) for axis in range(start, stop)]
    encoded = np.array(axes, dtype=np.int64).reshape(-1, 4)
    members = tuple(range(start, stop))
    if inner > 1:
        return _Pass(members, encoded, (rows, inner, 1, inner, rows * inner), outer * -(-inner // 8))
    return _Pass(members, encoded, (rows, 1, rows, outer, 0), -(-outer // 8))
