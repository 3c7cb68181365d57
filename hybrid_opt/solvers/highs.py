"""Run HiGHS through SciPy: always with a time limit, proven to the last digit, silent, and ctrl-C works."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_matrix, diags_array

from ..progress import Progress, silent
from .linear_form import LinearForm

__all__ = ["run_highs"]

POLL_SECONDS = 0.1
MOST_COEFFICIENT = 20  # bits of the largest coefficient of a row
GRACE = 1.0, 1.1  # seconds, and factor, by which HiGHS may exceed its limit; on large models it does not look
_lock = threading.Lock()
_running = 0
_standard: int | None = None


@cache
def _c_streams() -> tuple[Any, Any] | None:
    """The C library's ``stdout`` variable and a stream that goes nowhere; None where there is no such."""
    try:
        library = ctypes.CDLL(None)
        library.fopen.restype = ctypes.c_void_p
        nowhere = library.fopen(b"/dev/null", b"w")
    except (TypeError, OSError, AttributeError):  # Windows has neither
        return None
    for name in ("stdout", "__stdoutp"):  # glibc, macOS
        try:
            return (ctypes.c_void_p.in_dll(library, name), nowhere) if nowhere else None
        except ValueError:
            continue
    return None


@contextmanager
def _c_stdout_closed() -> Iterator[None]:
    """Swallow what C code prints, of which Python's own ``sys.stdout`` is no part.

    HiGHS 1.12 prints a debugging line to stdout when it repairs a solution, also with ``disp=False``; results
    on stdout must stay readable by a machine.
    """
    global _running, _standard
    streams = _c_streams()
    if streams is None:
        yield
        return
    variable, nowhere = streams
    with _lock:
        if _running == 0:
            _standard = variable.value
            variable.value = nowhere
        _running += 1
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0:
                variable.value = _standard


def _moderate_rows(form: LinearForm) -> LinearConstraint:
    """The rows, none with a coefficient above 2**20: HiGHS's tolerance of 1e-6 is absolute.

    With weights of 1e13 and more its presolve has cut off optima (it tightens coefficients in floats). Powers
    of two change no digit.
    """
    matrix = csr_matrix(form.matrix)
    largest = abs(matrix).max(axis=1).toarray().ravel() if matrix.shape[0] else np.zeros(0)
    factor = 2.0 ** np.minimum(0, MOST_COEFFICIENT - np.frexp(largest)[1])
    return LinearConstraint(diags_array(factor) @ matrix, form.row_lower * factor, form.row_upper * factor)


def run_highs(
    form: LinearForm, time_limit: float, progress: Progress = silent, *, presolve: bool = True
) -> Any:
    """Solve a mixed-integer linear program.

    HiGHS cannot be stopped from Python, so it runs in a thread of its own while this function waits: ctrl-C
    raises ``KeyboardInterrupt`` here at once, and the thread ends by itself at the time limit. If HiGHS does
    not keep the limit, as in the presolve of a large model, it is left behind in the same way.

    Args:
        form: the program.
        time_limit: seconds, above 0.
        progress: told the share of the time limit that has passed.
        presolve: False for a second opinion; HiGHS has had defects in its presolve.

    Returns:
        What ``scipy.optimize.milp`` returns, with costs and bound in units of ``form.cost``; status 1 is "the
        time ran out".

    Raises:
        KeyboardInterrupt: ctrl-C.
    """
    largest = float(np.abs(form.cost).max(initial=0.0))
    # HiGHS stops at an absolute gap of 1e-6: small costs are scaled up, huge ones down, by a power of two.
    exponent = int(np.frexp(largest)[1])
    scale = 2.0 ** (max(0, 10 - exponent) + min(0, 20 - exponent)) if largest else 1.0
    answer: dict[str, Any] = {}

    def work() -> None:
        try:
            with _c_stdout_closed():
                answer["result"] = milp(
                    form.cost * scale,
                    constraints=_moderate_rows(form),
                    integrality=form.integrality,
                    bounds=Bounds(np.zeros(len(form.upper)), form.upper),
                    options={"time_limit": time_limit, "mip_rel_gap": 0.0, "presolve": presolve},
                )
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            answer["error"] = error

    thread = threading.Thread(target=work, name="HiGHS", daemon=True)
    begin = time.perf_counter()
    thread.start()
    while thread.is_alive():
        thread.join(POLL_SECONDS)
        elapsed = time.perf_counter() - begin
        progress(min(1.0, elapsed / time_limit), "branch and bound")
        if thread.is_alive() and elapsed > time_limit * GRACE[1] + GRACE[0]:
            result = OptimizeResult()
            result.update(dict.fromkeys(("x", "fun", "mip_dual_bound", "mip_node_count")))
            result.update({"status": 1, "message": "HiGHS did not keep its time limit"})
            return result
    if "error" in answer:
        raise answer["error"]
    result = answer["result"]
    for name in ("fun", "mip_dual_bound"):
        if result[name] is not None:
            result[name] = float(result[name]) / scale
    return result
