"""Whole evolutions of small states in one compiled call per batch: row b of the angles gives value b.

Up to some 13 qubits a state stays in a core's own cache, and calling Python for each pass would cost more
than the pass. Rows are spread over the threads; each row is done by one of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

from . import diagonal_passes, layer_angles, mixer_kernels, state_sums
from .compiled import compile_kernel
from .diagonal_layout import StateLayout, aligned
from .diagonal_passes import phase_table
from .layer_angles import prepare
from .mixer_kernels import low_pass, turn_bits
from .mixer_steps import BACKWARD_BITS, FRESH, MULTIPLY, SPAWN, lane_count_bits
from .row_threads import run_in_parts
from .state_sums import energy_sums_of

__all__ = ["evolve_one", "evolve_rows", "scale_moments"]

_USES = (*mixer_kernels.USES, diagonal_passes, layer_angles, mixer_kernels, state_sums)


def layer_tables(
    codes: Any, levels: Any, factors: Any, limit: float, parts: int, scratch: Any, tables: Any
) -> Any:
    """What `fill` takes for the phases of a layer: with one part only the costs.

    Args:
        codes: codes, or costs.
        levels: cost of each code.
        factors: gamma, real and imaginary part of the layer's factor.
        limit: largest absolute cost.
        parts: 1, 2 or 3.
        scratch: room for two numbers per level, and at least for four.
        tables: room for three numbers per level, in the precision of the state.

    Returns:
        A part of the tables or of the scratch.

    Raises:
        NotImplementedError: called outside of a kernel.
    """
    raise NotImplementedError("layer_tables exists inside compiled kernels only")


@overload(layer_tables)  # type: ignore[untyped-decorator]
def _choose_tables(
    codes: Any, levels: Any, factors: Any, limit: float, parts: int, scratch: Any, tables: Any
) -> Any:
    return _tables_of_codes if isinstance(codes.dtype, types.Integer) else _tables_of_costs


def _tables_of_codes(
    codes: Any, levels: Any, factors: Any, limit: float, parts: int, scratch: Any, tables: Any
) -> Any:
    if parts == 1:
        for place in range(levels.size):
            tables[place] = levels[place]
    else:
        phase_table(levels, factors, limit, parts, scratch, tables)
    return tables[: parts * levels.size]


def _tables_of_costs(
    codes: Any, levels: Any, factors: Any, limit: float, parts: int, scratch: Any, tables: Any
) -> Any:
    for place in range(3):
        scratch[place] = factors[place]
    scratch[3] = limit
    return scratch[:4]


def _forward_layers(
    state: Any, pitch: int, n_bits: int, block_bits: int, mirrored: bool, codes: Any, levels: Any,
    limit: float, factors: Any, flips: Any, tangents: Any, columns: int, waves: Any, scratch: Any,
    tables: Any,
) -> None:  # fmt: skip
    wave_pitch = waves.size // 3
    # Not written where they are used: numba would compile the passes anew for every constant.
    none, zero, one, two = np.int64(-1), np.int64(0), np.int64(1), np.int64(2)
    for layer in range(factors.shape[0]):
        used = layer_tables(codes, levels, factors[layer], limit, 2, scratch, tables)
        low_pass(
            state, pitch, zero, one, n_bits, block_bits, mirrored, none, layer,
            FRESH if layer == 0 else MULTIPLY, codes, flips[layer], used, two, waves, wave_pitch, tangents,
            columns, None, zero,
        )  # fmt: skip
        turn_bits(state, pitch, zero, block_bits, n_bits, tangents, layer * columns, None)


def _backward_layers(
    state: Any, pitch: int, n_bits: int, block_bits: int, mirrored: bool, codes: Any, levels: Any,
    limit: float, factors: Any, flips: Any, tangents: Any, columns: int, waves: Any, scratch: Any,
    tables: Any, sums: Any,
) -> None:  # fmt: skip
    wave_pitch = waves.size // 3
    layers = factors.shape[0]
    none, zero, one = np.int64(-1), np.int64(0), np.int64(1)
    for layer in range(layers, -1, -1):
        # the phases of this layer (after the last one: lambda = C psi), then the turns of the one before it
        parts = 1 if layer == layers else 3
        mode = SPAWN if layer == layers else MULTIPLY
        used = layer_tables(codes, levels, factors[min(layer, layers - 1)], limit, parts, scratch, tables)
        low_pass(
            state, pitch, zero, one, n_bits, block_bits, mirrored, none, layer - 1, mode, codes,
            flips[layer], used, parts, waves, wave_pitch, tangents, columns, sums, layer,
        )  # fmt: skip
        if layer:
            turn_bits(state, pitch, zero, block_bits, n_bits, tangents, (layer - 1) * columns, sums)


forward_layers = compile_kernel(_forward_layers, uses=_USES)
backward_layers = compile_kernel(_backward_layers, uses=_USES)


def _scale_moments(
    tangents: Any, sums: Any, n_bits: int, block_bits: int, near: int, mirrored: bool, alternating: bool,
    weight: float, scaled: Any,
) -> None:  # fmt: skip
    """Twice the sums of a backward sweep, with the cosines that its turns left out.

    Both states miss the cosine of every bit that the layer has turned before, and the sum of the costs comes
    after all of them. Within a layer the low bits come first, or if ``alternating`` in every second layer the
    high ones; the mirror comes after ``near`` low bits.
    """
    layers, columns = tangents.shape
    for layer in range(layers):
        factor = 2.0 * weight
        high_first = alternating and (layers - 1 - layer) % 2 == 1
        for part in range(2):
            high = (part == 0) == high_first
            for bit in range(block_bits if high else 0, n_bits if high else block_bits):
                for last in range(1 if mirrored and not high and bit == near else 0, -1, -1):
                    column = n_bits if last else bit
                    scaled[layer, column] = factor * sums[layer, column]
                    factor /= 1.0 + tangents[layer, column] ** 2
            if mirrored and not high and near == block_bits:
                scaled[layer, n_bits] = factor * sums[layer, n_bits]
                factor /= 1.0 + tangents[layer, n_bits] ** 2
        scaled[layer, columns - 1] = factor * sums[layer, columns - 1]


scale_moments = compile_kernel(_scale_moments)


def _evolve(
    state: Any, pitch: int, n_qubits: int, n_bits: int, block_bits: int, near: int, mirrored: bool,
    weight: float, codes: Any, levels: Any, limit: float, gammas: Any, betas: Any, waves: Any,
    values: Any, last_flips: Any, by_gamma: Any, by_beta: Any,
) -> None:  # fmt: skip
    """All rows of the angles; no gradients where ``by_gamma`` has no rows."""
    rows, layers = gammas.shape
    columns = n_bits + 2
    padding = n_bits + (1 if mirrored else 0) - n_qubits
    tangents = np.empty((layers, columns))
    factors = np.empty((layers, 3))
    flips = np.empty(layers + 1, np.int64)
    own = np.empty(layers * columns, state.dtype)
    scratch = np.empty(max(4, 2 * levels.size))
    tables = np.empty(3 * levels.size, state.dtype)
    sums = np.empty(layers * columns * 8)
    moments = np.empty((layers, columns))
    scaled = np.empty((layers, columns))
    result = np.empty(2)
    for row in range(rows):
        prepare(gammas[row], betas[row], n_bits, padding, mirrored, tangents, factors, flips)
        for place in range(layers * columns):
            own[place] = tangents[place // columns, place % columns]
        start = 0.5 ** (0.5 * n_qubits)
        factors[0, 1] *= start
        factors[0, 2] *= start
        forward_layers(
            state, pitch, n_bits, block_bits, mirrored, codes, levels, limit, factors, flips, own, columns,
            waves, scratch, tables,
        )  # fmt: skip
        energy_sums_of(state, pitch, 0, 1 << n_bits, codes, flips[layers], levels, result)
        values[row] = weight * result[1]
        last_flips[row] = flips[layers]
        if by_gamma.shape[0] == 0:
            continue
        factors[0, 1] /= start
        factors[0, 2] /= start
        for layer in range(layers):
            factors[layer, 0] = -factors[layer, 0]
            factors[layer, 2] = -factors[layer, 2]
        for place in range(layers * columns):
            own[place] = -own[place]
        sums[:] = 0.0
        backward_layers(
            state, pitch, n_bits, block_bits, mirrored, codes, levels, limit, factors, flips, own, columns,
            waves, scratch, tables, sums,
        )  # fmt: skip
        for place in range(layers * columns):
            total = 0.0
            for lane in range(8):
                total += sums[8 * place + lane]
            moments[place // columns, place % columns] = total
        scale_moments(tangents, moments, n_bits, block_bits, near, mirrored, False, weight, scaled)
        for layer in range(layers):
            by_gamma[row, layer] = scaled[layer, columns - 1]
            for wire in range(n_qubits):
                bit = n_bits if mirrored and wire == 0 else n_qubits - 1 - wire + padding
                by_beta[row, layer, wire] = scaled[layer, bit]


evolve = compile_kernel(_evolve, uses=_USES)


def evolve_one(
    layout: StateLayout,
    codes: NDArray[Any],
    levels: NDArray[np.float64] | None,
    limit: float,
    gammas: NDArray[np.float64],
    betas: NDArray[np.float64],
    parts: NDArray[Any],
) -> int:
    """The state of one angle set.

    Args:
        layout: of a state that is one block (or two mirrored ones).
        codes: per stored state the code of its cost, or its cost.
        levels: cost of each code; None for costs.
        limit: largest absolute cost.
        gammas: shape (p,).
        betas: shape (p, n).
        parts: room for the state.

    Returns:
        The bits that are stored flipped.
    """
    flips = np.empty(1, np.int64)
    nothing = np.empty((0, len(gammas)))
    _evolve_into(
        layout, codes, levels, limit, gammas[None], betas[None], parts, (np.empty(1), flips, nothing, _NONE)
    )
    return int(flips[0])


_NONE = np.empty((0, 0, 0))


def _evolve_into(
    layout: StateLayout,
    codes: NDArray[Any],
    levels: NDArray[np.float64] | None,
    limit: float,
    gammas: NDArray[np.float64],
    betas: NDArray[np.float64],
    parts: NDArray[Any],
    results: tuple[NDArray[Any], ...],
) -> None:
    near = lane_count_bits(layout.itemsize) + BACKWARD_BITS - layout.mirrored
    evolve(
        parts, layout.pitch, layout.n_qubits, layout.n_bits, layout.block_bits, near, layout.mirrored,
        layout.weight, codes, np.zeros(1) if levels is None else levels, limit, gammas, betas,
        aligned(3 * 1024, layout.dtype), *results,
    )  # fmt: skip


def evolve_rows(
    layout: StateLayout,
    codes: NDArray[Any],
    levels: NDArray[np.float64] | None,
    limit: float,
    gammas: NDArray[np.float64],
    betas: NDArray[np.float64],
    *,
    gradients: bool,
    threads: int | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Expectations, and their derivatives, of a batch of angle sets.

    Args:
        layout: of a state that is one block (or two mirrored ones).
        codes: per stored state the code of its cost, or its cost.
        levels: cost of each code; None for costs.
        limit: largest absolute cost.
        gammas: shape (B, p).
        betas: shape (B, p, n).
        gradients: whether they are wanted.
        threads: most threads; None for all.

    Returns:
        Values (B,); derivatives by gammas (B, p) and by betas (B, p, n), with no rows if not wanted.
    """
    rows, layers, n_qubits = betas.shape
    kept = rows if gradients else 0
    values = np.empty(rows)
    by_gamma, by_beta = np.empty((kept, layers)), np.empty((kept, layers, n_qubits))
    flips = np.empty(rows, np.int64)

    def work(some: slice) -> None:
        parts = layout.allocate(2 if gradients else 1)
        results = (values[some], flips[some], by_gamma[some], by_beta[some])
        _evolve_into(layout, codes, levels, limit, gammas[some], betas[some], parts, results)

    cost = layers * layout.n_bits * max(1, layout.dimension // 8) * (4 if gradients else 1)
    run_in_parts(work, rows, cost, threads)
    return values, by_gamma, by_beta
