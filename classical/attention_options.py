"""Checks of the plain options of attention: each says what was given, what is legal, and what to do."""

from __future__ import annotations

from .errors import AttentionError

__all__ = ["check_causal", "check_dropout", "check_seed", "check_window"]


def check_causal(causal: object) -> bool:
    """Whether order matters, checked.

    Args:
        causal: True or False.

    Returns:
        The same.

    Raises:
        AttentionError: for anything else, such as the text "false", which would count as true.

    Example:
        >>> check_causal(True)
        True
    """
    if not isinstance(causal, bool):
        raise AttentionError(f"causal is {causal!r}; give True or False")
    return causal


def check_window(window: object) -> int | None:
    """The window, checked.

    Args:
        window: None or an integer of at least 1.

    Returns:
        The same.

    Raises:
        AttentionError: for anything else.

    Example:
        >>> check_window(3)
        3
    """
    if window is None:
        return None
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise AttentionError(
            f"window is {window!r}; it must be an integer of at least 1 (1: a query sees the key at its own "
            "position only) or None for no window"
        )
    return window


def check_dropout(dropout: object) -> float:
    """A probability below 1.

    Args:
        dropout: a number.

    Returns:
        The same as a float.

    Raises:
        AttentionError: if it is no number in [0, 1).

    Example:
        >>> check_dropout(0.1)
        0.1
    """
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise AttentionError(f"dropout is {dropout!r}; it must be a number of at least 0 and below 1")
    return float(dropout)


def check_seed(seed: object) -> int | None:
    """The seed of dropout, checked.

    Args:
        seed: None or an integer.

    Returns:
        The same.

    Raises:
        AttentionError: for anything else.

    Example:
        >>> check_seed(7)
        7
    """
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise AttentionError(f"seed is {seed!r}; give an integer, or None for torch's default generator")
    return seed
