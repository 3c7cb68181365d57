"""Many numbers at a time: a numba type for one machine vector, for use inside compiled kernels.

Loops over complex numbers are rarely turned into vector instructions by the compiler, because gates mix real
and imaginary parts and neighbors. Here the kernels say so themselves: a `Lanes` value holds 512 bits, that is
eight doubles or sixteen singles, one per lane, and +, - and * act lane by lane. LLVM maps it to one register
of AVX-512, two of AVX2, or four of SSE and NEON, and fuses a product with a following sum where the processor
can. Whether lanes are doubles or singles follows from the arrays and numbers given.

The functions `load`, `gather`, `store`, `splat`, `lane_sum`, `exchange` and `reverse` exist inside kernels
only. Offsets are not checked.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic, models, overload, register_model

__all__ = [
    "WIDTH",
    "Lanes",
    "exchange",
    "gather",
    "lane_bits",
    "lane_sum",
    "load",
    "reverse",
    "splat",
    "store",
]

WIDTH = 8
"""Doubles of one vector; of singles there are twice as many."""

_INDEX = ir.IntType(32)
# A product whose sum follows may be rounded once instead of twice.
FLAGS = ("contract",)


class Lanes(types.Type):  # type: ignore[misc]
    """The numba type of one vector of doubles or of singles.

    Args:
        scalar: numba's float64 or float32.
    """

    def __init__(self, scalar: Any) -> None:
        self.scalar = scalar
        super().__init__(name=f"Lanes({scalar})")


def lane_count(scalar: Any) -> int:
    """Numbers of one vector of a numba type."""
    return 512 // int(scalar.bitwidth)


def lane_bits_of(scalar: Any) -> int:
    """Bits that number the lanes of a vector."""
    return lane_count(scalar).bit_length() - 1


def literal_constant(value_of: Callable[[Any], int]) -> Any:
    """An intrinsic of one argument that is a constant of the argument's type, known when compiling."""

    def typed(typing_context: Any, argument: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return ir.Constant(ir.IntType(64), value_of(argument))

        return types.int64(argument), generate

    return intrinsic(typed)


def vector_of(scalar: Any) -> Any:
    """LLVM's type of one vector of a numba type."""
    entry = ir.DoubleType() if scalar == types.float64 else ir.FloatType()
    return ir.VectorType(entry, lane_count(scalar))


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, vector_of(numba_type.scalar))


def data_pointer(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    """Where the numbers of an array begin."""
    return context.make_array(array_type)(context, builder, array).data


def load_vector(builder: Any, data: Any, offset: Any) -> Any:
    """One vector from ``data[offset]`` on, at any alignment."""
    scalar = data.type.pointee
    size = 8 if isinstance(scalar, ir.DoubleType) else 4
    vector = ir.VectorType(scalar, 64 // size)
    return builder.load(builder.bitcast(builder.gep(data, [offset]), vector.as_pointer()), align=size)


def store_vector(builder: Any, data: Any, offset: Any, value: Any) -> None:
    """Write one vector from ``data[offset]`` on."""
    size = 8 if isinstance(data.type.pointee, ir.DoubleType) else 4
    builder.store(value, builder.bitcast(builder.gep(data, [offset]), value.type.as_pointer()), align=size)


def splat_scalar(builder: Any, number: Any, count: int) -> Any:
    """The same number in every lane."""
    vector = ir.VectorType(number.type, count)
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INDEX, count), [0] * count))


def arrange(builder: Any, value: Any, places: list[int]) -> Any:
    """A vector of the lanes named, in that order."""
    nothing = ir.Constant(value.type, ir.Undefined)
    order = ir.Constant(ir.VectorType(_INDEX, len(places)), places)
    return builder.shuffle_vector(value, nothing, order)


def add_lanes(builder: Any, value: Any) -> Any:
    """The sum over the lanes, in pairs."""
    entries = [builder.extract_element(value, ir.Constant(_INDEX, lane)) for lane in range(value.type.count)]
    while len(entries) > 1:
        entries = [builder.fadd(a, b) for a, b in zip(entries[::2], entries[1::2])]
    return entries[0]


def _load(typing_context: Any, array: Any, offset: Any) -> Any:
    """One vector from a contiguous array, from an offset on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return load_vector(builder, data_pointer(context, builder, array, arguments[0]), arguments[1])

    return Lanes(array.dtype)(array, types.intp), generate


def _store(typing_context: Any, array: Any, offset: Any, value: Any) -> Any:
    """Write one vector into a contiguous array, from an offset on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = data_pointer(context, builder, array, arguments[0])
        store_vector(builder, data, arguments[1], arguments[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, Lanes(array.dtype)), generate


def _splat(typing_context: Any, number: Any) -> Any:
    """The same number in every lane."""
    scalar = types.float32 if number == types.float32 else types.float64

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return splat_scalar(builder, arguments[0], lane_count(scalar))

    return Lanes(scalar)(scalar), generate


def _lane_sum(typing_context: Any, value: Any) -> Any:
    """The sum over the lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return add_lanes(builder, arguments[0])

    return value.scalar(value), generate


def _exchange(typing_context: Any, value: Any, distance: Any) -> Any:
    """Every lane gets the entry of lane ^ distance; the distance is a literal power of two."""
    if not isinstance(distance, types.IntegerLiteral):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = [lane ^ distance.literal_value for lane in range(lane_count(value.scalar))]
        return arrange(builder, arguments[0], places)

    return value(value, distance), generate


def _reverse(typing_context: Any, value: Any) -> Any:
    """The lanes in reversed order."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return arrange(builder, arguments[0], list(range(lane_count(value.scalar)))[::-1])

    return value(value), generate


def _gather(typing_context: Any, table: Any, start: Any, codes: Any, offset: Any) -> Any:
    """One vector of entries of a table: ``table[start + codes[offset + lane]]``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        entries = builder.gep(data_pointer(context, builder, table, arguments[0]), [arguments[1]])
        places = builder.gep(data_pointer(context, builder, codes, arguments[2]), [arguments[3]])
        result = ir.Constant(vector_of(table.dtype), ir.Undefined)
        for lane in range(lane_count(table.dtype)):
            code = builder.load(builder.gep(places, [ir.Constant(ir.IntType(64), lane)]))
            entry = builder.load(builder.gep(entries, [builder.zext(code, ir.IntType(64))]))
            result = builder.insert_element(result, entry, ir.Constant(_INDEX, lane))
        return result

    return Lanes(table.dtype)(table, types.intp, codes, types.intp), generate


load = intrinsic(_load)
gather = intrinsic(_gather)
store = intrinsic(_store)
splat = intrinsic(_splat)
lane_sum = intrinsic(_lane_sum)
exchange = intrinsic(prefer_literal=True)(_exchange)
reverse = intrinsic(_reverse)


def _define(symbol: Any, instruction: str) -> None:
    """Give Python's operator its meaning for two `Lanes`."""

    def typed(typing_context: Any, left: Any, right: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments, flags=FLAGS)

        return left(left, right), generate

    act = intrinsic(typed)

    @overload(symbol)  # type: ignore[untyped-decorator]
    def choose(left: Any, right: Any) -> Any:
        def implement(left: Any, right: Any) -> Any:
            return act(left, right)

        return implement if isinstance(left, Lanes) and left == right else None


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")

lane_bits = literal_constant(lambda array: lane_bits_of(array.dtype))
"""Within kernels: the bits that number the lanes of a vector of an array's numbers."""
