"""The seed rule: every random entry point takes ``seed``; the seed that was used is part of the answer."""

from __future__ import annotations

import secrets
import zlib

import numpy as np

from .errors import OptionError

__all__ = ["child_seed", "resolve_seed"]


def resolve_seed(seed: int | None) -> int:
    """Return the seed to use and to record.

    Args:
        seed: a non-negative integer, or None for a fresh one from the operating system.

    Returns:
        The given seed, or a fresh one below 2**31 (small enough for every library called here).

    Raises:
        OptionError: the seed is negative or no integer.

    Example:
        >>> resolve_seed(7)
        7
    """
    if seed is None:
        return secrets.randbelow(2**31)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise OptionError(f"seed is {seed!r}; it must be a non-negative integer or None")
    return int(seed)


def child_seed(seed: int, purpose: str) -> int:
    """Derive an independent seed for one purpose, so that two consumers never share a stream.

    Args:
        seed: the recorded seed.
        purpose: a fixed word naming the consumer, e.g. ``"anneal"``.

    Returns:
        A seed below 2**31 that depends on both and on nothing else.

    Example:
        >>> child_seed(7, "anneal") == child_seed(7, "anneal") != child_seed(7, "qaoa")
        True
    """
    sequence = np.random.SeedSequence([seed, zlib.crc32(purpose.encode())])
    return int(sequence.generate_state(1, np.uint64)[0] % 2**31)
