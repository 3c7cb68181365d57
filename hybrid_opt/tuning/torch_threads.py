"""One thread of torch inside a block."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_torch_thread"]


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """One thread inside the block, then as many as before: sums are added in the same order wherever it runs.

    Where torch is not loaded nothing is limited, and torch stays unloaded.

    Example:
        >>> import torch
        >>> with one_torch_thread():
        ...     torch.get_num_threads()
        1
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
