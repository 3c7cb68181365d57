"""Powers, roots and signs on whole vectors, for use inside compiled loops.

A call of the C library's ``pow`` handles one number at a time. Here a power is 2**(p * log2(x)) with both
functions from truncated series, in vector instructions, to about 1e-7 (singles) and 1e-15 (doubles) of
relative error times the size of the exponent p * log2(x):

* x = 2**e * m with m between sqrt(1/2) and sqrt(2), and log2(m) = 2/ln(2) * artanh(s) with s = (m - 1) / (m +
  1), so |s| < 0.172 and the series sum s**(2k+1) / (2k+1) needs 5 terms for singles and 10 for doubles;
* 2**y = 2**n * 2**f with n the nearest integer, and 2**f the exponential series of f * ln(2), |f| <= 1/2, up
  to order 7 for singles and 13 for doubles.

Source of the series: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions (1964), 4.1.27 and 4.2.1.
"""

from __future__ import annotations

import math
from typing import Any

from .kernel_lanes import LaneBuilder, block_function

__all__ = [
    "absolute",
    "cube_root",
    "exponential",
    "inverse",
    "keep_nan",
    "larger_or_first",
    "larger_vector",
    "log2_vector",
    "power",
    "power_vector",
    "root",
    "scaled",
    "signed_vector",
]


def log2_vector(b: LaneBuilder, x: Any) -> Any:
    """Base-2 logarithm of a positive normal number; finite for 0, so that 0 * log2(0) is 0."""
    shift = b.integer(b.mantissa_bits)
    bits = b.as_integers(x)
    # Distance of the exponent from that of sqrt(1/2): rounds towards the mantissa range wanted.
    lowest = b.as_integers(b.number(math.sqrt(0.5)))
    exponent = b.builder.ashr(b.builder.sub(bits, lowest), shift)
    mantissa = b.as_floats(b.builder.sub(bits, b.builder.shl(exponent, shift)))
    one = b.number(1.0)
    s = b.divide(b.subtract(mantissa, one), b.add(mantissa, one))
    terms = 5 if b.bits == 32 else 10
    series = b.polynomial(b.multiply(s, s), [2 / math.log(2) / (2 * k + 1) for k in range(terms)])
    return b.add(b.builder.sitofp(exponent, b.floats), b.multiply(s, series))


def _exp2(b: LaneBuilder, y: Any) -> Any:
    """2**y, from the smallest normal number on; above the range infinity."""
    largest = 2.0 ** (b.bits - b.mantissa_bits - 2)
    y = b.builder.select(b.builder.fcmp_ordered("<", y, b.number(2 - largest)), b.number(2 - largest), y)
    y = b.builder.select(b.builder.fcmp_ordered(">", y, b.number(largest)), b.number(largest), y)
    # Adding a number whose last bit stands for 1 rounds to an integer and leaves it in the low bits.
    rounder = b.number(1.5 * 2.0**b.mantissa_bits)
    shifted = b.add(y, rounder)
    fraction = b.subtract(y, b.subtract(shifted, rounder))
    order = 7 if b.bits == 32 else 13
    value = b.polynomial(fraction, [math.log(2) ** k / math.factorial(k) for k in range(order + 1)])
    exponent = b.builder.shl(b.as_integers(shifted), b.integer(b.mantissa_bits))
    return b.multiply(value, b.as_floats(b.builder.add(exponent, b.as_integers(b.number(1.0)))))


def power_vector(b: LaneBuilder, x: Any, exponent: Any) -> Any:
    """x**exponent for x >= 0 and exponent > 0; 0 stays 0, not-a-number stays what it is."""
    value = _exp2(b, b.multiply(exponent, log2_vector(b, x)))
    return b.builder.select(b.builder.fcmp_ordered(">", x, b.number(0.0)), value, x)


def _exponential(b: LaneBuilder, x: Any) -> Any:
    """e**x, 0 below the smallest normal number."""
    y = b.multiply(x, b.number(1 / math.log(2)))
    lowest = b.number(2 - 2.0 ** (b.bits - b.mantissa_bits - 2))
    value = _exp2(b, y)
    return b.builder.select(b.builder.fcmp_ordered("<", y, lowest), b.number(0.0), value)


def _larger_or_first(b: LaneBuilder, x: Any, y: Any) -> Any:
    """Y where it is larger than x, else x: a y that is no number is passed over."""
    return b.builder.select(b.builder.fcmp_ordered(">", y, x), y, x)


def _cube_root(b: LaneBuilder, x: Any) -> Any:
    """Cube root of a positive number; the series is sharpened by one step of Newton's method."""
    third = b.number(1.0 / 3.0)
    first = power_vector(b, x, third)
    square = b.multiply(first, first)
    error = b.divide(b.subtract(b.multiply(square, first), x), square)
    return b.subtract(first, b.multiply(error, third))


def larger_vector(b: LaneBuilder, x: Any, y: Any) -> Any:
    """The larger of two numbers >= 0; as integers they are ordered in the same way, not-a-number on top."""
    left, right = b.as_integers(x), b.as_integers(y)
    return b.builder.select(b.builder.icmp_signed(">", left, right), x, y)


def signed_vector(b: LaneBuilder, weight: Any, x: Any) -> Any:
    """Weight * sign(x), with sign(0) = 0."""
    turned = b.builder.xor(b.as_integers(weight), b.sign_bit(x))
    not_zero = b.builder.fcmp_unordered("!=", x, b.number(0.0))
    return b.as_floats(b.builder.and_(turned, b.mask(not_zero)))


def _inverse(b: LaneBuilder, x: Any) -> Any:
    """1 / x for x >= 0, 0 for x = 0, and never infinite: the smallest subnormal numbers have no inverse."""
    value = b.divide(b.number(1.0), x)
    largest = b.number(3.0e38 if b.bits == 32 else 1.7e308)
    value = b.builder.select(b.builder.fcmp_ordered(">", value, largest), largest, value)
    return b.builder.select(b.builder.fcmp_ordered("==", x, b.number(0.0)), x, value)


def _keep_nan(b: LaneBuilder, weight: Any, x: Any) -> Any:
    """The weight, or x where that is not a number."""
    return b.builder.select(b.builder.fcmp_unordered("uno", x, x), x, weight)


absolute = block_function(lambda b, x: b.magnitude(x))
cube_root = block_function(_cube_root)
exponential = block_function(_exponential)
inverse = block_function(_inverse)
keep_nan = block_function(_keep_nan)
larger_or_first = block_function(_larger_or_first)
power = block_function(power_vector)
root = block_function(lambda b, x: b.square_root(x))
scaled = block_function(lambda b, x, factor: b.multiply(x, factor))
