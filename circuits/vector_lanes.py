"""Eight numbers at a time: a numba type for one machine vector, for use inside compiled kernels.

Loops over complex numbers are rarely turned into vector instructions by the compiler, because gates mix real
and imaginary parts and neighbors. Here the kernels say so themselves: a `Lanes` value holds eight doubles,
one per lane, and +, - and * act lane by lane. LLVM maps it to one register of AVX-512, two of AVX2, or four
of SSE and NEON, and fuses a product with a following sum where the processor can.

The functions `load`, `store`, `splat` and `lane_sum` exist inside kernels only. Offsets are not checked.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic, models, overload, register_model

__all__ = ["WIDTH", "Lanes", "lane_sum", "load", "splat", "store"]

WIDTH = 8
"""Numbers of one vector."""

_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_INDEX = ir.IntType(32)
# A product whose sum follows may be rounded once instead of twice.
_FLAGS = ("contract",)


class Lanes(types.Type):  # type: ignore[misc]
    """The numba type of eight doubles."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


_LANES = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, _VECTOR)


def _address(context: Any, builder: Any, array_type: Any, array: Any, offset: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), _VECTOR.as_pointer())


def _load(typing_context: Any, array: Any, offset: Any) -> Any:
    """Eight entries of a contiguous float64 array from an offset on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.load(address, align=8)

    return _LANES(array, types.intp), generate


def _store(typing_context: Any, array: Any, offset: Any, value: Any) -> Any:
    """Write eight entries of a contiguous float64 array from an offset on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], arguments[0], arguments[1])
        builder.store(arguments[2], address, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, _LANES), generate


def _splat(typing_context: Any, number: Any) -> Any:
    """The same number in every lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(nothing, arguments[0], ir.Constant(_INDEX, 0))
        return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INDEX, WIDTH), [0] * WIDTH))

    return _LANES(types.float64), generate


def _lane_sum(typing_context: Any, value: Any) -> Any:
    """The sum over the lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        entries = [builder.extract_element(arguments[0], ir.Constant(_INDEX, lane)) for lane in range(WIDTH)]
        while len(entries) > 1:
            entries = [builder.fadd(a, b) for a, b in zip(entries[::2], entries[1::2])]
        return entries[0]

    return types.float64(_LANES), generate


load = intrinsic(_load)
store = intrinsic(_store)
splat = intrinsic(_splat)
lane_sum = intrinsic(_lane_sum)


def _define(symbol: Any, instruction: str) -> None:
    """Give Python's operator its meaning for two `Lanes`."""

    def typed(typing_context: Any, left: Any, right: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments, flags=_FLAGS)

        return _LANES(_LANES, _LANES), generate

    act = intrinsic(typed)

    @overload(symbol)  # type: ignore[untyped-decorator]
    def choose(left: Any, right: Any) -> Any:
        def implement(left: Any, right: Any) -> Any:
            return act(left, right)

        return implement if isinstance(left, Lanes) and isinstance(right, Lanes) else None


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")
