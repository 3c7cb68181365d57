"""Turns about X of several bits at a time, written for vector registers.

A step holds 2**k vectors of amplitudes, real and imaginary parts apart, multiplies them by phases where a new
layer begins, and turns k bits of the index (and, in a step with lanes, the bits that number the lanes) before
it writes them back. A turn by beta maps each pair of amplitudes to

    a' = a - i t b,    b' = b - i t a,    t = tan(beta),

that is exp(-i beta X) divided by cos(beta): two multiply-adds for a complex number. Whoever builds the phases
multiplies them by the cosines.

In the backward sweep of the adjoint method (T. Jones, J. Gacon, arXiv:2009.02823) the same step treats two
states, psi and lambda, and adds up Im <lambda|X|psi> of each bit it turns and Im <lambda|C|psi> where it
takes a phase off. It does so where it is given an array for the sums, and is compiled as the forward step
otherwise.

Arrays are flat. The parts of a state (real, imaginary; in the sweep also those of lambda) stand ``pitch``
apart, those of the phases (cosine, sine, cost) ``wave_pitch`` apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from .vector_lanes import (
    FLAGS,
    WIDTH,
    arrange,
    data_pointer,
    lane_bits_of,
    lane_count,
    literal_constant,
    load_vector,
    splat_scalar,
    store_vector,
)

__all__ = ["FRESH", "MULTIPLY", "PLAIN", "SPAWN", "make_step", "most_bits"]

PLAIN, MULTIPLY, FRESH, SPAWN = range(4)
"""What a step does first: nothing; a product with phases; take the phases for the state; lambda = w psi."""

FORWARD_BITS, BACKWARD_BITS = 3, 2
Vectors = list[Any]


class _Emitter:
    """Writes LLVM's instructions for one step."""

    def __init__(self, builder: Any, scalar: Any, sums: Any) -> None:
        self.builder = builder
        self.count = lane_count(scalar)
        self.sums = sums  # pointer to the sums, or None

    def plus(self, total: Any, a: Any, b: Any) -> Any:
        return self.builder.fadd(total, self.builder.fmul(a, b, flags=FLAGS), flags=FLAGS)

    def minus(self, total: Any, a: Any, b: Any) -> Any:
        return self.builder.fsub(total, self.builder.fmul(a, b, flags=FLAGS), flags=FLAGS)

    def at(self, base: Any, stride: Any, j: int) -> Any:
        return self.builder.add(base, self.builder.mul(stride, ir.Constant(base.type, j)))

    def tangent(self, tangents: Any, place: Any, bit: int) -> Any:
        where = self.builder.gep(tangents, [self.builder.add(place, ir.Constant(place.type, bit))])
        return splat_scalar(self.builder, self.builder.load(where), self.count)

    def exchanged(self, value: Any, distance: int) -> Any:
        return arrange(self.builder, value, [lane ^ distance for lane in range(self.count)])

    def reversed(self, value: Any) -> Any:
        return arrange(self.builder, value, list(range(self.count))[::-1])

    def add_to_sum(self, place: Any, total: Any) -> None:
        """Add a vector to the eight doubles that belong to a sum."""
        builder = self.builder
        if total.type.element == ir.FloatType():
            total = builder.fpext(total, ir.VectorType(ir.DoubleType(), self.count))
            low = arrange(builder, total, list(range(WIDTH)))
            total = builder.fadd(low, arrange(builder, total, list(range(WIDTH, self.count))))
        offset = builder.mul(place, ir.Constant(place.type, WIDTH))
        store_vector(builder, self.sums, offset, builder.fadd(load_vector(builder, self.sums, offset), total))

    def moment(self, total: Any, bra: tuple[Any, Any], ket: tuple[Any, Any]) -> Any:
        """The total and Im conj(bra) ket."""
        if total is None:
            return self.minus(self.builder.fmul(bra[0], ket[1], flags=FLAGS), bra[1], ket[0])
        return self.minus(self.plus(total, bra[0], ket[1]), bra[1], ket[0])

    def turned(self, own: tuple[Any, Any], other: tuple[Any, Any], t: Any) -> tuple[Any, Any]:
        """One amplitude of a pair after the turn: own - i t other."""
        return self.plus(own[0], t, other[1]), self.minus(own[1], t, other[0])

    def turn_lanes(self, states: list[Vectors], bit: int, t: Any, place: Any) -> None:
        total = None
        others = [
            [tuple(self.exchanged(part, 1 << bit) for part in value) for value in state] for state in states
        ]
        if self.sums is not None:
            for bra, ket in zip(states[1], others[0]):
                total = self.moment(total, bra, ket)
            self.add_to_sum(place, total)
        for state, other in zip(states, others):
            state[:] = [self.turned(own, partner, t) for own, partner in zip(state, other)]

    def turn_vectors(self, states: list[Vectors], bit: int, t: Any, place: Any) -> None:
        total = None
        for a in range(len(states[0])):
            b = a | 1 << bit
            if a == b:
                continue
            if self.sums is not None:
                total = self.moment(total, states[1][a], states[0][b])
                total = self.moment(total, states[1][b], states[0][a])
            for state in states:
                first, second = state[a], state[b]
                state[a], state[b] = self.turned(first, second, t), self.turned(second, first, t)
        if self.sums is not None:
            self.add_to_sum(place, total)


