"""Large counts in a readable form."""

from __future__ import annotations

from math import log10

__all__ = ["spelled_count"]

LONGEST = 50  # bits; about 15 digits


def spelled_count(count: int) -> str:
    """A count with thousands separators, or its power of ten where nobody could read it.

    Args:
        count: a whole number of at least 0, of any size.

    Returns:
        The text. (Python itself refuses to print integers of more than 4,300 digits.)

    Example:
        >>> spelled_count(2**20), spelled_count(2**800)
        ('1,048,576', 'about 10^241')
    """
    if count.bit_length() <= LONGEST:
        return f"{count:,}"
    shift = count.bit_length() - LONGEST
    return f"about 10^{log10(count >> shift) + shift * log10(2):.0f}"
