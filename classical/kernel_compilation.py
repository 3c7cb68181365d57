"""Machine code from loops over arrays, by numba: compiled on the first call and kept on disk.

The cache of numba stands beside the source, in the folder named by ``NUMBA_CACHE_DIR``, or in the user's
cache folder, whichever can be written. Where none can, every process compiles for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["compile_or_forgo_cache", "compiled_loop", "inner_loop", "name_with_fingerprint"]


def _fingerprint(modules: tuple[ModuleType, ...]) -> str:
    """Eight characters that change when the source of one of the modules does."""
    digest = sha256()
    for module in modules:
        path = Path(getattr(module, "__file__", None) or "")
        # A module inside an archive cannot be edited, so it needs no fingerprint.
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()[:8]


def name_with_fingerprint(function: Callable[..., Any], depends_on: tuple[ModuleType, ...]) -> None:
    """Put the contents of modules into the name under which numba keeps a function on disk.

    Args:
        function: its qualified name is changed.
        depends_on: the modules.
    """
    if depends_on:
        function.__qualname__ = f"{function.__qualname__}_{_fingerprint(depends_on)}"


def compile_or_forgo_cache(compile_it: Callable[[bool], Any]) -> Any:
    """Compile with numba's cache on disk, without it where no folder takes it.

    Args:
        compile_it: told whether to use the cache.

    Returns:
        What it returns.

    Example:
        >>> compile_or_forgo_cache(lambda cache: cache)
        True
    """
    try:
        return compile_it(True)
    except RuntimeError as error:
        # numba says so in words only; a function without a file, or no writable folder.
        if "no locator available" not in str(error):
            raise
        return compile_it(False)


def compiled_loop(*depends_on: ModuleType) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that compiles a loop over arrays; it runs without the interpreter lock.

    Arithmetic stays IEEE: not-a-number and infinity pass through, sums keep their order.

    Args:
        depends_on: modules whose intrinsics or loops the function uses. numba looks only at the function's
        own
            file when it decides whether the code on disk is current, so their contents become part of the
            name under which it is kept.

    Returns:
        The decorator. What it returns compiles when it is first called, once per set of argument types.

    Example:
        >>> import numpy as np
        >>> @compiled_loop()
        ... def count_positive(values):
        ...     count = 0
        ...     for value in values:
        ...         count += value > 0
        ...     return count
        >>> count_positive(np.array([1.0, -2.0, 3.0]))
        2
    """
    import numba

    def decorate(function: Callable[..., Any]) -> Any:
        name_with_fingerprint(function, depends_on)
        return compile_or_forgo_cache(lambda cache: numba.njit(nogil=True, cache=cache)(function))

    return decorate


def inner_loop(function: Callable[..., Any]) -> Any:
    """Make a function part of compiled loops: they can call it, Python cannot.

    It is compiled together with its callers and kept on disk with them, so it must stand in the file of its
    caller, or in one that the caller names to `compiled_loop`.

    Args:
        function: uses only what numba knows.

    Returns:
        The function, for use in others.

    Example:
        >>> half = inner_loop(lambda x: x / 2)
        >>> @compiled_loop()
        ... def quarter(x):
        ...     return half(half(x))
        >>> quarter(8.0)
        2.0
    """
    import numba

    # Without the wrappers for calls from Python and from C it compiles in half the time.
    return numba.njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
