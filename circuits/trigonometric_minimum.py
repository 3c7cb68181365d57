"""The least value of b sin t + c sin 2t + d cos 2t, exactly.

The derivative b cos t + 2 c cos 2t - 2 d sin 2t is, with z = exp(i t), a polynomial of degree four in z
(times z**-2), so its zeros are the roots on the unit circle of

    (c + i d) z**4 + b / 2 z**3 + b / 2 z + (c - i d).
"""

from __future__ import annotations

import numpy as np

__all__ = ["minimize_trigonometric"]


def minimize_trigonometric(b: float, c: float, d: float) -> tuple[float, float]:
    """Minimize f(t) = b sin t + c sin 2t + d cos 2t over all t.

    Args:
        b: coefficient of sin t.
        c: coefficient of sin 2t.
        d: coefficient of cos 2t.

    Returns:
        (t in [-pi, pi], f(t)). Of equal minima, the one with t in [-pi/2, pi/2] nearest to 0, negative first.

    Example:
        >>> t, value = minimize_trigonometric(1.0, 0.0, 0.0)
        >>> round(t / np.pi, 6), value
        (-0.5, -1.0)
    """
    largest = max(abs(b), abs(c), abs(d))
    if largest == 0:
        return 0.0, 0.0
    b, c, d = b / largest, c / largest, d / largest
    # A leading coefficient of almost 0 would send roots to infinity and spoil the others.
    points = [0.0, np.pi / 2, -np.pi / 2]
    if abs(complex(c, d)) > 1e-12:
        roots = np.roots([complex(c, d), b / 2, 0, b / 2, complex(c, -d)])
        points += np.angle(roots).tolist()
    found = [_polish(t, b, c, d) for t in points]
    lowest = min(value for _, value in found)
    equal = [t for t, value in found if value <= lowest + 1e-12]
    t = min(equal, key=lambda t: (abs(t) > np.pi / 2 + 1e-9, round(abs(t), 9), t))
    return t, largest * _value(t, b, c, d)


def _value(t: float, b: float, c: float, d: float) -> float:
    return float(b * np.sin(t) + c * np.sin(2 * t) + d * np.cos(2 * t))


def _polish(t: float, b: float, c: float, d: float) -> tuple[float, float]:
    """Two Newton steps; a root that they make worse stays as it was."""
    best = t, _value(t, b, c, d)
    for _ in range(2):
        slope = b * np.cos(t) + 2 * c * np.cos(2 * t) - 2 * d * np.sin(2 * t)
        curvature = -b * np.sin(t) - 4 * c * np.sin(2 * t) - 4 * d * np.cos(2 * t)
        if curvature <= 0:
            break
        t = float(np.clip(t - slope / curvature, -np.pi, np.pi))
        best = min(best, (t, _value(t, b, c, d)), key=lambda pair: pair[1])
    return best
