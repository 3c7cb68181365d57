"""Moving blocks of numbers between arrays and vector registers, inside compiled loops.

Shapes: L lanes per vector, V vectors per block. Offsets count numbers of a flat array, or from a pointer on,
and are not checked.

`load`, `spread` and `repeat` make a block of V = ``count`` vectors, a literal number: of V runs of L numbers
that begin ``stride`` apart; of V single numbers ``stride`` apart, each in all lanes; of one run, V times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from .kernel_lanes import Block, LaneBuilder, joined, lane_count, parts_of, splat

__all__ = ["add_lanes", "add_vectors", "lanes_of", "load", "repeat", "spread", "store", "zeros"]

_BYTES = 64


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, offset: Any) -> Any:
    """Where a number of an array, or behind a pointer, stands."""
    is_array = isinstance(array_type, types.Array)
    data = context.make_array(array_type)(context, builder, array).data if is_array else array
    return builder.gep(data, [offset])


def _load_vector(builder: Any, pointer: Any) -> Any:
    entry = pointer.type.pointee
    size = 4 if isinstance(entry, ir.FloatType) else 8
    vector = ir.VectorType(entry, _BYTES // size)
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=size)


def _typed_read(read: Callable[[Any, Any, Any, int], list[Any]]) -> Any:
    """An intrinsic (array, offset, stride, literal count) -> block."""

    def typed(typing_context: Any, array: Any, offset: Any, stride: Any, count: Any) -> Any:
        if not isinstance(count, types.IntegerLiteral):
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            start = _pointer(context, builder, array, arguments[0], arguments[1])
            return joined(builder, read(builder, start, arguments[2], count.literal_value))

        return Block(array.dtype, count.literal_value)(array, types.intp, types.intp, count), generate

    return intrinsic(prefer_literal=True)(typed)


def _places(builder: Any, start: Any, stride: Any, count: int) -> list[Any]:
    steps = [builder.mul(stride, ir.Constant(stride.type, number)) for number in range(count)]
    return [builder.gep(start, [step]) for step in steps]


def _read_vectors(builder: Any, start: Any, stride: Any, count: int) -> list[Any]:
    return [_load_vector(builder, place) for place in _places(builder, start, stride, count)]


def _read_scalars(builder: Any, start: Any, stride: Any, count: int) -> list[Any]:
    entry = start.type.pointee
    vector = ir.VectorType(entry, _BYTES // (4 if isinstance(entry, ir.FloatType) else 8))
    return [splat(builder, builder.load(place), vector) for place in _places(builder, start, stride, count)]


def _repeat(typing_context: Any, array: Any, offset: Any, count: Any) -> Any:
    """The vector from an offset on, in each vector of a block of a literal count."""
    if not isinstance(count, types.IntegerLiteral):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = _load_vector(builder, _pointer(context, builder, array, *arguments[:2]))
        return joined(builder, [vector] * count.literal_value)

    return Block(array.dtype, count.literal_value)(array, types.intp, count), generate


def _store(typing_context: Any, array: Any, offset: Any, stride: Any, block: Any) -> Any:
    """Write the vectors of a block at an offset and strides from there."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = _pointer(context, builder, array, arguments[0], arguments[1])
        size = 4 if array.dtype == types.float32 else 8
        for place, vector in zip(
            _places(builder, start, arguments[2], block.count), parts_of(builder, arguments[3])
        ):
            builder.store(vector, builder.bitcast(place, vector.type.as_pointer()), align=size)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, block), generate


def _zeros(typing_context: Any, array: Any, count: Any) -> Any:
    """A block of zeros of an array's type and a literal count of vectors."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    block = Block(array.dtype, count.literal_value)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(context.get_value_type(block), None)

    return block(array, count), generate


def _add_vectors(typing_context: Any, block: Any) -> Any:
    """The sum of the vectors of a block: a block of one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parts = parts_of(builder, arguments[0])
        add = LaneBuilder(builder, block.scalar).add
        while len(parts) > 1:
            odd = [parts[-1]] if len(parts) % 2 else []
            parts = [add(left, right) for left, right in zip(parts[::2], parts[1::2])] + odd
        return joined(builder, parts)

    return Block(block.scalar, 1)(block), generate


def _add_lanes(typing_context: Any, block: Any) -> Any:
    """The sum over the lanes of a block of one vector, by halves."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (vector,) = parts_of(builder, arguments[0])
        numbers = [builder.extract_element(vector, ir.IntType(32)(lane)) for lane in range(vector.type.count)]
        while len(numbers) > 1:
            half = len(numbers) // 2
            numbers = [builder.fadd(left, right) for left, right in zip(numbers[:half], numbers[half:])]
        return numbers[0]

    return block.scalar(block), generate


def _lanes_of(typing_context: Any, array: Any) -> Any:
    """Lanes of a vector of an array's numbers, L."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(ir.IntType(64), lane_count(array.dtype))

    return types.int64(array), generate


load = _typed_read(_read_vectors)
spread = _typed_read(_read_scalars)
repeat = intrinsic(prefer_literal=True)(_repeat)
store = intrinsic(_store)
zeros = intrinsic(prefer_literal=True)(_zeros)
add_lanes = intrinsic(_add_lanes)
add_vectors = intrinsic(_add_vectors)
lanes_of = intrinsic(_lanes_of)
