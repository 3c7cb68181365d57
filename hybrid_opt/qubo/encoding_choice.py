"""Which encoding each variable gets, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np

from ..errors import EncodingError, OptionError
from .encodings import ENCODING_NAMES, Encoding, EncodingName, is_convex
from .integer_rows import IntegerRow
from .problem import Problem

__all__ = ["Target", "choose_encodings"]

Target = Literal["penalty", "subspace"]


def choose_encodings(
    problem: Problem,
    rows: Sequence[IntegerRow],
    encoding: str | Mapping[Any, str] = "auto",
    target: Target = "penalty",
) -> list[Encoding]:
    """Choose an encoding for every variable.

    Args:
        problem: the presolved problem.
        rows: its rows in whole units.
        encoding: "auto", one name for all variables with more than two states, or label -> name (labels left
            out are chosen automatically).
        target: "penalty" wants the fewest bits that are exact; "subspace" keeps every choice a whole one-hot
            group, because a method that stays inside the groups needs no penalty for them.

    Returns:
        Encodings with consecutive bit positions, in the order of the variables.

    Raises:
        OptionError: an unknown name, target or label.
        EncodingError: a requested encoding would not be exact; the message says why.
    """
    if target not in ("penalty", "subspace"):
        raise OptionError(f"target is {target!r}; legal are 'penalty' and 'subspace'")
    wanted = _wanted(problem, encoding)
    unequal = "a constraint counts its states in unequal steps"
    reasons = dict.fromkeys((i for row in rows for i in row.tables), unequal)
    reasons |= _bent_pairs(problem)
    chosen: list[Encoding] = []
    position = 0
    for i, variable in enumerate(problem.variables):
        possible = _exact(problem, i, reasons.get(i, ""))
        name = wanted.get(variable.label)
        if name is None:
            name, reason = _automatic(variable.size, possible, target)
        elif variable.size <= 2 and name != "one-hot":
            name, reason = "binary", "two states are one bit in every encoding but one-hot"
        elif possible[name]:
            raise EncodingError(
                f"variable {variable.label!r} cannot be encoded as {name!r}: {possible[name]}. "
                f"Exact here are {', '.join(repr(n) for n in ENCODING_NAMES if not possible[n])}"
            )
        else:
            reason = "requested"
        chosen.append(Encoding(name, variable.size, position, reason))
        position += chosen[-1].n_bits
    return chosen


def _wanted(problem: Problem, encoding: str | Mapping[Any, str]) -> dict[Any, EncodingName]:
    if isinstance(encoding, str):
        pairs = {} if encoding == "auto" else {v.label: encoding for v in problem.variables}
    elif not isinstance(encoding, Mapping):
        raise OptionError(
            f"encoding is {encoding!r}; legal are 'auto', a name, or a mapping of variable labels to names"
        )
    else:
        pairs = dict(encoding)
    wanted: dict[Any, EncodingName] = {}
    for label, name in pairs.items():
        if label not in problem.index:
            raise OptionError(f"encoding names the variable {label!r}, which the model does not have")
        if name == "auto":
            continue
        if name not in ENCODING_NAMES:
            near = get_close_matches(str(name), ENCODING_NAMES, n=1)
            hint = f". Did you mean {near[0]!r}?" if near else ""
            legal = ", ".join(repr(n) for n in ("auto", *ENCODING_NAMES))
            raise OptionError(f"encoding {name!r} is unknown; legal are {legal}{hint}")
        wanted[label] = name
    return wanted


def _bent_pairs(problem: Problem) -> dict[int, str]:
    """Variables in a pair table that is not linear in their state."""
    bent: dict[int, str] = {}
    for pair in problem.pairs:
        if pair.table is None:
            continue
        table = problem.pair_table(pair)
        tolerance = 1e-9 * max(1.0, float(np.abs(table).max()))
        for axis, i in enumerate((pair.first, pair.second)):
            if np.abs(np.diff(table, n=2, axis=axis)).max(initial=0.0) > tolerance:
                bent[i] = "a pair term is not linear in its state"
    return bent


def _exact(problem: Problem, i: int, additive: str) -> dict[EncodingName, str]:
    """For each encoding why it is not exact for variable i, or an empty string if it is.

    ``additive`` says why bits that add up to the state are not enough, empty if they are.
    """
    variable = problem.variables[i]
    reasons: dict[EncodingName, str] = {
        "binary": additive,
        "increments": additive,
        "domain-wall": "",
        "one-hot": "",
    }
    if variable.size > 2 and not additive:
        if variable.table is not None:
            if Encoding("binary", variable.size, 0).cost(variable.costs()) is None:
                reasons["binary"] = "its costs are not quadratic in the bits"
            if not is_convex(variable.costs()):
                reasons["increments"] = "its costs are not convex"
        elif variable.square < 0:
            reasons["increments"] = "its costs are not convex"
    return reasons


def _automatic(
    size: int, possible: Mapping[EncodingName, str], target: Target
) -> tuple[EncodingName, str]:
    if size <= 2:
        return "binary", "two states are one bit" if size == 2 else "a single state needs no bit"
    if target == "subspace":
        return "one-hot", "kept as one whole group for a method that stays inside it"
    if not possible["binary"]:
        return "binary", "fewest bits: costs, pair terms and constraints are exact in binary"
    if not possible["increments"]:
        return "increments", f"convex costs need no penalty (binary is not exact: {possible['binary']})"
    why = possible["binary"]
    return "domain-wall", f"exact for any costs with one bit less than one-hot (binary is not: {why})"
