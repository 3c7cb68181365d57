"""What a cell is before it is read: blank or not."""

from __future__ import annotations

from typing import Any

import pandas as pd

__all__ = ["is_blank"]


def is_blank(cell: Any) -> bool:
    """Say whether a cell holds nothing: None, NaN, NaT or only white space.

    Args:
        cell: a cell of a file or of a DataFrame.

    Returns:
        True where it holds nothing.

    Example:
        >>> is_blank("  "), is_blank(0)
        (True, False)
    """
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, str):
        return not cell.strip()
    return isinstance(cell, float) and cell != cell
