"""Machine code from Python functions, by numba (S. K. Lam et al., LLVM-HPC 2015).

A kernel is compiled when it is first called and kept on disk beside its file (or where ``NUMBA_CACHE_DIR``
says), so later processes load it within milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["compile_kernel"]


@cache
def _digest(path: str | None) -> bytes:
    try:
        return blake2b(Path(path or "").read_bytes(), digest_size=8).digest()
    except OSError:
        # Inside an archive or a frozen program: there the files do not change one by one.
        return b""


def compile_kernel(
    function: Callable[..., Any], *, signature: Any = None, uses: tuple[ModuleType, ...] = ()
) -> Any:
    """Compile a function of numbers and arrays for speed.

    The compiled function releases the interpreter lock while it runs and keeps to IEEE arithmetic.

    Args:
        function: uses only what numba knows; other compiled functions may be called.
        signature: numba types of arguments and result, to compile at once; None to compile on the first call
            for the types of its arguments.
        uses: modules whose compiled functions it calls. numba renews what it kept on disk when the kernel's
            own file changes, but does not notice changes of these.

    Returns:
        The compiled function; its ``py_func`` is the one given. Where numba finds no place for its cache
        (neither folder is writable, or the function has no file), every process compiles anew.

    Example:
        >>> def _total(values):
        ...     total = 0.0
        ...     for value in values:
        ...         total += value
        ...     return total
        >>> import numpy as np
        >>> float(compile_kernel(_total)(np.array([1.0, 2.0])))
        3.0
    """
    import numba

    if uses:
        # The name is part of the name of the file on disk.
        digests = b"".join(_digest(getattr(module, "__file__", None)) for module in uses)
        function.__qualname__ += "_" + blake2b(digests, digest_size=4).hexdigest()
    arguments = () if signature is None else (signature,)
    try:
        return numba.njit(*arguments, nogil=True, cache=True, fastmath=False)(function)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        return numba.njit(*arguments, nogil=True, cache=False, fastmath=False)(function)