def make_step(forward: int, backward: int, *, lanes: bool, mirror: bool, phase: int) -> Any:
    """A step as an intrinsic for kernels.

    Args:
        forward: k of a step of one state.
        backward: k of a step of two states.
        lanes: whether the bits of the lanes are turned too.
        mirror: whether half of the vectors come, reversed, from the mirrored half of the array, to be turned
            with the others as the last bit (`diagonal_layout`).
        phase: one of PLAIN, MULTIPLY, FRESH, SPAWN.

    Returns:
        The intrinsic. Its arguments: source array, place of its first vector, distance of the next, distance
        of the parts; the same for the target; place of the first mirrored vector (the next stands below it);
        phases, place, distance, distance of their parts, place of the mirrored phases; flat tangents, index
        of that of the step's first bit, and of the mirror's; sums or None (those of a bit have the index of
        its tangent), index of the sum of the costs.

    Example:
        >>> step = make_step(3, 2, lanes=False, mirror=False, phase=PLAIN)
    """

    def typed(
        typing_context: Any,
        source: Any,
        source_at: Any,
        source_stride: Any,
        source_pitch: Any,
        target: Any,
        target_at: Any,
        target_stride: Any,
        target_pitch: Any,
        mirror_at: Any,
        waves: Any,
        wave_at: Any,
        wave_stride: Any,
        wave_pitch: Any,
        mirror_wave_at: Any,
        tangents: Any,
        first: Any,
        last: Any,
        sums: Any,
        cost_sum: Any,
    ) -> Any:
        adjoint = isinstance(sums, types.Array)
        integer = types.intp
        signature = types.void(
            source, integer, integer, integer, target, integer, integer, integer, integer,
            waves, integer, integer, integer, integer, tangents, integer, integer, sums, integer,
        )  # fmt: skip
        scalar = source.dtype
        bits = backward if adjoint else forward

        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            def pointer(number: int) -> Any:
                return data_pointer(context, builder, signature.args[number], given[number])

            emit = _Emitter(builder, scalar, pointer(17) if adjoint else None)
            _write_step(
                emit,
                _Places(emit, pointer(0), given[1], given[2], given[3], given[8], bits, mirror),
                _Places(emit, pointer(4), given[5], given[6], given[7], given[8], bits, mirror),
                _Places(emit, pointer(9), given[10], given[11], given[12], given[13], bits, mirror),
                lambda bit: (emit.tangent(pointer(14), given[15], bit), _offset(builder, given[15], bit)),
                (emit.tangent(pointer(14), given[16], 0), given[16]) if mirror else None,
                given[18],
                lane_bits_of(scalar) if lanes else 0,
                bits - 1 if mirror else bits,
                phase,
            )
            return context.get_dummy_value()

        return signature, generate

    return intrinsic(typed)


