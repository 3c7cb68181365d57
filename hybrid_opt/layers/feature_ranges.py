"""Which values of features suit an encoding."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi

__all__ = ["FEATURE_RANGES"]

FEATURE_RANGES: Mapping[str, tuple[float, float] | None] = {
    "angle": (-pi / 2, pi / 2),
    "iqp": (-1.0, 1.0),
    "chebyshev": (-0.95, 0.95),
    "amplitude": None,
    "basis": None,
}
"""Lowest and highest feature by the name of the encoding. Rotations must not wrap around; the products of
features that IQP encodes stay within 1 like the features; Chebyshev polynomials need arguments inside (-1,
1), where their derivative is finite; amplitudes are normalized by their encoding; bits stay bits. Other
encodings are taken to be like "angle"."""
