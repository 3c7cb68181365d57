"""Solvers by name; nothing is imported before a name is asked for."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from .base import Solver

if TYPE_CHECKING:
    import pandas

__all__ = ["find_solver", "methods"]

# name: (module, class, what it proves, whether it runs a circuit, what must be installed)
_METHODS: dict[str, tuple[str, str, str, bool, str]] = {
    "auto": ("auto", "Auto", "optimum up to 2**20 assignments; else bound and gap", False, ""),
    "exact": ("exact", "Exact", "optimum, infeasibility", False, ""),
    "milp": ("milp", "MILP", "bound, optimum if time allows, infeasibility", False, ""),
    "anneal": ("anneal", "Anneal", "nothing", False, ""),
    "tabu": ("tabu", "Tabu", "nothing", False, ""),
    "greedy": ("greedy", "Greedy", "nothing", False, ""),
    "uniform": ("uniform", "Uniform", "infeasibility", False, ""),
    "decomposed": ("decomposed", "Decomposed", "optimum if proven fixing and splitting suffice", False, ""),
    "qaoa": ("qaoa", "QAOA", "nothing", True, "hybrid-opt[aer] or hybrid-opt[aer-gpu]"),
    "vqe": ("vqe", "VQE", "nothing", True, "hybrid-opt[aer] or hybrid-opt[aer-gpu]"),
}


def methods() -> pandas.DataFrame:
    """List the method names that ``solve`` takes.

    Returns:
        Columns method, proves, quantum (runs a circuit), needs (extra to install, empty for none).

    Example:
        >>> methods()["method"].tolist()
        ['auto', 'exact', 'milp', 'anneal', 'tabu', 'greedy', 'uniform', 'decomposed', 'qaoa', 'vqe']
    """
    import pandas

    rows = [(name, proves, quantum, needs) for name, (_, _, proves, quantum, needs) in _METHODS.items()]
    return pandas.DataFrame(rows, columns=["method", "proves", "quantum", "needs"])


def find_solver(method: Any, argument: str = "method") -> Solver:
    """Turn a name or a solver object into a solver.

    Args:
        method: a name from ``methods()``, or an object with ``name`` and ``solve``.
        argument: what the user's argument is called, for messages.

    Returns:
        The solver; with its default settings if it was named.

    Raises:
        OptionError: unknown name, a class instead of an object, or something that is no solver.

    Example:
        >>> find_solver("aneal")
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: method 'aneal' is unknown; did you mean 'anneal'? Legal are 'auto', \
'exact', 'milp', 'anneal', 'tabu', 'greedy', 'uniform', 'decomposed', 'qaoa', 'vqe', and solver objects
    """
    legal = ", ".join(repr(name) for name in _METHODS)
    if isinstance(method, str):
        if method not in _METHODS:
            close = get_close_matches(method.lower(), _METHODS, n=1, cutoff=0.4)
            hint = f"; did you mean {close[0]!r}?" if close else "."
            raise OptionError(f"{argument} {method!r} is unknown{hint} Legal are {legal}, and solver objects")
        module, name, *_ = _METHODS[method]
        solver: Solver = getattr(import_module(f".{module}", __package__), name)()
        return solver
    if isinstance(method, type):
        raise OptionError(f"{argument} is the class {method.__name__}; give an object: {method.__name__}()")
    if not isinstance(method, Solver) or not isinstance(method.name, str) or not callable(method.solve):
        raise OptionError(
            f"{argument} is {method!r}; legal are {legal}, and objects with a name and solve(request)"
        )
    return method