def _offset(builder: Any, place: Any, bit: int) -> Any:
    return builder.add(place, ir.Constant(place.type, bit))


class _Places:
    """The vectors of a step in an array: those below and, reversed, their mirrored partners."""

    def __init__(
        self, emit: _Emitter, data: Any, at: Any, stride: Any, pitch: Any, other: Any, bits: int, mirror: bool
    ) -> None:
        self.emit, self.data, self.pitch = emit, data, pitch
        near = 1 << (bits - 1 if mirror else bits)
        self.places = [(emit.at(at, stride, j), False) for j in range(near)]
        if mirror:
            self.places += [(emit.at(other, stride, -j), True) for j in range(near)]

    def load(self, part: int) -> Vectors:
        vectors = []
        for place, mirrored in self.places:
            value = load_vector(self.emit.builder, self.data, self.emit.at(place, self.pitch, part))
            vectors.append(self.emit.reversed(value) if mirrored else value)
        return vectors

    def store(self, part: int, vectors: Vectors) -> None:
        for (place, mirrored), value in zip(self.places, vectors):
            value = self.emit.reversed(value) if mirrored else value
            store_vector(self.emit.builder, self.data, self.emit.at(place, self.pitch, part), value)


def _write_step(
    emit: _Emitter,
    source: _Places,
    target: _Places,
    waves: _Places,
    tangent: Callable[[int], tuple[Any, Any]],
    mirror_tangent: tuple[Any, Any] | None,
    cost_sum: Any,
    lane_bits: int,
    vector_bits: int,
    phase: int,
) -> None:
    adjoint = emit.sums is not None
    if phase == (FRESH if adjoint else SPAWN):
        phase = PLAIN  # compiled, but never run
    states: list[Vectors]
    if phase == FRESH:
        states = [list(zip(waves.load(0), waves.load(1)))]
    else:
        parts = 2 if adjoint and phase != SPAWN else 1
        states = [list(zip(source.load(2 * s), source.load(2 * s + 1))) for s in range(parts)]
    if phase == SPAWN:
        multiply = emit.builder.fmul
        states.append([(multiply(w, re), multiply(w, im)) for w, (re, im) in zip(waves.load(0), states[0])])
    if phase == MULTIPLY:
        _take_phases(emit, states, waves, cost_sum)
    for bit in range(lane_bits):
        emit.turn_lanes(states, bit, *tangent(bit))
    for bit in range(vector_bits):
        emit.turn_vectors(states, bit, *tangent(lane_bits + bit))
    if mirror_tangent is not None:
        emit.turn_vectors(states, vector_bits, *mirror_tangent)
    for number, state in enumerate(states):
        target.store(2 * number, [value[0] for value in state])
        target.store(2 * number + 1, [value[1] for value in state])


def _take_phases(emit: _Emitter, states: list[Vectors], waves: _Places, cost_sum: Any) -> None:
    multiply = emit.builder.fmul
    if emit.sums is not None:
        total = None
        for cost, bra, ket in zip(waves.load(2), states[1], states[0]):
            moment = emit.moment(None, bra, ket)
            total = multiply(cost, moment) if total is None else emit.plus(total, cost, moment)
        emit.add_to_sum(cost_sum, total)
    cosines, sines = waves.load(0), waves.load(1)
    for state in states:
        state[:] = [
            (
                emit.minus(multiply(c, re, flags=FLAGS), s, im),
                emit.plus(multiply(c, im, flags=FLAGS), s, re),
            )
            for c, s, (re, im) in zip(cosines, sines, state)
        ]


most_bits = literal_constant(lambda sums: BACKWARD_BITS if isinstance(sums, types.Array) else FORWARD_BITS)
"""Within kernels: the most bits of one step, by the sums that it is given or not."""


def lane_count_bits(itemsize: int) -> int:
    """Bits that number the lanes of a vector of numbers of 8 or 4 bytes."""
    return (64 // itemsize).bit_length() - 1
