"""Cosine and sine of many angles at a time, within kernels.

The angle is reduced to [-pi/4, pi/4] by the multiple of pi/2 next to it, with pi/2 in three parts (W. J.
Cody, W. Waite, "Software Manual for the Elementary Functions", 1980); there the minimax polynomials of
fdlibm (Sun Microsystems, 1993, `k_sin.c` and `k_cos.c`) are exact to about one unit in the last place.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from . import vector_lanes
from .compiled import compile_kernel
from .vector_lanes import Lanes, splat

__all__ = ["LARGEST_ANGLE", "cosine_and_sine"]

LARGEST_ANGLE = 1.0e6
"""Up to here the reduction is exact: the multiple of pi/2 stays below 2**20, each part has 33 bits."""

_ROUND = 1.5 * 2.0**52  # adding and subtracting it rounds to an integer, which the sum keeps in its low bits
_PART_1, _PART_2, _PART_3 = 1.57079632673412561417, 6.07710050630396597660e-11, 2.02226624879595063154e-21
_TWO_BY_PI = 0.63661977236758134308
_SINE = (
    *(1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06),
    *(-1.98412698298579493134e-04, 8.33333333332248946124e-03, -1.66666666666666324348e-01),
)
_COSINE = (
    *(-1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07),
    *(2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02),
)


def _in_quadrant(typing_context: Any, rounded: Any, cosine: Any, sine: Any) -> Any:
    """Cosine and sine of r + k pi/2 from those of r; ``rounded`` is k + 1.5 * 2**52."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.IntType(64), arguments[0].type.count)
        number = builder.bitcast(arguments[0], vector)

        def constant(value: int) -> Any:
            return ir.Constant(vector, [value] * vector.count)

        def with_sign(value: Any, turns: Any) -> Any:
            sign = builder.shl(builder.and_(turns, constant(2)), constant(62))
            return builder.bitcast(builder.xor(builder.bitcast(value, vector), sign), arguments[0].type)

        odd = builder.icmp_unsigned("!=", builder.and_(number, constant(1)), constant(0))
        first = builder.select(odd, arguments[2], arguments[1])
        second = builder.select(odd, arguments[1], arguments[2])
        pair = (with_sign(first, builder.add(number, constant(1))), with_sign(second, number))
        return context.make_tuple(builder, signature.return_type, pair)

    return types.UniTuple(Lanes(types.float64), 2)(rounded, cosine, sine), generate


in_quadrant = intrinsic(_in_quadrant)


def _cosine_and_sine(angle: Any) -> Any:
    """Cosines and sines of eight doubles up to `LARGEST_ANGLE`."""
    rounded = angle * splat(_TWO_BY_PI) + splat(_ROUND)
    turns = rounded - splat(_ROUND)
    rest = angle - turns * splat(_PART_1)
    rest = rest - turns * splat(_PART_2)
    rest = rest - turns * splat(_PART_3)
    square = rest * rest
    sine = splat(_SINE[0])
    cosine = splat(_COSINE[0])
    for k in range(1, 6):
        sine = sine * square + splat(_SINE[k])
        cosine = cosine * square + splat(_COSINE[k])
    sine = rest + (rest * square) * sine
    cosine = splat(1.0) - (splat(0.5) * square - (square * square) * cosine)
    return in_quadrant(rounded, cosine, sine)


cosine_and_sine = compile_kernel(_cosine_and_sine, uses=(vector_lanes,))
