"""The passes of one evolution or of one backward sweep, in order, and their threads.

A pass goes through memory once (`mixer_kernels`). Where the index has high bits, the passes take turns: high
bits of layer 1, phases of layer 2 and high bits of layer 2; low bits of layer 2, phases of layer 3, low bits
of layer 3; and so on, so that p layers need p + 1 passes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import mixer_kernels
from .compiled import compile_kernel
from .diagonal_layout import StateLayout, aligned
from .mixer_kernels import low_pass
from .mixer_steps import FRESH, MULTIPLY, PLAIN, SPAWN
from .panel_kernels import high_pass
from .phase_kernels import phases_of
from .row_threads import run_in_parts

__all__ = ["CHUNKS", "Pass", "PassRunner", "backward_passes", "forward_passes"]

CHUNKS = 32
"""Sums are added up by chunk, so that they do not depend on the threads."""

_TILE = 1 << 9


class Pass(NamedTuple):
    """One way through memory.

    Attributes:
        high: whether it turns the high bits of the index.
        before: layer whose turns come first, -1 for none.
        mode: what then happens (`mixer_steps`).
        phase: layer whose phases these are.
        after: layer whose turns come last, -1 for none.
    """

    high: bool
    before: int
    mode: int
    phase: int
    after: int


def forward_passes(layers: int, row_bits: int, *, fresh: bool = True) -> list[Pass]:
    """Passes of an evolution.

    Args:
        layers: number of layers, at least 1.
        row_bits: high bits of the index.
        fresh: whether it starts in the uniform superposition, so that the first phases are the state.

    Returns:
        The passes in order.

    Example:
        >>> [passing.high for passing in forward_passes(3, 8)]
        [False, True, False, True]
    """
    modes = [FRESH if fresh and layer == 0 else MULTIPLY for layer in range(layers)]
    if not row_bits:
        return [Pass(False, -1, modes[layer], layer, layer) for layer in range(layers)]
    passes = [Pass(bool(layer % 2), layer - 1, mode, layer, layer) for layer, mode in enumerate(modes)]
    return [*passes, Pass(bool(layers % 2), layers - 1, PLAIN, 0, -1)]


def backward_passes(layers: int, row_bits: int) -> list[Pass]:
    """Passes of a backward sweep; the phases of a layer are taken off after its turns.

    Args:
        layers: number of layers, at least 1.
        row_bits: high bits of the index.

    Returns:
        The passes in order, starting with lambda = w psi.

    Example:
        >>> [(passing.before, passing.after) for passing in backward_passes(2, 8)]
        [(-1, 1), (1, 0), (0, -1)]
    """
    last = layers - 1
    if not row_bits:
        passes = [Pass(False, -1, SPAWN, last, last)]
        passes += [Pass(False, -1, MULTIPLY, layer + 1, layer) for layer in range(last - 1, -1, -1)]
        return [*passes, Pass(False, -1, MULTIPLY, 0, -1)]
    passes = [Pass(False, -1, SPAWN, last, last)]
    for number, layer in enumerate(range(last, -1, -1)):
        passes.append(Pass(number % 2 == 0, layer, MULTIPLY, layer, layer - 1))
    return passes


def _phase_table(levels: Any, factors: Any, limit: float, parts: int, scratch: Any, table: Any) -> None:
    """Rows of real parts, imaginary parts and (with three parts) levels, in the precision of the table."""
    count = levels.size
    phases_of(levels, factors[0], factors[1], factors[2], limit * abs(factors[0]) <= 1e6, scratch, 0, count)
    for place in range(2 * count):
        table[place] = scratch[place]
    if parts == 3:
        for place in range(count):
            table[2 * count + place] = levels[place]


phase_table = compile_kernel(_phase_table, uses=mixer_kernels.USES)


class PassRunner:
    """Runs passes over one state, or over psi and lambda.

    Args:
        layout: how the state is stored.
        codes: per stored state the code of its cost, or its cost.
        levels: cost of each code; unused for costs.
        limit: largest absolute cost.
        threads: most threads; None for all.
    """

    def __init__(
        self,
        layout: StateLayout,
        codes: NDArray[Any],
        levels: NDArray[np.float64] | None,
        limit: float,
        threads: int | None,
    ) -> None:
        self.layout, self.codes, self.levels = layout, codes, levels
        self.limit, self.threads = limit, threads
        self._scratch: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def tables(self, factors: NDArray[np.float64], parts: int) -> NDArray[Any]:
        """What the passes need to fill in the phases of a layer.

        Args:
            factors: gamma, real and imaginary part of the layer's factor.
            parts: 2, or 3 with the costs.

        Returns:
            Flat, as `phase_kernels.fill` takes it.
        """
        if self.levels is None:
            return np.append(factors, self.limit)
        table = np.empty(parts * len(self.levels), self.layout.dtype)
        phase_table(self.levels, factors, self.limit, parts, np.empty(2 * len(self.levels)), table)
        return table

    def run(
        self,
        passing: Pass,
        state: NDArray[Any],
        codes: NDArray[Any],
        flip: int,
        tables: NDArray[Any],
        parts: int,
        tangents: NDArray[Any],
        sums: NDArray[np.float64] | None,
    ) -> None:
        """One pass.

        Args:
            passing: which.
            state: parts of psi, and of lambda if there are sums.
            codes: per stored state what the phases are made of.
            flip: bits that are stored flipped.
            tables: as `tables`, or weights.
            parts: parts of the phases.
            tangents: of all layers, shape (p, n_bits + 2), in the precision of the state.
            sums: shape (chunks, p * (n_bits + 2) * 8), or None for an evolution.
        """
        layout = self.layout
        n_bits, block_bits = layout.n_bits, layout.block_bits
        if passing.high:
            tasks = 1 << (block_bits - layout.column_bits)
        else:
            tasks = 1 << (n_bits - block_bits - layout.mirrored)
        chunks = min(CHUNKS, tasks)
        columns = n_bits + 2
        flat = tangents.reshape(-1)
        cost = ((passing.before >= 0) + (passing.after >= 0)) * n_bits * (3 if sums is not None else 1)
        cost = max(1, (cost << n_bits) // (8 * chunks))

        def work(some: slice) -> None:
            waves, buffer = self._take_scratch()
            for chunk in range(some.start, some.stop):
                first, last = tasks * chunk // chunks, tasks * (chunk + 1) // chunks
                own = None if sums is None else sums[chunk]
                if passing.high:
                    high_pass(
                        state, layout.pitch, first, last, n_bits, block_bits, layout.column_bits,
                        passing.before, passing.after, passing.mode, codes, flip, tables, parts,
                        waves, len(waves) // 3, buffer, len(buffer) // 4, flat, columns, own, passing.phase,
                    )  # fmt: skip
                else:
                    low_pass(
                        state, layout.pitch, first, last, n_bits, block_bits, layout.mirrored,
                        passing.before, passing.after, passing.mode, codes, flip, tables, parts,
                        waves, len(waves) // 3, flat, columns, own, passing.phase,
                    )  # fmt: skip
            self._scratch.append((waves, buffer))

        run_in_parts(work, chunks, cost, self.threads)

    def _take_scratch(self) -> tuple[NDArray[Any], NDArray[Any]]:
        try:
            return self._scratch.pop()
        except IndexError:
            layout = self.layout
            skew = 1024 // layout.itemsize
            panel = 1 << (layout.n_bits - layout.block_bits + layout.column_bits)
            phases = max(_TILE, 8 << layout.column_bits)  # of a tile, or of the eight rows of a step
            return aligned(3 * (phases + skew), layout.dtype), aligned(4 * (panel + skew), layout.dtype)
